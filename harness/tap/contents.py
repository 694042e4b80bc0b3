"""Messages put together from frames: a method, its content header, its body frames (AMQP 0-9-1, 2.3.5.2).

Pure: it is given frames of one direction and makes events. It keeps no body that is larger than
:data:`INLINE_LIMIT`: those are hashed as they pass. Contents on different channels may be interleaved.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from functools import lru_cache
from typing import Any

import msgspec

from harness.amqp.message import INLINE_LIMIT, Body, Digest, body_of
from harness.amqp.values import Text
from harness.tap.events import Cut, Direction, Event, Observer, Stray

_SIZE_END = 12
"""A header payload begins with class (2 octets), weight (2) and the body's size (8)."""


def announced_size(header: bytes) -> int:
    """The body's size that the payload of a content header states; 0 if it is too short for that."""
    return int.from_bytes(header[4:_SIZE_END]) if len(header) >= _SIZE_END else 0


_SMALL = 256
"""Bodies up to this size are remembered: each is seen once more a consumer."""


@lru_cache(1024)
def _small(payload: bytes) -> Body:
    return body_of(payload)


class Content(msgspec.Struct, gc=False):
    """One message on its way. ``make`` builds its event from header and body once it is whole."""

    exchange: Text
    routing_key: Text
    make: Callable[[bytes, Body], Event]
    header: bytes | None = None
    announced: int = 0
    arrived: int = 0
    _octets: bytes = b""
    """What arrived, as long as it is not hashed."""
    _hash: Any = None

    def add(self, part: bytes) -> None:
        """Take the payload of a body frame."""
        self.arrived += len(part)
        if self._hash is not None:
            self._hash.update(part)
            return
        self._octets += part
        if self.arrived > INLINE_LIMIT:
            self._hash = hashlib.sha256(self._octets)
            self._octets = b""

    def body(self) -> Body:
        """What arrived, whatever was announced."""
        if self._hash is None:
            return body_of(self._octets)
        return Digest(self.arrived, self._hash.hexdigest())


class Contents:
    """The messages that are on their way in one direction of one connection, at most one a channel."""

    def __init__(self, connection: int, direction: Direction, observer: Observer) -> None:
        self._connection, self._direction, self._observer = connection, direction, observer
        self.open: dict[int, Content] = {}

    def begin(self, channel: int, content: Content) -> None:
        """A method that has content came on ``channel``."""
        self.open[channel] = content

    def header(self, channel: int, payload: bytes) -> None:
        """A content header frame. One too short to state a size is the whole message."""
        content = self.open.get(channel)
        if content is None or content.header is not None:
            self._stray(channel, 2, payload)
            return
        content.header = payload
        content.announced = announced_size(payload)
        if not content.announced:
            self._whole(channel, content, payload, _small(b""))

    def body(self, channel: int, payload: bytes) -> None:
        """A body frame. One that brings more than was announced ends the message too."""
        content = self.open.get(channel)
        if content is None or content.header is None:
            self._stray(channel, 3, payload)
        elif not content.arrived and len(payload) >= content.announced:
            body = _small(payload) if len(payload) <= _SMALL else body_of(payload)
            self._whole(channel, content, content.header, body)
        else:
            content.add(payload)
            if content.arrived >= content.announced:
                self._whole(channel, content, content.header, content.body())

    def interrupted(self, channel: int) -> None:
        """A method came on ``channel``: what is on its way there will never be whole."""
        content = self.open.pop(channel, None)
        if content is not None:
            self._cut(channel, content)

    def end(self) -> None:
        """No more frames will come."""
        for channel in tuple(self.open):
            self.interrupted(channel)

    def _whole(self, channel: int, content: Content, header: bytes, body: Body) -> None:
        del self.open[channel]
        self._observer(content.make(header, body))

    def _cut(self, channel: int, content: Content) -> None:
        self._observer(
            Cut(
                self._connection,
                channel,
                self._direction,
                content.exchange,
                content.routing_key,
                content.header,
                content.arrived,
                None if content.header is None else content.announced,
            )
        )

    def _stray(self, channel: int, kind: int, payload: bytes) -> None:
        self._observer(Stray(self._connection, channel, self._direction, kind, len(payload)))
