"""Frames: the protocol header, faults and where they are, and that no octet is moved many times."""

from __future__ import annotations

from typing import SupportsIndex

import pytest

from harness.amqp.fields import WireError
from harness.amqp.frames import PROTOCOL_HEADER, Frame, FrameSplitter, FrameType, encode_frame


def test_a_frame_is_type_channel_length_payload_and_end() -> None:
    octets = encode_frame(FrameType.BODY, 258, b"ab")
    assert octets == bytes.fromhex("03 0102 00000002 6162 ce")
    assert FrameSplitter().feed(octets) == [Frame(3, 258, b"ab")]


def test_what_is_incomplete_is_held_and_counted() -> None:
    splitter = FrameSplitter()
    octets = encode_frame(8, 0, b"") + encode_frame(1, 1, b"abc")
    assert splitter.feed(octets[:-1]) == [Frame(8, 0, b"")]
    assert splitter.pending == 10
    assert splitter.feed(octets[-1:]) == [Frame(1, 1, b"abc")]
    assert splitter.pending == 0


@pytest.mark.parametrize("size", [1, 3, 8, 100])
def test_the_protocol_header_is_read_first(size: int) -> None:
    octets = PROTOCOL_HEADER + encode_frame(8, 0, b"")
    splitter = FrameSplitter(expect_header=True)
    got = [frame for at in range(0, len(octets), size) for frame in splitter.feed(octets[at : at + size])]
    assert (got, splitter.protocol_header) == ([Frame(8, 0, b"")], PROTOCOL_HEADER)


def test_a_broker_s_protocol_header_is_read_where_none_is_expected() -> None:
    splitter = FrameSplitter()
    assert splitter.feed(b"AMQP\x00\x00\x09\x01") == []
    assert splitter.protocol_header == PROTOCOL_HEADER


def test_a_protocol_header_of_another_version_is_kept_as_it_came() -> None:
    splitter = FrameSplitter(expect_header=True)
    splitter.feed(b"AMQP\x01\x01\x00\x0a")
    assert splitter.protocol_header == b"AMQP\x01\x01\x00\x0a"


@pytest.mark.parametrize("octets", [b"\x16\x03\x01", b"GET / HTTP/1.1", encode_frame(1, 0, b"x"), b"AMX"])
def test_anything_else_in_place_of_the_protocol_header_is_a_fault(octets: bytes) -> None:
    with pytest.raises(WireError, match="no protocol header") as caught:
        FrameSplitter(expect_header=True).feed(octets)
    assert caught.value.offset == 0


def test_the_protocol_header_in_the_midst_of_a_connection_is_a_fault() -> None:
    splitter = FrameSplitter()
    splitter.feed(encode_frame(8, 0, b""))
    with pytest.raises(WireError, match="unknown frame type 65") as caught:
        splitter.feed(PROTOCOL_HEADER)
    assert caught.value.offset == 8


def test_a_wrong_frame_end_is_a_fault_at_its_offset() -> None:
    splitter = FrameSplitter()
    splitter.feed(encode_frame(8, 0, b""))
    with pytest.raises(WireError, match="ends in 0xcd instead of 0xce") as caught:
        splitter.feed(encode_frame(1, 1, b"abc")[:-1] + b"\xcd")
    assert caught.value.offset == 8 + 10


def test_frames_before_a_fault_come_out_and_the_fault_stays() -> None:
    splitter = FrameSplitter()
    good, bad = encode_frame(1, 1, b"abc"), b"\x09" + encode_frame(1, 1, b"")[1:]
    assert splitter.feed(good + bad + good) == [Frame(1, 1, b"abc")]
    assert splitter.broken is not None
    assert splitter.broken.problem == "unknown frame type 9"
    for _ in range(2):
        with pytest.raises(WireError, match="unknown frame type 9"):
            splitter.feed(good)


class Counted(bytearray):
    """A buffer that counts the octets that are put into it or sliced out of it."""

    moved = 0

    def __iadd__(self, other: object) -> Counted:
        assert isinstance(other, bytes)
        Counted.moved += len(other)
        self.extend(other)
        return self

    def __add__(self, other: object) -> Counted:
        assert isinstance(other, bytes)
        Counted.moved += len(self) + len(other)
        return Counted(bytes(self) + other)

    def __getitem__(self, key: SupportsIndex | slice) -> int:  # type: ignore[override]
        got = super().__getitem__(key)
        Counted.moved += len(got) if isinstance(got, bytearray) else 0
        return got  # type: ignore[return-value]


class Joining(FrameSplitter):
    """What must not be: every piece makes a new buffer out of all that is held."""

    __slots__ = ()

    def feed(self, data: bytes) -> list[Frame]:
        self._held = self._held + data
        return super().feed(b"")


def moved_for_a_large_frame(splitter: FrameSplitter, payload: bytes) -> int:
    octets = encode_frame(3, 1, payload)
    splitter._held = Counted()
    Counted.moved = 0
    frames = [frame for at in range(0, len(octets), 1024) for frame in splitter.feed(octets[at : at + 1024])]
    assert frames == [Frame(3, 1, payload)]
    return Counted.moved


def test_a_large_frame_in_many_pieces_is_not_moved_again_with_every_piece() -> None:
    payload = b"x" * (512 * 1024)
    assert moved_for_a_large_frame(FrameSplitter(), payload) <= 2 * len(payload)
    assert moved_for_a_large_frame(Joining(), payload) > 20 * len(payload)
