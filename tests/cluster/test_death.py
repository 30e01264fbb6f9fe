"""Processes that are killed and frozen in the middle of calls: what their clients are told, and what the far end heard.

The two scenes that take their time run in threads from the first test on; the others are played meanwhile.
"""

from __future__ import annotations

import asyncio
import itertools
import os
import signal
import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest
from death_cluster import (
    SANDBOX,
    WORDS,
    Alone,
    Json,
    Nats,
    Serving,
    alone,
    command_line,
    descendants,
    journal,
    sentence,
    serving,
    until,
)
from death_phone import Phone
from death_scenes import AWAY_S, Away, Two, Witness, nats_away, two_workers

from trunkline import clock, ids
from trunkline.assistants import resolving
from trunkline.bus import messages
from trunkline.bus.nats import NatsBus
from trunkline.calls.events import Event
from trunkline.calls.plan import Plan

LONG = {"two": two_workers, "away": nats_away}
FRAME_S = 0.020


@pytest.fixture(scope="module", autouse=True)
def scenes(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[dict[str, Future[object]]]:
    """Those long scenes that a chosen test will ask for."""
    here = [item for item in request.session.items if item.path == request.path]
    wanted = {name for item in here for name in getattr(item, "fixturenames", ())} & set(LONG)
    with ThreadPoolExecutor(len(LONG)) as pool:
        yield {name: pool.submit(LONG[name], tmp_path_factory.mktemp(name)) for name in sorted(wanted)}


@pytest.fixture(scope="module")
def two(scenes: dict[str, Future[object]]) -> Two:
    result = scenes["two"].result(90)
    assert isinstance(result, Two)
    return result


@pytest.fixture(scope="module")
def away(scenes: dict[str, Future[object]]) -> Away:
    result = scenes["away"].result(90)
    assert isinstance(result, Away)
    return result


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Serving, Phone]]:
    with serving(tmp_path_factory.mktemp("serve"), "--workers", "1") as both:
        yield both


def judge_lost(command: Json, events: list[tuple[str, Json]], far_words: list[str], spoken_s: float) -> None:
    """The receipt of a long say whose worker is gone, against the journal and against what really arrived."""
    assert (command["status"], command["reason"]) == ("failed", "worker_lost")
    heard = command["heard_text"].split()
    assert heard == WORDS[: len(heard)] == far_words[: len(heard)]
    assert heard
    assert len(far_words) - len(heard) <= 2  # 0.25 s of the journal, 0.17 s on the way: less than two words of 0.4 s
    assert command["heard_ms"] <= spoken_s * 1_000
    last = [data for kind, data in events if kind == "speech.heard" and data["heard_text"]][-1]
    assert (command["heard_text"], command["heard_ms"]) == (last["heard_text"], last["heard_ms"])
    assert f"{command['heard_text']} {command['unheard_text']}" in {sentence(40), sentence(30)}


# ---- a worker dies ---------------------------------------------------------------------------------


def test_the_death_of_a_worker_under_serve_is_told_within_a_second(served: tuple[Serving, Phone]) -> None:
    platform, far = served
    client = platform.client
    call_id = client.placed(far.uri("served"))
    client.until_status(call_id, "in-progress")
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(lambda: (client.say(call_id, sentence(30), "finished"), time.monotonic()))
        until(lambda: len(far.line("served").words()) >= 5, 10, "five words")
        os.kill(platform.child("worker"), signal.SIGKILL)
        killed_at = time.monotonic()
        client.until_status(call_id, "ended-with-error")
        seen_s = time.monotonic() - killed_at
        answer, answered_at = waiting.result(5)
    print(
        f"serve: the loss was seen after {seen_s:.2f} s, the waiting request answered after {answered_at - killed_at:.2f} s"
    )
    assert seen_s <= 1
    assert answered_at - killed_at <= 1
    assert client.call(call_id)["end_reason"] == "worker_lost"
    assert answer["success"] is False
    line, events = far.line("served"), client.events(call_id)
    pairs = [(event["kind"], event["data"]) for event in events]
    judge_lost(answer, pairs, line.words(), killed_at - line.packets[0][0])
    assert client.command(call_id, answer["command_id"])["heard_text"] == answer["heard_text"]
    assert events[-1]["kind"] == "ended"


