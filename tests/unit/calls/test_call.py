"""A whole call, pure: life, lanes and silence together."""

import random

from call_plays import ASSISTANT, BOTH, CALLER, QUIET, THINKING, end, heard, inject, instant, kinds, say, transfer

from trunkline.calls.call import Call
from trunkline.calls.commands import Lanes
from trunkline.calls.effects import Finish, Finished, PassDigits, Refer, Release, Speak, StartTalk, StopTalk, TellModel
from trunkline.calls.endings import EndReason as R
from trunkline.calls.inputs import Ask, HangUp, Start, Wake
from trunkline.calls.leg import (
    Answered,
    DigitsPressed,
    LegLost,
    MediaStopped,
    Rang,
    Refused,
    Released,
    RemoteHungUp,
    TransferAnswered,
    TransferFailed,
)
from trunkline.calls.lifecycle import State
from trunkline.calls.talk import (
    Began,
    CallerSaid,
    Ended,
    Known,
    Measured,
    PhraseSaid,
    Progressed,
    ToolCalled,
    VendorFailed,
)
from trunkline.calls.verbs import Interrupt, OnInterrupt, OverCaller, Status, Verb


def answered(**options):
    call = Call(**options)
    call.handle(0, Start())
    call.handle(900, Rang())
    call.handle(4_000, Answered())
    return call


def finish_of(effects):
    return next((e for e in effects if isinstance(e, Finish)), None)


def test_end_call_hangs_up_after_its_last_word_and_is_done_when_the_line_agrees():
    call = answered()
    assert kinds(call.handle(5_000, Ask(end()))) == ["Accepted", "Started", "Speak"]
    assert kinds(call.handle(6_000, Ended("c1", "end-call", heard("Goodbye.")))) == ["StopTalk", "Release"]
    effects = call.handle(6_300, Released())
    assert kinds(effects) == ["Finished", "Finish"]
    assert finish_of(effects).reason is R.END_CALL_COMMAND
    assert call.lanes.receipts["c1"].status is Status.DONE


def test_end_call_before_the_answer_cancels():
    call = Call()
    call.handle(0, Start())
    assert kinds(call.handle(900, Ask(end(text=""))))[-1] == "Release"
    assert finish_of(call.handle(950, Refused(487))).reason is R.CANCELLED


def test_outcomes_come_before_the_ending():
    call = answered()
    call.handle(5_000, Ask(say()))
    effects = call.handle(6_000, RemoteHungUp())
    assert [type(e) for e in effects] == [StopTalk, Finished, Finish]


def test_a_transfer_rings_the_target_and_a_failed_one_comes_back_and_tells_the_model():
    call = answered()
    call.handle(5_000, Ask(transfer()))
    effects = call.handle(6_000, Ended("c1", "transfer", heard("One moment.")))
    assert Refer("+15005550010", 30_000, "auto") in effects
    assert call.state()["transfer"] == {"state": "ringing"}
    effects = call.handle(9_000, TransferFailed(486, "busy"))
    assert kinds(effects) == ["ResumeTalk", "Finished", "TellModel"]
    assert call.life.state is State.TALKING


def test_a_transfer_nobody_tells_about_fails_by_the_clock_and_the_model_knows_why():
    call = answered()
    call.handle(5_000, Ask(transfer(text="")))
    assert call.deadline == 37_000
    effects = call.handle(37_000, Wake())
    assert kinds(effects) == ["AbandonTransfer", "ResumeTalk", "Finished", "TellModel"]
    assert "no_answer (408)" in next(e for e in effects if isinstance(e, TellModel)).content


def test_what_comes_too_late_to_change_anything_is_known_as_such():
    call = Call()
    call.handle(0, Start())
    assert not call.missed(Answered())
    call.handle(900, Ask(end(text="")))
    assert call.missed(Answered())
    assert call.missed(TransferFailed(486))
    assert not call.missed(Refused(487))
    assert not call.missed(QUIET)


