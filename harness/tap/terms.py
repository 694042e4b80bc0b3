"""A server on terms of its own: what it proposes to a peer, and how it frames what it delivers.

The tap stands in for such a server with a real broker behind it. :class:`Doorman` changes the octets of one
connection: connection.tune on its way to the peer, connection.tune-ok on its way back, so that the broker and
the peer each keep to what was agreed with *it*, and body frames where the two agreed on other sizes. All that
it changes is legal AMQP 0-9-1. Pure: octets in, octets out; it notes what the peer asked for and did, and
judges nothing.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator
from typing import Literal, NamedTuple

from harness.amqp.fields import WireError, encode_shortstr, shortstr
from harness.amqp.frames import FRAME_OVERHEAD, Frame, FrameType, encode_frame
from harness.amqp.methods import StartOk, decode_method
from harness.amqp.values import Boolean, Table, Text
from harness.entry import Terms
from harness.tap.events import Direction
from harness.tap.mutate import Change, Group, Regrouper

FRAME_MIN_SIZE = 4096
"""Octets that either side must accept of a frame before anything is agreed (spec, 1.4.2.6.2)."""
_TUNE, _TUNE_OK, _OPEN = (struct.pack(">HH", 10, method) for method in (30, 31, 40))
_START_OK = struct.pack(">HH", 10, 11)
_TERMS = struct.Struct(">HIH")
_BLOCKED = Frame(FrameType.METHOD, 0, struct.pack(">HH", 10, 60) + encode_shortstr("low on memory"))
_UNBLOCKED = Frame(FrameType.METHOD, 0, struct.pack(">HH", 10, 61))
"""RabbitMQ's extension: https://www.rabbitmq.com/docs/connection-blocked"""
_ANY = 1 << 62


class Tuning(NamedTuple):
    """connection.tune or tune-ok. 0 is no limit, and of ``heartbeat`` (seconds) none at all."""

    channel_max: int
    frame_max: int
    heartbeat: int


class Excess(NamedTuple):
    """What a peer did beyond what was agreed: of what, the limit, and what came."""

    what: Literal["frame", "channel"]
    limit: int
    came: int


