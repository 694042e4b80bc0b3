"""What a tap tells of the wire: one frozen struct an event, handed to one callable in the order it was seen.

Rules of this module: events are facts read from octets, never judgements, and each names its connection,
counted from 1 by its tap. A property header stays the octets that it was (:func:`message_of` reads it),
because most of them are seen more often than they are looked at.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum
from typing import Literal, TypeAlias

import msgspec

from harness.amqp.message import Body
from harness.amqp.values import Table, Text

Side: TypeAlias = Literal["peer", "broker"]


class Direction(Enum):
    """Which way octets go."""

    TO_BROKER = "to broker"
    TO_PEER = "to peer"

    @property
    def sender(self) -> Side:
        """Who wrote them."""
        return "peer" if self is Direction.TO_BROKER else "broker"

    @property
    def receiver(self) -> Side:
        """Who is to read them."""
        return "broker" if self is Direction.TO_BROKER else "peer"

    @property
    def opposite(self) -> Direction:
        """The other way."""
        return Direction.TO_PEER if self is Direction.TO_BROKER else Direction.TO_BROKER


class _Event(msgspec.Struct, frozen=True, gc=False):
    connection: int


class Hello(_Event, frozen=True, gc=False):
    """connection.start-ok: what the peer's library says of itself. "" where it does not say.

    ``properties`` is the whole table; ``product`` and ``version`` are read from its string fields.
    """

    product: Text
    version: Text
    properties: Table


class Welcome(_Event, frozen=True, gc=False):
    """connection.start: what the broker says of itself."""

    properties: Table


class Sent(_Event, frozen=True, gc=False):
    """A whole basic.publish. ``header`` is the payload of its content header frame."""

    channel: int
    exchange: Text
    routing_key: Text
    mandatory: bool
    header: bytes
    body: Body


class Delivered(_Event, frozen=True, gc=False):
    """A whole basic.deliver or basic.get-ok.

    ``queue`` is that of the basic.consume or basic.get which asked for it, None if that was not seen;
    ``consumer_tag`` is "" of a get.
    """

    channel: int
    queue: Text | None
    consumer_tag: Text
    delivery_tag: int
    redelivered: bool
    exchange: Text
    routing_key: Text
    header: bytes
    body: Body


class ReturnedMessage(_Event, frozen=True, gc=False):
    """A whole basic.return."""

    channel: int
    code: int
    text: Text
    exchange: Text
    routing_key: Text
    header: bytes
    body: Body


class Cut(_Event, frozen=True, gc=False):
    """A message that was begun and never ended: another method came, or the connection went.

    ``direction`` tells a publish from a delivery; ``header`` is None if it had not come yet; ``arrived``
    counts body octets, ``announced`` is what the header said (None without one).
    """

    channel: int
    direction: Direction
    exchange: Text
    routing_key: Text
    header: bytes | None
    arrived: int
    announced: int | None


class Stray(_Event, frozen=True, gc=False):
    """A header or body frame that belongs to no message; the broker closes the connection for it (505)."""

    channel: int
    direction: Direction
    frame_type: int
    octets: int


class Settled(_Event, frozen=True, gc=False):
    """basic.ack, nack or reject: by a consumer of its deliveries, by the broker of publishes (confirms).

    ``delivery_tag`` counts in the channel; 0 with ``multiple`` is all so far. ``requeue`` is False of an ack.
    """

    channel: int
    kind: Literal["ack", "nack", "reject"]
    delivery_tag: int
    multiple: bool
    requeue: bool
    by: Side


class Declares(_Event, frozen=True, gc=False):
    """exchange.declare or queue.declare, passive ones too."""

    channel: int
    what: Literal["exchange", "queue"]


class ClosedOnWire(_Event, frozen=True, gc=False):
    """channel.close or connection.close (``channel`` is then 0), with the reply code and text."""

    channel: int
    scope: Literal["channel", "connection"]
    code: int
    text: Text
    by: Side


class Opaque(_Event, frozen=True, gc=False):
    """The octets cannot be read; they are relayed all the same. ``reason`` is "TLS"."""

    reason: str


class Broken(_Event, frozen=True, gc=False):
    """From here on one direction is not AMQP 0-9-1 and no longer read; it is relayed all the same."""

    direction: Direction
    text: str


class HungUp(_Event, frozen=True, gc=False):
    """A side ended its direction: in order ("eof", FIN) or not ("reset", RST and other socket errors)."""

    by: Side
    how: Literal["eof", "reset"]


class Unreachable(_Event, frozen=True, gc=False):
    """The tap could not connect to the broker; the peer's connection is reset."""

    text: str


Event: TypeAlias = (
    Hello
    | Welcome
    | Sent
    | Delivered
    | ReturnedMessage
    | Cut
    | Stray
    | Settled
    | Declares
    | ClosedOnWire
    | Opaque
    | Broken
    | HungUp
    | Unreachable
)
Observer: TypeAlias = Callable[[Event], None]
"""Told every event, in the loop's thread. It must be quick and must not raise: relaying waits for it."""
