"""Model text, as it streams in, cut into pieces that can be spoken on their own: at clause ends, at once. Pure.

A piece ends with the mark that ends its clause. Whether the mark is the last character to have come or not, nothing is
waited for, except where it may belong to a number, an abbreviation or a name ("3.", "Dr.", "10:").
"""

from __future__ import annotations

ENDS = ".!?…;:\n。！？"
COMMAS = ",，、"
CLOSERS = "\"')]}»”’*_"

FIRST_COMMA_CHARS, COMMA_CHARS = 10, 60
"""From how many characters on a comma ends a piece: the first one is wanted early, later ones sound better whole."""
LONGEST = 240
"""A piece without any mark is cut at the last space before this many characters."""

ABBREVIATIONS = frozenset(
    (
        *("mr", "mrs", "ms", "dr", "prof", "st", "sr", "jr", "vs", "etc", "nr", "approx", "dept", "inc", "ltd"),
        *("e.g", "i.e", "a.m", "p.m", "d.h", "z.b", "bzw", "bijv", "dhr", "mevr"),
    )
)


class Clauses:
    def __init__(self) -> None:
        self._text = ""
        self._first = True

    def feed(self, text: str) -> list[str]:
        """More text has come: the pieces that are complete now."""
        self._text += text
        pieces: list[str] = []
        while (end := self._end()) is not None:
            pieces += self._take(end)
        return pieces

    def flush(self) -> list[str]:
        """No more will come: the rest."""
        return self._take(len(self._text))

    def _take(self, end: int) -> list[str]:
        piece, self._text = self._text[:end].strip(), self._text[end:]
        if not any(c.isalnum() for c in piece):
            return []
        self._first = False
        return [" ".join(piece.split())]

    def _end(self) -> int | None:
        """Where the first piece ends, if it is known to."""
        text = self._text
        for at, mark in enumerate(text):
            if mark in ENDS or (mark in COMMAS and at + 1 >= self._comma_from()):
                end = _after_closers(text, at + 1)
                if self._ends_here(at, end):
                    return end
        if len(text) > LONGEST:
            return text.rfind(" ", 1, LONGEST) + 1 or LONGEST
        return None

    def _comma_from(self) -> int:
        return FIRST_COMMA_CHARS if self._first else COMMA_CHARS

    def _ends_here(self, at: int, end: int) -> bool:
        text, mark = self._text, self._text[at]
        if not any(c.isalnum() for c in text[:at]):
            return False
        if mark in "\n。！？，、":
            return True
        following = text[end : end + 1]
        if following and not following.isspace():
            return False
        if following and mark != ".":
            return True
        word = text[:at].split()[-1] if text[:at].split() else ""
        if following:
            return not _is_abbreviation(word)
        return not word[-1:].isdigit() and not (mark == "." and _is_abbreviation(word))


def _after_closers(text: str, at: int) -> int:
    while at < len(text) and text[at] in CLOSERS:
        at += 1
    return at


def _is_abbreviation(word: str) -> bool:
    bare = word.lstrip("\"'([{«“‘").lower()
    return bare in ABBREVIATIONS or (len(bare) == 1 and bare.isalpha() and bare != "i")
