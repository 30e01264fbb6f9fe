"""Runs suites of tests one after another, each in a child of its own, for whoever writes their paths to it, a line each.

    python mutation_nursery.py        answers `passed`, `noticed` or `broken` for every line

What starting the test runner costs is paid once: the children are copies of a process that has loaded it, and nothing of ours.
"""

from __future__ import annotations

import os
import signal
import sys

import hypothesis  # noqa: F401
import numpy as np  # noqa: F401
import pytest

ENDLESS_S = 120
"""A fault may make a test loop for ever: that is noticed too."""


def run(paths: list[str]) -> str:
    child = os.fork()
    if child == 0:
        signal.alarm(ENDLESS_S)
        nowhere = os.open(os.devnull, os.O_RDWR)
        for standard in (0, 1, 2):
            os.dup2(nowhere, standard)
        os._exit(pytest.main(["-x", "-q", "-p", "no:cacheprovider", *paths]))
    _, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status):
        return "noticed" if os.WTERMSIG(status) == signal.SIGALRM else "broken"
    match os.waitstatus_to_exitcode(status):
        case 0:
            return "passed"
        case 1 | 2:
            return "noticed"
        case _:
            return "broken"


if __name__ == "__main__":
    for line in sys.stdin:
        print(run(line.split("\t")[:-1]), flush=True)
