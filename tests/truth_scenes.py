"""For tests of the promise that what is told as heard was heard: calls whose words are cut at random, and how far two accounts of a
call are apart.

A scene is one call: an assistant says a long sentence, and something stops it. It runs in virtual time (`stories/test_truth.py`) and
over real processes (`cluster/test_truth.py`) alike; its far end is written as for `TRUNKLINE_SANDBOX_SCRIPT`.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from difflib import SequenceMatcher
from typing import Any

from trunkline.audio.modem import APART_FRAMES, FRAME, modulate
from trunkline.cli.truth import disagreements
from trunkline.conversation.clauses import Clauses

SENTENCES = (
    "Your parcel left the depot this morning, and it will be with you before noon tomorrow; thank you so much.",
    "Good evening! Dr. Smith can see you on the 3rd of May at 10:30, or on the day after. Which one suits?",
    "Uw bestelling staat klaar: één Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft, "
    "wat kaas en brood… en natuurlijk de koffie uit Curaçao.",
    "Yes no yes no yes no yes no yes no yes no yes no yes no yes no yes no.",
)
"""Over six seconds each in the modem's voice: several clauses, an abbreviation, a word of two bursts, the same word twice in a row."""
FRAME_MS = 20
LATEST_MS = 6_000
BARGE_INS = ("greeting", "say", "reply")
OTHERS = ("now", "end", "hang_up", "noise")
GREETINGS = ("greeting", "noise")
WORDS = ("Wait.", "Hold on a second.", "Stop, please!")
ASKING = "Tell me."
MORE = "Never mind that."

Data = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Scene:
    """`kind`: the caller barges in on a greeting, a say or a reply; or a say is cut by another (`now`), by the end of the
    call, or by a hang-up, or hit by a sound that is no interruption (`noise`)."""

    place: int
    kind: str
    offset_ms: int
    text: str
    words: str
    voice: str = "modem"
    stall_at_ms: int | None = None

    @property
    def number(self) -> str:
        return f"+1500555{1_000 + self.place}"

    @property
    def told(self) -> bool:
        """Is the sentence a command's?"""
        return self.kind in ("say", "now", "end", "hang_up")

    @property
    def in_pieces(self) -> bool:
        return self.kind not in GREETINGS

    def steps(self) -> list[dict[str, Any]]:
        steps: list[dict[str, Any]] = [{"at_ms": 300, "say": ASKING}] if self.kind == "reply" else []
        match self.kind:
            case "greeting" | "say" | "reply":
                steps.append({"into_speech_ms": self.offset_ms, "say": self.words})
            case "hang_up":
                steps.append({"into_speech_ms": self.offset_ms, "hang_up": True})
            case "noise":
                steps.append({"into_speech_ms": self.offset_ms, "noise_ms": 500})
        if self.stall_at_ms is not None:
            steps.append({"into_speech_ms": self.stall_at_ms, "stall_ms": 300})
        return steps

    def assistant(self) -> dict[str, Any]:
        rules = [{"when": "Tell", "say": self.text}]
        assistant: dict[str, Any] = {
            "stt_config": {"provider": "sandbox", "model": "modem", "language": "en"},
            "llm_config": {"provider": "sandbox", "model": "rules", "rules": rules},
            "tts_config": {"provider": "sandbox", "voice_id": self.voice},
        }
        return assistant | ({"first_message": self.text} if self.kind in GREETINGS else {})


def scenes(barge_ins: int, others: int, seed: int, texts: Sequence[str] = SENTENCES) -> list[Scene]:
    """The same ones for the same seed."""
    chance = random.Random(seed)
    kinds = [
        *(BARGE_INS[n % len(BARGE_INS)] for n in range(barge_ins)),
        *(OTHERS[n % len(OTHERS)] for n in range(others)),
    ]
    chance.shuffle(kinds)
    return [
        Scene(
            place, kind, chance.randrange(0, LATEST_MS + 1, 20), _text(kind, chance.choice(texts)), chance.choice(WORDS)
        )
        for place, kind in enumerate(kinds)
    ]


