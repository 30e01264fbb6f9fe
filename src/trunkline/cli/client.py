"""`trunkline call | say | inject | end | transfer | watch | show | demo`: a call placed and steered from the terminal.

Everything goes through the public API at `TRUNKLINE_URL` with the key in `TRUNKLINE_KEY`. What the API refuses is
printed to stderr and ends with exit code 1; `call` prints the call's id alone, so that a script can keep it.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import typer

from trunkline.calls.verbs import Interrupt, OnInterrupt, OverCaller
from trunkline.cli import demo, paint, show
from trunkline.cli.assistants import SANDBOX_PREFIX, echo
from trunkline.cli.remote import Refused, Remote

WELL_ENDED = frozenset({"ended", "transferred"})

CallId = Annotated[str, typer.Argument(metavar="CALL", help="the call's id")]
Wait = Annotated[str, typer.Option(help="come back when the command is: accepted, started or finished")]
Now = Annotated[bool, typer.Option("--now", help="cut what the assistant is saying (short for --interrupt now)")]
Toward = Annotated[Interrupt, typer.Option("--interrupt", help="toward the assistant's own speech")]
Over = Annotated[OverCaller, typer.Option(help="toward the caller's speech")]
Interruptible = Annotated[
    bool | None, typer.Option("--interruptible/--uninterruptible", help="may the caller barge in")
]
OnCut = Annotated[OnInterrupt, typer.Option(help="what becomes of the action when the caller barges in")]
Ttl = Annotated[int | None, typer.Option("--ttl", help="milliseconds within which it must start")]
After = Annotated[str | None, typer.Option(help="id of the command that must end well first")]


def call(
    destination: Annotated[str, typer.Argument(help="E.164 number, or a sip: URI where those are allowed")],
    *,
    assistant_id: Annotated[str | None, typer.Option(help="a saved assistant")] = None,
    assistant: Annotated[Path | None, typer.Option(help="a JSON file with a transient assistant")] = None,
    first_message: Annotated[str | None, typer.Option(help="the greeting of this call")] = None,
    wait: Annotated[bool, typer.Option("--wait", help="follow the call to its end")] = False,
) -> None:
    """Place a call and print its id. Without an assistant, sandbox numbers are called by one that echoes."""
    body = _given(destination=destination, assistant_id=assistant_id, first_message=first_message)
    if assistant is not None:
        body["assistant"] = _read_json(assistant)
    elif assistant_id is None:
        if not destination.startswith(SANDBOX_PREFIX):
            raise typer.BadParameter(f"{destination} is no sandbox line: say who calls, --assistant-id or --assistant")
        body["assistant"] = echo("Hello, this is Trunkline.")
    remote = Remote.from_environment()
    placed = remote.place(body)
    for warning in placed.get("warnings") or []:
        paint.complain(f"warning: {warning}")
    paint.say(placed["call_id"])
    if wait:
        for event in remote.follow(placed["call_id"]):
            paint.event(event)
        if remote.call(placed["call_id"])["status"] not in WELL_ENDED:
            raise typer.Exit(1)


def say(  # noqa: PLR0913  (each argument is one option of the command line)
    call_id: CallId,
    text: Annotated[str, typer.Argument(help="the exact words")],
    *,
    now: Now = False,
    interrupt: Toward = Interrupt.QUEUE,
    over_caller: Over = OverCaller.WAIT,
    interruptible: Interruptible = None,
    end_after: Annotated[bool, typer.Option("--end-after", help="hang up after the last word")] = False,
    on_interrupt: OnCut = OnInterrupt.PROCEED,
    ttl: Ttl = None,
    after: After = None,
    wait: Wait = "finished",
) -> None:
    """Make the assistant say exactly this."""
    body = _given(type="say", content=text, end_after=end_after, interruptible=interruptible, ttl_ms=ttl, after=after)
    body |= {"interrupt": Interrupt.NOW if now else interrupt, "over_caller": over_caller}
    _command(call_id, body | ({"on_interrupt": on_interrupt} if end_after else {}), wait)


def inject(
    call_id: CallId,
    text: Annotated[str, typer.Argument(help="what the assistant shall know from now on")],
    *,
    trigger: Annotated[bool, typer.Option("--trigger", help="let it answer at once")] = False,
    interrupt: Toward = Interrupt.QUEUE,
    over_caller: Over = OverCaller.WAIT,
    ttl: Ttl = None,
    after: After = None,
    wait: Wait = "finished",
) -> None:
    """Give the assistant a fact, silently or so that it speaks about it."""
    body = _given(type="inject-context", content=text, trigger_response=trigger, ttl_ms=ttl, after=after)
    _command(call_id, body | ({"interrupt": interrupt, "over_caller": over_caller} if trigger else {}), wait)


def end(
    call_id: CallId,
    message: Annotated[str | None, typer.Argument(help="last words")] = None,
    *,
    now: Now = False,
    on_interrupt: OnCut = OnInterrupt.PROCEED,
    interruptible: Interruptible = None,
    ttl: Ttl = None,
    wait: Wait = "finished",
) -> None:
    """End the call, after its last words if there are any. Before the answer: stop ringing."""
    body = _given(type="end-call", message=message, interruptible=interruptible, ttl_ms=ttl)
    if message is not None:
        body["on_interrupt"] = on_interrupt
    _command(call_id, body | ({"interrupt": Interrupt.NOW} if now else {}), wait)


def transfer(
    call_id: CallId,
    destination: Annotated[str, typer.Argument(help="whom the caller shall talk to")],
    message: Annotated[str | None, typer.Argument(help="what the caller is told first")] = None,
    *,
    now: Now = False,
    on_interrupt: OnCut = OnInterrupt.PROCEED,
    timeout: Annotated[int | None, typer.Option(help="seconds the target may ring")] = None,
    ttl: Ttl = None,
    wait: Wait = "finished",
) -> None:
    """Hand the caller to a person."""
    body = _given(type="transfer", destination=destination, message=message, timeout_seconds=timeout, ttl_ms=ttl)
    if message is not None:
        body["on_interrupt"] = on_interrupt
    _command(call_id, body | ({"interrupt": Interrupt.NOW} if now else {}), wait)


def watch(call_id: CallId, everything: Annotated[bool, typer.Option("--all", help="the chatter too")] = False) -> None:
    """Follow a call live, from its first event to its last."""
    for event in Remote.from_environment().follow(call_id):
        paint.event(event, everything)


def show_(call_id: CallId, everything: Annotated[bool, typer.Option("--all", help="the chatter too")] = False) -> None:
    """A call's timeline, its transcript as heard, and its commands with their receipts."""
    remote = Remote.from_environment()
    for line in show.show(remote.call(call_id), remote.events(call_id), everything):
        paint.say(line)


