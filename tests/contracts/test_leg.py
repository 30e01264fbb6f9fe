"""The `Leg` port: one suite over every adapter. A `World` knows how to reach peers of each kind with its adapter.

To add an adapter, write its world and add it to `WORLDS`; what it cannot show it leaves out of `peers`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Mapping
from contextlib import AbstractAsyncContextManager
from enum import Enum, auto
from typing import Any, Protocol

import pytest
from leg_calls import Placed
from sandbox_calls import call

from trunkline.calls.leg import (
    FRAME,
    Answered,
    DigitsPressed,
    LegLost,
    Rang,
    Refused,
    Released,
    RemoteHungUp,
    TransferAnswered,
    TransferFailed,
)
from trunkline.telephony.sandbox.farend import Behaviour, HangUp, Press
from trunkline.telephony.sandbox.lines import Lines, Refuses, RingsForEver, Treatment
from trunkline.telephony.sandbox.people import At, ScriptedPerson, Silent
from trunkline.testing import virtual


class Peer(Enum):
    LISTENS = auto()  # answers, and says nothing
    SPEAKS = auto()  # answers, and says "Good morning." a second later
    PRESSES = auto()  # answers, and presses 1, 2, # a second later
    HANGS_UP = auto()  # answers, and hangs up two seconds later
    BUSY = auto()
    RINGS = auto()  # for ever


class World(Protocol):
    @property
    def peers(self) -> frozenset[Peer]: ...

    def run(self, story: Coroutine[Any, Any, None]) -> None: ...

    def call(self, peer: Peer) -> AbstractAsyncContextManager[Placed[Any]]:
        """A call being placed to such a peer, for the length of the block."""
        ...

    def target(self, peer: Peer) -> str:
        """The address of such a peer as the target of a transfer."""
        ...

    def heard(self, placed: Placed[Any]) -> str:
        """The words the far end decoded from the samples that reached it."""
        ...


class SandboxWorld:
    numbers: Mapping[Peer, str] = {peer: f"+1500555{n:04}" for n, peer in enumerate(Peer, 1)}
    peers = frozenset(Peer)
    at: Mapping[str, Treatment | Callable[[], Behaviour]] = {
        numbers[Peer.LISTENS]: Silent,
        numbers[Peer.SPEAKS]: lambda: ScriptedPerson(At(1_000, "Good morning.")),
        numbers[Peer.PRESSES]: lambda: ScriptedPerson(At(1_000, Press("12#"))),
        numbers[Peer.HANGS_UP]: lambda: ScriptedPerson(At(2_000, HangUp())),
        numbers[Peer.BUSY]: Refuses(486, "Busy Here"),
        numbers[Peer.RINGS]: RingsForEver(),
    }

    def run(self, story: Coroutine[Any, Any, None]) -> None:
        virtual.run(story)

    def call(self, peer: Peer) -> AbstractAsyncContextManager[Placed[Any]]:
        return call(self.numbers[peer], Lines(self.at))

    def target(self, peer: Peer) -> str:
        return self.numbers[peer]

    def heard(self, placed: Placed[Any]) -> str:
        return " ".join(stretch.text or "?" for stretch in placed.leg.far_end.heard)


WORLDS: Mapping[str, World] = {"sandbox": SandboxWorld()}


@pytest.fixture(params=WORLDS)
def world(request: pytest.FixtureRequest) -> World:
    return WORLDS[request.param]


def told(world: World, peer: Peer, story: Callable[[Placed[Any]], Coroutine[Any, Any, None]]) -> Placed[Any]:
    """The story of one call to such a peer, and the call afterwards."""
    if peer not in world.peers:
        pytest.skip(f"no peer that {peer.name.lower()} here")
    calls: list[Placed[Any]] = []

    async def whole() -> None:
        async with world.call(peer) as placed:
            calls.append(placed)
            await story(placed)

    world.run(whole())
    return calls[0]


def test_an_answered_call_is_told_once(world: World):
    async def story(placed: Placed[Any]) -> None:
        await placed.until(Answered)
        await placed.listen(500)

    facts = told(world, Peer.LISTENS, story).facts()
    assert facts.count(Answered()) == 1
    assert not [fact for fact in facts if isinstance(fact, Refused | Released | RemoteHungUp | LegLost)]


def test_a_busy_line_refuses_with_its_code_and_is_never_answered(world: World):
    async def story(placed: Placed[Any]) -> None:
        assert (await placed.until(Refused)).code == 486
        await placed.listen(300)

    facts = told(world, Peer.BUSY, story).facts()
    assert isinstance(facts[-1], Refused) and Answered() not in facts


def test_a_ringing_call_can_be_released_and_is_then_over(world: World):
    async def story(placed: Placed[Any]) -> None:
        await placed.until(Rang)
        await placed.leg.release()
        await placed.until(Released)
        await placed.listen(300)

    facts = told(world, Peer.RINGS, story).facts()
    assert facts.count(Released()) == 1 and Answered() not in facts


def test_what_is_sent_is_what_the_far_end_hears(world: World):
    async def story(placed: Placed[Any]) -> None:
        await placed.until(Answered)
        await placed.listen(300)
        await placed.say("Every word arrives, the last one too.")
        await placed.leg.release()
        await placed.until(Released)
        assert world.heard(placed) == "Every word arrives, the last one too."

    told(world, Peer.LISTENS, story)


def test_what_the_far_end_says_is_received_in_whole_frames(world: World):
    async def story(placed: Placed[Any]) -> None:
        await placed.until(Answered)
        await placed.listen(2_500)

    placed = told(world, Peer.SPEAKS, story)
    assert placed.understood() == "Good morning."
    assert {len(frame) for frame in placed.came} == {FRAME}


def test_frames_pass_after_they_were_sent_and_never_unpass(world: World):
    async def story(placed: Placed[Any]) -> None:
        await placed.until(Answered)
        assert placed.leg.passed() == 0
        last = 0
        for _ in range(40):
            await placed.listen(20)
            passed = placed.leg.passed()
            assert last <= passed <= placed.sent
            last = passed
        assert last > 20

    told(world, Peer.LISTENS, story)


def test_of_what_was_taken_back_nothing_passes(world: World):
    async def story(placed: Placed[Any]) -> None:
        await placed.until(Answered)
        await placed.listen(300)
        taken_back, sent = placed.be_quiet(), placed.sent
        assert 0 <= taken_back <= sent - placed.leg.passed()
        assert placed.leg.clear() <= placed.sent - sent
        await placed.listen(600)
        assert placed.leg.passed() <= placed.sent - taken_back

    told(world, Peer.LISTENS, story)


def test_an_answered_call_can_be_released_and_is_then_over(world: World):
    async def story(placed: Placed[Any]) -> None:
        await placed.until(Answered)
        await placed.leg.release()
        await placed.until(Released)
        await placed.listen(300)

    facts = told(world, Peer.LISTENS, story).facts()
    assert facts[-1] == Released() and facts.count(Released()) == 1


def test_a_far_end_that_hangs_up_is_told_once(world: World):
    async def story(placed: Placed[Any]) -> None:
        await placed.until(RemoteHungUp)
        await placed.listen(300)
        assert placed.leg.receive() is not None
        placed.leg.send(bytes(FRAME))

    facts = told(world, Peer.HANGS_UP, story).facts()
    assert facts.count(RemoteHungUp()) == 1 and Refused not in map(type, facts)


def test_dialing_lasts_as_long_as_the_call(world: World):
    async def story(placed: Placed[Any]) -> None:
        await placed.until(Answered)
        assert not placed.dialing.done()
        await placed.leg.release()
        async with asyncio.timeout(5):
            await placed.dialing

    told(world, Peer.LISTENS, story)


def test_keypad_digits_of_the_far_end_are_told_in_order(world: World):
    async def story(placed: Placed[Any]) -> None:
        await placed.until(DigitsPressed)
        await placed.listen(1_500)

    facts = told(world, Peer.PRESSES, story).facts()
    assert "".join(fact.digits for fact in facts if isinstance(fact, DigitsPressed)) == "12#"


def test_a_held_call_goes_on_afterwards(world: World):
    async def story(placed: Placed[Any]) -> None:
        await placed.until(Answered)
        placed.leg.hold(True)
        await placed.listen(500)
        placed.leg.hold(False)
        await placed.listen(500)
        await placed.say("Back again.")
        await placed.leg.release()
        await placed.until(Released)
        assert world.heard(placed) == "Back again."

    told(world, Peer.LISTENS, story)


def test_a_transfer_to_somebody_who_answers_is_told_and_the_leg_can_be_released(world: World):
    async def story(placed: Placed[Any]) -> None:
        await placed.until(Answered)
        await placed.leg.refer(world.target(Peer.SPEAKS), 10_000)
        await placed.until(TransferAnswered)
        await placed.leg.release()
        await placed.until(Released)

    facts = told(world, Peer.LISTENS, story).facts()
    assert facts.count(TransferAnswered()) == 1 and facts[-1] == Released()


@pytest.mark.parametrize(("peer", "code"), [(Peer.BUSY, 486), (Peer.RINGS, 408)])
def test_a_transfer_that_fails_says_why_and_leaves_the_far_end_with_us(world: World, peer: Peer, code: int):
    async def story(placed: Placed[Any]) -> None:
        await placed.until(Answered)
        await placed.leg.refer(world.target(peer), 2_000)
        assert (await placed.until(TransferFailed)).code == code
        await placed.say("Still here?")
        await placed.leg.release()
        await placed.until(Released)
        assert world.heard(placed) == "Still here?"

    told(world, Peer.LISTENS, story)


def test_the_basis_of_what_has_passed_is_named(world: World):
    async def story(placed: Placed[Any]) -> None:
        await placed.until(Answered)
        assert placed.leg.basis in {"frames", "mark", "rtp_estimate"}

    told(world, Peer.LISTENS, story)
