"""Who is at the far end: persons and machines, each a small class that decides every 20 ms what to do. Pure.

They know what their ear tells them (`farend.Senses`) and nothing else. Which number reaches whom is `lines.py`'s.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from trunkline.audio.tones import beep
from trunkline.telephony.sandbox.farend import Act, HangUp, Play, Say, Senses

PICK_UP_MS = 300
"""From the answer to the first word of somebody who speaks first."""
REACTION_MS = 500
"""How long the other side must have been silent before somebody polite begins to speak."""
ECHOES = ("You said", "I heard")
"""What begins like this is an answer to us: answering it again would never end."""


class Silent:
    """Answers, and says nothing."""

    def act(self, senses: Senses) -> Sequence[Act]:
        return ()


class Echo:
    """Says "I heard: X" to each thing it hears, when the other side has finished."""

    def __init__(self) -> None:
        self._answers = _Answers()

    def act(self, senses: Senses) -> Sequence[Act]:
        if text := _worth_an_answer(senses):
            self._answers.add(f"I heard: {text}")
        return self._answers.due(senses)


class Agent:
    """A person who picks up, says so, and answers politely whatever is said."""

    GREETING = "Agent speaking."
    ANSWER = "Understood, thank you."

    def __init__(self) -> None:
        self._answers = _Answers()
        self._greeted = False

    def act(self, senses: Senses) -> Sequence[Act]:
        if not self._greeted and senses.ms >= PICK_UP_MS:
            self._greeted = True
            return [Say(self.GREETING)]
        if _worth_an_answer(senses):
            self._answers.add(self.ANSWER)
        return self._answers.due(senses)


class Voicemail:
    """A machine: greeting, beep, and then it records, which is to say that it listens."""

    GREETING = "Please leave a message after the tone."

    def __init__(self) -> None:
        self._steps = deque[Act]([Say(self.GREETING), Play(beep())])

    def act(self, senses: Senses) -> Sequence[Act]:
        if self._steps and senses.ms >= PICK_UP_MS and not senses.speaking:
            return [self._steps.popleft()]
        return ()


@dataclass(slots=True)
class HangsUp:
    """Answers, and hangs up after a while."""

    after_ms: int = 3_000

    def act(self, senses: Senses) -> Sequence[Act]:
        return [HangUp()] if senses.ms >= self.after_ms else ()


@dataclass(slots=True)
class BargesIn:
    """Interrupts: so long into an utterance, once per utterance, and not for ever."""

    into_ms: int = 1_000
    times: int = 5
    words: str = "Wait a moment."
    _interrupted: int = 0

    def act(self, senses: Senses) -> Sequence[Act]:
        if not self.times or senses.speech_ms <= self.into_ms or senses.stretches == self._interrupted:
            return ()
        self._interrupted = senses.stretches
        self.times -= 1
        return [Say(self.words)]


# ---- scripted persons, for tests ---------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class At:
    """At this moment after the answer, exactly."""

    ms: int
    do: Act | str
    """Text is said."""


@dataclass(frozen=True, slots=True)
class WhenHeard:
    """So long after a stretch of speech with these words in it is known to be over (240 ms after its last sound)."""

    words: str
    do: Act | str
    delay_ms: int = 0


@dataclass(frozen=True, slots=True)
class IntoSpeech:
    """That long into the other side's n-th stretch of speech, if it lasts so long."""

    ms: int
    do: Act | str
    stretch: int = 1


Step = At | WhenHeard | IntoSpeech


class ScriptedPerson:
    """Does each step once, when its time has come; the steps do not wait for each other."""

    def __init__(self, *steps: Step) -> None:
        self._steps = list(steps)

    def act(self, senses: Senses) -> Sequence[Act]:
        if not self._steps:
            return ()
        self._steps = [_as_heard(step, senses) for step in self._steps]
        due = [step for step in self._steps if _is_due(step, senses)]
        for step in due:
            self._steps.remove(step)
        return [Say(step.do) if isinstance(step.do, str) else step.do for step in due]


def _as_heard(step: Step, senses: Senses) -> Step:
    """A step that waited for words becomes one with a time when they were heard."""
    match step:
        case WhenHeard(words, do, delay_ms) if senses.ended and words in (senses.ended.text or ""):
            return At(senses.ms + delay_ms, do)
        case _:
            return step


def _is_due(step: Step, senses: Senses) -> bool:
    match step:
        case At(ms):
            return senses.ms >= ms
        case IntoSpeech(ms, stretch=stretch):
            return senses.stretches == stretch and senses.speech_ms > ms
        case _:
            return False


# ---- manners -----------------------------------------------------------------------------------


class _Answers:
    """What somebody wants to say as soon as nobody speaks."""

    def __init__(self, texts: Iterable[str] = ()) -> None:
        self._texts = deque(texts)

    def add(self, text: str) -> None:
        self._texts.append(text)

    def due(self, senses: Senses) -> Sequence[Act]:
        if self._texts and not senses.speaking and senses.quiet_ms >= REACTION_MS:
            return [Say(self._texts.popleft())]
        return ()


def _worth_an_answer(senses: Senses) -> str | None:
    text = senses.ended.text if senses.ended else None
    return None if text is None or text.startswith(ECHOES) else text
