"""SIP far ends that are not ours: sipp playing a scenario written here, and what tests need to drive a `SipLeg` against it.

A far end that is not installed fails the test and names its Debian package; nothing is skipped.
"""

from __future__ import annotations

import asyncio
import random
import shutil
import socket
import subprocess
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import TypeVar

from trunkline.calls.leg import SILENCE, Answered, Fact
from trunkline.telephony.sip.endpoint import Endpoint
from trunkline.telephony.sip.leg import SipLeg, SipOptions

F = TypeVar("F", bound=Fact)

ALICE = SipOptions(caller="sip:alice@127.0.0.1", username="alice", password="s3cret", tail_ms=60)


# ---- our side --------------------------------------------------------------------------


class Line:
    """A leg with its ticker: every 20 ms one frame out and one in."""

    def __init__(self, endpoint: Endpoint, target: str, options: SipOptions = ALICE) -> None:
        self.leg = SipLeg(endpoint, target, options, self.tell)
        self.facts: list[Fact] = []
        self.playing: list[bytes] = []
        """Frames that go out next; silence after them."""
        self.heard = bytearray()
        self._changed = asyncio.Event()

    def tell(self, fact: Fact) -> None:
        self.facts.append(fact)
        self._changed.set()

    async def until(self, kind: type[F], seconds: float = 8) -> F:
        """The first fact of this kind; fails with what was told instead."""
        try:
            async with asyncio.timeout(seconds):
                while True:
                    for fact in self.facts:
                        if isinstance(fact, kind):
                            return fact
                    self._changed.clear()
                    await self._changed.wait()
        except TimeoutError:
            raise AssertionError(f"no {kind.__name__} in {seconds} s, but {self.facts}") from None

    def told(self, kind: type[F]) -> list[F]:
        return [fact for fact in self.facts if isinstance(fact, kind)]

    async def hear(self, seconds: float) -> bytes:
        """What arrives in the next so many seconds."""
        start = len(self.heard)
        await asyncio.sleep(seconds)
        return bytes(self.heard[start:])

    async def tick(self) -> None:
        loop = asyncio.get_running_loop()
        due = loop.time()
        while True:
            self.leg.send(self.playing.pop(0) if self.playing else SILENCE)
            frame = self.leg.receive()
            if any(isinstance(fact, Answered) for fact in self.facts):
                self.heard += frame
            due += 0.02
            await asyncio.sleep(max(0.0, due - loop.time()))


@asynccontextmanager
async def calling(target: str, options: SipOptions = ALICE) -> AsyncIterator[Line]:
    """Dial a target and keep ticking; at the end the leg's task must have finished by itself within 6 s."""
    endpoint = Endpoint.open("127.0.0.1")
    line = Line(endpoint, target, options)
    try:
        async with asyncio.TaskGroup() as group:
            ticking = group.create_task(line.tick())
            dialing = group.create_task(line.leg.dial())
            try:
                yield line
                async with asyncio.timeout(6):
                    await dialing
            finally:
                ticking.cancel()
                dialing.cancel()
    finally:
        endpoint.close()


# ---- sipp ------------------------------------------------------------------------------


def installed(program: str, package: str) -> str:
    path = shutil.which(program)
    assert path is not None, f"{program} is not installed: apt-get install {package}"
    return path


class Sipp:
    def __init__(self, port: int, process: subprocess.Popen[bytes], folder: Path) -> None:
        self.port = port
        self.target = f"sip:bob@127.0.0.1:{port}"
        self._process = process
        self._folder = folder

    async def finished(self, seconds: float = 8) -> None:
        """The scenario was followed to its end; fails with sipp's own words otherwise."""
        for _ in range(int(seconds * 20)):
            if self._process.poll() is not None:
                break
            await asyncio.sleep(0.05)
        code = self._process.poll()
        assert code == 0, f"sipp: {'still running' if code is None else code}\n{self._words()}"

    @property
    def log(self) -> str:
        """What the scenario's `<log>` actions wrote."""
        file = self._folder / "log"
        return file.read_text() if file.exists() else ""

    def _words(self) -> str:
        return "\n".join(file.read_text()[-2000:] for file in self._folder.glob("err*"))


