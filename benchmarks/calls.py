"""Live sandbox calls on real processes: what they cost, how late their frames are, how soon a command is heard.

    .venv/bin/python benchmarks/calls.py [CALLS ...]       (1 50 100)

Each size is one run of `trunkline serve` with one worker. Far ends, vendors and modem run inside the worker, so its CPU is
printed whole and with the modem's share, measured in the same run, taken off. Zero of `say → first audio` is the client
sending its request, which is before the API has read it.
"""

from __future__ import annotations

import os
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx

from trunkline.audio import modem
from trunkline.cli.remote import Remote
from trunkline.cli.server import serving

ECHO, BARGES, SILENT = "+15005550001", "+15005550007", "+15005550008"
MODEM = {"provider": "sandbox", "model": "modem", "language": "en"}
VOICE = {"provider": "sandbox", "voice_id": "modem"}
TALKS = {
    "provider": "sandbox",
    "model": "rules",
    "rules": [{"when": "I heard", "say": "Let us talk about the weather."}],
}
TICK_HZ = os.sysconf("SC_CLK_TCK")
WINDOW_S, SAYS, OTHERS_PER_S = 20.0, 60, 20


def main(sizes: list[int]) -> None:
    print("| calls | worker CPU ms/call-s | less modem | api | nats | MB/call | late p50/p99 ms |")
    print("|---|---|---|---|---|---|---|")
    latencies = []
    for calls in sizes:
        with platform(calls) as bench:
            print(bench.cost())
            latencies.append((calls, bench.say(), bench.answers(), bench.turns(), bench.barge_ins()))
    for calls, say, answers, turns, barges in latencies:
        print(f"\n{calls} calls (median / p99, ms)")
        print(f"  POST say → first audio             {say}   budget 30 / 60")
        print(
            f"  POST control → answer              {answers}   budget – / 20, with {OTHERS_PER_S} other requests a second"
        )
        print(
            f"  end of turn → first audio          {turns}   budget 25 / 50, the model's own 5 ms a word taken off once"
        )
        print(f"  caller's onset → our last frame    {barges}   budget minimum duration (300) + 60")
    print(f"\nload {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")


@contextmanager
def platform(calls: int) -> Iterator[Bench]:
    with tempfile.TemporaryDirectory() as folder:
        settings = {"TRUNKLINE_WORKERS": "1", "TRUNKLINE_MAX_CALLS": "500", "TRUNKLINE_RATE_LIMIT_PER_MINUTE": "0",
                    "TRUNKLINE_CONTROL_LIMIT_PER_MINUTE": "0", "TRUNKLINE_MAX_LATE_MS": "1000"}  # fmt: skip
        with serving(Path(folder), settings) as remote:
            yield Bench(remote, calls)


