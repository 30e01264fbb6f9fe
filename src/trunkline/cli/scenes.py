"""The calls of the demo: what is asked of each, and in which order."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path

from trunkline.cli import phone
from trunkline.cli.assistants import ruled
from trunkline.cli.remote import NOBODY, Refused
from trunkline.cli.stage import Stage
from trunkline.testing.baresip import Baresip, NotInstalled

ECHO_LINE = "+15005550001"
BARGE_IN_LINE = "+15005550007"
SILENT_LINE = "+15005550008"
AGENT_LINE = "+15005550010"

Scene = Callable[[Stage], None]


def steering(stage: Stage) -> None:
    """Every command, and two refusals, on a line that repeats what it hears."""
    rules = [{"when": "gate 12", "say": "Boarding is at gate 12."}]
    with stage.call("1a. Steering", "steering", ECHO_LINE, ruled(rules, "Trunkline calling.")) as call:
        call.greeted()
        call.replied_to()
        call.ask("inject-context", content="The caller is called Ada.", trigger_response=False)
        call.ask("say", content="Your flight is on time.")
        call.replied_to(times=2)
        call.ask("inject-context", content="The flight leaves from gate 12.", trigger_response=True)
        cut = call.ask(
            "say", content="Please keep your passport ready at all times.", over_caller="talk", wait="started"
        )
        call.heard_partly(cut)
        call.ask("say", content="This is refused.", interrupt="refuse")
        call.ask("say", content="One moment!", interrupt="now", over_caller="talk")
        call.receipt(cut)
        call.ask("end-call", message="Goodbye, Ada.", over_caller="talk")
        call.ask_in_vain("say", content="Too late.")


def barge_in(stage: Stage) -> None:
    """A caller who interrupts whatever may be interrupted, one second into it."""
    with stage.call("1b. Interrupted", "barge-in", BARGE_IN_LINE, ruled([], "Hi.")) as call:
        call.greeted()
        call.ask("say", content="You will hear only the beginning of this sentence.")
        call.ask("say", content="But all of this one.", interruptible=False)
        call.ask("end-call", message="Goodbye.", over_caller="talk")


def transfer(stage: Stage) -> None:
    with stage.call("2. An announced transfer", "transfer", ECHO_LINE, ruled([], "Hi.")) as call:
        call.greeted()
        call.replied_to()
        call.ask("transfer", destination=AGENT_LINE, message="I connect you.")


def human_voice(stage: Stage) -> None:
    assistant = ruled([], "Hello! This is Trunkline, speaking with a human voice.", voice="espeak")
    with stage.call("3. A voice to listen to", "voice", SILENT_LINE, assistant) as call:
        call.greeted()
        call.ask("say", content="What you hear was sent by one request, while the call was up.")
        call.ask("end-call", message="This recording is the one to play. Goodbye!")


def sip_phone(stage: Stage) -> None:
    """A telephone that is not ours: what it heard is read from its own recording."""
    with tempfile.TemporaryDirectory(prefix="trunkline-phone-") as folder:
        plays = Path(folder) / "voice.wav"
        plays.write_bytes(phone.voice("This is baresip."))
        try:
            with Baresip(plays) as far:
                _call_the_phone(stage, far)
        except NotInstalled as missing:
            raise Refused(NOBODY, [str(missing)]) from missing


def _call_the_phone(stage: Stage, far: Baresip) -> None:
    def decoded() -> list[dict[str, object]]:
        return [stretch for path in far.heard for stretch in phone.heard(path.read_bytes())]

    with stage.call("A SIP phone", "sip", far.target, ruled([], "Trunkline calling."), decoded) as call:
        call.greeted()
        call.replied_to()
        call.ask("say", content="These words crossed SIP and RTP.")
        call.ask("inject-context", content="It is a telephone.", trigger_response=False)
        call.ask("end-call", message="Goodbye, telephone.")


ON_SANDBOX: tuple[Scene, ...] = (steering, barge_in, transfer, human_voice)
ON_SIP: tuple[Scene, ...] = (sip_phone,)