def test_an_answered_transfer_is_done_and_ends_the_call():
    call = answered()
    call.handle(5_000, Ask(transfer(text="")))
    effects = call.handle(8_000, TransferAnswered())
    assert kinds(effects) == ["StopTalk", "Release", "Finished"]
    assert finish_of(call.handle(8_100, Released())).reason is R.TRANSFERRED


def test_the_models_own_tools_are_the_calls_own_commands():
    call = answered(end_call_message="Bye now.")
    effects = call.handle(5_000, ToolCalled("t1", "end_call", {}))
    assert [e.words.text for e in effects if isinstance(e, Speak)] == ["Bye now."]
    call.handle(6_000, Ended("t1", "end-call", heard("Bye now.")))
    assert finish_of(call.handle(6_300, Released())).reason is R.ASSISTANT_HANGUP


def test_the_models_own_end_waits_for_its_words_however_long_they_are():
    call = answered()
    call.handle(5_000, ASSISTANT)
    call.handle(5_100, ToolCalled("t1", "end_call", {}))
    call.handle(95_000, Wake())
    assert kinds(call.handle(95_100, QUIET))[-1] == "Release"


def test_the_models_transfer_tool_announces_and_transfers():
    call = answered()
    call.handle(5_000, ToolCalled("t1", "transfer_call", {"destination": "+15005550010", "message": "One moment."}))
    effects = call.handle(6_000, Ended("t1", "transfer", heard("One moment.")))
    assert Refer("+15005550010", 30_000, "auto") in effects


def test_the_models_transfer_to_a_forbidden_place_is_refused_and_it_is_told():
    call = answered(lanes=Lanes(forbids=lambda _: "premium"))
    effects = call.handle(5_000, ToolCalled("t1", "transfer_call", {"destination": "+19005550000"}))
    assert kinds(effects) == ["Accepted", "Finished", "TellModel"]


def test_an_end_call_phrase_and_a_dead_vendor_end_the_call():
    for fact, reason in (
        (PhraseSaid("bye"), R.END_CALL_PHRASE),
        (VendorFailed("llm", "x", "y", True), R.PROVIDER_ERROR),
    ):
        call = answered()
        assert kinds(call.handle(5_000, fact)) == ["StopTalk", "Release"]
        assert finish_of(call.handle(5_100, Released())).reason is reason


def test_a_vendors_passing_failure_does_not():
    call = answered()
    assert call.handle(5_000, VendorFailed("llm", "x", "y", fatal=False)) == []


def test_digits_go_to_the_model():
    assert answered().handle(5_000, DigitsPressed("12")) == [PassDigits("12")]


def test_a_command_to_a_call_that_is_being_hung_up_is_refused():
    call = answered()
    call.handle(604_000, Wake())
    effects = call.handle(604_010, Ask(say()))
    assert [(e.receipt.status, e.receipt.reason) for e in effects if isinstance(e, Finished)] == [
        (Status.REFUSED, "already_ending")
    ]


def test_while_the_call_is_hung_up_nothing_starts_and_what_was_cut_says_why():
    call = answered()
    for command in (say("a"), say("b"), instant(Verb.RESUME, "c", after="a")):
        call.handle(5_000, Ask(command))
    assert kinds(call.handle(6_000, HangUp(R.MAX_DURATION))) == ["StopTalk", "Release", "Finished", "Finished"]
    assert kinds(call.handle(6_020, Ended("a", "say", heard("Hello"), "command"))) == ["Finished"]
    assert kinds(call.handle(6_100, Released())) == ["Finish"]
    outcomes = {id: (receipt.status, receipt.reason) for id, receipt in call.lanes.receipts.items()}
    assert outcomes == {
        "a": (Status.INTERRUPTED, "call_ended"),
        "b": (Status.FAILED, "call_ended"),
        "c": (Status.FAILED, "call_ended"),
    }


