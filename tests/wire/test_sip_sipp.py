"""`SipLeg` against sipp: real sockets, a far end that is not ours, every way a call can go."""

from __future__ import annotations

import asyncio
import hashlib
import math
import re
from pathlib import Path

import pytest
import sip_peers as peers
from sip_peers import calling, scenario, sipp

from trunkline.audio.g711 import linear_to_ulaw, ulaw_to_linear
from trunkline.calls.leg import (
    Answered,
    DigitsPressed,
    Fact,
    MediaStopped,
    Noted,
    Rang,
    Refused,
    Released,
    RemoteHungUp,
    TransferAnswered,
    TransferFailed,
    TransferRang,
)
from trunkline.telephony.sip.leg import SipOptions


def tone(hertz: float, frames: int) -> list[bytes]:
    samples = [int(8_000 * math.sin(2 * math.pi * hertz * n / 8_000)) for n in range(160 * frames)]
    ulaw = linear_to_ulaw(b"".join(sample.to_bytes(2, "little", signed=True) for sample in samples))
    return [ulaw[at : at + 160] for at in range(0, len(ulaw), 160)]


def loud(ulaw: bytes) -> int:
    """How many 20 ms frames hold more than a whisper."""
    linear = ulaw_to_linear(ulaw)
    frames = [linear[at : at + 320] for at in range(0, len(linear), 320)]
    return sum(
        max(abs(int.from_bytes(f[i : i + 2], "little", signed=True)) for i in range(0, 320, 2)) > 2_000 for f in frames
    )


@pytest.mark.parametrize(("algorithm", "code"), [("MD5", 401), ("SHA-256", 401), ("SHA-256", 407)])
def test_a_challenged_call_is_answered_and_its_echo_comes_back_through_the_jitter_buffer(
    tmp_path: Path, algorithm: str, code: int
) -> None:
    async def call() -> None:
        steps = [*peers.answered(peers.challenged(algorithm, code)), *peers.bye()]
        with sipp(scenario(*steps), tmp_path, "-rtp_echo") as far:
            async with calling(far.target) as line:
                await line.until(Answered)
                line.playing += tone(500, 40)
                heard = await line.hear(1.4)
                assert line.leg.passed() > 40
                await line.leg.release()
            await far.finished()
        assert line.told(Rang) == [Rang(180)]
        assert line.facts[-1] == Released()
        assert b"".join(tone(500, 40)) in heard, f"{loud(heard)} loud frames of 40"
        assert_credentials(far.log, algorithm)
        figures = line.told(Noted)[-1].data
        assert figures["received"] > 60 and figures["lost"] == 0

    asyncio.run(call())


def assert_credentials(log: str, algorithm: str) -> None:
    """Compute the response once more, with nothing of ours."""
    fields = {name: quoted or plain for name, quoted, plain in re.findall(r'(\w+)=(?:"([^"]*)"|([^,\s]+))', log)}

    def h(text: str) -> str:
        return hashlib.new("sha256" if algorithm == "SHA-256" else "md5", text.encode()).hexdigest()

    secret, request = h("alice:carrier.test:s3cret"), h(f"INVITE:{fields['uri']}")
    assert fields["algorithm"] == algorithm
    wanted = f"{secret}:{fields['nonce']}:{fields['nc']}:{fields['cnonce']}:auth:{request}"
    assert fields["response"] == h(wanted)


def test_a_wrong_password_is_tried_once(tmp_path: Path) -> None:
    async def call() -> None:
        again = peers.respond(401, "Unauthorized", 'WWW-Authenticate: Digest realm="carrier.test", nonce="other"')
        steps = [peers.challenged("MD5"), again, peers.receive("ACK")]
        with sipp(scenario(*steps), tmp_path) as far:
            async with calling(far.target) as line:
                assert await line.until(Refused) == Refused(401, "Unauthorized")
            await far.finished()

    asyncio.run(call())


@pytest.mark.parametrize(
    ("code", "phrase"), [(486, "Busy Here"), (603, "Decline"), (404, "Not Found"), (503, "Service Unavailable")]
)
def test_a_refusal_is_told_with_its_code(tmp_path: Path, code: int, phrase: str) -> None:
    async def call() -> None:
        with sipp(peers.refuses(code, phrase), tmp_path) as far:
            async with calling(far.target) as line:
                assert await line.until(Refused) == Refused(code, phrase)
            await far.finished()
        assert [type(fact) for fact in line.facts] == [Rang, Refused]

    asyncio.run(call())


