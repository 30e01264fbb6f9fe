from trunkline.conversation.memory import Memory
from trunkline.conversation.playout import Utterance
from trunkline.conversation.ports import Message, ToolCall
from trunkline.conversation.spoken import Spoken


def words(text: str) -> Utterance:
    spoken = Spoken(aligned=False)
    spoken.write(text)
    return Utterance("u", "reply", spoken)


def said(memory: Memory) -> list[tuple[str, str]]:
    return [(message.role, message.content) for message in memory.messages(0)]


def test_everything_stands_in_the_order_it_came():
    memory = Memory([Message("system", "Be kind.")])
    memory.caller_said("hello", 1)
    memory.told("He is a member.")
    assert said(memory) == [("system", "Be kind."), ("user", "hello"), ("system", "He is a member.")]


def test_a_turn_asked_again_stands_once_and_last():
    memory = Memory([])
    memory.caller_said("what", 1)
    memory.told("x")
    memory.caller_said("what now", 1)
    memory.caller_said("bye", 2)
    assert said(memory) == [("system", "x"), ("user", "what now"), ("user", "bye")]


def test_our_words_stand_where_they_began_as_far_as_they_were_heard():
    memory, first, second = Memory([]), words("one two"), words("three")
    memory.began(first)
    memory.began(second)
    memory.over(second, "three")
    memory.over(first, "one")
    assert said(memory) == [("assistant", "one"), ("assistant", "three")]


def test_words_that_nobody_heard_were_not_said():
    memory, none = Memory([]), words("one")
    memory.began(none)
    assert said(memory) == []
    memory.over(none, "")
    assert said(memory) == []


def test_a_tool_and_what_came_of_it_stand_together():
    memory, call = Memory([]), ToolCall("x1", "end_call", {})
    memory.called(call, "Started.")
    assert memory.messages(0) == [
        Message("assistant", "", tool_calls=(call,)),
        Message("tool", "Started.", tool_call_id="x1"),
    ]
