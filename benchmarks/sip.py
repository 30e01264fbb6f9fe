"""CPU of SIP and RTP: calls against `sipp -rtp_echo`, a frame each way every 20 ms through the jitter buffer, RTCP on.

    .venv/bin/python benchmarks/sip.py [CALLS] [SECONDS] [uvloop]

Prints user + system CPU of this process per call-second beside the budget of 1.5 ms, how much of it the kernel spent on
sending and receiving, what setting a call up costs, how late the ticks were, and whether packets were lost. sipp runs in
its own process and is not counted.
"""

from __future__ import annotations

import asyncio
import os
import resource
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))

import sip_peers as peers
import uvloop

from trunkline.calls.leg import Answered, Fact, Noted
from trunkline.telephony.sip.endpoint import Endpoint
from trunkline.telephony.sip.leg import SipLeg

BUDGET_MS = 1.5
PHASES = 4
FRAME = bytes(range(96, 256))


def cpu_ms() -> tuple[float, float]:
    """User and system."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime * 1_000, used.ru_stime * 1_000


async def tick(legs: list[SipLeg], late: list[float]) -> None:
    """Every 20 ms one frame each way on every leg, a quarter of the legs at a time."""
    loop = asyncio.get_running_loop()
    due, phase = loop.time(), 0
    while True:
        due += 0.02 / PHASES
        await asyncio.sleep(max(0.0, due - loop.time()))
        late.append((loop.time() - due) * 1_000)
        for leg in legs[phase::PHASES]:
            leg.receive()
            leg.send(FRAME)
        phase = (phase + 1) % PHASES


async def measure(calls: int, seconds: float) -> None:
    script = peers.scenario(*peers.answered(peers.challenged("MD5")), *peers.bye())
    facts: list[Fact] = []
    late: list[float] = []
    with (
        tempfile.TemporaryDirectory() as folder,
        peers.sipp(script, Path(folder), "-rtp_echo", "-m", str(calls)) as far,
    ):
        endpoint = Endpoint.open("127.0.0.1")
        legs = [SipLeg(endpoint, far.target, peers.ALICE, facts.append) for _ in range(calls)]
        async with asyncio.TaskGroup() as group:
            before = sum(cpu_ms())
            for leg in legs:
                group.create_task(leg.dial())
                await asyncio.sleep(0.02)
            async with asyncio.timeout(20):
                while sum(isinstance(fact, Answered) for fact in facts) < calls:  # noqa: ASYNC110
                    await asyncio.sleep(0.05)
            setup = (sum(cpu_ms()) - before) / calls
            ticking = group.create_task(tick(legs, late))
            await asyncio.sleep(1)
            late.clear()
            start, (user, system) = asyncio.get_running_loop().time(), cpu_ms()
            await asyncio.sleep(seconds)
            (user_after, system_after), lasted = cpu_ms(), asyncio.get_running_loop().time() - start
            lateness = sorted(late)
            for leg in legs:
                group.create_task(leg.release())
            await asyncio.sleep(1)
            ticking.cancel()
        endpoint.close()
    figures = [fact.data for fact in facts if isinstance(fact, Noted)][-calls:]
    kernel = (system_after - system) / lasted / calls
    per_second = (user_after - user) / lasted / calls + kernel
    verdict = "within" if per_second <= BUDGET_MS else "OVER"
    print(f"{calls} SIP calls, {lasted:.0f} s, load {os.getloadavg()[0]:.1f}, {os.cpu_count()} cores")
    print(f"CPU per call-second   {per_second:.2f} ms   budget {BUDGET_MS} ms   {verdict}   (kernel {kernel:.2f})")
    print(f"CPU per call set-up   {setup:.2f} ms")
    print(
        f"tick lateness         p50 {lateness[len(lateness) // 2]:.2f} ms   p99 {lateness[len(lateness) * 99 // 100]:.2f} ms"
    )
    print(
        f"packets               sent {sum(f['sent'] for f in figures)}, received {sum(f['received'] for f in figures)}, "
        f"lost {sum(f['lost'] for f in figures)}, concealed {sum(f['concealed'] for f in figures)}"
    )


if __name__ == "__main__":
    calls, seconds = (int(given) for given in (*sys.argv[1:3], *("50", "10")[len(sys.argv) - 1 :]))
    with asyncio.Runner(loop_factory=uvloop.new_event_loop if "uvloop" in sys.argv else None) as runner:
        runner.run(measure(calls, seconds))
