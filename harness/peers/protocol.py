"""The peer protocol: one JSON object a line, requests to a peer's standard input, lines back on its output.

Every request has an ``id``; exactly one reply repeats it. Events carry no id and come when they come.
The JSON Schemas in ``contract/schema`` are made from these types, for peers in other languages.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Annotated, Literal, TypeAlias

import msgspec
from msgspec import Meta

from harness.amqp.message import Body, Message, PropertyName, Shared
from harness.amqp.values import Table, Text, Value

Id: TypeAlias = Annotated[int, Meta(ge=1)]
Role: TypeAlias = Literal["producer", "consumer"]
ExchangeType: TypeAlias = Literal["fanout", "direct", "topic", "headers"]
NO_ARGUMENTS = Table(())


class _Request(
    msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="op", omit_defaults=True, gc=False
):
    id: Id


class Describe(_Request, frozen=True, tag="describe"):
    """Who are you? Answered by :class:`Described`, before any connection."""


class Connect(_Request, frozen=True, tag="connect"):
    """Open a connection and a channel, after closing the one that may be open. Answered by ok."""

    url: str


class DeclareExchange(_Request, frozen=True, tag="declare_exchange"):
    """exchange.declare, waiting for its -ok. A broker's refusal is an error reply with its code."""

    name: Text
    kind: ExchangeType
    durable: bool = False
    auto_delete: bool = False
    passive: bool = False
    arguments: Table = NO_ARGUMENTS


class DeclareQueue(_Request, frozen=True, tag="declare_queue"):
    """queue.declare, waiting for its -ok. A broker's refusal is an error reply with its code.

    With ``defaults`` the library is given the name and nothing else, and fills in the rest as it does for
    everyone who thinks of nothing else; the other fields are then left out.
    """

    name: Text
    durable: bool = False
    exclusive: bool = False
    auto_delete: bool = False
    passive: bool = False
    arguments: Table = NO_ARGUMENTS
    defaults: bool = False


class Bind(_Request, frozen=True, tag="bind"):
    """queue.bind, waiting for its -ok."""

    queue: Text
    exchange: Text
    routing_key: Text
    arguments: Table = NO_ARGUMENTS


class Publish(_Request, frozen=True, tag="publish"):
    """basic.publish.

    Without ``confirm`` the reply is ok as soon as the library took the message. With it the channel is in
    confirm mode and the reply is confirmed, nacked, or returned (which needs ``mandatory``).
    """

    exchange: Text
    routing_key: Text
    message: Message
    mandatory: bool = False
    confirm: bool = False


class Consume(_Request, frozen=True, tag="consume"):
    """basic.consume. ok first, then a :class:`Delivery` a message.

    ``prefetch`` is basic.qos's prefetch count, asked for before; 0 is no limit and asks for nothing.
    ``no_ack`` is consuming without acknowledgements. A peer may consume several queues at a time.
    """

    queue: Text
    prefetch: Annotated[int, Meta(ge=0, le=65535)] = 0
    no_ack: bool = False
    exclusive: bool = False
    arguments: Table = NO_ARGUMENTS


class Cancel(_Request, frozen=True, tag="cancel"):
    """basic.cancel of the consumer on that queue, until its -ok: no delivery of it follows the reply."""

    queue: Text


class Get(_Request, frozen=True, tag="get"):
    """basic.get with acknowledgement. ok and then one :class:`Delivery`, or :class:`Empty`."""

    queue: Text


class _Settle(_Request, frozen=True):
    """``delivery_tag`` repeats a delivery's; ``multiple`` settles all before it too."""

    delivery_tag: Id
    multiple: bool = False


class Ack(_Settle, frozen=True, tag="ack"):
    """basic.ack. The reply is ok once it was handed to the library: AMQP has no answer to it."""


class Nack(_Settle, frozen=True, tag="nack"):
    """basic.nack"""

    requeue: bool = True


class Reject(_Request, frozen=True, tag="reject"):
    """basic.reject"""

    delivery_tag: Id
    requeue: bool = True


class Close(_Request, frozen=True, tag="close"):
    """Close the connection if there is one, reply ok, and end with status 0."""


Request: TypeAlias = (
    Describe
    | Connect
    | DeclareExchange
    | DeclareQueue
    | Bind
    | Publish
    | Consume
    | Cancel
    | Get
    | Ack
    | Nack
    | Reject
    | Close
)


class _Reply(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, gc=False):
    id: Id


