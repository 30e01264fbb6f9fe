from __future__ import annotations

from trunkline.telephony.sip.moves import NEXT, State


def test_every_state_has_a_row_is_reached_and_can_end() -> None:
    reached, ending = {State.IDLE}, {State.OVER}
    for _ in State:
        reached |= {to for state in reached for to in NEXT[state].values()}
        ending |= {state for state, row in NEXT.items() if ending & set(row.values())}
    assert set(NEXT) == reached == ending == set(State)


def test_nothing_leaves_the_end() -> None:
    assert NEXT[State.OVER] == {}


def test_hanging_up_is_possible_until_it_has_been_done() -> None:
    without = {state for state, row in NEXT.items() if "hang_up" not in row}
    assert without == {State.GIVING_UP, State.CANCELLING, State.ENDING, State.OVER}


def test_an_answer_that_crosses_the_cancel_is_ended() -> None:
    assert NEXT[State.CANCELLING]["2xx"] == NEXT[State.GIVING_UP]["2xx"] == State.ENDING
