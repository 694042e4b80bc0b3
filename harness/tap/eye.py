"""What reads along: the octets of one connection in, events out.

Rules of this module: it never touches a socket and never raises for what a wire brings. A direction that is
not AMQP 0-9-1 is told once (:class:`Broken`) and read no further; TLS is told once (:class:`Opaque`). Only
the methods that the suite asks about are read, the frequent ones by slices and a memory of what was read.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from harness.amqp.fields import WireError
from harness.amqp.frames import FrameSplitter, FrameType
from harness.amqp.header import decode_header_cached
from harness.amqp.message import Body, Message
from harness.tap.contents import Contents
from harness.tap.events import Broken, Direction, HungUp, Observer, Opaque, Side, Unreachable
from harness.tap.methods import BrokerMethods, Handler, PeerMethods, Subscriptions
from harness.tap.record import Recorder
from harness.tap.relay import How

_METHOD, _HEADER, _BODY = int(FrameType.METHOD), int(FrameType.HEADER), int(FrameType.BODY)
_TO_BROKER = Direction.TO_BROKER
_TLS_HANDSHAKE = b"\x16\x03"
"""How a TLS ClientHello begins: record type handshake, major version 3 (RFC 8446, 5.1)."""


def message_of(header: bytes, body: Body) -> Message | WireError:
    """The message of an event's ``header`` and ``body``, or why its header cannot be read."""
    try:
        return Message(decode_header_cached(header).properties, body)
    except WireError as error:
        return error


class Stream:
    """One direction: cut into frames, methods handed to their readers, contents put together."""

    def __init__(
        self,
        connection: int,
        direction: Direction,
        observer: Observer,
        contents: Contents,
        handlers: dict[bytes, Handler],
    ) -> None:
        self._connection, self._direction, self._observer = connection, direction, observer
        self._contents, self._handlers = contents, handlers
        self._splitter = FrameSplitter(expect_header=direction is _TO_BROKER)
        self.feed: Callable[[bytes], None] = self._feed

    def end(self) -> None:
        """Nothing more will come."""
        self._contents.end()

    def ignore(self) -> None:
        """Read no further."""
        self.feed = _ignore

    def _feed(self, data: bytes) -> None:
        try:
            self._frames(data)
            broken = self._splitter.broken
        except WireError as error:
            broken = error
        if broken is not None:
            self.ignore()
            self._observer(Broken(self._connection, self._direction, str(broken)))
            self._contents.end()

    def _frames(self, data: bytes) -> None:
        handlers, contents = self._handlers, self._contents
        for kind, channel, payload in self._splitter.feed(data):
            if kind == _METHOD:
                if channel in contents.open:
                    contents.interrupted(channel)
                handler = handlers.get(payload[:4])
                if handler is not None:
                    handler(channel, payload)
            elif kind == _HEADER:
                contents.header(channel, payload)
            elif kind == _BODY:
                contents.body(channel, payload)


def _ignore(data: bytes) -> None:
    """What is done with octets that nobody can read."""


class Eye:
    """The watcher of one connection. ``name`` is the peer's, for the recorder."""

    def __init__(
        self, connection: int, observer: Observer | None, recorder: Recorder | None, name: str
    ) -> None:
        self._connection, self._observer = connection, observer or _unheard
        self._recorder, self._name = recorder, name
        self._head = b""
        subscriptions = Subscriptions()
        to_broker = Contents(connection, _TO_BROKER, self._observer)
        to_peer = Contents(connection, Direction.TO_PEER, self._observer)
        peer = PeerMethods(connection, self._observer, to_broker, subscriptions)
        broker = BrokerMethods(connection, self._observer, to_peer, subscriptions)
        self._to_broker = Stream(connection, _TO_BROKER, self._observer, to_broker, peer.handlers)
        self._to_peer = Stream(connection, Direction.TO_PEER, self._observer, to_peer, broker.handlers)
        self._feed_to_broker = self._opening
        if observer is None:
            self._to_broker.ignore()
            self._to_peer.ignore()
            self._feed_to_broker = _ignore

    def octets(self, direction: Direction, data: bytes) -> None:
        """``data`` was passed on in ``direction``."""
        if self._recorder is not None:
            self._recorder.add(time.time(), self._name, self._connection, direction, data)
        if direction is _TO_BROKER:
            self._feed_to_broker(data)
        else:
            self._to_peer.feed(data)

    def ended(self, by: Side, how: How) -> None:
        """``by`` writes no more."""
        (self._to_broker if by == "peer" else self._to_peer).end()
        self._observer(HungUp(self._connection, by, how))

    def unreachable(self, text: str) -> None:
        """There is no broker."""
        self._observer(Unreachable(self._connection, text))

    def _opening(self, data: bytes) -> None:
        """The first octets of the peer: AMQP or TLS."""
        self._head += data
        if self._head == _TLS_HANDSHAKE[:1]:
            return
        if self._head.startswith(_TLS_HANDSHAKE):
            self._to_broker.ignore()
            self._to_peer.ignore()
            self._observer(Opaque(self._connection, "TLS"))
        self._feed_to_broker = self._read
        self._read(self._head)
        self._head = b""

    def _read(self, data: bytes) -> None:
        self._to_broker.feed(data)


def _unheard(event: object) -> None:
    """The observer of a tap that has none."""
