"""Whose turn is it? One conversation's turn-taking, from edges of speech and words, never from frames. Pure.

`now` is milliseconds of *audio heard so far*, not of any clock, so that a slow machine, a fast test and a replayed recording
take the same decisions. Two sides are kept apart, because they overlap: what the caller is doing and what we are doing.
`cascade.py` performs the effects; what exactly was heard of our words is `spoken.py`'s.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum, auto

from trunkline.conversation.backchannels import is_backchannel, plain

NOISE_MS = 4_000
"""Sound that brings no new words for this long is noise, or a gate that sticks: it no longer holds the floor."""

LATE_MS = 3_000
"""Words that come this long after the caller's last sound, while we speak, are no words of the caller's."""


class Caller(StrEnum):
    QUIET = auto()  # nothing said that still waits for us
    SPEAKING = auto()
    RESTING = auto()  # fell silent: finished, or breathing?
    WAITING = auto()  # has finished; the words are kept until ours are over


class Ours(StrEnum):
    SILENT = auto()
    THINKING = auto()  # the model is asked, nothing is audible yet
    SPEAKING = auto()  # words are audible, or given and about to be
    YIELDED = auto()  # silent because of a sound: an interruption, or only noise?


# ---- what happens -------------------------------------------------------------------------


class Input:
    __slots__ = ()


@dataclass(frozen=True, slots=True)
class SpeechStarted(Input): ...


@dataclass(frozen=True, slots=True)
class SpeechStopped(Input): ...


@dataclass(frozen=True, slots=True)
class Transcribed(Input):
    text: str
    final: bool
    end_of_turn: bool = False


@dataclass(frozen=True, slots=True)
class Typed(Input):
    """Keypad digits, complete."""

    text: str


@dataclass(frozen=True, slots=True)
class ModelAsked(Input):
    """Somebody else than the caller let the model answer."""


@dataclass(frozen=True, slots=True)
class Speaking(Input):
    """Words of ours: a reply's first sound, or exact words as soon as they are given to the voice."""

    reply: bool
    interruptible: bool
    resumable: bool


@dataclass(frozen=True, slots=True)
class Silent(Input):
    """Our words are over, or cut, or the model answered with nothing."""


@dataclass(frozen=True, slots=True)
class Held(Input):
    held: bool


@dataclass(frozen=True, slots=True)
class Wake(Input):
    """The deadline has come."""


# ---- what to do about it --------------------------------------------------------------------


class Effect:
    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Ask(Effect):
    """Let the model answer everything the caller has said this turn (empty: nothing new, but it owes an answer)."""

    text: str


@dataclass(frozen=True, slots=True)
class Unask(Effect):
    """Forget the request: the caller goes on, and everything will be asked again."""


@dataclass(frozen=True, slots=True)
class Yield(Effect):
    """Fall silent at once, but keep the rest of the words: this may be only noise."""


@dataclass(frozen=True, slots=True)
class Resume(Effect):
    """It was noise: speak the rest."""


@dataclass(frozen=True, slots=True)
class Cut(Effect):
    """The caller has interrupted: stop the voice and the model."""


@dataclass(frozen=True, slots=True)
class Backchannel(Effect):
    """The caller said that he is listening."""

    text: str


# ---- the machine ------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Manners:
    """How patient, and how easily interrupted, this assistant is. Milliseconds."""

    min_delay: int = 400
    max_delay: int = 2_000
    interruption: int = 300
    interruption_words: int = 0
    false_interruption: int | None = 1_500


