"""Words that say "I am listening" and not "let me speak": a small table, and what it makes of a stretch of words. Pure."""

from __future__ import annotations

BACKCHANNELS = frozenset(
    (
        *("mm", "mmm", "mhm", "mhmm", "mmhm", "mmhmm", "hm", "hmm", "uh", "huh", "uhhuh", "um", "ah", "aha", "oh"),
        *("yeah", "yep", "yup", "yes", "ok", "okay", "right", "sure"),
        *("ja", "jaja", "oke", "oké", "precies", "genau", "oui", "si", "sí", "sì"),
    )
)


def plain(text: str) -> list[str]:
    """The words as a listener compares them: no case, no punctuation."""
    bare = ("".join(c for c in word.lower() if c.isalnum()) for word in text.split())
    return [word for word in bare if word]


def is_backchannel(text: str) -> bool:
    """Is that all that was said? Nothing at all is not a back-channel."""
    words = plain(text)
    return bool(words) and BACKCHANNELS.issuperset(words)
