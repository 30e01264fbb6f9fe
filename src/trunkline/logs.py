"""How every process logs: one JSON object a line on stderr, or readable lines when stderr is a terminal.

    log = structlog.get_logger(__name__)
    with logs.about(call_id=call_id):
        log.info("answered", after_ms=320)

Fields given to `about` are on every line that the task, and the tasks it starts, log meanwhile. Libraries that use the
standard `logging` come out in the same form, from warnings on.
"""

from __future__ import annotations

import logging
import sys
from contextlib import AbstractContextManager
from typing import Any, TextIO

import orjson
import structlog
from structlog.typing import Processor

LEVELS = ("debug", "info", "warning", "error")

_SHARED: tuple[Processor, ...] = (
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_log_level,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
)


def set_up(level: str = "info", stream: TextIO | None = None) -> None:
    """Once per process, before anything is logged. `stream` is stderr unless given."""
    stream = stream if stream is not None else sys.stderr
    lowest = logging.getLevelNamesMapping()[level.upper()]
    rendering = _for_people() if stream.isatty() else _for_machines()
    structlog.configure(
        processors=[*_SHARED, *rendering],
        wrapper_class=structlog.make_filtering_bound_logger(lowest),
        logger_factory=structlog.WriteLoggerFactory(stream),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(stream)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[*_SHARED, structlog.stdlib.add_logger_name],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *rendering],
        )
    )
    logging.basicConfig(handlers=[handler], level=max(lowest, logging.WARNING), force=True)


def about(**fields: str) -> AbstractContextManager[Any]:
    return structlog.contextvars.bound_contextvars(**fields)


def _for_machines() -> tuple[Processor, ...]:
    """Tracebacks without the values of local variables: keys and what people said are among them."""
    tracebacks = structlog.processors.ExceptionRenderer(
        structlog.tracebacks.ExceptionDictTransformer(show_locals=False)
    )
    return (tracebacks, structlog.processors.JSONRenderer(_dumps))


def _for_people() -> tuple[Processor, ...]:
    return (structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback),)


def _dumps(event: Any, **_: Any) -> str:
    return orjson.dumps(event, default=repr, option=orjson.OPT_NON_STR_KEYS).decode()
