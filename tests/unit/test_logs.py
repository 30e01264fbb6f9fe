"""Log lines: JSON with the fields of whoever is being spoken about, from our loggers and from libraries alike."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest
import structlog

from trunkline import logs


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture(autouse=True)
def _restored() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    structlog.reset_defaults()
    root.handlers[:], root.level = handlers, level


def lines(stream: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_a_line_is_one_json_object_with_time_and_level():
    logs.set_up(stream=(stream := io.StringIO()))
    structlog.get_logger("some.module").info("answered", after_ms=320)
    (line,) = lines(stream)
    assert line.pop("timestamp").endswith("Z")
    assert line == {"event": "answered", "after_ms": 320, "level": "info"}


def test_fields_of_the_call_are_on_every_line_within():
    logs.set_up(stream=(stream := io.StringIO()))
    log = structlog.get_logger()
    with logs.about(call_id="call_1"):
        log.info("one")
        logging.getLogger("library").warning("two %s", 2)
    log.info("three")
    assert [(line["event"], line.get("call_id")) for line in lines(stream)] == [
        ("one", "call_1"),
        ("two 2", "call_1"),
        ("three", None),
    ]


def test_lines_below_the_level_are_not_written():
    logs.set_up("warning", stream=(stream := io.StringIO()))
    structlog.get_logger().info("quiet")
    logging.getLogger("library").info("quiet")
    structlog.get_logger().warning("loud")
    assert [line["event"] for line in lines(stream)] == ["loud"]


def test_libraries_are_heard_from_warnings_on():
    logs.set_up("debug", stream=(stream := io.StringIO()))
    logging.getLogger("library").info("chatter")
    structlog.get_logger().debug("ours")
    assert [line["event"] for line in lines(stream)] == ["ours"]


def test_an_error_carries_its_traceback_and_what_json_cannot_say_is_described():
    logs.set_up(stream=(stream := io.StringIO()))
    try:
        secret = "hunter" + "2"
        raise ValueError("no such thing" if secret else "")
    except ValueError:
        structlog.get_logger().exception("failed", what={1: object})
    (line,) = lines(stream)
    assert line["exception"][0]["exc_value"] == "no such thing"
    assert line["what"] == {"1": "<class 'object'>"}
    assert "hunter2" not in stream.getvalue()


def test_a_terminal_gets_lines_for_people():
    logs.set_up(stream=(stream := Terminal()))
    structlog.get_logger().info("answered", after_ms=320)
    assert "answered" in stream.getvalue()
    with pytest.raises(ValueError):
        lines(stream)


def test_an_unknown_level_is_refused():
    with pytest.raises(KeyError):
        logs.set_up("chatty")
