"""Changing what passes, one whole message at a time: in tests only, to prove that the suite notices.

Pure: octets in, octets out. The wire's frames are gathered into groups, a function answers each with the
octets to pass on in its stead (b"" drops it, twice :attr:`Group.octets` doubles it), and nothing but whole
groups is ever passed on. Memory: a message is held until it is whole.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple, TypeAlias

from harness.amqp.fields import WireError
from harness.amqp.frames import Frame, FrameSplitter, FrameType, encode_frame
from harness.tap.events import Direction, Side

CONTENT_METHODS = frozenset(struct.pack(">HH", 60, method) for method in (40, 50, 60, 71))
"""basic.publish, return, deliver, get-ok: a header and body frames follow (spec, 2.3.5.2)."""
_SIZE = slice(4, 12)


class Group(NamedTuple):
    """What is passed on in one piece: a message (method, header, body frames), or any other frame alone."""

    channel: int
    frames: tuple[Frame, ...]

    @property
    def octets(self) -> bytes:
        """The group as it came."""
        return b"".join(encode_frame(*frame) for frame in self.frames)

    @property
    def is_message(self) -> bool:
        """Whether it is a whole publish, delivery, get-ok or return."""
        return self.frames[0].type == FrameType.METHOD and self.method[:4] in CONTENT_METHODS

    @property
    def method(self) -> bytes:
        """The payload of the first frame."""
        return self.frames[0].payload

    @property
    def header(self) -> bytes:
        """The payload of a message's content header frame."""
        return self.frames[1].payload

    @property
    def body(self) -> bytes:
        """A message's body."""
        return b"".join(frame.payload for frame in self.frames[2:])

    def replaced(
        self, *, method: bytes | None = None, header: bytes | None = None, body: bytes | None = None
    ) -> bytes:
        """The octets of this message with parts exchanged. With ``body`` it gets one body frame at the most,
        and the size in the header is made to agree."""
        header = self.header if header is None else header
        bodies = self.frames[2:]
        if body is not None:
            header = header[: _SIZE.start] + struct.pack(">Q", len(body)) + header[_SIZE.stop :]
            bodies = (Frame(FrameType.BODY, self.channel, body),) if body else ()
        first = Frame(FrameType.METHOD, self.channel, self.method if method is None else method)
        frames = (first, Frame(FrameType.HEADER, self.channel, header), *bodies)
        return Group(self.channel, frames).octets


Change: TypeAlias = Callable[[Direction, Group], bytes]
"""What to pass on instead of a group."""


@dataclass(frozen=True, slots=True)
class Mutation:
    """``where`` it stands: ``peer`` is between the peer and the tap's eye, ``broker`` between eye and broker.

    So a publish changed at ``peer`` is seen changed (a fault of the peer), one changed at ``broker`` is seen
    as the peer wrote it (a fault of the broker); a delivery changed at ``broker`` is seen changed (the
    broker's fault), one changed at ``peer`` as the broker wrote it (the peer's).
    """

    where: Side
    change: Change


class Regrouper:
    """One direction's alteration: gathers groups and passes on what ``change`` answers.

    A stream that is not AMQP is passed on unchanged from the fault on, and so is what an end cuts off.
    """

    def __init__(self, direction: Direction, change: Change) -> None:
        self._direction, self._change = direction, change
        self._splitter = FrameSplitter()
        self._raw = bytearray()
        self._open: dict[int, tuple[list[Frame], int | None]] = {}

    def feed(self, data: bytes) -> bytes:
        """The octets to pass on, now that ``data`` came."""
        if self._splitter.broken:
            return data
        started = self._splitter.protocol_header is None
        self._raw += data
        try:
            frames = self._splitter.feed(data)
        except WireError:
            frames = []
        passed = []
        if started and self._splitter.protocol_header is not None:
            passed.append(self._splitter.protocol_header)
        used = sum(map(len, passed)) + sum(len(encode_frame(*frame)) for frame in frames)
        del self._raw[:used]
        passed += [self._frame(frame) for frame in frames]
        if self._splitter.broken:
            passed.append(self.finish())
        return b"".join(passed)

    def finish(self) -> bytes:
        """What is still held, as it came."""
        held = [frame for frames, _ in self._open.values() for frame in frames]
        rest = b"".join(encode_frame(*frame) for frame in held) + bytes(self._raw)
        self._open.clear()
        self._raw.clear()
        return rest

    def _frame(self, frame: Frame) -> bytes:
        """What ``frame`` lets pass: nothing while its message is not whole."""
        if frame.type == FrameType.METHOD and frame.payload[:4] in CONTENT_METHODS:
            cut = self._open.pop(frame.channel, ([], None))[0]
            self._open[frame.channel] = ([frame], None)
            return b"".join(encode_frame(*each) for each in cut)
        if frame.channel not in self._open or frame.type not in (FrameType.HEADER, FrameType.BODY):
            return self._change(self._direction, Group(frame.channel, (frame,)))
        frames, missing = self._open[frame.channel]
        frames.append(frame)
        if frame.type == FrameType.HEADER:
            missing = int.from_bytes(frame.payload[_SIZE])
        elif missing is not None:
            missing -= len(frame.payload)
        self._open[frame.channel] = (frames, missing)
        if missing is None or missing > 0:
            return b""
        del self._open[frame.channel]
        return self._change(self._direction, Group(frame.channel, tuple(frames)))
