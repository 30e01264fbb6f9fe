"""`SipLeg` against baresip: audio both ways with a jitter buffer, RTCP and codecs that are not ours."""

from __future__ import annotations

import array
import asyncio
import math
import wave
from collections.abc import Iterator
from pathlib import Path

import pytest
from sip_peers import calling

from trunkline.audio.g711 import linear_to_ulaw, ulaw_to_linear
from trunkline.calls.leg import Answered, DigitsPressed, Noted, Released, RemoteHungUp
from trunkline.testing.baresip import Baresip


def sine(hertz: float, seconds: float) -> array.array[int]:
    return array.array(
        "h", (int(9_000 * math.sin(2 * math.pi * hertz * n / 8_000)) for n in range(int(8_000 * seconds)))
    )


def share(samples: array.array[int], hertz: float) -> float:
    """How much of the energy is at this pitch: 1 for a pure tone."""
    turn = 2 * math.pi * hertz / 8_000
    real = sum(value * math.cos(turn * n) for n, value in enumerate(samples))
    imaginary = sum(value * math.sin(turn * n) for n, value in enumerate(samples))
    energy = sum(value * value for value in samples)
    return 2 * (real**2 + imaginary**2) / (len(samples) * energy) if energy else 0.0


@pytest.fixture
def far(tmp_path: Path) -> Iterator[Baresip]:
    file = tmp_path / "voice.wav"
    with wave.open(str(file), "wb") as voice:
        voice.setparams((1, 2, 8_000, 0, "NONE", ""))
        voice.writeframes(sine(440, 2).tobytes())
    with Baresip(file) as baresip:
        yield baresip


def test_its_voice_arrives_whole_and_ours_is_heard(far: Baresip) -> None:
    async def call() -> None:
        async with calling(far.target) as line:
            await line.until(Answered)
            ours = linear_to_ulaw(sine(700, 1.0).tobytes())
            line.playing += [ours[at : at + 160] for at in range(0, len(ours), 160)]
            await asyncio.sleep(0.4)
            heard = array.array("h", ulaw_to_linear(await line.hear(1.2)))
            await asyncio.sleep(4.2)  # until the far end has reported (RTCP)
            await line.leg.release()
        assert line.facts[-1] == Released()
        assert share(heard, 440) > 0.95
        figures = line.told(Noted)[-1].data
        assert figures["lost"] == 0 and figures["received"] > 180
        assert figures["round_trip_ms"] is not None, "the far end's RTCP gives the round trip"

    asyncio.run(call())
    with wave.open(str(far.heard[-1]), "rb") as recording:
        assert recording.getframerate() == 8_000
        samples = array.array("h", recording.readframes(recording.getnframes()))
    best = max(share(samples[at : at + 4_000], 700) for at in range(0, len(samples) - 4_000, 2_000))
    assert best > 0.95, "what it recorded is not what we played"


def test_digits_hold_and_hang_up_of_the_far_end(far: Baresip) -> None:
    async def call() -> None:
        async with calling(far.target) as line:
            await line.until(Answered)
            await asyncio.sleep(0.3)
            for digit in "19":
                await far.command("sndcode", digit)
                await asyncio.sleep(0.3)
                await far.command("sndcode", "\x04")
                await asyncio.sleep(0.2)
            await far.command("hold")
            await asyncio.sleep(0.3)
            await far.command("resume")
            await asyncio.sleep(0.5)
            heard = array.array("h", ulaw_to_linear(await line.hear(0.5)))
            await far.command("hangup")
            await line.until(RemoteHungUp)
        assert "".join(fact.digits for fact in line.told(DigitsPressed)) == "19"
        assert share(heard, 440) > 0.9, "after the hold its voice is back"

    asyncio.run(call())