def test_a_call_that_nobody_answers_is_cancelled(tmp_path: Path) -> None:
    async def call() -> None:
        with sipp(peers.never_answers(), tmp_path) as far:
            async with calling(far.target) as line:
                await line.until(Rang)
                await line.leg.release()
            await far.finished()
        assert line.facts == [Rang(180), Released()]

    asyncio.run(call())


def test_an_answer_that_crosses_the_cancel_is_acknowledged_and_ended(tmp_path: Path) -> None:
    steps = [
        peers.invited(),
        peers.respond(180, "Ringing"),
        peers.receive("CANCEL"),
        peers.respond(200, "OK", sdp=True).replace("[last_CSeq:]", "CSeq: 1 INVITE"),
        peers.receive("ACK"),
        *peers.bye(),
    ]

    async def call() -> None:
        with sipp(scenario(*steps), tmp_path) as far:
            async with calling(far.target) as line:
                await line.until(Rang)
                await line.leg.release()
            await far.finished()
        assert line.facts == [Rang(180), Released()]

    asyncio.run(call())


def test_the_far_end_hangs_up(tmp_path: Path) -> None:
    async def call() -> None:
        with sipp(scenario(*peers.answered(), peers.pause(400), *peers.hangs_up()), tmp_path, "-rtp_echo") as far:
            async with calling(far.target) as line:
                await line.until(RemoteHungUp)
                await line.leg.release()
            await far.finished()
        assert [type(fact) for fact in line.facts] == [Rang, Answered, Noted, RemoteHungUp, Released]

    asyncio.run(call())


def referred(*after: str) -> str:
    return scenario(*peers.answered(), peers.receive("REFER"), *after)


async def transfer(script: str, folder: Path, outcome: type[Fact], ring_ms: int = 5_000) -> list[Fact]:
    with sipp(script, folder, "-rtp_echo") as far:
        async with calling(far.target) as line:
            await line.until(Answered)
            await line.leg.refer("sip:agent@127.0.0.1:5999", ring_ms)
            await line.until(outcome)
            await line.leg.release()
        await far.finished()
    return [fact for fact in line.facts if not isinstance(fact, Noted)]


def test_an_accepted_transfer_is_followed_to_the_answer(tmp_path: Path) -> None:
    script = referred(
        peers.respond(202, "Accepted"),
        peers.notify(11, "active;expires=60", "SIP/2.0 100 Trying"),
        peers.notify(12, "active;expires=60", "SIP/2.0 180 Ringing"),
        peers.notify(13, "terminated;reason=noresource", "SIP/2.0 200 OK"),
        *peers.bye(),
    )
    facts = asyncio.run(transfer(script, tmp_path, TransferAnswered))
    assert facts == [Rang(180), Answered(), TransferRang(180), TransferAnswered(), Released()]


def test_a_target_that_is_busy_gives_the_far_end_back(tmp_path: Path) -> None:
    script = referred(
        peers.respond(202, "Accepted"),
        peers.notify(11, "terminated;reason=noresource", "SIP/2.0 486 Busy Here"),
        *peers.bye(),
    )
    facts = asyncio.run(transfer(script, tmp_path, TransferFailed))
    assert facts[2:] == [TransferFailed(486, "Busy Here"), Released()]


def test_a_refused_transfer_gives_the_far_end_back(tmp_path: Path) -> None:
    script = referred(peers.respond(603, "Decline"), *peers.bye())
    facts = asyncio.run(transfer(script, tmp_path, TransferFailed))
    assert facts[2:] == [TransferFailed(603, "Decline"), Released()]


def test_a_transfer_of_which_nothing_is_heard_is_given_up(tmp_path: Path) -> None:
    script = referred(peers.respond(202, "Accepted"), *peers.bye())
    facts = asyncio.run(transfer(script, tmp_path, TransferFailed, ring_ms=600))
    assert facts[2:] == [TransferFailed(408, "no answer from the target"), Released()]


def test_a_far_end_that_hangs_up_after_accepting_has_been_transferred(tmp_path: Path) -> None:
    script = referred(peers.respond(202, "Accepted"), peers.pause(200), *peers.hangs_up())
    facts = asyncio.run(transfer(script, tmp_path, TransferAnswered))
    assert facts[2:] == [TransferAnswered(confirmed=False), Released()]


