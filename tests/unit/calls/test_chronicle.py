"""What is written to the journal, and what is not."""

import pytest
from call_plays import QUIET, heard, say

from trunkline.calls import chronicle
from trunkline.calls.effects import (
    AbandonTransfer,
    Accepted,
    Dial,
    Finish,
    Finished,
    HoldLine,
    Hush,
    Mute,
    Press,
    Refer,
    Started,
)
from trunkline.calls.endings import EndReason
from trunkline.calls.events import KINDS
from trunkline.calls.leg import (
    Answered,
    DigitsPressed,
    LegLost,
    Noted,
    Rang,
    TransferAnswered,
    TransferFailed,
    TransferRang,
)
from trunkline.calls.talk import Began, CallerSaid, Ended, Known, Measured, Progressed, ToolCalled, VendorFailed
from trunkline.calls.verbs import Receipt, Status, Verb

FACTS = [
    (Noted("media.statistics", {"lost": 1}), ("media.statistics", {"lost": 1})),
    (Rang(183), ("ringing", {"code": 183})),
    (Answered(), ("answered", {})),
    (QUIET, ("floor", {"assistant": False, "thinking": False, "caller": False})),
    (Began("u1", "reply"), ("speech.started", {"utterance": "u1", "source": "reply"})),
    (Progressed("u1", heard("Hi", 90)), ("speech.heard", {"utterance": "u1", "heard_text": "Hi", "heard_ms": 90})),
    (Known("c1", 3), ("context.added", {"command": "c1", "turn": 3})),
    (CallerSaid("Yes.", 2), ("caller.said", {"text": "Yes.", "turn": 2})),
    (DigitsPressed("12"), ("digits", {"digits": "12", "direction": "in"})),
    (ToolCalled("t1", "end_call", {}), ("tool.called", {"id": "t1", "name": "end_call", "arguments": {}})),
    (TransferRang(180), ("transfer.ringing", {"code": 180})),
    (TransferAnswered(False), ("transfer.done", {"confirmed": False})),
    (TransferFailed(486, "busy"), ("transfer.failed", {"code": 486, "reason": "busy"})),
]
EFFECTS = [
    (Accepted(say(), 30_000), ("command.accepted", {"command": say().to_json(), "not_after_ms": 30_000})),
    (Started(say()), ("command.started", {"id": "c1", "verb": "say"})),
    (Refer("+1", 5_000, "auto"), ("transfer.started", {"destination": "+1", "mode": "auto"})),
    (HoldLine(True), ("held", {"held": True})),
    (Mute("caller", True), ("muted", {"target": "caller", "muted": True})),
    (Press("12"), ("digits", {"digits": "12", "direction": "out"})),
    (AbandonTransfer(), ("transfer.failed", {"code": 408, "reason": "no_answer"})),
]


@pytest.mark.parametrize(("fact", "line"), FACTS, ids=lambda x: type(x).__name__)
def test_a_fact_and_its_line(fact, line):
    assert chronicle.of_fact(fact) == line
    assert line[0] in KINDS


@pytest.mark.parametrize(("effect", "line"), EFFECTS, ids=lambda x: type(x).__name__)
def test_an_effect_and_its_line(effect, line):
    assert chronicle.of_effect(effect) == line
    assert line[0] in KINDS


def test_the_end_of_an_utterance_tells_all_that_is_known_of_it():
    kind, data = chronicle.of_fact(Ended("u1", "say", heard("Hi", 90, "there."), "caller"))
    assert kind == "speech.ended"
    assert (data["heard_text"], data["heard_ms"], data["unheard_text"], data["cut_by"]) == (
        "Hi",
        90,
        "there.",
        "caller",
    )


def test_a_vendors_failure_is_written_with_whose_it_is():
    kind, data = chronicle.of_fact(VendorFailed("llm", "sandbox", "broke", fatal=True))
    assert (kind, data["block"], data["provider"], data["fatal"]) == ("vendor.failed", "llm", "sandbox", True)


def test_an_outcome_is_its_whole_receipt():
    receipt = Receipt("c1", Verb.SAY, Status.HEARD, heard_text="Hi")
    assert chronicle.of_effect(Finished(receipt)) == ("command.finished", receipt.to_json())


def test_what_is_nobodys_business_is_not_written():
    assert chronicle.of_fact(LegLost()) is None
    assert chronicle.of_fact(Measured("u1", 900)) is None
    assert chronicle.of_effect(Dial()) is None
    assert chronicle.of_effect(Hush()) is None


def test_the_last_line_tells_how_it_ended_and_whose_doing_it_was():
    kind, data = chronicle.ending(Finish(EndReason.USER_HANGUP, 4_000, True), 9_000)
    assert kind == "ended"
    assert (data["status"], data["end_reason"], data["whose"]) == ("ended", "user_hangup", "caller")
    assert (data["answered_ms"], data["duration_ms"], data["error"]) == (4_000, 5_000, None)


def test_a_call_that_was_never_answered_lasted_no_time():
    _, data = chronicle.ending(Finish(EndReason.BUSY, None, True, "486 Busy Here"), 9_000)
    assert (data["status"], data["duration_ms"], data["error"]) == ("failed", 0, "486 Busy Here")
