"""CPU of the audio room, in milliseconds for each second of audio. Run: python benchmarks/audio.py"""

from __future__ import annotations

import time
from collections.abc import Callable

from trunkline.audio.echo import EchoGuard
from trunkline.audio.g711 import alaw_to_ulaw, ulaw_to_alaw
from trunkline.audio.modem import Demodulator, modulate
from trunkline.audio.tones import DtmfDetector
from trunkline.audio.vad import EnergyGate, WebrtcGate
from trunkline.audio.wav import interleave

TEXT = "Hello there, this is the assistant and I would like to tell you about our opening hours this week"
OTHER = "Wait a moment please, I would rather ask you something about my appointment next Tuesday"
SILENCE = b"\xff" * 160
SECONDS = 40
FRAMES = SECONDS * 50


def frames(text: str) -> list[bytes]:
    audio = modulate(text).audio
    whole = [audio[at : at + 160] for at in range(0, len(audio), 160)]
    return (whole * (FRAMES // len(whole) + 1))[:FRAMES]


def per_second(work: Callable[[], object], seconds: float = SECONDS) -> float:
    """The best of three, in milliseconds of CPU per second of audio."""

    def once() -> float:
        began = time.process_time()
        work()
        return (time.process_time() - began) * 1_000 / seconds

    return min(once() for _ in range(3))


def over(line: list[bytes], make: Callable[[], Callable[[bytes], object]]) -> float:
    def work() -> None:
        feed = make()
        for frame in line:
            feed(frame)

    return per_second(work)


def echo(line: list[bytes], sent: list[bytes]) -> float:
    def work() -> None:
        guard = EchoGuard()
        for out, back in zip(sent, line, strict=True):
            guard.played(out)
            guard.is_echo(back)

    return per_second(work)


def main() -> None:
    ours, theirs, silence = frames(TEXT), frames(OTHER), [SILENCE] * FRAMES
    spoken = len(modulate(TEXT).audio) / 8_000
    figures = {
        "modulate": per_second(lambda: modulate(TEXT), spoken),
        "demodulate, words": over(ours, lambda: Demodulator().feed),
        "demodulate, silence": over(silence, lambda: Demodulator().feed),
        "energy gate": over(ours, lambda: EnergyGate().feed),
        "webrtc gate": over(ours, lambda: WebrtcGate().feed),
        "echo guard, played": over(ours, lambda: EchoGuard().played),
        "echo guard, asked, echo": echo([SILENCE] * 10 + ours[:-10], ours),
        "echo guard, asked, no echo": echo(theirs, ours),
        "keypad tones": over(ours, lambda: DtmfDetector().feed),
        "A-law both ways": over(ours, lambda: lambda frame: alaw_to_ulaw(ulaw_to_alaw(frame))),
        "stereo of a recording": over(ours, lambda: lambda frame: interleave(frame, frame)),
    }
    for name, figure in figures.items():
        print(f"{name:28} {figure:6.2f} ms CPU per second of audio")


if __name__ == "__main__":
    main()
