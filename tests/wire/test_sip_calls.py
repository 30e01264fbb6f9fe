"""Whole calls over SIP and real processes: placed and steered through the API, with far ends that are not ours.

What the far end's echo brings back is demodulated from the call's own recording: those words have crossed our voice, RTP,
a foreign program, RTP again and the jitter buffer.
"""

from __future__ import annotations

import io
import time
import wave
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
import sip_peers as peers

from trunkline.audio import modem
from trunkline.audio.g711 import linear_to_ulaw
from trunkline.audio.wav import write_mono
from trunkline.cli.remote import Refused, Remote
from trunkline.cli.server import serving
from trunkline.testing.baresip import Baresip

SETTINGS = {
    "TRUNKLINE_WORKERS": "1",
    "TRUNKLINE_ALLOW_SIP": "true",
    "TRUNKLINE_SIP_USERNAME": "alice",
    "TRUNKLINE_SIP_PASSWORD": "s3cret",
}
ASSISTANT = {
    "stt_config": {"provider": "sandbox", "model": "modem", "language": "en"},
    "llm_config": {"provider": "sandbox", "model": "echo"},
    "tts_config": {"provider": "sandbox", "voice_id": "modem"},
    "first_message_interruptible": False,
}
SENTENCE = "The quick brown fox jumps over the lazy dog."
FINAL = {"ended", "failed", "transferred", "ended-with-error", "rejected"}


@pytest.fixture(scope="module")
def platform(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Remote]:
    with serving(tmp_path_factory.mktemp("platform"), SETTINGS) as remote:
        yield remote


@contextmanager
def calling(platform: Remote, folder: Path, scenario: str, *arguments: str, **assistant: str) -> Iterator[str]:
    """A call to sipp, which must have followed its scenario to the end when the block is left."""
    with peers.sipp(scenario, folder, *arguments) as far:
        yield platform.place({"destination": far.target, "assistant": {**ASSISTANT, **assistant}})["call_id"]
        peers.wait_for(lambda: far._process.poll() is not None, 10)
        assert far._process.poll() == 0, far._words()


def until(platform: Remote, call_id: str, *statuses: str, seconds: float = 20) -> dict:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        call = platform.call(call_id)
        if call["status"] in (statuses or FINAL):
            return call
        time.sleep(0.05)
    raise AssertionError(f"still {call['status']}: {[e['kind'] for e in platform.events(call_id)][-5:]}")


def words_in(platform: Remote, call_id: str, channel: int) -> str:
    """What a modem receiver makes of one side of the recording: 0 = line in, 1 = line out."""
    answer = httpx.get(
        f"{platform.url}/api/v1/calls/{call_id}/recording", headers={"Authorization": f"Bearer {platform.key}"}
    ).raise_for_status()
    with wave.open(io.BytesIO(answer.content)) as file:
        assert (file.getnchannels(), file.getframerate(), file.getsampwidth()) == (2, 8_000, 2)
        stereo = file.readframes(file.getnframes())
    return demodulated(b"".join(stereo[at + 2 * channel : at + 2 * channel + 2] for at in range(0, len(stereo), 4)))


def demodulated(pcm: bytes) -> str:
    ulaw = linear_to_ulaw(pcm)
    demodulator, words = modem.Demodulator(), []
    for at in range(0, len(ulaw) - 159, 160):
        words += [word.text for word in demodulator.feed(ulaw[at : at + 160])]
    return " ".join(words)


@pytest.mark.parametrize("algorithm", ["MD5", "SHA-256"])
def test_an_authenticated_call_says_words_that_its_echo_brings_back(platform, tmp_path, algorithm):
    scenario = peers.scenario(*peers.answered(peers.challenged(algorithm)), *peers.bye())
    with calling(platform, tmp_path, scenario, "-rtp_echo") as call_id:
        until(platform, call_id, "in-progress")
        said = platform.command(call_id, {"type": "say", "content": SENTENCE, "interruptible": False}, wait="finished")
        assert (said["status"], said["heard_text"], said["basis"]) == ("heard", SENTENCE, "rtp_estimate")
        time.sleep(0.4)
        assert platform.command(call_id, {"type": "end-call"}, wait="finished")["status"] == "done"
    call = until(platform, call_id)
    assert (call["status"], call["end_reason"]) == ("ended", "end_call_command")
    assert SENTENCE in words_in(platform, call_id, 1)
    assert SENTENCE in words_in(platform, call_id, 0)


@pytest.mark.parametrize(
    ("code", "phrase", "reason"),
    [(486, "Busy Here", "busy"), (603, "Decline", "declined"), (404, "Not Found", "unallocated_number"),
     (480, "Unavailable", "no_answer"), (503, "Overloaded", "trunk_error")],
)  # fmt: skip
def test_a_refused_call_ends_with_the_reason_of_its_code(platform, tmp_path, code, phrase, reason):
    with calling(platform, tmp_path, peers.refuses(code, phrase)) as call_id:
        call = until(platform, call_id)
    assert (call["status"], call["end_reason"]) == ("failed", reason)