class Bench:
    def __init__(self, remote: Remote, calls: int) -> None:
        self.remote, self.size = remote, calls
        self.pids = {role: pid for pid in os.listdir("/proc") if pid.isdigit() and (role := self._role(pid))}
        self.http = httpx.Client(base_url=f"{remote.url}/api/v1", headers=remote._headers, timeout=30)
        self.empty_kb = self._rss_kb("worker")
        self.ids = [self._place(ECHO, "Hello, this is a call.") for _ in range(calls)]
        time.sleep(4)

    def _role(self, pid: str) -> str | None:
        try:
            mine = self.remote.key.encode() in Path(f"/proc/{pid}/environ").read_bytes()
            command = Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode()
        except OSError:
            return None
        roles = {"roles api": "api", "roles worker": "worker", "nats-server": "nats"}
        return next((role for text, role in roles.items() if mine and text in command), None)

    def _place(self, to: str, greeting: str) -> str:
        assistant = {"stt_config": MODEM, "llm_config": TALKS, "tts_config": VOICE, "first_message": greeting}
        body = {"destination": to, "assistant": {**assistant, "max_duration_seconds": 600}}
        return str(self.http.post("/calls", json=body).raise_for_status().json()["call_id"])

    # ---- what it costs -----------------------------------------------------------------

    def cost(self) -> str:
        before = {role: self._cpu_ms(role) for role in self.pids}
        time.sleep(WINDOW_S)
        used = {role: (self._cpu_ms(role) - before[role]) / (self.size * WINDOW_S) for role in self.pids}
        memory = (self._rss_kb("worker") - self.empty_kb) / 1024 / self.size
        late = self._late()
        less = used["worker"] - 2 * modem_ms_per_second() * 0.45
        return (
            f"| {self.size} | {used['worker']:.2f} (budget 6) | {less:.2f} | {used['api']:.2f} | {used['nats']:.2f} "
            f"| {memory:.2f} (budget 1) | {late} (p99 budget 10) |"
        )

    def _cpu_ms(self, role: str) -> float:
        fields = Path(f"/proc/{self.pids[role]}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) * 1_000 / TICK_HZ

    def _rss_kb(self, role: str) -> int:
        status = Path(f"/proc/{self.pids[role]}/status").read_text()
        return int(next(line.split()[1] for line in status.splitlines() if line.startswith("VmRSS")))

    def _late(self) -> str:
        lines = httpx.get(f"{self.remote.url}/metrics").text.splitlines()
        found = {line.split("{")[1].split("}")[0]: float(line.split()[-1]) for line in lines if "tick_late_ms{" in line}
        half, most = (next((v for k, v in found.items() if f'"{q}"' in k), -1) for q in ("0.5", "0.99"))
        return f"{half:.1f} / {most:.1f}"

    # ---- how soon ----------------------------------------------------------------------

    def say(self) -> str:
        """On silent calls beside those that talk, one after another, so that nothing is queued."""
        lines = [self._place(SILENT, "") for _ in range(4)]
        time.sleep(2)
        return spread([self._first_audio(lines[n % len(lines)]) for n in range(SAYS)])

    def _first_audio(self, call_id: str) -> float:
        sent = time.time() * 1_000
        body = {"type": "say", "content": "Yes.", "interrupt": "now"}
        answer = self.http.post(f"/calls/{call_id}/control?wait=finished", json=body).raise_for_status().json()
        return datetime.fromisoformat(answer["first_audio_at"]).timestamp() * 1_000 - sent

    def answers(self) -> str:
        stop = threading.Event()
        with ThreadPoolExecutor(2) as pool:
            pool.submit(self._others, stop)
            line = self._place(SILENT, "")
            time.sleep(2)
            taken = []
            for n in range(150):
                began = time.perf_counter()
                body = {"type": "inject-context", "content": f"Fact number {n}."}
                self.http.post(f"/calls/{line}/control", json=body).raise_for_status()
                taken.append((time.perf_counter() - began) * 1_000)
                time.sleep(0.02)
            stop.set()
        return spread(taken)

    def _others(self, stop: threading.Event) -> None:
        with httpx.Client(base_url=f"{self.remote.url}/api/v1", headers=self.remote._headers, timeout=30) as http:
            while not stop.wait(1 / OTHERS_PER_S):
                http.get("/calls?limit=10")

    def turns(self) -> str:
        taken = []
        for call_id in self.ids[:20]:
            asked = None
            for event in self.remote.events(call_id):
                if event["kind"] == "model.asked":
                    asked = event["at_ms"]
                elif event["kind"] == "speech.started" and event["data"]["source"] == "reply" and asked is not None:
                    taken.append(event["at_ms"] - asked - 5.0)
                    asked = None
        return spread(taken)

    def barge_ins(self) -> str:
        ids = [self._place(BARGES, "You will be interrupted somewhere in this very long sentence.") for _ in range(8)]
        time.sleep(8)
        return spread([lag for call_id in ids if (lag := self._barge_in(call_id)) is not None])

    def _barge_in(self, call_id: str) -> float | None:
        events: list[dict[str, Any]] = self.remote.events(call_id)
        answered = next(e["at_ms"] for e in events if e["kind"] == "answered")
        said = next((e["data"]["at_ms"] for e in events if e["kind"] == "sandbox.said"), None)
        cut = next((e["at_ms"] for e in events if e["kind"] == "barge_in"), None)
        return None if said is None or cut is None else float(cut - answered - said)


def modem_ms_per_second() -> float:
    """CPU of receiving one second of modem speech, here and now."""
    audio = modem.modulate("The quick brown fox jumps over the lazy dog. " * 5).audio
    demodulator, began = modem.Demodulator(), time.process_time()
    for at in range(0, len(audio), 160):
        demodulator.feed(audio[at : at + 160])
    return (time.process_time() - began) * 1_000 / (len(audio) / 8_000)


def spread(values: list[float]) -> str:
    ranked = sorted(values)
    if not ranked:
        return "none measured"
    return f"{ranked[len(ranked) // 2]:.0f} / {ranked[min(len(ranked) - 1, int(0.99 * len(ranked)))]:.0f} (n={len(ranked)})"


if __name__ == "__main__":
    main([int(size) for size in sys.argv[1:]] or [1, 50, 100])
