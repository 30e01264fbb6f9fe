from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from trunkline.telephony.sip.packet import Packet, is_rtcp, parse, write

PLAIN = Packet(0, True, 65_535, 4_294_967_295, 7, b"\xff" * 160)


@given(
    st.builds(
        Packet,
        st.integers(0, 127),
        st.booleans(),
        *[st.integers(0, n) for n in (0xFFFF, 2**32 - 1, 2**32 - 1)],
        st.binary(min_size=1),
    )
)
def test_what_is_written_is_read_back(packet: Packet) -> None:
    assert parse(write(packet)) == packet


def test_contributors_extension_and_padding_are_skipped() -> None:
    data = bytearray(write(PLAIN)[:12])
    data[0] |= 0x20 | 0x10 | 2
    data += b"C" * 8 + b"\xbe\xde\x00\x01EEEE" + b"payload" + b"\0\0\x03"
    parsed = parse(bytes(data))
    assert parsed is not None
    assert parsed.payload == b"payload"


def test_the_version_is_2() -> None:
    assert parse(b"\x00" + write(PLAIN)[1:]) is None


@given(st.binary(max_size=64))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    parsed = parse(data)
    assert parsed is None or parsed.payload
    assert parsed is None or len(parsed.payload) <= len(data) - 12


def test_rtcp_is_told_apart() -> None:
    assert is_rtcp(b"\x80\xc8\x00\x06" + b"\0" * 24)
    assert not is_rtcp(write(PLAIN))
    assert not is_rtcp(b"\x80\xc8")
