"""Whole calls: placed, heard, answered, ended."""

from call_stories import Story, nothing, rules

from trunkline.telephony.sandbox.farend import HangUp
from trunkline.telephony.sandbox.people import At, ScriptedPerson, WhenHeard


def test_the_greeting_is_heard_within_a_tenth_of_a_second_of_the_answer():
    story = Story(lambda: ScriptedPerson(At(3_000, HangUp())), first_message="Hello there.").play(nothing)
    assert story.heard == ["Hello there."]
    answered, began = story.of("answered")[0], story.of("speech.started")[0]
    assert began["at_ms"] - answered["at_ms"] <= 100
    assert story.ending == ("ended", "user_hangup")


def test_a_question_is_answered():
    person = lambda: ScriptedPerson(At(500, "What are your hours?"), WhenHeard("nine", HangUp()))  # noqa: E731
    story = Story(person, llm_config=rules({"when": "hours", "say": "We open at nine."})).play(nothing)
    assert story.heard == ["We open at nine."]
    assert [e["text"] for e in story.of("caller.said")] == ["What are your hours?"]