class Described(_Reply, frozen=True, tag="described"):
    """A peer of itself.

    ``types``: the wire types that a producer can be told to send as header values ([] of a mere consumer).
    ``unsupported``: what this library cannot express or hand over, by the names of docs/protocol.md
    (``type:uint16``, ``empty:content_type``, ``zero:priority``, ``property:cluster_id``, ``duplicate-keys``,
    ``exchange:non-utf8``, ...). An unsupported error must name one of these.
    """

    library: str
    version: str
    language: str
    runtime: str
    roles: tuple[Role, ...]
    types: tuple[str, ...]
    unsupported: tuple[str, ...] = ()


class Ok(_Reply, frozen=True, tag="ok"):
    """Done."""


class Confirmed(_Reply, frozen=True, tag="confirmed"):
    """The broker took responsibility: basic.ack came for this publish."""


class Nacked(_Reply, frozen=True, tag="nacked"):
    """basic.nack came for this publish."""


class Returned(_Reply, frozen=True, tag="returned"):
    """basic.return came for this publish."""

    code: int
    text: Text


class Empty(_Reply, frozen=True, tag="empty"):
    """basic.get-empty."""


class Failed(_Reply, frozen=True, tag="error"):
    """The request could not be met.

    unsupported: the library cannot express it; ``what`` is the declared name. refused: the library raised.
    disconnected: the channel or connection closed; ``code`` is the broker's reply code if one was seen and
    ``scope`` what was closed. bug: the adapter's own fault.
    """

    kind: Literal["unsupported", "refused", "disconnected", "bug"]
    message: str
    what: str | None = None
    code: int | None = None
    scope: Literal["channel", "connection"] | None = None


class Delivery(
    msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, tag="delivery", gc=False
):
    """A message as the application was handed it. ``queue`` is that of consume or get."""

    queue: Text
    delivery_tag: Id
    redelivered: bool
    exchange: Text
    routing_key: Text
    properties: Mapping[PropertyName, Value]
    body: Body


class Undecodable(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="undecodable"):
    """The library raised while it handed over a message; consuming goes on if the library lets it."""

    queue: Text
    message: str


class Cancelled(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="cancelled"):
    """The broker cancelled the consumer on that queue, as when it is deleted (RabbitMQ's extension)."""

    queue: Text


class Closed(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, tag="closed"):
    """The channel or the connection was closed and nobody had asked. A peer does not reconnect by itself."""

    scope: Literal["channel", "connection"]
    message: str
    code: int | None = None


Reply: TypeAlias = Described | Ok | Confirmed | Nacked | Returned | Empty | Failed
Event: TypeAlias = Delivery | Undecodable | Cancelled | Closed
Line: TypeAlias = Reply | Event

_requests = msgspec.json.Encoder()
_lines: msgspec.json.Decoder[Line] = msgspec.json.Decoder(Line)
_request_decoder: msgspec.json.Decoder[Request] = msgspec.json.Decoder(Request)


def encode_request(request: Request) -> bytes:
    """One line, newline included."""
    return _requests.encode(request) + b"\n"


class _Delivery(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="delivery", gc=False):
    """A delivery whose properties are not read yet: many messages of a run have the same ones."""

    queue: Text
    delivery_tag: Id
    redelivered: bool
    exchange: Text
    routing_key: Text
    properties: msgspec.Raw
    body: Body


_lines_but_properties: msgspec.json.Decoder[Reply | _Delivery | Undecodable | Cancelled | Closed]
_lines_but_properties = msgspec.json.Decoder(Reply | _Delivery | Undecodable | Cancelled | Closed)
_properties: msgspec.json.Decoder[Mapping[PropertyName, Value]]
_properties = msgspec.json.Decoder(Mapping[PropertyName, Value])
_REMEMBERED_OCTETS = 4096
"""Larger properties are read anew each time, so that what is remembered stays small."""


@lru_cache(4096)
def _remembered(octets: bytes) -> Shared:
    return Shared(_properties.decode(octets))


def decode_line(line: bytes) -> Line:
    """A reply or event. msgspec.ValidationError or DecodeError says what is wrong, with its path."""
    said = _lines_but_properties.decode(line)
    if not isinstance(said, _Delivery):
        return said
    octets = bytes(said.properties)
    if len(octets) > _REMEMBERED_OCTETS:
        return _lines.decode(line)
    try:
        properties = _remembered(octets)
    except msgspec.DecodeError:
        return _lines.decode(line)  # which says where in the line it is wrong
    names = (said.exchange, said.routing_key)
    return Delivery(said.queue, said.delivery_tag, said.redelivered, *names, properties, said.body)


def decode_request(line: bytes) -> Request:
    """A request, for peers that are part of the suite."""
    return _request_decoder.decode(line)


def encode_line(line: Line) -> bytes:
    """A reply or event as one line, newline included, for peers that are part of the suite."""
    return _requests.encode(line) + b"\n"
