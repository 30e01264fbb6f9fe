"""Whole calls in which anything is asked at any moment: whatever happens, the record of them adds up."""

from __future__ import annotations

import asyncio
import random
from typing import Any

import pytest
from call_plays import end, inject, instant, say, transfer
from call_stories import Live, Story, rules

from trunkline.calls.endings import EndReason
from trunkline.calls.inputs import HangUp as End
from trunkline.calls.run import Asked
from trunkline.calls.verbs import Command, Interrupt, OnInterrupt, OverCaller, Receipt, Verb
from trunkline.telephony.sandbox.farend import HangUp
from trunkline.telephony.sandbox.people import At, ScriptedPerson

NOBODY, BUSY = "+15005550011", "+15005550002"
SAID = (
    "Hello there.",
    "mm-hm",
    "Wait a moment, I have a question.",
    "transfer me",
    "goodbye now",
    "fail please",
    "think",
)
WORDS = ("Hi.", "This is a longer sentence, with a clause in it.", "Number 12 34.")
TOOLS = [
    {"type": "end_call"},
    {"type": "transfer_call", "destinations": [{"type": "number", "number": NOBODY}]},
]
MODEL = rules(
    {"when": "transfer me", "say": "One moment.", "call": {"name": "transfer_call", "arguments": {}}},
    {"when": "goodbye", "say": "Bye.", "call": {"name": "end_call", "arguments": {}}},
    {"when": "fail please", "fail": True},
    {"when": "think", "say": "That took long.", "delay_ms": 3_000},
    {"when": ".*", "say": "I see. Thank you for telling me that, it is kind."},
    tools=TOOLS,
)


def command(id: str, dice: random.Random, before: list[str]) -> Command:
    options: dict[str, Any] = {
        "interrupt": dice.choice(list(Interrupt)),
        "over_caller": dice.choice(list(OverCaller)),
        "interruptible": dice.random() < 0.6,
        "ttl_ms": dice.choice([500, 30_000]),
        "after": dice.choice([None, None, None, *before[-3:]]),
    }
    final = {"on_interrupt": dice.choice(list(OnInterrupt)), **options}
    match dice.randrange(12):
        case 0 | 1 | 2 | 3:
            return say(id, dice.choice(WORDS), end_after=dice.random() < 0.05, **final)
        case 4:
            return inject(id)
        case 5 | 6:
            return inject(id, trigger=True, **options)
        case 7:
            return transfer(id, dice.choice(["", "One moment."]), destination=dice.choice([NOBODY, BUSY]), **final)
        case 8:
            return instant(dice.choice([Verb.MUTE, Verb.UNMUTE]), id, target=dice.choice(["caller", "assistant"]))
        case 9 | 10:
            return instant(dice.choice([Verb.HOLD, Verb.RESUME]), id)
        case _:
            if dice.random() < 0.3:
                return end(id, dice.choice(["", "Bye bye."]), **final)
            return instant(Verb.CANCEL, id, target=dice.choice([*before, "nobody"]))


def person(dice: random.Random) -> ScriptedPerson:
    moments = sorted(dice.randint(500, 30_000) for _ in range(dice.randint(0, 8)))
    acts: list[Any] = [At(at, dice.choice(SAID)) for at in moments]
    return ScriptedPerson(*acts, *([At(dice.randint(2_000, 40_000), HangUp())] if dice.random() < 0.3 else []))


def played(seed: int) -> Story:
    dice = random.Random(seed)

    async def script(call: Live) -> None:
        await call.answered()
        for n in range(dice.randint(1, 14)):
            await call.after(dice.choice([0, 10, 200, 1_500, 4_000]))
            reply: asyncio.Future[Receipt] = asyncio.get_running_loop().create_future()
            call.tell(Asked(command(f"c{n}", dice, [f"c{m}" for m in range(n)]), reply))
        await call.after(30_000)
        call.tell(End(EndReason.CANCELLED))

    greeting = dice.choice(["", "Hello, this is the greeting."])
    longest = dice.choice([20_000, 600_000])
    return Story(lambda: person(dice), first_message=greeting, llm_config=MODEL, max_duration_ms=longest).play(script)


@pytest.mark.parametrize("seed", range(60))
def test_the_record_of_any_call_adds_up(seed: int) -> None:
    story = played(seed)
    assert story.pages.events[-1]["kind"] == "ended"
    accepted = [event["command"]["id"] for event in story.of("command.accepted")]
    assert sorted(event["id"] for event in story.of("command.finished")) == sorted(accepted), "each has one outcome"
    began, over = ([event["utterance"] for event in story.of(f"speech.{kind}")] for kind in ("started", "ended"))
    assert len(set(began)) == len(began)
    assert len(set(over)) == len(over)
    assert set(began) <= set(over), "what began has ended"
    silent = set()
    for event in story.pages.events:
        match event["kind"]:
            case "held":
                silent = silent | {"held"} if event["held"] else silent - {"held"}
            case "transfer.started":
                silent = silent | {"transferring"}
            case "transfer.failed":
                silent = silent - {"transferring"}
            case "speech.started":
                assert not silent, "nothing is said on hold or while a target rings"
