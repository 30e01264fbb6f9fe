from __future__ import annotations

from typing import Any

from trunkline.cli.truth import disagreements


def spoken(utterance: str, text: str, source: str = "reply") -> dict[str, Any]:
    return {"kind": "speech.ended", "data": {"utterance": utterance, "source": source, "heard_text": text}}


def receipt(command: str, verb: str, text: str | None = None, **more: Any) -> dict[str, Any]:
    return {"kind": "command.finished", "data": {"id": command, "verb": verb, "heard_text": text, **more}}


def stretches(*texts: str | None) -> list[dict[str, Any]]:
    return [{"text": text, "at_ms": 0, "end_ms": 0, "ok": True} for text in texts]


def test_a_call_whose_words_all_arrived_has_no_disagreement():
    events = [
        spoken("u1", "Hello there.", "greeting"),
        spoken("c1", "One more thing.", "say"),
        receipt("c1", "say", "One more thing."),
    ]
    assert disagreements(events, stretches("Hello there.", "One more thing.")) == []


def test_stretches_need_not_fall_where_utterances_do():
    events = [spoken("u1", "Hello there. How are you?"), spoken("u2", "Fine.")]
    assert disagreements(events, stretches("Hello", "there. How are", "you? Fine.")) == []


def test_a_word_that_was_told_but_not_decoded_is_reported():
    said = disagreements([spoken("u1", "Hello there friend.")], stretches("Hello there"))
    assert said == ["reply: told as heard “Hello there friend.”, but the far end decoded “Hello there”"]


def test_a_word_that_was_decoded_but_not_told_is_reported():
    said = disagreements([spoken("u1", "Hello")], stretches("Hello there"))
    assert said == ["the far end decoded “there”, which no utterance accounts for"]


def test_words_in_another_order_are_reported():
    events = [spoken("u1", "First."), spoken("u2", "Second.")]
    assert disagreements(events, stretches("Second.", "First.")) == [
        "reply: told as heard “First.”, but the far end decoded “Second.”"
    ]


def test_case_and_punctuation_count():
    assert disagreements([spoken("u1", "Hello.")], stretches("hello")) != []


def test_an_utterance_nobody_heard_needs_no_words():
    assert disagreements([spoken("u1", ""), spoken("u2", "Yes.")], stretches("Yes.")) == []


def test_a_receipt_that_differs_from_its_utterance_is_reported():
    events = [spoken("c1", "One two", "say"), receipt("c1", "say", "One two three")]
    assert disagreements(events, stretches("One two")) == [
        "say: its receipt says “One two three”, its utterance “One two”"
    ]


def test_a_receipt_that_tells_nothing_of_words_that_were_heard_is_reported():
    events = [spoken("c1", "Goodbye.", "end-call"), receipt("c1", "end-call", None)]
    assert disagreements(events, stretches("Goodbye.")) == ["end-call: its receipt says “”, its utterance “Goodbye.”"]


def test_a_receipt_with_words_and_no_utterance_is_reported():
    assert disagreements([receipt("c1", "say", "Ghost.")], []) == ["say: its receipt says “Ghost.”, but it never spoke"]


def test_a_command_that_never_spoke_needs_no_utterance():
    events = [
        receipt("c1", "mute"),
        receipt("c2", "say", status="refused"),
        receipt("c3", "inject-context", answer=None),
    ]
    assert disagreements(events, []) == []


def test_the_answer_of_a_trigger_is_judged_like_words():
    events = [
        spoken("c1", "You have mail.", "inject-context"),
        receipt("c1", "inject-context", answer={"heard_text": "You have"}),
    ]
    assert disagreements(events, stretches("You have mail.")) == [
        "inject-context: its receipt says “You have”, its utterance “You have mail.”"
    ]


def test_the_receipt_of_a_repeated_goodbye_speaks_of_its_last_time():
    events = [
        spoken("c1", "Good", "end-call"),
        spoken("c1:again", "Goodbye then.", "end-call"),
        receipt("c1", "end-call", "Goodbye then."),
    ]
    assert disagreements(events, stretches("Good", "Goodbye then.")) == []


def test_a_voice_that_is_no_modem_has_no_words_to_compare():
    assert disagreements([], stretches(None)) == []
