"""The broker's answers that the raw client reads by itself, because names in them may be any bytes.

Those that the suite's codec knows (:mod:`harness.amqp.methods`) are left to it. WireError where octets are
missing. Each function takes the payload of a method frame, whose first four octets are its class and method.
"""

from __future__ import annotations

import struct
from typing import NamedTuple

from harness.amqp.fields import WireError, shortstr
from harness.amqp.values import Text

_TUNE = struct.Struct(">HIH")
_COUNT = struct.Struct(">I")
_TWO_COUNTS = struct.Struct(">II")
_TAG_FLAG = struct.Struct(">QB")

START = struct.pack(">HH", 10, 10)
TUNE = struct.pack(">HH", 10, 30)
OPEN_OK = struct.pack(">HH", 10, 41)
CONNECTION_CLOSE = struct.pack(">HH", 10, 50)
CONNECTION_CLOSE_OK = struct.pack(">HH", 10, 51)
BLOCKED = struct.pack(">HH", 10, 60)
UNBLOCKED = struct.pack(">HH", 10, 61)
CHANNEL_OPEN_OK = struct.pack(">HH", 20, 11)
FLOW = struct.pack(">HH", 20, 20)
FLOW_OK = struct.pack(">HH", 20, 21)
CHANNEL_CLOSE = struct.pack(">HH", 20, 40)
CHANNEL_CLOSE_OK = struct.pack(">HH", 20, 41)
EXCHANGE_DECLARE_OK = struct.pack(">HH", 40, 11)
EXCHANGE_DELETE_OK = struct.pack(">HH", 40, 21)
QUEUE_DECLARE_OK = struct.pack(">HH", 50, 11)
EXCHANGE_BIND_OK = struct.pack(">HH", 40, 31)
EXCHANGE_UNBIND_OK = struct.pack(">HH", 40, 51)
QUEUE_BIND_OK = struct.pack(">HH", 50, 21)
QUEUE_PURGE_OK = struct.pack(">HH", 50, 31)
QUEUE_DELETE_OK = struct.pack(">HH", 50, 41)
QUEUE_UNBIND_OK = struct.pack(">HH", 50, 51)
QOS_OK = struct.pack(">HH", 60, 11)
CONSUME_OK = struct.pack(">HH", 60, 21)
CANCEL = struct.pack(">HH", 60, 30)
CANCEL_OK = struct.pack(">HH", 60, 31)
RETURN = struct.pack(">HH", 60, 50)
DELIVER = struct.pack(">HH", 60, 60)
GET_OK = struct.pack(">HH", 60, 71)
GET_EMPTY = struct.pack(">HH", 60, 72)
ACK = struct.pack(">HH", 60, 80)
RECOVER_OK = struct.pack(">HH", 60, 111)
NACK = struct.pack(">HH", 60, 120)
CONFIRM_SELECT_OK = struct.pack(">HH", 85, 11)
TX_SELECT_OK = struct.pack(">HH", 90, 11)
TX_COMMIT_OK = struct.pack(">HH", 90, 21)
TX_ROLLBACK_OK = struct.pack(">HH", 90, 31)


class Tune(NamedTuple):
    """What was offered, or agreed on. 0 is no limit; ``heartbeat`` in seconds, 0 is none."""

    channel_max: int
    frame_max: int
    heartbeat: int


class DeclareOk(NamedTuple):
    """queue.declare-ok: the queue's name (the broker's choice if none was given), its ready messages and
    its consumers."""

    queue: Text
    message_count: int
    consumer_count: int


def _unpack(layout: struct.Struct, payload: bytes, at: int) -> tuple[int, ...]:
    try:
        return layout.unpack_from(payload, at)
    except struct.error as error:
        raise WireError(at, f"method frame cut short: {error}") from error


def tune(payload: bytes) -> Tune:
    return Tune(*_unpack(_TUNE, payload, 4))


def name(payload: bytes) -> Text:
    """The one short string of basic.consume-ok, basic.cancel or connection.blocked."""
    return shortstr(payload, 4, len(payload))[0]


def count(payload: bytes) -> int:
    """Of queue.purge-ok or queue.delete-ok."""
    return _unpack(_COUNT, payload, 4)[0]


def declare_ok(payload: bytes) -> DeclareOk:
    queue, at = shortstr(payload, 4, len(payload))
    messages, consumers = _unpack(_TWO_COUNTS, payload, at)
    return DeclareOk(queue, messages, consumers)


def settled(payload: bytes) -> tuple[int, bool]:
    """Delivery tag and ``multiple`` of basic.ack or basic.nack."""
    tag, flags = _unpack(_TAG_FLAG, payload, 4)
    return tag, bool(flags & 1)