@contextmanager
def sipp(scenario: str, folder: Path, *arguments: str) -> Iterator[Sipp]:
    """Run a callee for one call."""
    program = installed("sipp", "sip-tester")
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "scenario.xml").write_text(scenario)
    port, media = free_port(), media_ports()
    command = [
        program,
        "-sf",
        "scenario.xml",
        "-i",
        "127.0.0.1",
        "-p",
        str(port),
        "-mi",
        "127.0.0.1",
        "-mp",
        str(media),
    ]
    command += ["-nostdin", "-trace_err", "-error_file", "err", "-trace_logs", "-log_file", "log"]
    if "-m" not in arguments:
        command += ["-m", "1"]
    quiet = subprocess.DEVNULL
    process = subprocess.Popen([*command, *arguments], cwd=folder, stdin=quiet, stdout=quiet, stderr=quiet)
    try:
        wait_for(lambda: bound(port) or process.poll() is not None)
        yield Sipp(port, process, folder)
    finally:
        if process.poll() is None:
            process.kill()
        process.wait()


def wait_for(condition: Callable[[], bool], seconds: float = 5) -> None:
    """Block until a program that we started is ready."""
    for _ in range(int(seconds * 100)):
        if condition():
            return
        time.sleep(0.01)
    raise AssertionError("the far end did not start")


def bound(port: int) -> bool:
    """Does somebody on this machine listen on this UDP port?"""
    wanted = f":{port:04X}"
    lines = Path("/proc/net/udp").read_text().splitlines()[1:]
    return any(line.split()[1].endswith(wanted) for line in lines)


def free_port() -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def media_ports() -> int:
    """The first of sixteen free ports, outside the range that our own legs draw from."""
    for _ in range(200):
        first = random.randrange(33_000, 60_000, 16)
        if not any(bound(port) for port in range(first, first + 16)):
            return first
    raise AssertionError("no free ports")


# ---- scenarios -------------------------------------------------------------------------

_TAG = ";tag=[pid]c[call_number]"


def scenario(*steps: str) -> str:
    body = "\n".join(steps)
    return f'<?xml version="1.0" encoding="ISO-8859-1" ?>\n<scenario name="callee">\n{body}\n</scenario>\n'


def receive(method: str, *actions: str, optional: bool = False) -> str:
    choice = ' optional="true"' if optional else ""
    inside = f"<action>{''.join(actions)}</action>" if actions else ""
    return f'<recv request="{method}" crlf="true"{choice}>{inside}</recv>'


def invited(*actions: str) -> str:
    """Receive the INVITE and remember whom to send requests to."""
    grab = (
        '<ereg regexp="sip:[^&gt;;]*" search_in="hdr" header="Contact:" check_it="true" assign_to="ruri"/>'
        '<ereg regexp=".*" search_in="hdr" header="From:" check_it="true" assign_to="rfrom"/>'
        '<log message="[$ruri] [$rfrom]"/>'
    )
    return receive("INVITE", grab, *actions)


def respond(
    code: int, phrase: str, *headers: str, sdp: bool = False, port: str = "media_port", retrans: bool = False
) -> str:
    tag = _TAG if code > 100 else ""
    lines = [
        f"SIP/2.0 {code} {phrase}",
        "[last_Via:]",
        "[last_Record-Route:]",
        "[last_From:]",
        f"[last_To:]{tag}",
        "[last_Call-ID:]",
        "[last_CSeq:]",
        "Contact: <sip:callee@[local_ip]:[local_port]>",
        *headers,
    ]
    return _send(lines, _sdp(port) if sdp else "", retrans)


