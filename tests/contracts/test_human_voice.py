"""What the audio room makes of human speech: both gates and the echo guard on the espeak voice, with noise on the line."""

from __future__ import annotations

import asyncio
from functools import cache

import numpy as np
import pytest
from audio_frames import louder, mixed, noise, padded

from trunkline.audio.echo import EchoGuard
from trunkline.audio.g711 import level_db, samples_to_ulaw, ulaw_to_samples
from trunkline.audio.vad import EnergyGate, Gate, WebrtcGate
from trunkline.providers.sandbox.espeak import EspeakProcess
from trunkline.providers.sandbox.espeak_now import EspeakNow
from trunkline.providers.sandbox.voice import EspeakVoice

ASSISTANT = "Hello there, this is the assistant. We are open today from nine to five, and tomorrow until three."
CALLER = "Wait a moment please, I would like to ask you something about my appointment next Tuesday afternoon."


@cache
def speech(text: str, language: str = "en-us") -> bytes:
    async def speak() -> bytes:
        espeak = EspeakProcess()
        try:
            return b"".join([piece.audio async for piece in EspeakVoice(espeak, language).speak(text)])
        finally:
            await espeak.close()

    return asyncio.run(speak())


def onset(audio: bytes) -> int:
    """The first frame that is clearly audible."""
    return next(number for number, frame in enumerate(padded(audio)) if level_db(frame) > -38)


@pytest.mark.parametrize("make", [EnergyGate, WebrtcGate])
@pytest.mark.parametrize("noise_db", [-90, -50])
def test_a_gate_hears_a_sentence_begin_within_three_frames_and_end_within_300_ms(make: type[Gate], noise_db: int):
    voice = speech("Hello, I would like to make an appointment")
    line = b"\xff" * 8_000 + voice + b"\xff" * 8_000
    line = mixed(line, noise(len(line), noise_db))
    gate = make()
    edges = [(number, edge) for number, frame in enumerate(padded(line)) if (edge := gate.feed(frame))]
    assert edges[0][1] == "started"
    assert 50 <= edges[0][0] <= 50 + onset(voice) + 3
    last_loud = max(number for number, frame in enumerate(padded(voice)) if level_db(frame) > -38)
    assert edges[-1][1] == "stopped"
    assert last_loud + 50 < edges[-1][0] + 5 and edges[-1][0] <= last_loud + 50 + 15


def verdicts(sent: bytes, line: bytes) -> list[bool]:
    """For each frame of the line in which somebody is audible: was it taken for an echo?"""
    guard = EchoGuard()
    told = []
    for number, (out, back) in enumerate(zip(padded(sent), padded(line), strict=False)):
        guard.played(out)
        if level_db(back) < -55:
            continue
        echo = guard.is_echo(back)
        if number >= 12:
            told.append(echo)
    return told


@pytest.mark.parametrize("delay", [0, 700, 4_000])
@pytest.mark.parametrize("db", [0, -15, -30])
def test_the_assistants_own_sentence_is_an_echo(delay: int, db: int):
    sent = speech(ASSISTANT)
    told = verdicts(sent, b"\xff" * delay + louder(sent, db))
    assert len(told) > 50 and all(told)


def test_an_echo_that_the_line_has_coloured_and_mixed_with_noise_is_still_one():
    sent = speech(ASSISTANT)
    samples = ulaw_to_samples(sent)
    coloured = np.convolve(samples, np.array([0, 0.2, 0.05, -0.03, 0.02], dtype=np.float32))[: len(samples)]
    line = mixed(b"\xff" * 900 + samples_to_ulaw(coloured.astype(np.float32)), noise(len(sent), -55))
    told = verdicts(sent, line)
    assert sum(told) >= 0.9 * len(told)


@pytest.mark.parametrize("language", ["en-us", "de"])
def test_the_callers_sentence_is_none(language: str):
    told = verdicts(speech(ASSISTANT), speech(CALLER, language))
    assert len(told) > 150 and sum(told) <= 0.02 * len(told)


def test_a_caller_who_speaks_over_the_echo_as_loudly_is_mostly_heard():
    """Where the caller pauses the line carries nothing but the echo, and that is what the guard says of it."""
    sent, caller = speech(ASSISTANT), speech(CALLER)
    told = verdicts(sent, mixed(b"\xff" * 800 + sent, caller))
    assert sum(told) <= 0.2 * len(told)


def test_a_far_end_gets_its_human_sentence_in_the_same_instant_and_the_same_one_again_from_memory():
    voice = EspeakNow()
    try:
        audio = voice("Hello, is anybody there?")
        assert 0.8 < len(audio) / 8_000 < 4
        assert len(audio) % 160 == 0
        assert level_db(audio[len(audio) // 4 :][:1600]) > -45
        assert voice("Hello, is anybody there?") is audio
        assert voice("Something else.") != audio
    finally:
        voice.close()


def test_a_human_voice_whose_program_has_ended_says_so():
    voice = EspeakNow()
    voice.close()
    with pytest.raises((OSError, ValueError)):
        voice("Hello?")