@dataclass(slots=True)
class Turns:
    manners: Manners = field(default_factory=Manners)
    caller: Caller = Caller.QUIET
    ours: Ours = Ours.SILENT
    deadline: int | None = None
    """When `Wake` is due."""
    kept: list[str] = field(default_factory=list)
    """Words from before: asked and not yet answered, or come too late for the turn they belong to."""
    said: list[str] = field(default_factory=list)
    interim: str = ""
    asked: str | None = None
    """The caller's words that the model is thinking about."""
    owed: bool = False
    """The model was asked and the request was forgotten: it is asked again, whatever the caller does."""
    unconfirmed: list[str] = field(default_factory=list)
    """Words already dealt with whose final transcript has yet to come."""
    held: bool = False
    finished: bool = False
    """The vendor, or a keypad, says that the caller has finished."""
    interruptible: bool = True
    resumable: bool = False
    onset: int = 0
    rest_at: int = 0
    active_at: int = 0
    """When the caller last began a sound or brought words."""
    since: int = 0
    """When our present words began."""

    def handle(self, now: int, input: Input) -> list[Effect]:
        effects = self._take(now, input)
        if not self.held:
            effects += self._decide(now)
        self.deadline = self._deadline(now)
        return effects

    @property
    def fresh(self) -> str:
        """What the caller said since the last turn that was dealt with."""
        return " ".join(filter(None, [*self.said, self.interim]))

    @property
    def text(self) -> str:
        return " ".join(filter(None, [*self.kept, self.fresh]))

    # ---- inputs ---------------------------------------------------------------------------

    def _take(self, now: int, input: Input) -> list[Effect]:
        match input:
            case SpeechStarted() if not self.held:
                self.caller, self.finished = Caller.SPEAKING, False
                self.onset = self.active_at = now
                return self._unask()
            case SpeechStopped() if self.caller is Caller.SPEAKING:
                self.caller, self.rest_at = Caller.RESTING, now
            case Transcribed():
                return self._transcribed(now, input)
            case Typed(text) if not self.held:
                self.said.append(text)
                if self.caller is not Caller.SPEAKING:
                    self.caller, self.finished = Caller.RESTING, True
                    self.onset = self.rest_at = now
                return self._unask()
            case ModelAsked() if self.held:
                self.owed = True
            case ModelAsked():
                self.ours, self.owed = Ours.THINKING, False
            case Speaking():
                self._speaking(now, input)
            case Silent():
                if self.ours is Ours.THINKING:
                    self._answered()
                self.ours = Ours.SILENT
            case Held(held):
                self._hold(held)
        return []

    def _transcribed(self, now: int, heard: Transcribed) -> list[Effect]:
        text = self._without_unconfirmed(heard)
        if text:
            self.active_at = now
        if heard.final:
            self.said += [text] if text else []
        self.interim = "" if heard.final else text
        if self.held:
            return []
        effects = self._unexpected(now, heard.final) if text and self.caller is Caller.QUIET else []
        if heard.end_of_turn and self.fresh and self.caller in (Caller.SPEAKING, Caller.RESTING):
            self.rest_at = now if self.caller is Caller.SPEAKING else self.rest_at
            self.caller, self.finished = Caller.RESTING, True
        return effects

    def _without_unconfirmed(self, heard: Transcribed) -> str:
        words, known = [word for word in heard.text.split() if plain(word)], self.unconfirmed
        if heard.final:
            self.unconfirmed = []
        bare = plain(heard.text)
        if bare == known[: len(bare)]:
            return ""
        again = len(known) if bare[: len(known)] == known else 0
        return " ".join(words[again:])

    def _unexpected(self, now: int, final: bool) -> list[Effect]:
        """Words while no sound of the caller's is known: late ones, or too soft for the gate."""
        match self.ours:
            case Ours.THINKING if plain(self.text) != plain(self.asked or ""):
                self.caller = Caller.RESTING
                self.rest_at = self.rest_at if final else now
                return self._unask()
            case Ours.SPEAKING:
                if now - self.rest_at <= LATE_MS:
                    self.kept += self.said
                else:
                    self.interim = ""
                self.said = []
            case Ours.SILENT if self.fresh:
                self.caller, self.rest_at = Caller.RESTING, now
        return []

    def _speaking(self, now: int, words: Speaking) -> None:
        if words.reply:
            self._answered()
        elif self.ours is Ours.THINKING:
            self.owed, self.asked = self.asked is not None, None
        self.ours, self.since = Ours.SPEAKING, now
        self.interruptible, self.resumable = words.interruptible, words.resumable

    def _answered(self) -> None:
        """What was asked is dealt with; what the caller is saying meanwhile is not."""
        if self.asked is not None:
            self.kept, self.said = [], []
            self._set_aside_interim()
        self.asked, self.owed = None, False

    def _hold(self, held: bool) -> None:
        self.held = held
        self.owed = self.owed or self.asked is not None or self.caller is Caller.WAITING
        self.kept = [self.text] if self.text else []
        self.said, self.asked = [], None
        self._set_aside_interim()
        self.caller, self.ours = Caller.QUIET, Ours.SILENT

    # ---- decisions -----------------------------------------------------------------------------

    def _decide(self, now: int) -> list[Effect]:
        effects: list[Effect] = []
        if self.caller is Caller.SPEAKING and now >= self.active_at + NOISE_MS:
            self.caller, self.rest_at = Caller.RESTING, self.active_at
        if self.ours is Ours.SPEAKING and self._interrupts(now):
            doubtful = not self.fresh and self.resumable and self.manners.false_interruption is not None
            self.ours = Ours.YIELDED if doubtful else Ours.SILENT
            effects.append(Yield() if doubtful else Cut())
        elif self.ours is Ours.YIELDED and self.fresh and not is_backchannel(self.fresh):
            self.ours = Ours.SILENT
            effects.append(Cut())
        if self.caller is Caller.RESTING and now >= self._turn_over_at():
            effects += self._turn_over(now)
        elif self.ours is Ours.SILENT and (self.caller is Caller.WAITING or self._owes_now()):
            effects.append(self._ask())
        return effects

    def _interrupts(self, now: int) -> bool:
        """A sound that began during our words, long enough, and not known to be a mere "mm-hm"."""
        speaking = self.caller is Caller.SPEAKING
        if not self.interruptible or self.onset < self.since or not (speaking or self.caller is Caller.RESTING):
            return False
        if (now if speaking else self.rest_at) - self.onset < self.manners.interruption:
            return False
        words = len(plain(self.fresh))
        if not words:
            return speaking and not self.manners.interruption_words
        return words >= self.manners.interruption_words and not is_backchannel(self.fresh)

    def _turn_over_at(self) -> int:
        if self.finished:
            return self.rest_at
        if self.fresh and not self.interim:
            return self.rest_at + self.manners.min_delay
        if not self.fresh and self.ours is Ours.YIELDED:
            return self.rest_at + (self.manners.false_interruption or 0)
        return self.rest_at + self.manners.max_delay

    def _turn_over(self, now: int) -> list[Effect]:
        if self.ours is Ours.SILENT:
            if self.fresh or self.owed:
                return [self._ask()]
            return self._drop()
        if self.ours is Ours.YIELDED:
            self.ours, self.since = Ours.SPEAKING, now
            return [*self._drop(), Resume()]
        listening = self.ours is Ours.SPEAKING and self.onset >= self.since
        if not self.fresh or (listening and is_backchannel(self.fresh)):
            return self._drop()
        self.caller = Caller.WAITING
        return []

    def _owes_now(self) -> bool:
        return self.owed and self.caller is Caller.QUIET

    def _ask(self) -> Effect:
        text = self.text
        self.kept, self.said = [*self.kept, *self.said], []
        self.caller, self.ours = Caller.QUIET, Ours.THINKING
        self.asked, self.owed, self.finished = text or None, False, False
        return Ask(text)

    def _unask(self) -> list[Effect]:
        if self.ours is not Ours.THINKING:
            return []
        self.ours, self.owed, self.asked = Ours.SILENT, True, None
        return [Unask()]

    def _drop(self) -> list[Effect]:
        """It was noise, or only "mm-hm"."""
        text, self.said = self.fresh, []
        self._set_aside_interim()
        self.caller, self.finished = Caller.QUIET, False
        return [Backchannel(text)] if text else []

    def _set_aside_interim(self) -> None:
        self.unconfirmed, self.interim = plain(self.interim), ""

    def _deadline(self, now: int) -> int | None:
        if self.caller is Caller.RESTING:
            return self._turn_over_at()
        if self.caller is not Caller.SPEAKING:
            return None
        noise, barge_in = self.active_at + NOISE_MS, self.onset + self.manners.interruption
        return min(noise, barge_in) if self.ours is Ours.SPEAKING and barge_in > now else noise
