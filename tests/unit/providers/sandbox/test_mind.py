import asyncio

import pytest

from trunkline.conversation.ports import LanguageModel, Message, ToolCall, VendorBroke, VendorRefused
from trunkline.providers.sandbox.mind import EchoMind, Rule, RulesMind, Unanswered, unanswered
from trunkline.testing.virtual import run

SYSTEM = Message("system", "Be kind.")


def user(text: str) -> Message:
    return Message("user", text)


def told(text: str) -> Message:
    return Message("system", text)


def said(text: str) -> Message:
    return Message("assistant", text)


def pieces(mind: LanguageModel, *messages: Message) -> list[str | ToolCall]:
    async def story() -> list[str | ToolCall]:
        return [piece async for piece in mind.reply(messages, ())]

    return run(story())


def text(mind: LanguageModel, *messages: Message) -> str:
    return "".join(piece for piece in pieces(mind, *messages) if isinstance(piece, str))


def rules(*configs: dict[str, object]) -> RulesMind:
    return RulesMind([Rule.from_config(config) for config in configs])


def test_what_has_not_been_answered_is_what_a_reply_is_about():
    assert unanswered([SYSTEM, user("a"), said("b"), user("c")]) == Unanswered("c", None)
    assert unanswered([user("a"), told("x"), told("y")]) == Unanswered("a", "y")
    assert unanswered([user("a"), said("b"), told("x")]) == Unanswered(None, "x")
    assert unanswered([told("x"), user("a")]) == Unanswered("a", None)
    assert unanswered([user("a"), said("b")]) == Unanswered(None, None)
    assert unanswered([]) == Unanswered(None, None)


def test_the_echo_repeats_the_last_user_message():
    assert (
        text(EchoMind(), SYSTEM, user("first"), said("You said: first"), user("Hello  there."))
        == "You said: Hello  there."
    )


@pytest.mark.parametrize("words", ["You said: hello", "I heard: hello", " I heard"])
def test_the_echo_says_nothing_to_an_echo(words: str):
    assert pieces(EchoMind(), user(words)) == []


def test_the_echo_says_what_it_was_told_when_that_is_to_be_answered():
    assert (
        text(EchoMind(), user("a"), said("b"), told("The customer is a VIP.")) == "I was told: The customer is a VIP."
    )
    assert text(EchoMind(), user("a"), told("b")) == "You said: a I was told: b"
    assert text(EchoMind(), told("b"), user("a")) == "You said: a"


def test_replies_come_word_by_word_and_join_to_the_text():
    assert pieces(EchoMind(), user("a b")) == ["You", " said:", " a", " b"]


def test_the_first_rule_that_fits_decides():
    mind = rules({"when": "(?i)price", "say": "Ten euro."}, {"when": ".", "say": "Sorry?"})
    assert text(mind, user("What is the PRICE?")) == "Ten euro."
    assert text(mind, user("Hello")) == "Sorry?"


def test_a_rule_that_fits_the_user_goes_before_one_that_fits_what_was_told():
    mind = rules({"when": "vip", "say": "Dear guest."}, {"when": "hello", "say": "Hi."})
    assert text(mind, user("hello"), told("a vip")) == "Hi."
    assert text(mind, user("goodbye"), told("a vip")) == "Dear guest."
    assert text(mind, user("hello"), said("Hi."), told("a vip")) == "Dear guest."


def test_where_nothing_fits_nothing_is_said():
    assert pieces(rules({"when": "x", "say": "y"}), user("abc")) == []
    assert pieces(rules(), user("abc")) == []


def test_a_rule_may_call_a_tool_after_its_words_and_each_call_has_its_own_id():
    mind = rules({"when": "bye", "say": "Bye!", "call": {"name": "end_call", "arguments": {"reason": "done"}}})
    first, second = pieces(mind, user("bye")), pieces(mind, user("bye"))
    assert first == ["Bye!", ToolCall("sandbox_1", "end_call", {"reason": "done"})]
    assert isinstance(second[1], ToolCall) and second[1].id == "sandbox_2"
    assert pieces(rules({"when": "", "call": {"name": "f"}}), user("x")) == [ToolCall("sandbox_1", "f", {})]


def test_a_rule_may_take_its_time():
    async def story() -> float:
        async for _ in rules({"when": "x", "say": "y", "delay_ms": 3_000}).reply([user("x")], ()):
            pass
        return asyncio.get_running_loop().time()

    assert run(story()) == pytest.approx(3.005)


def test_a_rule_may_fail_after_its_words():
    mind = rules({"when": "x", "say": "One moment", "fail": True})
    got: list[str | ToolCall] = []

    async def story() -> None:
        async for piece in mind.reply([user("x")], ()):
            got.append(piece)

    with pytest.raises(VendorBroke):
        run(story())
    assert got == ["One", " moment"]


def test_a_pattern_that_takes_too_long_is_refused():
    with pytest.raises(VendorRefused, match="takes too long"):
        pieces(rules({"when": "(a|aa)+$"}), user("a" * 60 + "!"))