# ---- the api dies ----------------------------------------------------------------------------------


def test_an_api_killed_while_its_requests_hang_leaves_one_effect_and_one_outcome(served: tuple[Serving, Phone]) -> None:
    platform, far = served
    client = platform.client
    until(client.ready, 20, "readiness")
    call_id = client.placed(far.uri("steered"))
    client.until_status(call_id, "in-progress")
    say = {"type": "say", "content": "Only once."}
    nats = platform.child("nats")
    os.kill(nats, signal.SIGSTOP)
    try:
        with ThreadPoolExecutor(2) as pool:
            placing = pool.submit(client.place, far.uri("hung"), "place-key")
            steering = pool.submit(client.control, call_id, say, "accepted", "say-key")
            until(lambda: _count(platform, "calls", "destination", far.uri("hung")) == 1, 5, "the call's row")
            until(lambda: _count(platform, "commands", "call_id", call_id) == 1, 5, "the command's row")
            os.kill(platform.child("api"), signal.SIGKILL)
            for broken in (placing, steering):
                assert isinstance(broken.exception(10), httpx.TransportError)
    finally:
        os.kill(nats, signal.SIGCONT)
    until(client.ready, 20, "readiness")
    placed, said = client.place(far.uri("hung"), "place-key"), client.control(call_id, say, "finished", "say-key")
    assert placed.is_success and said.is_success, (placed.text, said.text)
    again = client.control(call_id, say, "finished", "say-key").json()
    assert (said.json()["status"], again["status"], again["heard_text"]) == ("heard", "heard", "Only once.")
    assert said.json()["command_id"] == again["command_id"]
    assert _count(platform, "commands", "call_id", call_id) == 1
    _judge_once(client_events(platform, call_id), far.line("steered").words(), again["command_id"])
    new = placed.json()["call_id"]
    client.until_status(new, "in-progress")
    assert _count(platform, "calls", "destination", far.uri("hung")) == 1
    assert len(far.calls("hung")) == 1
    assert [kind for kind, _ in client_events(platform, new)].count("claimed") == 1


def _count(platform: Serving | Alone, table: str, column: str, value: str) -> int:
    return int(platform.rows(f"select count(*) from {table} where {column} = ?", value)[0][0])


def client_events(platform: Serving | Alone, call_id: str) -> list[tuple[str, Json]]:
    return [(event["kind"], event["data"]) for event in platform.client.events(call_id)]


def _judge_once(events: list[tuple[str, Json]], words: list[str], command_id: str) -> None:
    """One command was given to the call, had one outcome, and was heard once."""
    assert [data["command"]["id"] for kind, data in events if kind == "command.accepted"] == [command_id]
    assert [data["id"] for kind, data in events if kind == "command.finished"] == [command_id]
    assert words == ["Only", "once."]


def test_an_api_killed_while_a_command_runs_does_not_change_its_outcome(served: tuple[Serving, Phone]) -> None:
    platform, far = served
    client = platform.client
    until(client.ready, 20, "readiness")
    call_id = client.placed(far.uri("running"))
    client.until_status(call_id, "in-progress")
    say = {"type": "say", "content": sentence(12)}
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(client.control, call_id, say, "finished", "long-key")
        until(lambda: far.line("running").words(), 10, "the first word")
        os.kill(platform.child("api"), signal.SIGKILL)
        killed_at = time.monotonic()
        assert isinstance(waiting.exception(10), httpx.TransportError)
    until(client.ready, 20, "readiness")
    print(f"serve: ready {time.monotonic() - killed_at:.2f} s after the api was killed")
    answer = client.control(call_id, say, "finished", "long-key").json()
    assert (answer["status"], answer["heard_text"]) == ("heard", sentence(12))
    until(lambda: client.command(call_id, answer["command_id"])["status"] == "heard", 8, "the row's outcome")
    finished = [data["id"] for kind, data in client_events(platform, call_id) if kind == "command.finished"]
    assert finished == [answer["command_id"]]
    assert far.line("running").words() == WORDS[:12]