class Doorman:
    """What stands at the door of one connection. ``news`` is called whenever it has noted something."""

    def __init__(self, terms: Terms, news: Callable[[], None]) -> None:
        self._terms, self._news = terms, news
        self.start_ok: StartOk | None = None
        self.proposed: Tuning | None = None
        """What the peer was offered."""
        self.agreed: Tuning | None = None
        """What it answered."""
        self.vhost: Text | None = None
        self.beats = 0
        """Heartbeats that the peer sent."""
        self.excess: Excess | None = None
        """The first, if there was any."""
        self._broker: Tuning | None = None
        self.to_peer = Regrouper(Direction.TO_PEER, _each_frame(self._for_peer))
        self.to_broker = Regrouper(Direction.TO_BROKER, _each_frame(self._for_broker))

    # --- to the peer ------------------------------------------------------------------------------------

    def _for_peer(self, frame: Frame) -> Iterator[Frame]:
        if frame.type == FrameType.METHOD and frame.payload[:4] == _TUNE:
            self._broker = Tuning(*_TERMS.unpack_from(frame.payload, 4))
            terms = self._terms
            own = (terms.channel_max, terms.frame_max, terms.heartbeat)
            changed = (
                theirs if ours is None else ours for ours, theirs in zip(own, self._broker, strict=True)
            )
            self.proposed = Tuning(*changed)
            yield Frame(frame.type, frame.channel, _TUNE + _TERMS.pack(*self.proposed))
        elif frame.type == FrameType.BODY and frame.payload:
            for part in _cut(frame, 1 if self._terms.frames == "octets" else self._room(self.agreed)):
                yield from self._beside(part)
        elif frame.type == FrameType.HEADER:
            yield from self._beside(frame)
        elif frame.type == FrameType.METHOD and frame.channel and self._blocks:
            yield from (_BLOCKED, frame, _UNBLOCKED)
        else:
            yield frame

    @property
    def _blocks(self) -> bool:
        said = self.start_ok
        return self._terms.frames == "blocked" and said is not None and _understands_blocked(said)

    def _beside(self, frame: Frame) -> Iterator[Frame]:
        """A frame within a message, behind what is put before it."""
        if self._terms.frames == "heartbeats":
            yield Frame(FrameType.HEARTBEAT, 0, b"")
        elif self._terms.frames == "empty-bodies" and frame.type == FrameType.BODY:
            yield Frame(FrameType.BODY, frame.channel, b"")
        yield frame

    # --- to the broker ----------------------------------------------------------------------------------

    def _for_broker(self, frame: Frame) -> Iterator[Frame]:
        self._measure(frame)
        match frame.type:
            case FrameType.METHOD:
                yield self._method(frame)
            case FrameType.BODY:
                yield from _cut(frame, self._room(self._broker))
            case FrameType.HEARTBEAT:
                self.beats += 1
                yield frame
            case _:
                yield frame
        self._news()

    def _measure(self, frame: Frame) -> None:
        limit = FRAME_MIN_SIZE if self.agreed is None else self.agreed.frame_max
        size = len(frame.payload) + FRAME_OVERHEAD
        if limit and size > limit:
            self._exceeded(Excess("frame", limit, size))
        limit = 0 if self.agreed is None else self.agreed.channel_max
        if limit and frame.channel > limit:
            self._exceeded(Excess("channel", limit, frame.channel))

    def _exceeded(self, excess: Excess) -> None:
        self.excess = self.excess or excess

    def _method(self, frame: Frame) -> Frame:
        payload = frame.payload
        match payload[:4]:
            case method if method == _START_OK:
                said = decode_method(payload)
                assert isinstance(said, StartOk)
                self.start_ok = said
            case method if method == _OPEN:
                self.vhost = shortstr(payload, 4, len(payload))[0]
            case method if method == _TUNE_OK and self._broker is not None:
                self.agreed = Tuning(*_TERMS.unpack_from(payload, 4))
                if not self._terms.broker_told:
                    told = self._broker._replace(heartbeat=self.agreed.heartbeat)
                    return Frame(frame.type, frame.channel, _TUNE_OK + _TERMS.pack(*told))
        return frame

    @staticmethod
    def _room(tuning: Tuning | None) -> int:
        """Octets of a body that one frame may hold."""
        return tuning.frame_max - FRAME_OVERHEAD if tuning is not None and tuning.frame_max else _ANY


def _understands_blocked(said: StartOk) -> bool:
    """Whether the peer has the capability; who has not may take the methods for nonsense."""
    capabilities = dict(said.client_properties.value).get("capabilities")
    return isinstance(capabilities, Table) and dict(capabilities.value).get("connection.blocked") == Boolean(
        "true"
    )


def _each_frame(change: Callable[[Frame], Iterator[Frame]]) -> Change:
    """``change`` of each frame. One whose arguments nobody can read is passed on as it is."""

    def changed(direction: Direction, group: Group) -> bytes:
        try:
            return b"".join(encode_frame(*out) for frame in group.frames for out in change(frame))
        except (WireError, struct.error):
            return group.octets

    return changed


def _cut(frame: Frame, room: int) -> Iterator[Frame]:
    """A body frame as several, if it does not fit into one of ``room`` octets."""
    if len(frame.payload) <= room:
        yield frame
        return
    for at in range(0, len(frame.payload), room):
        yield Frame(frame.type, frame.channel, frame.payload[at : at + room])


class Door:
    """The doormen of all connections that are made through it, in order."""

    def __init__(self, terms: Terms, news: Callable[[], None]) -> None:
        self.terms, self._news = terms, news
        self.doormen: list[Doorman] = []

    def enter(self) -> Doorman:
        """One more connection."""
        self.doormen.append(Doorman(self.terms, self._news))
        return self.doormen[-1]
