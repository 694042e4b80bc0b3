"""Frames: what a connection's octets are cut into (AMQP 0-9-1, 2.3.5 and 4.2.3).

Knows frame types, channels and lengths; knows nothing of what a payload means.
"""

from __future__ import annotations

import struct
from enum import IntEnum
from typing import NamedTuple

from harness.amqp.fields import WireError


class FrameType(IntEnum):
    """The four types that AMQP 0-9-1 has; any other octet there is an error."""

    METHOD = 1
    HEADER = 2
    BODY = 3
    HEARTBEAT = 8


FRAME_END = 0xCE
FRAME_OVERHEAD = 8
"""Octets of a frame that are not payload: type, channel, length, end."""
PROTOCOL_HEADER = b"AMQP\x00\x00\x09\x01"

_LEAD = struct.Struct(">BHI")
_TYPES = frozenset(int(kind) for kind in FrameType)


class Frame(NamedTuple):
    """One frame. ``type`` is a :class:`FrameType`'s number."""

    type: int
    channel: int
    payload: bytes


def encode_frame(type: int, channel: int, payload: bytes) -> bytes:
    """The octets of one frame. Any type octet is let through: a raw client may want a wrong one."""
    return b"%b%b\xce" % (_LEAD.pack(type, channel, len(payload)), payload)


class FrameSplitter:
    """Cuts one direction of a connection into frames, however its octets are divided into pieces.

    ``protocol_header`` is set once the 8 octets that begin with ``AMQP`` were read at the very start: a
    client sends them (``expect_header`` insists), a broker only to refuse a version (spec, 4.2.2).
    A frame end that is not 0xCE, or an unknown frame type, ends it: frames before the fault are still
    returned, ``broken`` is set at once, and the next ``feed`` (the same one, if the fault stands first)
    raises it. Offsets in a :class:`WireError` count from the connection's first octet.
    """

    __slots__ = ("_expect_header", "_held", "_offset", "broken", "protocol_header")

    def __init__(self, *, expect_header: bool = False) -> None:
        self.protocol_header: bytes | None = None
        self.broken: WireError | None = None
        self._expect_header = expect_header
        self._held = bytearray()
        self._offset = 0

    @property
    def pending(self) -> int:
        """How many octets are held because their frame is not complete."""
        return len(self._held)

    def feed(self, data: bytes) -> list[Frame]:
        """The frames that ``data`` completes. Work is linear in the octets fed, whatever the pieces."""
        if self.broken:
            raise self.broken
        octets: bytes | bytearray = data
        if self._held:
            self._held += data
            octets = self._held
        frames, used = self._split(octets)
        self._offset += used
        if octets is self._held:
            del self._held[:used]
        else:
            self._held += octets[used:] if used else octets
        if self.broken and not frames:
            raise self.broken
        return frames

    def _split(self, octets: bytes | bytearray) -> tuple[list[Frame], int]:
        at = 0 if self._offset else self._opening(octets)
        frames: list[Frame] = []
        length = len(octets)
        with memoryview(octets) as view:
            while not self.broken and length - at >= FRAME_OVERHEAD:
                kind, channel, size = _LEAD.unpack_from(octets, at)
                if kind not in _TYPES:
                    self._break(at, f"unknown frame type {kind}")
                    break
                end = at + 7 + size
                if end >= length:
                    break
                if octets[end] != FRAME_END:
                    self._break(end, f"frame ends in {octets[end]:#04x} instead of 0xce")
                    break
                frames.append(Frame(kind, channel, bytes(view[at + 7 : end])))
                at = end + 1
        return frames, at

    def _opening(self, octets: bytes | bytearray) -> int:
        """How many octets the protocol header at the start takes, 0 while it is incomplete or not there."""
        start = bytes(octets[:8])
        if start[:4] == PROTOCOL_HEADER[:4]:
            if len(start) == 8:
                self.protocol_header = start
                return 8
        elif self._expect_header and not PROTOCOL_HEADER.startswith(start[:4]):
            self._break(0, "no protocol header where a connection starts")
        return 0

    def _break(self, at: int, problem: str) -> None:
        self.broken = WireError(self._offset + at, problem)
