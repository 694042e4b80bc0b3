"""The methods that the suite asks about, read on their way (AMQP 0-9-1, 1.2 to 1.8).

One class a side. Each has a table from class and method number to a reader; what is not in it is not read.
The readers of the frequent ones slice, and remember what they read: a routing key comes back many times.
All raise WireError for a payload that is cut short.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from functools import lru_cache, partial
from typing import Literal, TypeAlias, TypeVar

from harness.amqp.fields import WireError, shortstr
from harness.amqp.methods import Closing, GetOk, Return, Start, StartOk, decode_method
from harness.amqp.values import Longstr, Table, Text
from harness.tap.contents import Content, Contents
from harness.tap.events import (
    ClosedOnWire,
    Declares,
    Delivered,
    Hello,
    Observer,
    ReturnedMessage,
    Sent,
    Settled,
    Side,
    Welcome,
)

Handler: TypeAlias = Callable[[int, bytes], None]
"""Reads one method: its channel, and its payload from the class number on."""
M = TypeVar("M")
Kind: TypeAlias = Literal["ack", "nack", "reject"]
_TAG = struct.Struct(">QB")
_REMEMBERED = 4096


def _id(class_id: int, method_id: int) -> bytes:
    return struct.pack(">HH", class_id, method_id)


def _names(payload: bytes, at: int) -> tuple[Text, Text, int]:
    """Two short strings, and the offset after them."""
    first, at = shortstr(payload, at, len(payload))
    second, at = shortstr(payload, at, len(payload))
    return first, second, at


@lru_cache(_REMEMBERED)
def _envelope(octets: bytes) -> tuple[Text, Text]:
    """Exchange and routing key, which end a basic.deliver."""
    exchange, routing_key, at = _names(octets, 0)
    if at != len(octets):
        raise WireError(at, f"{len(octets) - at} octets left over after a basic.deliver")
    return exchange, routing_key


def _as(kind: type[M], payload: bytes) -> M:
    """The method in ``payload``, which class and number say is a ``kind``."""
    method = decode_method(payload)
    assert isinstance(method, kind)
    return method


class Subscriptions:
    """Which queue a delivery comes from: what the peer asked for, by channel, until the channel opens anew.

    An empty queue name in a request means the one that was declared last on the channel (spec, 1.8.3.3).
    """

    def __init__(self) -> None:
        self.consumers: dict[tuple[int, bytes], tuple[Text, Text]] = {}
        self._unnamed: dict[int, list[Text]] = {}
        self._gets: dict[int, list[Text]] = {}
        self._last_declared: dict[int, Text] = {}

    def opened(self, channel: int) -> None:
        """A channel was opened: nothing of an earlier one of that number holds."""
        for key in [key for key in self.consumers if key[0] == channel]:
            del self.consumers[key]
        for known in (self._unnamed, self._gets, self._last_declared):
            known.pop(channel, None)

    def declared(self, channel: int, queue: Text) -> None:
        """queue.declare-ok."""
        self._last_declared[channel] = queue

    def consume(self, channel: int, queue: Text, tag: Text, raw_tag: bytes) -> None:
        """basic.consume. Without a tag the broker names it: in the order of the requests."""
        queue = queue or self._last_declared.get(channel, "")
        if tag:
            self.consumers[channel, raw_tag] = (queue, tag)
        else:
            self._unnamed.setdefault(channel, []).append(queue)

    def consuming(self, channel: int, tag: Text, raw_tag: bytes) -> None:
        """basic.consume-ok."""
        waiting = self._unnamed.get(channel)
        if (channel, raw_tag) not in self.consumers and waiting:
            self.consumers[channel, raw_tag] = (waiting.pop(0), tag)

    def get(self, channel: int, queue: Text) -> None:
        """basic.get."""
        self._gets.setdefault(channel, []).append(queue or self._last_declared.get(channel, ""))

    def got(self, channel: int) -> Text | None:
        """basic.get-ok or get-empty: the queue of the oldest get without an answer."""
        waiting = self._gets.get(channel)
        return waiting.pop(0) if waiting else None


class _Methods:
    """What both sides can say."""

    side: Side

    def __init__(
        self, connection: int, observer: Observer, contents: Contents, subscriptions: Subscriptions
    ) -> None:
        self._connection, self._observer = connection, observer
        self._contents, self._subscriptions = contents, subscriptions
        self.handlers: dict[bytes, Handler] = {
            _id(10, 50): self._close,
            _id(20, 40): self._close,
            _id(60, 80): partial(self._settle, "ack"),
            _id(60, 120): partial(self._settle, "nack"),
        }

    def _close(self, channel: int, payload: bytes) -> None:
        said = _as(Closing, payload)
        self._observer(ClosedOnWire(self._connection, channel, said.scope, said.code, said.text, self.side))

    def _settle(self, kind: Kind, channel: int, payload: bytes) -> None:
        if len(payload) < 13:
            raise WireError(4, f"cut: {len(payload) - 4} of the 9 octets of an acknowledgement")
        tag, bits = _TAG.unpack_from(payload, 4)
        multiple = kind != "reject" and bool(bits & 1)
        requeue = bool(bits & 2) if kind == "nack" else kind == "reject" and bool(bits & 1)
        self._observer(Settled(self._connection, channel, kind, tag, multiple, requeue, self.side))


class PeerMethods(_Methods):
    """What a peer says."""

    side = "peer"

    def __init__(
        self, connection: int, observer: Observer, contents: Contents, subscriptions: Subscriptions
    ) -> None:
        super().__init__(connection, observer, contents, subscriptions)
        self.handlers |= {
            _id(60, 40): self._publish,
            _id(60, 90): partial(self._settle, "reject"),
            _id(40, 10): partial(self._declare, "exchange"),
            _id(50, 10): partial(self._declare, "queue"),
            _id(60, 20): self._consume,
            _id(60, 70): self._get,
            _id(20, 10): self._open,
            _id(10, 11): self._start_ok,
        }

    def _publish(self, channel: int, payload: bytes) -> None:
        exchange, routing_key, at = _names(payload, 6)
        if len(payload) != at + 1:
            raise WireError(at, f"{len(payload) - at} octets after the names of a basic.publish, not one")
        make = partial(Sent, self._connection, channel, exchange, routing_key, bool(payload[at] & 1))
        self._contents.begin(channel, Content(exchange, routing_key, make))

    def _declare(self, what: Literal["exchange", "queue"], channel: int, payload: bytes) -> None:
        self._observer(Declares(self._connection, channel, what))

    def _consume(self, channel: int, payload: bytes) -> None:
        queue, tag, end = _names(payload, 6)
        start = 7 + payload[6]
        self._subscriptions.consume(channel, queue, tag, payload[start + 1 : end])

    def _get(self, channel: int, payload: bytes) -> None:
        self._subscriptions.get(channel, shortstr(payload, 6, len(payload))[0])

    def _open(self, channel: int, payload: bytes) -> None:
        self._subscriptions.opened(channel)

    def _start_ok(self, channel: int, payload: bytes) -> None:
        properties = _as(StartOk, payload).client_properties
        product = _said(properties, "product")
        version = _said(properties, "version") or _said(
            properties, "product_version"
        )  # py-amqp's name for it
        self._observer(Hello(self._connection, product, version, properties))


class BrokerMethods(_Methods):
    """What a broker says."""

    side = "broker"

    def __init__(
        self, connection: int, observer: Observer, contents: Contents, subscriptions: Subscriptions
    ) -> None:
        super().__init__(connection, observer, contents, subscriptions)
        self.handlers |= {
            _id(60, 60): self._deliver,
            _id(60, 71): self._get_ok,
            _id(60, 72): self._get_empty,
            _id(60, 50): self._return,
            _id(60, 21): self._consume_ok,
            _id(50, 11): self._declare_ok,
            _id(10, 10): self._start,
        }

    def _deliver(self, channel: int, payload: bytes) -> None:
        at = 5 + payload[4] if len(payload) > 4 else 5
        if len(payload) < at + 9:
            raise WireError(at, f"cut: {len(payload) - at} of the 9 octets after the consumer tag")
        tag, redelivered = _TAG.unpack_from(payload, at)
        exchange, routing_key = _envelope(payload[at + 9 :])
        raw_tag = payload[5:at]
        known = self._subscriptions.consumers.get((channel, raw_tag))
        queue, consumer = known or (None, shortstr(payload, 4, at)[0])
        told = (self._connection, channel, queue, consumer, tag, bool(redelivered & 1), exchange, routing_key)
        self._contents.begin(channel, Content(exchange, routing_key, partial(Delivered, *told)))

    def _get_ok(self, channel: int, payload: bytes) -> None:
        said = _as(GetOk, payload)
        names = (said.exchange, said.routing_key)
        told = (self._connection, channel, self._subscriptions.got(channel), "", said.delivery_tag)
        self._contents.begin(channel, Content(*names, partial(Delivered, *told, said.redelivered, *names)))

    def _get_empty(self, channel: int, payload: bytes) -> None:
        self._subscriptions.got(channel)

    def _return(self, channel: int, payload: bytes) -> None:
        said = _as(Return, payload)
        names = (said.exchange, said.routing_key)
        told = (self._connection, channel, said.reply_code, said.reply_text)
        self._contents.begin(channel, Content(*names, partial(ReturnedMessage, *told, *names)))

    def _consume_ok(self, channel: int, payload: bytes) -> None:
        tag, end = shortstr(payload, 4, len(payload))
        self._subscriptions.consuming(channel, tag, payload[5:end])

    def _declare_ok(self, channel: int, payload: bytes) -> None:
        self._subscriptions.declared(channel, shortstr(payload, 4, len(payload))[0])

    def _start(self, channel: int, payload: bytes) -> None:
        self._observer(Welcome(self._connection, _as(Start, payload).server_properties))


def _said(properties: Table, name: str) -> Text:
    """The text of a string field, "" without one."""
    return next(
        (field.value for key, field in properties.value if key == name and isinstance(field, Longstr)), ""
    )
