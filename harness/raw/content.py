"""Content: a message to the frames that carry it, and such frames to a message again. Pure."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import Generic, NamedTuple, TypeVar

from harness.amqp.fields import WireError
from harness.amqp.frames import FRAME_OVERHEAD, FrameType, encode_frame
from harness.amqp.header import encode_header
from harness.amqp.message import Body, Digest, Inline, Message, Pattern, expand
from harness.amqp.values import bytes_of

DEFAULT_FRAME_MAX = 131072
"""Octets of a whole frame, and what is used where both sides set no limit."""

_BODY_SIZE = struct.Struct(">Q")
MethodT = TypeVar("MethodT")


class Content(NamedTuple):
    """The payload of the content header frame, the body, and both as frames."""

    header: bytes
    body: bytes
    frames: bytes


def encode_content(channel: int, message: Message, frame_max: int) -> Content:
    """The content of ``message`` as its framing wants it, else cut at ``frame_max`` octets a frame.

    A header is sent whole even where it is over frame_max: AMQP cannot split it, and what a broker says
    to that is worth seeing. ValueError for what has no octets: a digest, a value of no wire type.
    """
    body = body_octets(message.body)
    framing = message.framing
    size = len(body) if framing is None or framing.body_size is None else framing.body_size
    if framing is not None and framing.header is not None:
        header = bytes_of(framing.header)
    else:
        header = encode_header(message.properties, size)
    room = (frame_max or DEFAULT_FRAME_MAX) - FRAME_OVERHEAD
    pieces = _cut(body, room) if framing is None or framing.frames is None else _chosen(body, framing.frames)
    frames = [encode_frame(FrameType.HEADER, channel, header)]
    frames += [encode_frame(FrameType.BODY, channel, piece) for piece in pieces]
    return Content(header, body, b"".join(frames))


def body_octets(body: Body) -> bytes:
    """The octets that ``body`` stands for. ValueError for a digest, which has lost them."""
    match body:
        case Inline(value):
            return bytes_of(value)
        case Pattern(pattern, length, _):
            return expand(bytes_of(pattern), length)
        case Digest():
            raise ValueError("a digest is not a body that can be sent")


def _cut(body: bytes, room: int) -> Iterator[bytes]:
    return (body[at : at + room] for at in range(0, len(body), room))


def _chosen(body: bytes, sizes: tuple[int, ...]) -> Iterator[bytes]:
    """A piece a size until the bytes are used up. A size of 0 uses none: its empty frame is always sent."""
    at = 0
    for size in sizes:
        if size == 0 or at < len(body):
            yield body[at : at + size]
            at += size


class Arrived(NamedTuple, Generic[MethodT]):
    """A method with its whole content."""

    method: MethodT
    header: bytes
    body: bytes


class Assembler(Generic[MethodT]):
    """Puts one channel's method, header and body frames together (AMQP 0-9-1, 4.2.6).

    Empty body frames are allowed. WireError for a frame that has no place there: its offset is 0, since
    the assembler does not know where in the stream it stood.
    """

    __slots__ = ("_header", "_method", "_missing", "_pieces")

    def __init__(self) -> None:
        self._method: MethodT | None = None
        self._header: bytes | None = None
        self._missing = 0
        self._pieces: list[bytes] = []

    @property
    def busy(self) -> bool:
        """Whether a content is begun and not complete: no method frame may come now."""
        return self._method is not None

    def begin(self, method: MethodT) -> None:
        self._method, self._header, self._pieces = method, None, []

    def header(self, payload: bytes) -> Arrived[MethodT] | None:
        """The content, if its header says that it has no body."""
        if self._method is None or self._header is not None:
            raise WireError(0, "content header frame out of place")
        if len(payload) < 12:
            raise WireError(0, "content header frame of less than 12 octets")
        self._header = payload
        self._missing = _BODY_SIZE.unpack_from(payload, 4)[0]
        return None if self._missing else self._take()

    def body(self, payload: bytes) -> Arrived[MethodT] | None:
        """The content, if this was its last piece."""
        if self._header is None or len(payload) > self._missing:
            raise WireError(0, "content body frame out of place, or longer than its header says")
        self._pieces.append(payload)
        self._missing -= len(payload)
        return None if self._missing else self._take()

    def _take(self) -> Arrived[MethodT]:
        assert self._method is not None and self._header is not None
        pieces = self._pieces
        whole = Arrived(self._method, self._header, pieces[0] if len(pieces) == 1 else b"".join(pieces))
        self._method = self._header = None
        self._pieces = []
        return whole
