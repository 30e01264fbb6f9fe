"""The shipped sandbox vendors, gate and echo guard on the shipped cascade: what was heard is decoded from the samples."""

from __future__ import annotations

import asyncio
import random

import pytest

from trunkline.audio.echo import EchoGuard
from trunkline.audio.modem import Demodulator, modulate
from trunkline.audio.vad import EnergyGate
from trunkline.calls.leg import SILENCE, Noted
from trunkline.calls.talk import Began, CallerSaid, Ended
from trunkline.conversation.cascade import Cascade
from trunkline.conversation.context import TalkConfig
from trunkline.conversation.ears import Ears
from trunkline.conversation.voice import Greetings
from trunkline.providers.sandbox.ears import ModemEars
from trunkline.providers.sandbox.mind import EchoMind
from trunkline.providers.sandbox.voice import ModemVoice, UnalignedModemVoice
from trunkline.testing.virtual import run

LONG = (
    "We open at nine in the morning, and we close at six. On Sunday we are closed, but on Monday we are there for you."
)


class Phone:
    """A far end that plays what is sent after `delay` frames and speaks the modem itself."""

    basis = "frames"

    def __init__(self, config: TalkConfig, voice: object, delay: int = 0) -> None:
        self.facts: list[object] = []
        self.waiting: list[bytes] = []
        self.delay, self.played, self.saying, self.echo = delay, 0, [], 0
        self.decoder, self.words = Demodulator(), []
        self.trail: list[bytes] = []
        self.talk = Cascade(
            config, ModemEars(), EchoMind(), voice, self, self.facts.append, Ears(EnergyGate(), EchoGuard()), Greetings()
        )  # fmt: skip

    def passed(self) -> int:
        return self.played

    def clear(self) -> int:
        dropped, self.waiting = len(self.waiting), []
        return dropped

    def say(self, text: str) -> None:
        audio = modulate(text).audio
        self.saying = [audio[at : at + 160] for at in range(0, len(audio), 160)]

    async def run(self, ms: int) -> None:
        for _ in range(ms // 20):
            await asyncio.sleep(0.02)
            echo = self.trail[-self.echo] if self.echo and len(self.trail) >= self.echo else SILENCE
            self.talk.hear(self.saying.pop(0) if self.saying else echo)
            frame = self.talk.utter() or SILENCE
            self.trail.append(frame)
            self.waiting.append(frame)
            while len(self.waiting) > self.delay:
                self.words += [word.text for word in self.decoder.feed(self.waiting.pop(0))]
                self.played += 1

    def of(self, kind: type) -> list:
        return [fact for fact in self.facts if isinstance(fact, kind)]


def play(story, config: TalkConfig, voice: object | None = None, delay: int = 0) -> Phone:
    async def whole() -> Phone:
        phone = Phone(config, voice or ModemVoice(), delay)
        await phone.talk.prepare()
        talking = asyncio.get_running_loop().create_task(phone.talk.converse())
        await asyncio.sleep(0)
        await story(phone)
        talking.cancel()
        await asyncio.gather(talking, return_exceptions=True)
        return phone

    return run(whole())


def test_a_question_is_heard_answered_and_the_answer_decoded():
    async def story(phone):
        phone.say("What are your hours?")
        await phone.run(8_000)

    phone = play(story, TalkConfig())
    assert [fact.text for fact in phone.of(CallerSaid)] == ["What are your hours?"]
    assert " ".join(phone.words) == "You said: What are your hours?"
    assert phone.of(Ended)[0].heard.text == "You said: What are your hours?"


def test_mm_hm_on_the_modem_makes_no_gap():
    async def story(phone):
        await phone.run(1_500)
        phone.say("Mm-hm.")
        await phone.run(14_000)

    phone = play(story, TalkConfig(first_message=LONG))
    assert [fact.data for fact in phone.of(Noted)] == [{"text": "Mm-hm."}]
    assert " ".join(phone.words) == LONG


def test_our_own_voice_coming_back_is_neither_an_interruption_nor_a_question():
    async def story(phone):
        phone.echo = 6
        await phone.run(16_000)

    phone = play(story, TalkConfig(first_message=LONG))
    assert " ".join(phone.words) == LONG
    assert [(fact.cut_by, fact.heard.text) for fact in phone.of(Ended)] == [("", LONG)]
    assert phone.of(CallerSaid) == []


@pytest.mark.parametrize("seed", range(12))
def test_a_barge_in_anywhere_reports_exactly_the_words_that_were_decoded(seed):
    dice = random.Random(seed)

    async def story(phone):
        await phone.run(dice.randrange(300, 9_000))
        phone.say("Stop that right now please")
        while not phone.of(Ended):
            await phone.run(20)
        phone.decoded = " ".join(phone.words)

    phone = play(story, TalkConfig(first_message=LONG), delay=dice.randrange(10))
    end = phone.of(Ended)[0]
    assert end.cut_by == "caller"
    assert end.heard.text == phone.decoded
    assert f"{end.heard.text} {end.heard.unheard}".strip() == LONG


@pytest.mark.parametrize("seed", range(6))
def test_without_alignment_the_words_are_right_within_the_stated_margin(seed):
    dice = random.Random(seed)

    async def story(phone):
        await phone.run(dice.randrange(300, 9_000))
        phone.say("Stop that right now please")
        while not phone.of(Ended):
            await phone.run(20)
        phone.decoded = len(phone.words)

    phone = play(story, TalkConfig(first_message=LONG), UnalignedModemVoice())
    heard = phone.of(Ended)[0].heard
    assert heard.text_basis == "proportional" and heard.margin_ms > 0
    off = abs(len(heard.text.split()) - phone.decoded) * 400
    assert off <= heard.margin_ms + 400
    assert phone.of(Began)
