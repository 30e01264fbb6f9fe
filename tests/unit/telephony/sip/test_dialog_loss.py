"""Whole dialogs over a network that loses, repeats and delays, in virtual time: whatever happens, both ends come to an end."""

from __future__ import annotations

import heapq
import random
from dataclasses import dataclass, replace

import pytest
from sip_script import FAR, SDP, THEIR_OFFER, party, tokens

from trunkline.calls.leg import Answered, Fact, LegLost, Rang, Refused, Released, RemoteHungUp
from trunkline.telephony.sip.dialog import Dialog
from trunkline.telephony.sip.exchanges import Transmit
from trunkline.telephony.sip.message import Request, Response, parse, respond, serialise
from trunkline.telephony.sip.moves import Dial, HangUp, Received, State, Tell
from trunkline.telephony.sip.sdp import Local
from trunkline.telephony.sip.transaction import Wake

FINAL = (Released, RemoteHungUp, Refused, LegLost)


@dataclass
class FarEnd:
    """A callee of a few lines: answers after a while, repeats its 200 until the ACK, knows CANCEL and BYE."""

    answers_at: int
    invite: Request | None = None
    answered: bytes = b""
    repeat_at: int = 0
    acknowledged: bool = False
    up: bool = False
    refused: bytes = b""

    def take(self, now: int, data: bytes) -> list[bytes]:
        message = parse(data)
        if isinstance(message, Response):
            return []
        match message.method:
            case "INVITE" if self.invite is None:
                self.invite = message
                return [self._reply(message, 180)]
            case "INVITE":
                return [self.answered or self.refused or self._reply(message, 180)]
            case "ACK":
                self.acknowledged = True
                return []
            case "CANCEL" if self.invite is not None:
                if not self.answered and not self.refused:
                    self.refused, self.repeat_at = self._reply(self.invite, 487), now + 500
                return [self._reply(message, 200), *([self.refused] if self.refused else [])]
            case "BYE":
                known, self.up = self.up or self.acknowledged, False
                return [self._reply(message, 200 if known else 481)]
            case _:
                return []

    def tick(self, now: int) -> list[bytes]:
        if self.invite is None:
            return []
        if not self.answered and not self.refused and now >= self.answers_at:
            self.answered, self.repeat_at, self.up = self._reply(self.invite, 200), now + 500, True
            return [self.answered]
        pending = (self.answered or self.refused) and not self.acknowledged and now < self.answers_at + 32_000
        if pending and now >= self.repeat_at:
            self.repeat_at = now + 1_000
            return [self.answered or self.refused]
        return []

    @staticmethod
    def _reply(request: Request, code: int) -> bytes:
        extra = (("Contact", "<sip:bob@192.0.2.9:5060>"), *(SDP if code == 200 else ()))
        body = THEIR_OFFER if code == 200 and request.method == "INVITE" else b""
        return serialise(replace(respond(request, code, "x", "theirs", extra), body=body))


class World:
    def __init__(self, seed: int, hang_up_at: int, answers_at: int, loss: float) -> None:
        self.chance = random.Random(seed)
        self.loss = loss
        self.hang_up_at = hang_up_at
        self.far = FarEnd(answers_at)
        self.dialog = Dialog(party(), FAR, Local("192.0.2.1", 7000, 5), None, tokens())
        self.facts: list[Fact] = []
        self.flying: list[tuple[int, int, str, bytes]] = []
        self.count = 0

    def run(self) -> None:
        self._feed(0, Dial())
        for now in range(0, 150_000, 10):
            while self.flying and self.flying[0][0] <= now:
                _, _, to, data = heapq.heappop(self.flying)
                if to == "far":
                    self._fly(now, "us", self.far.take(now, data))
                else:
                    self._feed(now, Received(parse(data), FAR))
            self._fly(now, "us", self.far.tick(now))
            if self.dialog.deadline is not None and self.dialog.deadline <= now:
                self._feed(now, Wake())
            if now == self.hang_up_at:
                self._feed(now, HangUp())

    def _feed(self, now: int, input: Dial | HangUp | Received | Wake) -> None:
        for effect in self.dialog.handle(now, input):
            if isinstance(effect, Transmit):
                self._fly(now, "far", [effect.data])
            elif isinstance(effect, Tell):
                self.facts.append(effect.fact)

    def _fly(self, now: int, to: str, packets: list[bytes]) -> None:
        for data in packets:
            for _ in range(2 if self.chance.random() < 0.05 else 1):
                if self.chance.random() >= self.loss:
                    self.count += 1
                    heapq.heappush(self.flying, (now + self.chance.randrange(5, 120), self.count, to, data))


@pytest.mark.parametrize("loss", [0.0, 0.3])
@pytest.mark.parametrize("seed", range(20))
def test_a_call_hung_up_at_any_moment_ends_once_and_leaves_nothing_up(seed: int, loss: float) -> None:
    chance = random.Random(1_000 + seed)
    answers_at = chance.randrange(100, 3_000)
    hang_up_at = max(0, answers_at + chance.randrange(-2_000, 2_000)) // 10 * 10
    world = World(seed, hang_up_at, answers_at, loss)
    world.run()
    endings = [fact for fact in world.facts if isinstance(fact, FINAL)]
    assert len(endings) == 1, world.facts
    assert world.facts[-1] is endings[0]
    assert [fact for fact in world.facts if isinstance(fact, Answered)] in ([], [Answered()])
    assert all(isinstance(fact, Rang | Answered | Released | LegLost) for fact in world.facts)
    assert world.dialog.state is State.OVER
    assert world.dialog.deadline is None, "nothing is left to be sent"
    if isinstance(endings[0], Released):
        assert not world.far.up, "we were told that it is over, and the far end still talks"