def test_an_api_killed_between_commit_and_dispatch_has_one_effect_when_repeated(tmp_path: Path) -> None:
    with alone(tmp_path) as (cluster, far):
        client = cluster.client
        cluster.start_worker("w1")
        cluster.start_api(dies_at="placing")
        cluster.until_ready()
        with pytest.raises(httpx.TransportError):
            client.place(far.uri("repeated"), "place-key")
        assert cluster.died("api") == -signal.SIGKILL
        ((row_id,),) = cluster.rows("select id from calls")
        cluster.start_api(dies_at="steering")
        cluster.until_ready()
        assert far.calls("repeated") == []
        placed = client.place(far.uri("repeated"), "place-key")
        assert placed.json()["call_id"] == row_id, placed.text
        client.until_status(row_id, "in-progress")
        say = {"type": "say", "content": "Only once."}
        with pytest.raises(httpx.TransportError):
            client.control(row_id, say, "finished", "say-key")
        assert cluster.died("api") == -signal.SIGKILL
        ((command_id,),) = cluster.rows("select id from commands")
        cluster.start_api()
        cluster.until_ready()
        assert far.line("repeated").words() == []
        answers = [client.control(row_id, say, "finished", "say-key").json() for _ in range(2)]
        assert [(answer["command_id"], answer["status"]) for answer in answers] == [(command_id, "heard")] * 2
        assert client.place(far.uri("repeated"), "place-key").json()["call_id"] == row_id
        assert len(far.calls("repeated")) == 1
        assert cluster.rows("select count(*) from calls") == [(1,)]
        pairs = [(event.kind, dict(event.data)) for event in cluster.journal(row_id)]
        assert [kind for kind, _ in pairs].count("claimed") == 1
        _judge_once(pairs, far.line("repeated").words(), command_id)


# ---- two workers, one call -------------------------------------------------------------------------

RACES = 10
COPIES = 12


def test_of_two_workers_that_race_for_a_call_one_dials(tmp_path: Path) -> None:
    with alone(tmp_path, MAX_LATE_MS="10000") as (cluster, far):
        for name in ("w1", "w2"):
            cluster.start_worker(name)
        for name in ("w1", "w2"):
            until(lambda name=name: "worker.ready" in cluster.log(name), 20, name)
        plans = [_plan(far.uri(f"race{number}")) for number in range(RACES)]
        replies = asyncio.run(_race(cluster, plans))
        for number, (plan, said) in enumerate(zip(plans, replies, strict=True)):
            assert sorted(reply["taken"] for reply in said) == [False] * (COPIES - 1) + [True]
            assert {reply["why"] for reply in said if not reply["taken"]} == {"claimed"}
            events = until(lambda plan=plan: _answered(cluster, plan), 5, "an answer")
            kinds = [event.kind for event in events]
            assert (kinds.count("claimed"), kinds.count("answered")) == (1, 1)
            (winner,) = [reply["worker"] for reply in said if reply["taken"]]
            assert events[0].data["worker"] == winner
            assert len(far.calls(f"race{number}")) == 1
        winners = [reply["worker"] for said in replies for reply in said if reply["taken"]]
        print(f"races: w1 won {winners.count('w1')}, w2 won {winners.count('w2')}")


def _answered(cluster: Alone, plan: Plan) -> list[Event]:
    events = journal(cluster.nats.url, plan.org_id, plan.call_id)
    return events if any(event.kind == "answered" for event in events) else []


def _plan(destination: str) -> Plan:
    return Plan(
        call_id=ids.new("call"),
        org_id="org_race",
        destination=destination,
        caller_id="sip:trunkline@127.0.0.1",
        assistant=resolving.transient(SANDBOX).config,
        not_after_ms=clock.wall_ms() + 30_000,
    )


