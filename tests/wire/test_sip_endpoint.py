"""The SIP socket on a hostile loopback: garbage, strays, and noise thrown at a call that is up."""

from __future__ import annotations

import asyncio
import random
import re
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import sip_peers as peers
from sip_peers import calling, scenario, sipp

from trunkline.calls.leg import Answered, LegLost, Noted, Released
from trunkline.telephony.sip.endpoint import Endpoint
from trunkline.telephony.sip.leg import SipLeg
from trunkline.telephony.sip.message import Response, parse


def message(method: str, to: str = "<sip:us@127.0.0.1>", cseq: str = "1") -> bytes:
    return (
        f"{method} sip:us@127.0.0.1 SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1;rport;branch=z9hG4bK1\r\n"
        f"From: <sip:x@127.0.0.1>;tag=a\r\nTo: {to}\r\nCall-ID: nobody\r\nCSeq: {cseq} {method}\r\n\r\n"
    ).encode()


@contextmanager
def stranger() -> Iterator[socket.socket]:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind(("127.0.0.1", 0))
        sock.setblocking(False)
        yield sock


def test_requests_outside_any_call_are_answered() -> None:
    async def ask(method: str, to: str = "<sip:us@127.0.0.1>") -> int:
        loop = asyncio.get_running_loop()
        endpoint = Endpoint.open("127.0.0.1")
        with stranger() as sock:
            sock.sendto(message(method, to), endpoint.bound)
            async with asyncio.timeout(2):
                response = parse(await loop.sock_recv(sock, 4_096))
        endpoint.close()
        assert isinstance(response, Response)
        return response.code

    assert asyncio.run(ask("OPTIONS")) == 200
    assert asyncio.run(ask("INVITE")) == 404
    assert asyncio.run(ask("INVITE", "<sip:us@127.0.0.1>;tag=old")) == 481
    assert asyncio.run(ask("BYE", "<sip:us@127.0.0.1>;tag=old")) == 481
    assert asyncio.run(ask("PUBLISH")) == 405


def test_garbage_is_counted_by_kind_and_answered_by_nothing() -> None:
    async def throw() -> None:
        endpoint = Endpoint.open("127.0.0.1")
        with stranger() as sock:
            for data in (b"\r\n\r\n", b"hello", message("ACK"), message("BYE").replace(b"Call-ID: nobody\r\n", b"")):
                sock.sendto(data, endpoint.bound)
            sock.sendto(b"SIP/2.0 200 OK" + message("BYE")[message("BYE").index(b"\r\n") :], endpoint.bound)
            await asyncio.sleep(0.1)
            try:
                raise AssertionError(sock.recv(4_096))
            except BlockingIOError:
                pass
        assert dict(endpoint.dropped) == {"NotSip": 1, "MissingHeader": 1, "stray response": 1}
        endpoint.close()

    asyncio.run(throw())


def test_noise_on_both_ports_neither_ends_a_call_nor_moves_its_media(tmp_path: Path) -> None:
    async def call() -> None:
        chance = random.Random(7)
        with sipp(scenario(*peers.answered(), *peers.bye()), tmp_path, "-rtp_echo") as far:
            async with calling(far.target) as line:
                await line.until(Answered)
                await asyncio.sleep(0.2)
                sip, rtp = ours(far.log)
                with stranger() as sock:
                    for n in range(1_500):
                        noise = chance.randbytes(n % 400)
                        sock.sendto(noise, sip)
                        sock.sendto(b"\x80" + noise, rtp)
                        sock.sendto(b"\x80\xc8\x00\x06" + noise, (rtp[0], rtp[1] + 1))
                        if n % 50 == 0:
                            await asyncio.sleep(0.01)
                tone = [bytes((n % 80,)) * 160 for n in range(20)]
                line.playing += tone
                heard = await line.hear(0.8)
                await line.leg.release()
            await far.finished()
        assert b"".join(tone) in heard
        assert line.facts[-1] == Released()
        assert line.told(Noted)[-1].data["rejected"] > 1_000

    def ours(log: str) -> tuple[tuple[str, int], tuple[str, int]]:
        port = re.search(r"sip:alice@127\.0\.0\.1:(\d+)", log)
        assert port is not None, log
        sip = ("127.0.0.1", int(port[1]))
        low, high = peers.ALICE.rtp_ports
        bound = [even for even in range(low, high, 2) if peers.bound(even) and peers.bound(even + 1)]
        assert len(bound) == 1, bound
        return sip, ("127.0.0.1", bound[0])

    asyncio.run(call())


def test_a_target_that_cannot_be_dialled_loses_the_leg() -> None:
    async def dial(target: str) -> LegLost:
        endpoint = Endpoint.open("127.0.0.1")
        line = peers.Line(endpoint, target)
        await line.leg.dial()
        endpoint.close()
        return await line.until(LegLost, 1)

    assert "not a SIP URI" in asyncio.run(dial("sip:a b@127.0.0.1")).reason
    assert "no.such.host.invalid" in asyncio.run(dial("sip:bob@no.such.host.invalid")).reason


def test_a_leg_released_before_it_was_dialled_is_released() -> None:
    async def release() -> None:
        endpoint = Endpoint.open("127.0.0.1")
        line = peers.Line(endpoint, "sip:bob@127.0.0.1:9")
        assert isinstance(line.leg, SipLeg)
        await line.leg.release()
        await line.leg.dial()
        assert line.facts == [Released()]
        assert endpoint.dialogs == 0
        endpoint.close()

    asyncio.run(release())


def test_a_closed_endpoint_leaves_no_dialog_behind() -> None:
    async def call() -> None:
        endpoint = Endpoint.open("127.0.0.1")
        line = peers.Line(endpoint, "sip:bob@127.0.0.1:9")
        async with asyncio.TaskGroup() as group:
            dialing = group.create_task(line.leg.dial())
            await asyncio.sleep(0.05)
            assert endpoint.dialogs == 1
            dialing.cancel()
        endpoint.close()
        assert endpoint.dialogs == 0

    asyncio.run(call())