def test_a_phone_that_nobody_answers_is_cancelled(platform, tmp_path):
    with peers.sipp(peers.never_answers(), tmp_path) as far:
        body = {"destination": far.target, "assistant": ASSISTANT, "ring_timeout_seconds": 5}
        call = until(platform, platform.place(body)["call_id"])
        peers.wait_for(lambda: far._process.poll() is not None)
        assert far._process.poll() == 0, far._words()
    assert (call["status"], call["end_reason"]) == ("failed", "no_answer")


def test_a_call_is_cancelled_by_a_command_while_it_rings(platform, tmp_path):
    with calling(platform, tmp_path, peers.never_answers()) as call_id:
        until(platform, call_id, "ringing")
        assert platform.command(call_id, {"type": "end-call"}, wait="finished")["status"] == "done"
    call = until(platform, call_id)
    assert (call["status"], call["end_reason"]) == ("failed", "cancelled")


def test_a_far_end_that_hangs_up_ends_the_call(platform, tmp_path):
    scenario = peers.scenario(*peers.answered(), peers.pause(1_000), *peers.hangs_up())
    with calling(platform, tmp_path, scenario, "-rtp_echo") as call_id:
        call = until(platform, call_id)
    assert (call["status"], call["end_reason"]) == ("ended", "user_hangup")


def test_an_announced_transfer_is_referred_and_done_when_the_far_end_says_so(platform, tmp_path):
    scenario = peers.scenario(
        *peers.answered(),
        peers.receive("REFER"),
        peers.respond(202, "Accepted"),
        peers.notify(101, "active;expires=60", "SIP/2.0 100 Trying\n"),
        peers.notify(102, "terminated;reason=noresource", "SIP/2.0 200 OK\n"),
        *peers.bye(),
    )
    with calling(platform, tmp_path, scenario, "-rtp_echo") as call_id:
        until(platform, call_id, "in-progress")
        body = {"type": "transfer", "destination": "sip:desk@127.0.0.1", "message": "One moment please."}
        receipt = platform.command(call_id, body, wait="finished")
    assert (receipt["status"], receipt["heard_text"]) == ("done", "One moment please.")
    assert receipt["action"]["confirmed"]
    call = until(platform, call_id)
    assert (call["status"], call["end_reason"]) == ("transferred", "transferred")
    assert "One moment please." in words_in(platform, call_id, 0)


def test_a_refused_transfer_leaves_the_caller_with_us(platform, tmp_path):
    scenario = peers.scenario(*peers.answered(), peers.receive("REFER"), peers.respond(603, "Decline"), *peers.bye())
    with calling(platform, tmp_path, scenario, "-rtp_echo") as call_id:
        until(platform, call_id, "in-progress")
        body = {"type": "transfer", "destination": "sip:desk@127.0.0.1", "message": "One moment please."}
        receipt = platform.command(call_id, body, wait="finished")
        assert (receipt["status"], receipt["action"]["code"]) == ("failed", 603)
        assert platform.call(call_id)["status"] == "in-progress"
        assert platform.command(call_id, {"type": "end-call"}, wait="finished")["status"] == "done"
    assert until(platform, call_id)["end_reason"] == "end_call_command"


def test_a_phone_that_plays_a_recording_is_understood_and_hears_us(platform, tmp_path):
    """baresip plays modem speech for longer than the call lasts."""
    speech = modem.modulate("Good day to you.").audio
    wav = tmp_path / "caller.wav"
    wav.write_bytes(write_mono((b"\xff" * 8_000 + speech + b"\xff" * 16_000) * 8))
    with Baresip(wav) as phone:
        call_id = platform.place({"destination": phone.target, "assistant": ASSISTANT})["call_id"]
        until(platform, call_id, "in-progress")
        deadline = time.monotonic() + 15
        while time.monotonic() < deadline and not any(e["kind"] == "caller.said" for e in platform.events(call_id)):
            time.sleep(0.2)
        body = {"type": "end-call", "message": "Goodbye.", "interrupt": "now", "over_caller": "talk"}
        assert platform.command(call_id, body, wait="finished")["status"] == "done"
        time.sleep(0.5)
        with wave.open(str(phone.heard[-1])) as file:
            assert "Goodbye." in demodulated(file.readframes(file.getnframes()))
    said = [e["data"]["text"] for e in platform.events(call_id) if e["kind"] == "caller.said"]
    assert said[0] == "Good day to you."
    assert "Goodbye." in words_in(platform, call_id, 1)


def test_a_sip_target_is_forbidden_where_the_operator_has_not_allowed_it(tmp_path):
    with serving(tmp_path, {"TRUNKLINE_WORKERS": "1"}) as remote, pytest.raises(Refused) as refused:
        remote.place({"destination": "sip:bob@127.0.0.1", "assistant": ASSISTANT})
    assert refused.value.status == 403