def test_digits_are_sent_as_events_and_come_back_as_digits(tmp_path: Path) -> None:
    async def call() -> None:
        with sipp(scenario(*peers.answered(), *peers.bye()), tmp_path, "-rtp_echo") as far:
            async with calling(far.target) as line:
                await line.until(Answered)
                await asyncio.sleep(0.2)
                line.leg.press("42#")
                await asyncio.sleep(1.2)
                await line.leg.release()
            await far.finished()
        assert "".join(fact.digits for fact in line.told(DigitsPressed)) == "42#"

    asyncio.run(call())


def test_digits_of_a_recorded_telephone_are_heard(tmp_path: Path) -> None:
    recordings = "/usr/share/sip-tester/dtmf_2833_{}.pcap"
    keys = [
        f'<nop><action><exec play_pcap_audio="{recordings.format(key)}"/></action></nop>' + peers.pause(600)
        for key in "159"
    ]

    async def call() -> None:
        with sipp(scenario(*peers.answered(), *keys, *peers.bye()), tmp_path) as far:
            async with calling(far.target) as line:
                await line.until(Answered)
                await asyncio.sleep(2.2)
                await line.leg.release()
            await far.finished()
        assert "".join(fact.digits for fact in line.told(DigitsPressed)) == "159"

    asyncio.run(call())


def test_a_reinvite_that_holds_the_line_is_answered_and_silence_is_then_no_fault(tmp_path: Path) -> None:
    held = "\n".join(
        [
            "v=0",
            "o=sipp 1 2 IN IP4 [local_ip]",
            "s=-",
            "c=IN IP4 [media_ip]",
            "t=0 0",
            "m=audio [media_port] RTP/AVP 0 101",
            "a=rtpmap:101 telephone-event/8000",
            "a=inactive",
        ]
    )
    check = '<recv response="200"><action><ereg regexp="a=inactive" search_in="body" check_it="true" assign_to="x"/><log message="[$x]"/></action></recv>'
    steps = [
        *peers.answered(),
        peers.in_dialog("INVITE", 50, body=held),
        check,
        peers.in_dialog("ACK", 50).replace(' retrans="500"', ""),
        peers.in_dialog("OPTIONS", 51, "Require: teleportation"),
        '<recv response="420"/>',
        *peers.bye(),
    ]

    async def call() -> None:
        patience = SipOptions(tail_ms=20, media_timeout_ms=500)
        with sipp(scenario(*steps), tmp_path) as far:
            async with calling(far.target, patience) as line:
                await line.until(Answered)
                await asyncio.sleep(1.0)
                await line.leg.release()
            await far.finished()
        assert not line.told(MediaStopped)

    asyncio.run(call())


def test_our_own_hold_is_a_reinvite(tmp_path: Path) -> None:
    def offered(direction: str) -> str:
        return peers.receive(
            "INVITE",
            f'<ereg regexp="a={direction}" search_in="body" check_it="true" assign_to="x"/><log message="[$x]"/>',
        )

    answers = [peers.respond(200, "OK", sdp=True, retrans=True), peers.receive("ACK")]
    steps = [*peers.answered(), offered("sendonly"), *answers, offered("sendrecv"), *answers, *peers.bye()]

    async def call() -> None:
        with sipp(scenario(*steps), tmp_path, "-rtp_echo") as far:
            async with calling(far.target) as line:
                await line.until(Answered)
                line.leg.hold(True)
                await asyncio.sleep(0.3)
                line.leg.hold(False)
                await asyncio.sleep(0.3)
                await line.leg.release()
            await far.finished()

    asyncio.run(call())


def test_media_that_never_comes_is_told(tmp_path: Path) -> None:
    async def call() -> None:
        patience = SipOptions(tail_ms=20, media_timeout_ms=400)
        with sipp(scenario(*peers.answered(), *peers.bye()), tmp_path) as far:
            async with calling(far.target, patience) as line:
                await line.until(MediaStopped, 3)
                await line.leg.release()
            await far.finished()
        assert len(line.told(MediaStopped)) == 1

    asyncio.run(call())


def test_a_leg_whose_task_is_cancelled_says_bye(tmp_path: Path) -> None:
    async def call() -> None:
        with sipp(scenario(*peers.answered(), *peers.bye()), tmp_path, "-rtp_echo") as far:
            endpoint = peers.Endpoint.open("127.0.0.1")
            line = peers.Line(endpoint, far.target)
            async with asyncio.TaskGroup() as group:
                dialing = group.create_task(line.leg.dial())
                await line.until(Answered)
                dialing.cancel()
            await far.finished()
            assert not line.told(Released)
            endpoint.close()

    asyncio.run(call())
