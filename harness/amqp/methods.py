"""Methods: what the payload of a method frame says (AMQP 0-9-1, 1.2 to 1.8 and 4.2.4).

pamqp decodes most of them. The suite's own code decodes those that carry what a verdict rests on, because
pamqp insists on UTF-8 in short strings and folds wire types in tables: the four methods that carry content,
the two closes, and both halves of the connection's start.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Mapping
from typing import Literal, TypeAlias

import msgspec
from pamqp import base, commands

from harness.amqp.fields import (
    WireError,
    cut,
    decode_table,
    encode_shortstr,
    longstr,
    shortstr,
)
from harness.amqp.values import Table, Text, text_of


class _Method(msgspec.Struct, frozen=True, gc=False):
    """What all methods decoded here share: they are frozen."""


class Publish(_Method, frozen=True, gc=False):
    """basic.publish"""

    exchange: Text
    routing_key: Text
    mandatory: bool
    immediate: bool


class Return(_Method, frozen=True, gc=False):
    """basic.return"""

    reply_code: int
    reply_text: Text
    exchange: Text
    routing_key: Text


class Deliver(_Method, frozen=True, gc=False):
    """basic.deliver"""

    consumer_tag: Text
    delivery_tag: int
    redelivered: bool
    exchange: Text
    routing_key: Text


class GetOk(_Method, frozen=True, gc=False):
    """basic.get-ok. ``message_count``: how many are left in the queue"""

    delivery_tag: int
    redelivered: bool
    exchange: Text
    routing_key: Text
    message_count: int


class Closing(_Method, frozen=True, gc=False):
    """connection.close or channel.close, by ``scope``; class and method are those at fault, or 0 and 0"""

    scope: Literal["connection", "channel"]
    code: int
    text: Text
    class_id: int
    method_id: int


class Start(_Method, frozen=True, gc=False):
    """connection.start: what the broker says of itself. The two lists are separated by spaces"""

    server_properties: Table
    mechanisms: Text
    locales: Text
    version: tuple[int, int]


class StartOk(_Method, frozen=True, gc=False):
    """connection.start-ok: what the client says of itself. ``response`` holds the password: never show it"""

    client_properties: Table
    mechanism: Text
    response: bytes
    locale: Text

    def __repr__(self) -> str:
        return f"StartOk({self.client_properties!r}, {self.mechanism!r}, <{len(self.response)} octets>)"


Method: TypeAlias = Publish | Return | Deliver | GetOk | Closing | Start | StartOk | base.Frame

_IDS = struct.Struct(">HH")
_SHORT = struct.Struct(">H")
_LONG = struct.Struct(">I")
_LONGLONG = struct.Struct(">Q")


class _Arguments:
    """Reads arguments one after the other from a method's payload."""

    __slots__ = ("_at", "_end", "_octets")

    def __init__(self, payload: bytes) -> None:
        self._octets, self._at, self._end = payload, _IDS.size, len(payload)

    def _number(self, kind: struct.Struct) -> int:
        if self._at + kind.size > self._end:
            raise cut(self._at, "number", self._end - self._at, kind.size)
        number: int = kind.unpack_from(self._octets, self._at)[0]
        self._at += kind.size
        return number

    def octet(self) -> int:
        if self._at >= self._end:
            raise cut(self._at, "octet", 0, 1)
        self._at += 1
        return self._octets[self._at - 1]

    def short(self) -> int:
        return self._number(_SHORT)

    def long(self) -> int:
        return self._number(_LONG)

    def longlong(self) -> int:
        return self._number(_LONGLONG)

    def shortstr(self) -> Text:
        text, self._at = shortstr(self._octets, self._at, self._end)
        return text

    def longstr(self) -> bytes:
        raw, self._at = longstr(self._octets, self._at, self._end)
        return raw

    def table(self) -> Table:
        table, self._at = decode_table(self._octets, self._at)
        return table

    def finish(self) -> None:
        if self._at != self._end:
            raise WireError(self._at, f"{self._end - self._at} octets left over after the arguments")