def _text(kind: str, sentence: str) -> str:
    """What has been a greeting once is voiced whole from then on, in the calls of the same worker: nothing is both."""
    return f"Hello there! {sentence}" if kind in GREETINGS else sentence


def stalling(scene: Scene, chance: random.Random) -> Scene:
    """The same on a line that stands still for 300 ms, somewhere before the cut or just when it comes."""
    return replace(scene, stall_at_ms=max(0, scene.offset_ms - chance.randrange(0, 1_500, 20)))


# ---- two accounts, compared -------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Verdict:
    scene: Scene
    claimed: tuple[str, ...]
    decoded: tuple[str, ...]
    differences: tuple[str, ...]

    @property
    def off(self) -> int:
        """How many words the accounts are apart: those that are only in one, a word in place of another counted once."""
        matches = SequenceMatcher(None, self.claimed, self.decoded, autojunk=False).get_opcodes()
        return sum(max(i2 - i1, j2 - j1) for kind, i1, i2, j1, j2 in matches if kind != "equal")

    @property
    def exact(self) -> bool:
        return not self.differences

    def __str__(self) -> str:
        return f"{self.scene}: {'; '.join(self.differences)}"


def verdict(scene: Scene, events: Sequence[Data], heard: Sequence[Data]) -> Verdict:
    """`events` as the API gives them, `heard` the far end's stretches."""
    claims = [event["data"] for event in events if event["kind"] == "speech.ended"]
    return Verdict(scene, _words(claims, "heard_text"), _words(heard, "text"), tuple(disagreements(events, heard)))


def _words(accounts: Iterable[Data], name: str) -> tuple[str, ...]:
    return tuple(word for account in accounts for word in (account.get(name) or "").split())


def distribution(verdicts: Iterable[Verdict]) -> str:
    found = list(verdicts)
    off = Counter(one.off for one in found)
    shares = ", ".join(f"{words} off: {count}" for words, count in sorted(off.items()))
    heard = [len(one.decoded) for one in found]
    return (
        f"{len(found)} calls, {sum(one.exact for one in found)} exact; words {shares}; "
        f"{min(heard)} to {max(heard)} words heard a call, {sum(heard)} in all"
    )


def judge(verdicts: Sequence[Verdict]) -> None:
    """≥ 99 % exact, never more than one word off."""
    wrong = [str(one) for one in verdicts if not one.exact]
    assert len(wrong) <= len(verdicts) / 100, "\n".join(wrong)
    assert max(one.off for one in verdicts) <= 1, "\n".join(wrong)


# ---- where words lie --------------------------------------------------------------------------


def places(text: str, in_pieces: bool) -> list[tuple[int, int]]:
    """Frames in which each word begins and has been given away, in the modem's voice. Exact words and replies are voiced piece by
    piece, kept greetings whole."""
    clauses = Clauses()
    pieces = [*clauses.feed(text), *clauses.flush()] if in_pieces else [text]
    found, before = [], 0
    for piece in pieces:
        spoken = modulate(piece)
        found += [(before + word.start // FRAME, before + word.end // FRAME) for word in spoken.words]
        before += len(spoken.audio) // FRAME
    return found


def corrupting(text: str, word: int, repeats: int = 3) -> list[dict[str, Any]]:
    """Steps of a far end that garble one frame in each of the first so many bursts of the n-th word (from 0; not the first)."""
    start, end = places(text, in_pieces=True)[word]
    apart = max(APART_FRAMES, end - start)
    frames = [end - 1 + repeat * apart for repeat in range(repeats)]
    return [{"into_speech_ms": (frame - 1) * FRAME_MS, "corrupt_frames": 1} for frame in frames]


def within_margin(scene: Scene, claim: Data) -> bool:
    """Does the claim hold for a listener who was somewhere within its margin around the moment it states?"""
    ends_ms = [end * FRAME_MS for _, end in places(scene.text, scene.in_pieces)]
    words = len((claim["heard_text"] or "").split())
    at, margin = claim["heard_ms"], claim["margin_ms"]
    return sum(end <= at - margin for end in ends_ms) <= words <= sum(end <= at + margin for end in ends_ms)