async def _race(cluster: Alone, plans: list[Plan]) -> list[list[Json]]:
    """Each plan in many copies at once to the queue group, of which about half go to either worker."""
    bus = await NatsBus.connect(cluster.nats.url)

    async def ask(plan: Plan) -> Json:
        return messages.unpack(await bus.request(messages.PLACE, messages.pack({"plan": plan.to_json()}), 20))

    try:
        return [await asyncio.gather(*(ask(plan) for _ in range(COPIES))) for plan in plans]
    finally:
        await bus.close()


# ---- an orderly end --------------------------------------------------------------------------------


def test_sigterm_cancels_what_rings_lets_what_talks_finish_and_leaves_nothing(tmp_path: Path) -> None:
    with serving(tmp_path, "--workers", "1", "--drain-seconds", "10") as (platform, far):
        client = platform.client
        live, ringing = client.placed(far.uri("live")), client.placed(far.uri("rings"))
        client.until_status(live, "in-progress")
        client.until_status(ringing, "ringing")
        client.say(live, sentence(8), end_after=True)
        until(lambda: far.line("live").words(), 10, "the first word")
        family = descendants(platform.pid("serve"))
        asked_at = platform.signal("serve", signal.SIGTERM)
        until(lambda: far.line("rings").over_at, 2, "CANCEL")
        assert platform.died("serve") == 0
        print(
            f"SIGTERM: cancelled after {far.line('rings').over_at - asked_at:.2f} s, gone after {time.monotonic() - asked_at:.2f} s"
        )
        assert far.line("live").words() == WORDS[:8]
        assert far.line("live").over_at is not None
        assert [pid for pid in family if command_line(pid)] == []
        endings = {call_id: _ending(platform, call_id) for call_id in (live, ringing)}
        assert endings == {live: ("ended", "end_call_command"), ringing: ("failed", "cancelled")}
        assert not list((platform.data / "recordings").glob("*.part"))


def _ending(platform: Serving, call_id: str) -> tuple[str, str]:
    """The last line of a call's journal, as the stopped platform left it on disk."""
    ((org_id,),) = platform.rows("select org_id from calls where id = ?", call_id)
    with Nats(platform.data / "nats") as store:
        last = journal(store.url, org_id, call_id)[-1]
    return last.data["status"], last.data["end_reason"]


# ---- the long scenes: workers alone ----------------------------------------------------------------


def test_the_death_of_a_worker_alone_is_told_within_fifteen_seconds(two: Two) -> None:
    lost = two.killed
    print(f"alone: the loss was seen after {lost.ended_at - two.killed_at:.2f} s")
    assert lost.ended_at - two.killed_at <= 15
    assert abs(lost.answered_at - lost.ended_at) <= 0.5
    _judge_witness(lost, two.killed_at)


def _judge_witness(lost: Witness, died_at: float) -> None:
    assert lost.line is not None
    assert (lost.call["status"], lost.call["end_reason"]) == ("ended-with-error", "worker_lost")
    pairs = [(event.kind, dict(event.data)) for event in lost.journal]
    words = lost.line.words()
    judge_lost(lost.answer, pairs, words, died_at - lost.line.packets[0][0])
    assert lost.command["heard_text"] == lost.answer["heard_text"]
    assert lost.kinds().count("ended") == 1
    assert lost.kinds()[-1] == "ended"
    assert [event.sequence for event in lost.journal] == list(range(1, len(lost.journal) + 1))


def test_a_frozen_worker_is_fenced_and_never_speaks_again(two: Two) -> None:
    assert two.thawed_at - two.frozen_at >= 20
    for lost in two.frozen:
        assert lost.line is not None
        print(
            f"frozen: seen after {lost.ended_at - two.frozen_at:.2f} s, answered after {lost.answered_at - two.frozen_at:.2f} s"
        )
        assert lost.ended_at - two.frozen_at <= 15
        _judge_witness(lost, two.frozen_at)
        assert lost.line.since(two.frozen_at + FRAME_S) == []  # not one packet, up to the end of the scene
        assert lost.line.words() == lost.line.words(two.frozen_at + FRAME_S)
        assert lost.line.over_at is not None  # and the line was given back
        assert 0 <= lost.line.over_at - two.thawed_at <= 2
        assert lost.recorded == lost.line.words()