def test_a_goodbye_that_waits_for_the_caller_does_not_act_on_a_call_that_is_hung_up_meanwhile():
    call = answered()
    call.handle(5_000, Ask(say("a", end_after=True)))
    call.handle(5_500, CALLER)
    call.handle(5_600, Ended("a", "say", heard("Hello"), "caller"))
    call.handle(6_000, HangUp(R.MAX_DURATION))
    call.handle(6_020, QUIET)
    call.handle(6_100, Released())
    receipt = call.lanes.receipts["a"]
    assert (receipt.status, receipt.reason) == (Status.INTERRUPTED, "call_ended")
    assert receipt.action == {"type": "end", "status": "not_taken"}


def test_silence_from_both_sides_ends_the_call():
    call = answered()
    assert call.deadline == 124_000
    assert kinds(call.handle(124_000, Wake())) == ["StopTalk", "Release"]
    assert finish_of(call.handle(124_100, Released())).reason is R.SILENCE_TIMEOUT


def test_anybody_speaking_starts_the_silence_again():
    call = answered()
    call.handle(50_000, CALLER)
    assert call.deadline == 604_000
    call.handle(60_000, QUIET)
    assert call.deadline == 180_000
    call.handle(70_000, DigitsPressed("1"))
    assert call.deadline == 190_000


def test_hold_and_transfer_pause_the_silence():
    call = answered()
    call.handle(5_000, Ask(instant(Verb.HOLD, "h")))
    assert call.deadline == 604_000
    call = answered()
    call.handle(5_000, Ask(transfer(text="", timeout_seconds=120)))
    assert call.deadline == 5_000 + 122_000


def test_after_a_hold_or_a_transfer_the_silence_starts_again():
    call = answered()
    call.handle(5_000, Ask(instant(Verb.HOLD, "h")))
    call.handle(300_000, Ask(instant(Verb.RESUME, "r")))
    assert call.deadline == 420_000
    call = answered()
    call.handle(5_000, Ask(transfer(text="", timeout_seconds=120)))
    call.handle(125_000, TransferFailed(486, "busy"))
    call.handle(126_000, QUIET)
    assert call.deadline == 246_000
    call = answered()
    call.handle(5_000, Ask(transfer(text="", timeout_seconds=120)))
    call.handle(6_000, Ask(instant(Verb.MUTE, "m", target="assistant")))
    call.handle(125_000, TransferFailed(486, "busy"))
    assert call.deadline == 245_000


def test_a_hold_keeps_the_assistant_silent_whatever_becomes_of_a_transfer():
    call = answered()
    call.handle(5_000, Ask(transfer(text="")))
    assert kinds(call.handle(6_000, Ask(instant(Verb.HOLD, "h"))))[2:] == ["HoldLine", "PauseTalk", "Finished"]
    assert kinds(call.handle(9_000, TransferFailed(486, "busy"))) == ["Finished", "TellModel"]
    assert kinds(call.handle(12_000, Ask(instant(Verb.RESUME, "r"))))[2:] == ["HoldLine", "ResumeTalk", "Finished"]


def test_the_assistant_stays_silent_while_a_target_rings_though_the_line_is_taken_off_hold():
    call = answered()
    call.handle(5_000, Ask(transfer(text="")))
    call.handle(6_000, Ask(instant(Verb.HOLD, "h")))
    assert kinds(call.handle(7_000, Ask(instant(Verb.RESUME, "r"))))[2:] == ["HoldLine", "Finished"]
    assert kinds(call.handle(9_000, TransferFailed(486, "busy"))) == ["ResumeTalk", "Finished", "TellModel"]


def test_a_call_has_a_deadline_as_long_as_it_lives():
    call = Call()
    assert call.deadline == 30_000
    call.handle(0, Start())
    finished = call.handle(1, Refused(486))
    assert call.over
    assert call.deadline is None
    assert finish_of(finished).reason is R.BUSY