def in_dialog(method: str, cseq: int, *headers: str, body: str = "") -> str:
    """Send a request of the callee's."""
    lines = [
        f"{method} [$ruri] SIP/2.0",
        "Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch]",
        f"From: <sip:callee@[local_ip]:[local_port]>{_TAG}",
        "To: [$rfrom]",
        "Call-ID: [call_id]",
        f"CSeq: {cseq} {method}",
        "Max-Forwards: 70",
        "Contact: <sip:callee@[local_ip]:[local_port]>",
        *headers,
    ]
    return _send(lines, body, True)


def notify(cseq: int, state: str, fragment: str) -> str:
    headers = ("Event: refer", f"Subscription-State: {state}", "Content-Type: message/sipfrag;version=2.0")
    return in_dialog("NOTIFY", cseq, *headers, body=fragment) + '\n<recv response="200"/>'


def pause(ms: int) -> str:
    return f'<pause milliseconds="{ms}"/>'


def challenged(algorithm: str, code: int = 401) -> str:
    """Challenge the INVITE; the retry's credentials are in the log."""
    asks = "WWW-Authenticate" if code == 401 else "Proxy-Authenticate"
    answers = "Authorization" if code == 401 else "Proxy-Authorization"
    take = (
        f'<ereg regexp="Digest.*" search_in="hdr" header="{answers}:" check_it="true" assign_to="credentials"/>'
        '<log message="[$credentials]"/>'
    )
    challenge = f'{asks}: Digest realm="carrier.test", nonce="n[call_id]", qop="auth", algorithm={algorithm}'
    return "\n".join([receive("INVITE"), respond(code, "Unauthorized", challenge), receive("ACK"), invited(take)])


def answered(first: str | None = None, port: str = "media_port") -> list[str]:
    """Ring, answer, and take the ACK."""
    return [
        first or invited(),
        respond(100, "Trying"),
        respond(180, "Ringing"),
        pause(100),
        respond(200, "OK", sdp=True, port=port, retrans=True),
        receive("ACK"),
    ]


def bye() -> list[str]:
    """Take the BYE, and stay to see that it is not repeated."""
    return [receive("BYE"), respond(200, "OK"), pause(50)]


def hangs_up(cseq: int = 100) -> list[str]:
    return [in_dialog("BYE", cseq), '<recv response="200"/>']


def refuses(code: int, phrase: str) -> str:
    return scenario(
        receive("INVITE"),
        respond(100, "Trying"),
        respond(180, "Ringing"),
        respond(code, phrase, retrans=True),
        receive("ACK"),
    )


def never_answers(cseq: int = 1) -> str:
    terminated = respond(487, "Request Terminated", retrans=True).replace("[last_CSeq:]", f"CSeq: {cseq} INVITE")
    return scenario(
        receive("INVITE"),
        respond(100, "Trying"),
        respond(180, "Ringing"),
        receive("CANCEL"),
        respond(200, "OK"),
        terminated,
        receive("ACK"),
    )


def _send(lines: list[str], body: str, retrans: bool) -> str:
    content = [*lines]
    if body.startswith("v=0"):
        content.append("Content-Type: application/sdp")
    content.append("Content-Length: [len]" if body else "Content-Length: 0")
    text = "\n".join([*content, "", *body.splitlines()]) + "\n"
    again = ' retrans="500"' if retrans else ""
    return f"<send{again}><![CDATA[\n{text}\n]]></send>"


def _sdp(port: str) -> str:
    return "\n".join(
        [
            "v=0",
            "o=sipp 1 1 IN IP4 [local_ip]",
            "s=-",
            "c=IN IP4 [media_ip]",
            "t=0 0",
            f"m=audio [{port}] RTP/AVP 0 8 101",
            "a=rtpmap:0 PCMU/8000",
            "a=rtpmap:8 PCMA/8000",
            "a=rtpmap:101 telephone-event/8000",
            "a=fmtp:101 0-15",
            "a=ptime:20",
        ]
    )