COMMANDS: dict[str, Callable[..., None]] = {
    "demo": demo.demo,
    "call": call,
    "say": say,
    "inject": inject,
    "end": end,
    "transfer": transfer,
    "watch": watch,
    "show": show_,
}


def register(app: typer.Typer) -> None:
    for name, function in COMMANDS.items():
        app.command(name)(_complaining(function))


def _complaining(function: Callable[..., None]) -> Callable[..., None]:
    """What the API refuses is for the person to read, not a traceback."""

    @functools.wraps(function)
    def run(*args: Any, **options: Any) -> None:
        try:
            function(*args, **options)
        except Refused as refused:
            for line in refused.lines:
                paint.complain(line)
            raise typer.Exit(1) from None
        except KeyboardInterrupt:
            raise typer.Exit(130) from None

    return run


def _command(call_id: str, body: dict[str, Any], wait: str) -> None:
    answer = Remote.from_environment().command(call_id, body, wait)
    paint.say(show.answer_line(answer, body["type"]))
    if not answer.get("success"):
        paint.complain(str(answer.get("message")))
        raise typer.Exit(1)


def _given(**fields: Any) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if value is not None}


def _read_json(path: Path) -> Any:
    try:
        return json.loads(path.read_text())
    except (OSError, ValueError) as error:
        raise Refused(400, [f"{path}: {error}"]) from error
