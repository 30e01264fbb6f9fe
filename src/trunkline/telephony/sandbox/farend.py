"""The far end of a sandbox line: an ear, a mouth and a keypad, fed with frames. It knows nothing of calls or assistants.

Once per 20 ms it is given the frame that arrived (`hear`) and asked for the one it says (`speak`). What it heard is
decoded from those frames alone, which is what makes it evidence. Who speaks through it is a `Behaviour` (`people.py`).
Times are milliseconds since the answer: frames lived × 20.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from trunkline.audio.g711 import level_db
from trunkline.audio.modem import BITS_PER_FRAME, OVERHEAD_BITS, REPEATS, SLOT_FRAMES, TEXT_MAX, Demodulator

FRAME, FRAME_MS, SAMPLES_PER_MS = 160, 20, 8
SILENCE = b"\xff" * FRAME

LOUD_DB = -50.0
HANGOVER_MS = 240
"""A stretch of speech is over after this much silence: just longer than the pause between two clauses of a sentence."""
CLICK_MS = 40
"""Sounds up to this length without a word are no speech."""
BREATH_MS = 400
"""Silence between two utterances of the far end, so that they are two stretches of speech."""

Voice = Callable[[str], bytes]
"""Text to speech: 8 kHz µ-law."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """One stretch of speech, heard or said."""

    text: str | None
    """Words joined by single spaces; None where it was no modem speech."""
    at_ms: int
    end_ms: int
    ok: bool = True
    """False: not all of its energy could be decoded."""


# ---- what a behaviour knows, and what it can do -----------------------------------------------


@dataclass(slots=True)
class Senses:
    """What a person on the line knows at this moment. One object, renewed every 20 ms."""

    ms: int = 0
    speaking: bool = False
    """Is the far end itself speaking, or about to?"""
    stretches: int = 0
    """How many stretches of speech have begun on the other side."""
    speech_ms: int = 0
    """How long the present one has lasted, pauses within it included; 0: the other side is silent."""
    quiet_ms: int = 0
    """How long no sound has come, counted from the answer at first."""
    ended: Stretch | None = None
    """The stretch that is now known to be over."""


@dataclass(frozen=True, slots=True)
class Say:
    text: str


@dataclass(frozen=True, slots=True)
class Play:
    """Audio that is no speech: a beep, noise, a recording. It is not among what was said."""

    audio: bytes


@dataclass(frozen=True, slots=True)
class Hush:
    """Stop speaking."""


@dataclass(frozen=True, slots=True)
class Press:
    digits: str


@dataclass(frozen=True, slots=True)
class HangUp: ...


@dataclass(frozen=True, slots=True)
class StopSending:
    """Not even silence is sent from here on, as when the far end's network is gone."""


@dataclass(frozen=True, slots=True)
class Stall:
    """The line stands still for so long, both ways."""

    ms: int


@dataclass(frozen=True, slots=True)
class Corrupt:
    """So many of the next frames that arrive are garbled on the way."""

    frames: int = 1


Trouble = Stall | Corrupt
"""What befalls the line and not the far end, at a moment that only the far end can tell."""

Act = Say | Play | Hush | Press | HangUp | StopSending | Trouble


class Behaviour(Protocol):
    def act(self, senses: Senses) -> Sequence[Act]:
        """What to do at this moment. Asked once per 20 ms."""
        ...


# ---- the far end ------------------------------------------------------------------------------


class FarEnd:
    def __init__(self, behaviour: Behaviour, voice: Voice) -> None:
        self.heard: list[Stretch] = []
        self.said: list[Stretch] = []
        self.digits_heard = ""
        self.hung_up = False
        self._behaviour, self._voice = behaviour, voice
        self._senses = Senses()
        self._ear, self._mouth = Ear(), Mouth()
        self._pressed = ""
        self._trouble: list[Trouble] = []
        self._frames = 0
        self._sending = True

    @property
    def ms(self) -> int:
        return self._frames * FRAME_MS

    def hear(self, frame: bytes) -> None:
        """The next 20 ms that arrived; silence if nothing did."""
        ended = self._ear.hear(self.ms, frame)
        if ended is not None:
            self.heard.append(ended)
        self._ear.tell(self.ms, self._senses, ended)

    def speak(self) -> bytes | None:
        """What it says in the same 20 ms; None if it sends nothing at all."""
        senses, mouth = self._senses, self._mouth
        senses.ms, senses.speaking = self.ms, mouth.busy
        for act in self._behaviour.act(senses):
            self._do(act)
        frame = mouth.speak(self.ms)
        self._collect()
        self._frames += 1
        return frame if self._sending else None

    def press(self, digits: str) -> None:
        """Keypad digits arrive here; a comma is only a pause."""
        self.digits_heard += digits.replace(",", "")

    def take_pressed(self) -> str:
        """The keypad digits it has pressed since this was last asked."""
        pressed, self._pressed = self._pressed, ""
        return pressed

    def take_trouble(self) -> Sequence[Trouble]:
        """What is to befall the line, of which nobody has been told yet."""
        trouble, self._trouble = self._trouble, []
        return trouble

    def finish(self) -> None:
        """The line is gone: what was being heard and said ends here, and is known at once."""
        ended = self._ear.finish(self.ms)
        if ended is not None:
            self.heard.append(ended)
        self._mouth.hush(self.ms)
        self._collect()

    def _do(self, act: Act) -> None:
        match act:
            case Say(text):
                self._mouth.say(text, self._voice(text))
            case Play(audio):
                self._mouth.say(None, audio)
            case Hush():
                self._mouth.hush(self.ms)
            case Press(digits):
                self._pressed += digits
            case HangUp():
                self._mouth.hush(self.ms)
                self.hung_up = True
            case StopSending():
                self._sending = False
            case Stall() | Corrupt():
                self._trouble.append(act)

    def _collect(self) -> None:
        if self._mouth.said:
            self.said += self._mouth.said
            self._mouth.said.clear()


