"""The deaths that take their time, each played once in a thread beside the others; `test_death.py` judges what is kept of them."""

from __future__ import annotations

import audioop
import signal
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import httpx
from death_cluster import Alone, Client, Json, alone, sentence, until
from death_phone import Line

from trunkline.audio import wav
from trunkline.audio.modem import Demodulator
from trunkline.calls.events import Event

FROZEN = ("one", "two", "three", "four")
"""As many calls as the frozen worker holds: they are in different phases of its ticker."""


@dataclass
class Witness:
    """All that is known of one call of a scene afterwards."""

    call_id: str
    line: Line | None = None
    command_id: str = ""
    answer: Json = field(default_factory=dict)
    """To the request that waited for its say to finish."""
    answered_at: float = 0.0
    ended_at: float = 0.0
    """When the API first said that the call was over."""
    call: Json = field(default_factory=dict)
    command: Json = field(default_factory=dict)
    journal: list[Event] = field(default_factory=list)
    recorded: list[str] = field(default_factory=list)
    """The words of the recording's right channel: what the worker sent."""

    def kinds(self) -> list[str]:
        return [event.kind for event in self.journal]


@dataclass
class Two:
    """One worker frozen for 20 s, and one frozen for 3 s and later killed."""

    frozen: list[Witness]
    frozen_at: float
    thawed_at: float
    paused: Witness
    paused_at: float
    unpaused_at: float
    paused_status: str
    killed: Witness
    killed_at: float
    after: Witness
    """A call placed on the worker that was frozen."""


def two_workers(folder: Path) -> Two:
    with (
        alone(folder, MAX_CALLS=str(len(FROZEN))) as (cluster, far),
        ThreadPoolExecutor(16) as pool,
    ):
        cluster.start_api()
        cluster.start_worker("w1")
        cluster.until_ready()
        frozen = [Witness(cluster.client.placed(far.uri(name))) for name in FROZEN]
        cluster.start_worker("w2")
        cluster.until_ready(2)
        paused = Witness(cluster.client.placed(far.uri("paused")))
        killed = Witness(cluster.client.placed(far.uri("killed")))
        everyone = [*frozen, paused, killed]
        for witness, name in zip(everyone, (*FROZEN, "paused", "killed"), strict=True):
            cluster.client.until_status(witness.call_id, "in-progress")
            witness.line = far.line(name)
        waiting = [pool.submit(_say_and_wait, cluster, witness, 40) for witness in (*frozen, paused)]
        for witness in (*frozen, paused):
            _begun(cluster.client, witness)
        time.sleep(1.2)

        frozen_at, paused_at = cluster.signal("w1", signal.SIGSTOP), cluster.signal("w2", signal.SIGSTOP)
        seen = [pool.submit(_see_end, cluster.client, witness) for witness in (*frozen, killed)]
        time.sleep(3)
        unpaused_at = cluster.signal("w2", signal.SIGCONT)
        waiting.append(pool.submit(_say_and_wait, cluster, killed, 40))
        _begun(cluster.client, killed)
        time.sleep(1.7)
        paused_status = cluster.client.call(paused.call_id)["status"]
        killed_at = cluster.kill("w2")

        time.sleep(max(0.0, frozen_at + 20 - time.monotonic()))
        thawed_at = cluster.signal("w1", signal.SIGCONT)
        for future in (*waiting, *seen):
            future.result(30)
        after = Witness(cluster.client.placed(far.uri("after")))
        cluster.client.until_status(after.call_id, "in-progress")
        after.line = far.line("after")
        after.answer = cluster.client.say(after.call_id, sentence(3), "finished")
        for witness in (*everyone, after):
            _gather(cluster, witness)
        return Two(
            frozen, frozen_at, thawed_at, paused, paused_at, unpaused_at, paused_status, killed, killed_at, after
        )


AWAY_S = 20.0


@dataclass
class Away:
    """NATS killed for 20 s while two calls are up."""

    spoken: Witness
    """A long say goes on through the outage."""
    sandbox: Witness
    """The same on a sandbox line."""
    lost_answer: httpx.Response
    """To a say that was committed and never reached anybody."""
    lost: Json
    """What became of it."""
    repeated: Json
    """Another one, repeated with its key when NATS was back."""
    refusals: list[httpx.Response]
    """To what was asked meanwhile."""
    statuses: set[str]
    """Of both calls, all the time until NATS had been back for 12 s."""
    api_log: str
    killed_at: float
    back_at: float