VERBS = [
    lambda id, dice: say(
        id,
        end_after=dice.random() < 0.2,
        interrupt=dice.choice(list(Interrupt)),
        over_caller=dice.choice(list(OverCaller)),
        interruptible=dice.random() < 0.5,
        on_interrupt=dice.choice(list(OnInterrupt)),
        ttl_ms=dice.choice([100, 30_000]),
        after=dice.choice([None, None, "c1", "c7"]),
    ),
    lambda id, dice: inject(id, trigger=dice.random() < 0.5, interrupt=dice.choice(list(Interrupt))),
    lambda id, dice: end(id, text=dice.choice(["", "Bye."]), interruptible=dice.random() < 0.5),
    lambda id, dice: transfer(id, text=dice.choice(["", "Wait."]), timeout_seconds=dice.choice([5, 120])),
    lambda id, dice: instant(dice.choice([Verb.MUTE, Verb.UNMUTE]), id, target=dice.choice(["caller", "assistant"])),
    lambda id, dice: instant(dice.choice([Verb.HOLD, Verb.RESUME]), id),
    lambda id, dice: instant(Verb.CANCEL, id, target=f"c{dice.randint(1, 9)}"),
]
FACTS = [Rang(), Answered(), Refused(486), RemoteHungUp(), Released(), LegLost(), MediaStopped(), TransferAnswered(),
         TransferFailed(408), QUIET, CALLER, THINKING, ASSISTANT, BOTH, HangUp(R.CANCELLED), CallerSaid("x", 1),
         PhraseSaid("bye"), VendorFailed("llm", "x", "y", True), ToolCalled("t1", "end_call", {})]  # fmt: skip
UTTERED = [
    lambda id: Began(id, "say"),
    lambda id: Measured(id, 900),
    lambda id: Progressed(id, heard()),
    lambda id: Ended(id, "say", heard()),
    lambda id: Ended(id, "say", heard(), "caller"),
    lambda id: Ended(id, "say", heard(), "command"),
    lambda id: Ended(id, "say", heard(), "failure"),
    lambda id: Known(id, 1),
]


def test_ten_thousand_random_lives_end_exactly_once_and_every_command_has_one_outcome():
    for seed in range(10_000):
        live(random.Random(seed))


def live(dice):
    call, now, asked, effects = Call(), 0, set(), []
    effects += call.handle(0, Start())
    for step in range(dice.randint(1, 40)):
        now += dice.choice([0, 20, 300, 4_000])
        roll = dice.random()
        if roll < 0.35:
            id = f"c{step % 10}"
            asked.add(id)
            effects += call.handle(now, Ask(dice.choice(VERBS)(id, dice)))
        elif roll < 0.7:
            effects += call.handle(now, dice.choice(UTTERED)(f"c{dice.randint(0, 9)}"))
        elif roll < 0.95 or call.deadline is None:
            effects += call.handle(now, dice.choice(FACTS))
        else:
            now = max(now, call.deadline)
            effects += call.handle(now, Wake())
        check_balance(call, effects)
    while call.deadline is not None:  # and if nobody says anything any more, the clock ends it
        now = max(now, call.deadline)
        effects += call.handle(now, Wake())
        if call.life.state is State.HANGING_UP and dice.random() < 0.5:
            effects += call.handle(now + 1, Released())
    assert sum(isinstance(e, Finish) for e in effects) == 1
    outcomes = [e.receipt.id for e in effects if isinstance(e, Finished)]
    assert len(outcomes) == len(set(outcomes))
    assert set(outcomes) - {"t1"} == asked
    assert sum(isinstance(e, Release) for e in effects) <= 1


def check_balance(call, effects):
    talking = sum(isinstance(e, StartTalk) - isinstance(e, StopTalk) for e in effects)
    assert talking in (0, 1)
    assert (talking == 1) == (call.life.state in (State.TALKING, State.TRANSFERRING))
    assert (call.deadline is None) == call.over