class Ear:
    """Frames to stretches of speech."""

    def __init__(self) -> None:
        self._demodulator = Demodulator()
        self._stretches = 0
        self._began: int | None = None
        self._loud_until = 0
        self._words: list[str] = []
        self._got_until = 0
        """Up to here the energy is accounted for by decoded words."""
        self._loud: list[int] = []
        """Frames of energy since then."""
        self._whole = True

    def hear(self, ms: int, frame: bytes) -> Stretch | None:
        """The stretch of speech that is over with this frame, if one is."""
        if frame != SILENCE and level_db(frame) >= LOUD_DB:
            self._sound(ms)
        for word in self._demodulator.feed(frame):
            self._words.append(word.text)
            self._whole = self._whole and word.ok and not self._lost_before(word.from_sample // SAMPLES_PER_MS)
            self._got_until = word.at_sample // SAMPLES_PER_MS + rest_of_slot_ms(word.text)
        if self._began is None or ms + FRAME_MS - self._loud_until < HANGOVER_MS:
            return None
        return self._end()

    def tell(self, ms: int, senses: Senses, ended: Stretch | None) -> None:
        senses.ended = ended
        senses.stretches = self._stretches
        senses.speech_ms = 0 if self._began is None else ms + FRAME_MS - self._began
        senses.quiet_ms = ms + FRAME_MS - self._loud_until

    def finish(self, ms: int) -> Stretch | None:
        """As if silence followed."""
        while self._began is not None:
            if (ended := self.hear(ms, SILENCE)) is not None:
                return ended
            ms += FRAME_MS
        return None

    def _lost_before(self, ms: int) -> bool:
        """Was there energy behind the words so far that is not of the one that begins here? A frame more or less is nobody's."""
        lost = [at for at in self._loud if self._got_until + FRAME_MS <= at < ms - FRAME_MS]
        self._loud.clear()
        return bool(lost)

    def _sound(self, ms: int) -> None:
        if self._began is None:
            self._began = ms
            self._stretches += 1
            self._words, self._whole = [], True
            self._loud.clear()
        self._loud.append(ms)
        self._loud_until = ms + FRAME_MS

    def _end(self) -> Stretch | None:
        assert self._began is not None
        began, self._began = self._began, None
        if not self._words:
            is_click = self._loud_until - began <= CLICK_MS
            return None if is_click else Stretch(None, began, self._loud_until, ok=False)
        whole = self._whole and self._loud_until <= self._got_until + FRAME_MS
        return Stretch(" ".join(self._words), began, self._loud_until, whole)


def rest_of_slot_ms(word: str) -> int:
    """How long a word's slot goes on after its first burst."""
    last_part = len(word.encode()) % TEXT_MAX or TEXT_MAX
    burst = -(-(OVERHEAD_BITS + 8 * last_part) // BITS_PER_FRAME)
    return (max(SLOT_FRAMES, REPEATS * burst) - burst) * FRAME_MS


@dataclass(slots=True)
class _Utterance:
    text: str | None
    audio: bytes
    began: int | None = None
    played: int = 0


@dataclass(slots=True)
class Mouth:
    """Utterances to frames, one after the other."""

    said: list[Stretch] = field(default_factory=list)
    """Utterances that are over, until somebody takes them."""
    _waiting: deque[_Utterance] = field(default_factory=deque)
    _breath_until: int = 0

    @property
    def busy(self) -> bool:
        return bool(self._waiting)

    def say(self, text: str | None, audio: bytes) -> None:
        """`text` None: it is no speech."""
        if audio:
            whole = -(-len(audio) // FRAME) * FRAME
            self._waiting.append(_Utterance(text, audio.ljust(whole, b"\xff")))

    def speak(self, ms: int) -> bytes:
        if not self._waiting or ms < self._breath_until:
            return SILENCE
        utterance = self._waiting[0]
        if utterance.began is None:
            utterance.began = ms
        frame = utterance.audio[utterance.played : utterance.played + FRAME]
        utterance.played += FRAME
        if utterance.played == len(utterance.audio):
            self._over(ms + FRAME_MS)
        return frame

    def hush(self, ms: int) -> None:
        """Whatever is being said ends now; whatever was still to be said will not be."""
        if self._waiting and self._waiting[0].began is not None:
            self._over(ms)
        self._waiting.clear()

    def _over(self, ms: int) -> None:
        utterance = self._waiting.popleft()
        self._breath_until = ms + BREATH_MS
        if utterance.text is None or utterance.began is None:
            return
        whole = utterance.played == len(utterance.audio)
        text = utterance.text if whole else _words_in(utterance.audio[: utterance.played])
        self.said.append(Stretch(text, utterance.began, ms))


def _words_in(audio: bytes) -> str | None:
    """What a listener would have got of speech that was cut."""
    ear = Demodulator()
    words = [word.text for at in range(0, len(audio), FRAME) for word in ear.feed(audio[at : at + FRAME])]
    return " ".join(words) if words else None