def test_a_worker_that_was_fenced_serves_new_calls(two: Two) -> None:
    assert two.after.journal[0].data["worker"] == "w1"
    assert two.after.answer["heard_text"] == sentence(3)
    assert two.after.line is not None
    assert two.after.line.words() == WORDS[:3]


def test_a_worker_frozen_for_three_seconds_goes_on(two: Two) -> None:
    paused = two.paused
    assert paused.line is not None
    assert two.unpaused_at - two.paused_at >= 3
    assert two.paused_status == "in-progress"
    before, after = paused.line.words(two.paused_at), paused.line.words(two.killed_at)
    print(f"paused: {len(before)} words before three seconds of standstill, {len(after)} when its worker was killed")
    assert len(after) >= len(before) + 5
    assert after == WORDS[: len(after)]


# ---- the long scenes: NATS dies --------------------------------------------------------------------


def test_no_call_is_lost_or_declared_lost_while_nats_is_away(away: Away) -> None:
    assert away.back_at - away.killed_at >= AWAY_S
    assert away.statuses == {"in-progress"}
    for witness in (away.spoken, away.sandbox):
        assert (witness.call["status"], witness.call["end_reason"]) == ("ended", "end_call_command")


def test_a_call_talks_on_while_nats_is_away(away: Away) -> None:
    assert away.spoken.line is not None
    during = [at for at, _ in away.spoken.line.packets if away.killed_at <= at <= away.back_at]
    apart = max(later - earlier for earlier, later in itertools.pairwise(during))
    print(
        f"NATS away: {len(during)} packets in {away.back_at - away.killed_at:.1f} s, never more than {apart * 1e3:.0f} ms apart"
    )
    assert len(during) >= 0.99 * (away.back_at - away.killed_at) / FRAME_S
    assert away.spoken.line.words() == [*WORDS[:70], "Really", "kept."]
    for witness in (away.spoken, away.sandbox):
        assert (witness.command["status"], witness.command["heard_text"]) == ("heard", sentence(70))
        assert witness.recorded[:70] == WORDS[:70]
        (recording,) = [event.data for event in witness.journal if event.kind == "recording"]
        ended = witness.journal[-1].data
        assert recording["seconds"] == pytest.approx(ended["duration_ms"] / 1_000, abs=0.1)


def test_the_journal_is_complete_after_nats_was_away(away: Away) -> None:
    for witness in (away.spoken, away.sandbox):
        assert [event.sequence for event in witness.journal] == list(range(1, len(witness.journal) + 1))
        assert [event.at_ms for event in witness.journal] == sorted(event.at_ms for event in witness.journal)
        assert witness.kinds()[0] == "claimed" and witness.kinds()[-1] == "ended"
        told = [
            e.data["heard_ms"]
            for e in witness.journal
            if e.kind == "speech.heard" and e.data["utterance"] == witness.command_id
        ]
        assert max(later - earlier for earlier, later in itertools.pairwise(told)) <= 1_000
        assert witness.call["last_sequence"] == len(witness.journal)
    heard = [event.data["text"] for event in away.sandbox.journal if event.kind == "sandbox.heard"]
    assert heard == [sentence(70)]


def test_commands_are_answered_truthfully_while_nats_is_away(away: Away) -> None:
    assert [refusal.status_code for refusal in away.refusals] == [503, 503]
    lost = away.lost_answer.json()
    assert (away.lost_answer.status_code, lost["success"]) == (200, True)
    assert (lost["status"], lost["delivery"]) == ("accepted", "unknown")
    assert (away.lost["status"], away.lost["reason"]) == ("expired", "delivery")
    assert (away.repeated["status"], away.repeated["heard_text"]) == ("heard", "Really kept.")
    accepted = [event.data["command"]["text"] for event in away.spoken.journal if event.kind == "command.accepted"]
    assert accepted == [sentence(70), "Really kept.", ""]
