"""The life of one call, as screenplays."""

import re

import pytest

from trunkline.calls.effects import (
    AbandonTransfer,
    Dial,
    Finish,
    PauseTalk,
    Refer,
    Release,
    ResumeTalk,
    StartTalk,
    StopTalk,
)
from trunkline.calls.endings import EndReason as R
from trunkline.calls.inputs import HangUp, Start, Transfer, Wake
from trunkline.calls.leg import (
    Answered,
    LegLost,
    MediaStopped,
    Rang,
    Refused,
    Released,
    RemoteHungUp,
    TransferAnswered,
    TransferFailed,
)
from trunkline.calls.lifecycle import NEXT, Life, Patience, State, mermaid

TO_TALKING = [(0, Start(), [Dial()]), (900, Rang(), []), (4_000, Answered(), [StartTalk()])]
TRANSFER = Transfer("+15005550010", 30_000, "auto")


def play(script, life=None):
    life = life or Life()
    for now, input, expected in script:
        before, effects = life.state, life.handle(now, input)
        assert effects == expected, f"at {now} ms, {before} <- {input}"
    return life


def test_the_person_hangs_up_in_the_middle_of_a_sentence():
    play([*TO_TALKING, (31_000, RemoteHungUp(), [StopTalk(), Finish(R.USER_HANGUP, 4_000, True)])])


def test_nobody_answers_and_the_call_is_cancelled():
    life = play([(0, Start(), [Dial()]), (900, Rang(), [])])
    assert life.deadline == 45_900
    play([(45_900, Wake(), [Release()]), (45_950, Released(), [Finish(R.NO_ANSWER, None, True)])], life)


def test_ringing_again_does_not_buy_more_time():
    life = play([(0, Start(), [Dial()]), (900, Rang(), []), (9_000, Rang(183), [])])
    assert life.deadline == 45_900


def test_no_provisional_answer_is_the_trunks_fault():
    life = play([(0, Start(), [Dial()])])
    assert life.deadline == 15_000
    done = [Finish(R.TRUNK_ERROR, None, True, "no provisional answer")]
    play([(15_000, Wake(), [Release()]), (15_050, Released(), done)], life)


def test_a_call_that_talks_too_long_is_ended_by_the_clock():
    life = play(TO_TALKING)
    assert life.deadline == 604_000
    done = [Finish(R.MAX_DURATION, 4_000, True)]
    play([(604_000, Wake(), [StopTalk(), Release()]), (604_050, Released(), done)], life)


def test_a_wire_that_never_confirms_the_goodbye_is_ended_anyway_and_that_is_said():
    life = play([*TO_TALKING, (9_000, HangUp(R.END_CALL_COMMAND), [StopTalk(), Release()])])
    assert life.deadline == 14_000
    play([(14_000, Wake(), [Finish(R.END_CALL_COMMAND, 4_000, False)])], life)


def test_a_leg_lost_while_hanging_up_does_not_change_why():
    life = play([*TO_TALKING, (9_000, HangUp(R.END_CALL_COMMAND), [StopTalk(), Release()])])
    play([(9_100, LegLost("gone"), [Finish(R.END_CALL_COMMAND, 4_000, False)])], life)


def test_goodbyes_that_cross_end_the_call_once():
    play(
        [
            *TO_TALKING,
            (9_000, HangUp(R.ASSISTANT_HANGUP), [StopTalk(), Release()]),
            (9_010, RemoteHungUp(), [Finish(R.ASSISTANT_HANGUP, 4_000, True)]),
            (9_020, Released(), []),
            (9_030, LegLost(), []),
        ]
    )


def test_an_answer_that_crosses_our_cancel_starts_no_conversation():
    play(
        [
            (0, Start(), [Dial()]),
            (900, Rang(), []),
            (2_000, HangUp(R.CANCELLED), [Release()]),
            (2_010, Answered(), []),
            (2_050, Released(), [Finish(R.CANCELLED, None, True)]),
        ]
    )


def test_a_cancelled_call_that_is_refused_at_the_same_moment_was_cancelled():
    play(
        [
            (0, Start(), [Dial()]),
            (2_000, HangUp(R.CANCELLED), [Release()]),
            (2_010, Refused(487), [Finish(R.CANCELLED, None, True)]),
        ]
    )


@pytest.mark.parametrize(
    ("code", "reason"),
    [(486, R.BUSY), (603, R.DECLINED), (404, R.UNALLOCATED_NUMBER), (480, R.NO_ANSWER), (503, R.TRUNK_ERROR)],
)
def test_a_refusal_says_why(code, reason):
    play([(0, Start(), [Dial()]), (50, Refused(code, "Why"), [Finish(reason, None, True, f"{code} Why")])])


def test_a_refusal_after_ringing_ends_the_call_too():
    play([(0, Start(), [Dial()]), (10, Rang(), []), (50, Refused(486), [Finish(R.BUSY, None, True, "486")])])


def test_media_that_stops_ends_the_call():
    life = play([*TO_TALKING, (30_000, MediaStopped(), [StopTalk(), Release()])])
    play([(30_100, Released(), [Finish(R.MEDIA_TIMEOUT, 4_000, True, "no media from the far end")])], life)


def test_a_transfer_that_is_answered_ends_the_call_as_transferred():
    play(
        [
            *TO_TALKING,
            (9_000, TRANSFER, [PauseTalk(), Refer("+15005550010", 30_000, "auto")]),
            (12_000, TransferAnswered(), [StopTalk(), Release()]),
            (12_050, Released(), [Finish(R.TRANSFERRED, 4_000, True)]),
        ]
    )


def test_a_failed_transfer_returns_to_the_conversation_and_does_not_buy_more_time():
    life = play([*TO_TALKING, (9_000, TRANSFER, [PauseTalk(), Refer("+15005550010", 30_000, "auto")])])
    play([(12_000, TransferFailed(486), [ResumeTalk()])], life)
    assert (life.state, life.deadline) == (State.TALKING, 604_000)


def test_a_target_that_nobody_says_anything_about_is_given_up():
    life = play([*TO_TALKING, (9_000, TRANSFER, [PauseTalk(), Refer("+15005550010", 30_000, "auto")])])
    assert life.deadline == 9_000 + 30_000 + Patience().transfer_margin
    play([(41_000, Wake(), [AbandonTransfer(), ResumeTalk()]), (41_500, TransferAnswered(), [])], life)


def test_a_caller_who_hangs_up_while_being_transferred_has_hung_up():
    life = play([*TO_TALKING, (9_000, TRANSFER, [PauseTalk(), Refer("+15005550010", 30_000, "auto")])])
    play([(10_000, RemoteHungUp(), [StopTalk(), Finish(R.USER_HANGUP, 4_000, True)])], life)


def test_a_call_nobody_started_is_given_up():
    play([(30_000, Wake(), [Finish(R.NO_CAPACITY, None, True)])])


def test_a_broken_leg_is_unconfirmed_and_says_what_broke():
    play([(0, Start(), [Dial()]), (50, LegLost("timeout"), [Finish(R.TRUNK_ERROR, None, False, "timeout")])])


def test_every_living_state_can_be_left_by_the_clock_and_by_hanging_up():
    for state, row in NEXT.items():
        if state is not State.ENDED:
            assert Wake in row, state
        if state not in (State.ENDED, State.HANGING_UP):
            assert HangUp in row, state


def test_the_diagram_has_every_arrow():
    arrows = sum(map(len, NEXT.values()))
    assert mermaid().count("-->") == arrows + 2
    assert re.search(r"ringing --> talking: Answered", mermaid())
