"""Lines to the terminal: coloured by kind of event where somebody looks, plain where a program reads."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Any

from trunkline.cli import show

RESET = "\x1b[0m"
BOLD = "\x1b[1m"
COLOURS = {
    "claimed": "\x1b[2m",
    "floor": "\x1b[2m",
    "recording": "\x1b[2m",
    "sandbox.heard": "\x1b[36m",
    "sandbox.said": "\x1b[2;36m",
    "caller.said": "\x1b[33m",
    "speech.ended": "\x1b[32m",
    "command.accepted": "\x1b[35m",
    "command.started": "\x1b[35m",
    "command.finished": "\x1b[1;35m",
    "barge_in": "\x1b[31m",
    "vendor.failed": "\x1b[1;31m",
    "ended": BOLD,
}


def event(happened: Mapping[str, Any], everything: bool = False) -> None:
    if everything or happened["kind"] not in show.QUIET:
        say(show.event_line(happened), COLOURS.get(happened["kind"], ""))


def heading(text: str) -> None:
    say(f"\n{text}", BOLD)


def say(line: str, colour: str = "") -> None:
    painted = f"{colour}{line}{RESET}" if colour and sys.stdout.isatty() else line
    print(painted, flush=True)


def complain(line: str) -> None:
    print(line, file=sys.stderr, flush=True)