def _publish(read: _Arguments) -> Publish:
    read.short()  # reserved, once the access ticket
    exchange, routing_key, bits = read.shortstr(), read.shortstr(), read.octet()
    return Publish(exchange, routing_key, bool(bits & 1), bool(bits & 2))


def _return(read: _Arguments) -> Return:
    return Return(read.short(), read.shortstr(), read.shortstr(), read.shortstr())


def _deliver(read: _Arguments) -> Deliver:
    return Deliver(read.shortstr(), read.longlong(), bool(read.octet() & 1), read.shortstr(), read.shortstr())


def _get_ok(read: _Arguments) -> GetOk:
    return GetOk(read.longlong(), bool(read.octet() & 1), read.shortstr(), read.shortstr(), read.long())


def _connection_close(read: _Arguments) -> Closing:
    return Closing("connection", read.short(), read.shortstr(), read.short(), read.short())


def _channel_close(read: _Arguments) -> Closing:
    return Closing("channel", read.short(), read.shortstr(), read.short(), read.short())


def _start(read: _Arguments) -> Start:
    version = read.octet(), read.octet()
    return Start(read.table(), text_of(read.longstr()), text_of(read.longstr()), version)


def _start_ok(read: _Arguments) -> StartOk:
    return StartOk(read.table(), read.shortstr(), read.longstr(), read.shortstr())


_OWN: Mapping[tuple[int, int], Callable[[_Arguments], Method]] = {
    (10, 10): _start,
    (10, 11): _start_ok,
    (10, 50): _connection_close,
    (20, 40): _channel_close,
    (60, 40): _publish,
    (60, 50): _return,
    (60, 60): _deliver,
    (60, 71): _get_ok,
}


def method_id(payload: bytes) -> tuple[int, int]:
    """Class and method of a method frame's payload. WireError if it is shorter than these."""
    if len(payload) < _IDS.size:
        raise cut(0, "class and method", len(payload), _IDS.size)
    class_id, method = _IDS.unpack_from(payload)
    return class_id, method


def decode_method(payload: bytes) -> Method:
    """The method in ``payload``: one of this module's types, or pamqp's own. WireError if it cannot be read.

    pamqp is lenient with what is cut or left over; the methods decoded here are not.
    """
    identity = method_id(payload)
    read = _OWN.get(identity)
    if read is None:
        return _pamqp(identity, payload)
    arguments = _Arguments(payload)
    method = read(arguments)
    arguments.finish()
    return method


def _pamqp(identity: tuple[int, int], payload: bytes) -> base.Frame:
    kind: type[base.Frame] | None = commands.INDEX_MAPPING.get(identity[0] << 16 | identity[1])
    if kind is None:
        raise WireError(0, f"unknown method {identity[0]}.{identity[1]}")
    method = kind.__new__(kind)  # its __init__ may warn of deprecation, and unmarshal sets all
    try:
        method.unmarshal(payload[_IDS.size :])
    except (ValueError, RecursionError) as error:
        raise WireError(_IDS.size, f"arguments of {kind.name}: {error}") from error
    return method


# --- back to octets ----------------------------------------------------------------------------------


def encode_method(method: base.Frame) -> bytes:
    """The payload of pamqp's ``method``. ValueError or TypeError where pamqp refuses an argument."""
    return _LONG.pack(method.index) + method.marshal()


def encode_publish(
    exchange: Text, routing_key: Text, *, mandatory: bool = False, immediate: bool = False
) -> bytes:
    """The payload of basic.publish. ValueError if a name is longer than 255 bytes."""
    bits = mandatory | immediate << 1
    return b"\x00\x3c\x00\x28\x00\x00%b%b%c" % (
        encode_shortstr(exchange),
        encode_shortstr(routing_key),
        bits,
    )
