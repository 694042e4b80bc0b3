"""The payloads of the method frames that the raw client sends.

Encoded here and not with pamqp, whose names must be UTF-8 of its own liking: an exchange, a queue or a
routing key may be any bytes up to 255 (ValueError beyond). A Table encodes with every wire type it holds.
"""

from __future__ import annotations

import struct

from harness.amqp.fields import encode_shortstr, encode_table
from harness.amqp.values import Table, Text

_METHOD = struct.Struct(">HH")
_TUNE = struct.Struct(">HHHIH")
_SETTLE = struct.Struct(">HHQB")

CONNECTION_CLOSE_OK = _METHOD.pack(10, 51)
CHANNEL_OPEN = _METHOD.pack(20, 10) + b"\x00"
CHANNEL_CLOSE_OK = _METHOD.pack(20, 41)
CHANNEL_FLOW_ON = _METHOD.pack(20, 20) + b"\x01"
CHANNEL_FLOW_OFF = _METHOD.pack(20, 20) + b"\x00"
CHANNEL_FLOW_OK = _METHOD.pack(20, 21)
CONFIRM_SELECT = _METHOD.pack(85, 10) + b"\x00"
TX_SELECT = _METHOD.pack(90, 10)
TX_COMMIT = _METHOD.pack(90, 20)
TX_ROLLBACK = _METHOD.pack(90, 30)


def _longstr(raw: bytes) -> bytes:
    return struct.pack(">I", len(raw)) + raw


def _bits(*flags: bool) -> bytes:
    """Up to eight bits in one octet, the first in the lowest."""
    return bytes((sum(1 << place for place, flag in enumerate(flags) if flag),))


def start_ok(properties: Table, user: str, password: str) -> bytes:
    """connection.start-ok with mechanism PLAIN (RFC 4616)."""
    response = b"\0" + user.encode() + b"\0" + password.encode()
    return _METHOD.pack(10, 11) + encode_table(properties) + b"\x05PLAIN" + _longstr(response) + b"\x05en_US"


def tune_ok(channel_max: int, frame_max: int, heartbeat: int) -> bytes:
    return _TUNE.pack(10, 31, channel_max, frame_max, heartbeat)


def connection_open(vhost: str) -> bytes:
    return _METHOD.pack(10, 40) + encode_shortstr(vhost) + b"\x00\x00"


def connection_close() -> bytes:
    """With code 200 and the customary text."""
    return _METHOD.pack(10, 50) + struct.pack(">H", 200) + encode_shortstr("bye") + bytes(4)


def channel_close() -> bytes:
    return _METHOD.pack(20, 40) + struct.pack(">H", 200) + encode_shortstr("bye") + bytes(4)


def exchange_declare(
    name: Text,
    kind: Text,
    *,
    passive: bool,
    durable: bool,
    auto_delete: bool,
    internal: bool,
    arguments: Table,
) -> bytes:
    flags = _bits(passive, durable, auto_delete, internal)
    return (
        _METHOD.pack(40, 10)
        + b"\0\0"
        + encode_shortstr(name)
        + encode_shortstr(kind)
        + flags
        + encode_table(arguments)
    )


def exchange_delete(name: Text, *, if_unused: bool) -> bytes:
    return _METHOD.pack(40, 20) + b"\0\0" + encode_shortstr(name) + _bits(if_unused)


def queue_declare(
    name: Text, *, passive: bool, durable: bool, exclusive: bool, auto_delete: bool, arguments: Table
) -> bytes:
    flags = _bits(passive, durable, exclusive, auto_delete)
    return _METHOD.pack(50, 10) + b"\0\0" + encode_shortstr(name) + flags + encode_table(arguments)


def queue_delete(name: Text, *, if_unused: bool, if_empty: bool) -> bytes:
    return _METHOD.pack(50, 40) + b"\0\0" + encode_shortstr(name) + _bits(if_unused, if_empty)


def queue_purge(name: Text) -> bytes:
    return _METHOD.pack(50, 30) + b"\0\0" + encode_shortstr(name) + b"\0"


def queue_bind(queue: Text, exchange: Text, routing_key: Text, arguments: Table) -> bytes:
    names = encode_shortstr(queue) + encode_shortstr(exchange) + encode_shortstr(routing_key)
    return _METHOD.pack(50, 20) + b"\0\0" + names + b"\0" + encode_table(arguments)


def exchange_bind(destination: Text, source: Text, routing_key: Text, arguments: Table) -> bytes:
    """RabbitMQ's extension: what ``source`` routes by the binding goes on to ``destination``."""
    names = encode_shortstr(destination) + encode_shortstr(source) + encode_shortstr(routing_key)
    return _METHOD.pack(40, 30) + b"\0\0" + names + b"\0" + encode_table(arguments)


def exchange_unbind(destination: Text, source: Text, routing_key: Text, arguments: Table) -> bytes:
    names = encode_shortstr(destination) + encode_shortstr(source) + encode_shortstr(routing_key)
    return _METHOD.pack(40, 40) + b"\0\0" + names + b"\0" + encode_table(arguments)


def queue_unbind(queue: Text, exchange: Text, routing_key: Text, arguments: Table) -> bytes:
    names = encode_shortstr(queue) + encode_shortstr(exchange) + encode_shortstr(routing_key)
    return _METHOD.pack(50, 50) + b"\0\0" + names + encode_table(arguments)


def basic_qos(prefetch: int, *, whole_channel: bool = False) -> bytes:
    """For each consumer that is started after it on this channel, or for all together: RabbitMQ's reading of
    global."""
    return struct.pack(">HHIHB", 60, 10, 0, prefetch, whole_channel)


def basic_consume(queue: Text, tag: Text, *, no_ack: bool, exclusive: bool, arguments: Table) -> bytes:
    flags = _bits(False, no_ack, exclusive)
    return (
        _METHOD.pack(60, 20)
        + b"\0\0"
        + encode_shortstr(queue)
        + encode_shortstr(tag)
        + flags
        + encode_table(arguments)
    )


def basic_cancel(tag: Text) -> bytes:
    return _METHOD.pack(60, 30) + encode_shortstr(tag) + b"\0"


def basic_get(queue: Text, *, no_ack: bool) -> bytes:
    return _METHOD.pack(60, 70) + b"\0\0" + encode_shortstr(queue) + _bits(no_ack)


def basic_ack(delivery_tag: int, *, multiple: bool) -> bytes:
    return _SETTLE.pack(60, 80, delivery_tag, multiple)


def basic_nack(delivery_tag: int, *, multiple: bool, requeue: bool) -> bytes:
    return _SETTLE.pack(60, 120, delivery_tag, multiple | requeue << 1)


def basic_recover(*, requeue: bool) -> bytes:
    return _METHOD.pack(60, 110) + _bits(requeue)


def basic_reject(delivery_tag: int, *, requeue: bool) -> bytes:
    return _SETTLE.pack(60, 90, delivery_tag, requeue)
