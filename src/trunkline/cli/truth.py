"""Does what we say was heard agree with what the far end decoded from the samples it received? Pure.

Two independent accounts of one call are compared word by word: the journal's (`speech.ended` and the receipts) and a
sandbox far end's stretches of speech. Nothing is rounded in our favour: one word too many, or one too few, is reported.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

Data = Mapping[str, Any]

AGAIN = ":again"
"""What the id of a command's second utterance ends with."""
SPEAKING = frozenset({"say", "end-call", "transfer"})


def disagreements(events: Sequence[Data], heard: Sequence[Data]) -> list[str]:
    """Every difference between the journal of a call and the stretches its far end decoded, in plain words.

    `heard` is `sandbox.heard` of the call. Every utterance must be found among the far end's words, in order, and
    every word of the far end must belong to an utterance; every receipt must say what its utterance says.
    """
    utterances = [event["data"] for event in events if event["kind"] == "speech.ended"]
    receipts = [event["data"] for event in events if event["kind"] == "command.finished"]
    return [*_unlike_the_far_end(utterances, heard), *_unlike_the_utterance(receipts, utterances)]


def _unlike_the_far_end(utterances: Sequence[Data], heard: Sequence[Data]) -> Iterator[str]:
    decoded = [word for stretch in heard for word in _words(stretch.get("text"))]
    at = 0
    for utterance in utterances:
        claimed = _words(utterance.get("heard_text"))
        found = decoded[at : at + len(claimed)]
        if found != claimed:
            yield f"{utterance['source']}: told as heard {_quote(claimed)}, but the far end decoded {_quote(found)}"
            return
        at += len(claimed)
    if at < len(decoded):
        yield f"the far end decoded {_quote(decoded[at:])}, which no utterance accounts for"


def _unlike_the_utterance(receipts: Iterable[Data], utterances: Iterable[Data]) -> Iterator[str]:
    """The last utterance of a command is the one its receipt speaks of: a repeated goodbye has two."""
    by_command = {utterance["utterance"].removesuffix(AGAIN): utterance for utterance in utterances}
    for receipt in receipts:
        told = _words(_told(receipt))
        spoken = by_command.get(receipt["id"])
        if spoken is None:
            if told:
                yield f"{receipt['verb']}: its receipt says {_quote(told)}, but it never spoke"
        elif told != (words := _words(spoken.get("heard_text"))):
            yield f"{receipt['verb']}: its receipt says {_quote(told)}, its utterance {_quote(words)}"


def _told(receipt: Data) -> str | None:
    if receipt["verb"] in SPEAKING:
        return receipt.get("heard_text")
    return (receipt.get("answer") or {}).get("heard_text")


def _words(text: str | None) -> list[str]:
    return (text or "").split()


def _quote(words: Sequence[str]) -> str:
    return f"“{' '.join(words)}”"
