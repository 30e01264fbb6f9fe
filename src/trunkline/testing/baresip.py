"""A baresip that answers: a far end that is not ours, for the demo and for tests. Starts the program, knows nothing of calls.

It answers every call at once, plays a WAV file over and over, and records what it hears. `apt-get install baresip-core`.
"""

from __future__ import annotations

import asyncio
import json
import shutil
import socket
import subprocess
import tempfile
import time
import wave
from pathlib import Path
from types import TracebackType

READY_SECONDS = 5.0
PLAYED_SECONDS = 600
"""baresip plays a file once: it gets the given one repeated to this length, longer than any call of ours."""


class NotInstalled(RuntimeError):
    """A program that is needed is not there; the message names its Debian package"""


class Baresip:
    """`with Baresip(Path("voice.wav")) as far:` then call `far.target`. The WAV must be 8 kHz, mono, 16 bits."""

    def __init__(self, voice: Path, port: int = 0, name: str = "baresip") -> None:
        program = shutil.which("baresip")
        if program is None:
            raise NotInstalled("baresip is not installed: apt-get install baresip-core")
        self.port = port or _free_port()
        self.target = f"sip:{name}@127.0.0.1:{self.port}"
        self._program = program
        self._voice = voice
        self._name = name
        self._control = _free_port(socket.SOCK_STREAM)
        self._folder: Path | None = None
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Baresip:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    @property
    def heard(self) -> list[Path]:
        """What was recorded so far, one WAV per call; complete once the call is over."""
        assert self._folder is not None
        return sorted(self._folder.glob("dump-*-dec.wav"))

    def start(self) -> None:
        """Start it and wait until it listens."""
        self._folder = Path(tempfile.mkdtemp(prefix="trunkline-baresip-"))
        _repeat(self._voice, self._folder / "voice.wav")
        (self._folder / "config").write_text(self._config())
        (self._folder / "accounts").write_text(
            f"<sip:{self._name}@127.0.0.1:{self.port}>;regint=0;answermode=auto;audio_codecs=PCMU,PCMA;dtmfmode=rtpevent\n"
        )
        (self._folder / "contacts").write_text("")
        with (self._folder / "log").open("wb") as log:
            self._process = subprocess.Popen(
                [self._program, "-f", str(self._folder)],
                cwd=self._folder,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        deadline = time.monotonic() + READY_SECONDS
        while not _listens(self._control):
            if self._process.poll() is not None or time.monotonic() > deadline:
                said = (self._folder / "log").read_text(errors="replace")[-2_000:]
                self.stop()
                raise RuntimeError(f"baresip did not start:\n{said}")
            time.sleep(0.02)

    def stop(self) -> None:
        """End the process that was started here, and nothing else."""
        if self._process is not None:
            self._process.terminate()
            try:
                self._process.wait(2)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
            self._process = None
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)

    async def command(self, command: str, parameters: str = "") -> None:
        """Tell it to do something while it runs: `hangup`, `sndcode` with a digit, `hold`, `resume` (its `ctrl_tcp` module)."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self._control)
        body = json.dumps({"command": command, "params": parameters, "token": "1"}).encode()
        writer.write(str(len(body)).encode() + b":" + body + b",")  # a netstring
        await writer.drain()
        await reader.read(1_024)
        writer.close()
        await writer.wait_closed()

    def _config(self) -> str:
        return "\n".join(
            [
                "poll_method epoll",
                f"sip_listen 127.0.0.1:{self.port}",
                "call_local_timeout 120",
                "call_max_calls 200",
                "audio_player aubridge,nothing",
                f"audio_source aufile,{self._folder}/voice.wav",
                "audio_alert aubridge,nothing",
                "ausrc_srate 8000",
                "auplay_srate 8000",
                "ausrc_channels 1",
                "auplay_channels 1",
                "audio_buffer 20-160",
                "rtp_ports 60100-64100",
                "net_interface 127.0.0.1",
                "module_path /usr/lib/baresip/modules",
                *[f"module {name}.so" for name in ("g711", "sndfile", "aufile", "aubridge", "uuid")],
                f"snd_path {self._folder}",
                "module_tmp account.so",
                "module_app menu.so",
                "module_app ctrl_tcp.so",
                f"ctrl_tcp_listen 127.0.0.1:{self._control}",
                "",
            ]
        )


def _repeat(voice: Path, to: Path) -> None:
    with wave.open(str(voice), "rb") as source:
        shape = source.getparams()
        frames = source.readframes(shape.nframes)
    if (shape.framerate, shape.nchannels, shape.sampwidth) != (8_000, 1, 2) or not frames:
        raise ValueError(f"{voice}: baresip needs 8 kHz, mono, 16 bits")
    with wave.open(str(to), "wb") as target:
        target.setparams(shape)
        for _ in range(-(-PLAYED_SECONDS * 8_000 // shape.nframes)):
            target.writeframesraw(frames)


def _free_port(kind: socket.SocketKind = socket.SOCK_DGRAM) -> int:
    with socket.socket(socket.AF_INET, kind) as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