def nats_away(folder: Path) -> Away:
    with alone(folder) as (cluster, far), ThreadPoolExecutor(4) as pool:
        cluster.start_api()
        cluster.start_worker("w1")
        cluster.until_ready()
        client = cluster.client
        spoken, sandbox = Witness(client.placed(far.uri("spoken"))), Witness(client.placed("+15005550008"))
        calls = (spoken, sandbox)
        for witness in calls:
            client.until_status(witness.call_id, "in-progress")
            witness.command_id = client.say(witness.call_id, sentence(70))["command_id"]
        spoken.line = far.line("spoken")
        for witness in calls:
            client.until_heard(witness.call_id, witness.command_id)

        cluster.nats.freeze()
        lost = pool.submit(_unheard, client, spoken, ttl_ms=1_000, key="lost")
        kept = pool.submit(_unheard, client, spoken, ttl_ms=120_000, key="kept")
        until(lambda: cluster.rows("select count(*) from commands") == [(4,)], 5, "commands committed")
        cluster.nats.kill_frozen()
        killed_at = time.monotonic()
        lost_answer, _ = lost.result(30), kept.result(30)
        time.sleep(1)
        refusals = [
            client.control(spoken.call_id, {"type": "say", "content": "Never."}),
            client.place(far.uri("never")),
        ]
        statuses = _statuses(client, calls, killed_at + AWAY_S)
        cluster.nats.start()
        back_at = time.monotonic()
        until(cluster.client.ready, 10, "readiness after the outage")
        repeated = _unheard(client, spoken, ttl_ms=120_000, key="kept", wait="finished").json()
        statuses |= _statuses(client, calls, back_at + 12)
        for witness in calls:
            client.control(witness.call_id, {"type": "end-call"}, "finished")
            client.until_status(witness.call_id, "ended")
        lost_id = lost_answer.json()["command_id"]
        until(lambda: client.command(spoken.call_id, lost_id)["status"] == "expired", 10, "an outcome")
        for witness in calls:
            _gather(cluster, witness)
        gone = client.command(spoken.call_id, lost_id)
        return Away(
            spoken, sandbox, lost_answer, gone, repeated, refusals, statuses, cluster.log("api"), killed_at, back_at
        )


# ---- what happens in a scene -----------------------------------------------------------------


def _say_and_wait(cluster: Alone, witness: Witness, words: int) -> None:
    witness.answer = cluster.client.say(witness.call_id, sentence(words), "finished")
    witness.answered_at = time.monotonic()


def _begun(client: Client, witness: Witness) -> None:
    """Until the first words of its only command are in the journal as heard."""

    def first() -> str:
        started = client.events(witness.call_id, "command.started")
        return str(started[0]["data"]["id"]) if started else ""

    witness.command_id = until(first, 10, "its start")
    client.until_heard(witness.call_id, witness.command_id)


def _see_end(client: Client, witness: Witness) -> None:
    client.until_status(witness.call_id, "ended-with-error", 30)
    witness.ended_at = time.monotonic()


def _unheard(client: Client, witness: Witness, ttl_ms: int, key: str, wait: str = "accepted") -> httpx.Response:
    body = {"type": "say", "content": f"Really {key}.", "ttl_ms": ttl_ms}
    return client.control(witness.call_id, body, wait, key)


def _statuses(client: Client, calls: tuple[Witness, ...], end: float) -> set[str]:
    found = set()
    while time.monotonic() < end:
        found |= {client.call(witness.call_id)["status"] for witness in calls}
        time.sleep(0.25)
    return found


def _gather(cluster: Alone, witness: Witness) -> None:
    witness.call = cluster.client.call(witness.call_id)
    witness.journal = cluster.journal(witness.call_id)
    if witness.command_id:
        witness.command = cluster.client.command(witness.call_id, witness.command_id)
        witness.recorded = sent_words(cluster.recording(witness.call_id))


def sent_words(recording: bytes) -> list[str]:
    """The words in the right channel of a recording, closed or not."""
    ear = Demodulator()
    stereo = recording[wav.HEADER_BYTES :]
    right = audioop.lin2ulaw(audioop.tomono(stereo[: len(stereo) // 4 * 4], 2, 0, 1), 2)
    frames = (right[at : at + 160].ljust(160, b"\xff") for at in range(0, len(right), 160))
    return [word.text for frame in frames for word in ear.feed(frame)]
