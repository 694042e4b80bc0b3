"""The suite's own AMQP 0-9-1 client, and the peer ``raw`` that stands on it.

It does not judge what it sends or receives: any octets can go into a content header or a body frame, and
what arrives is reported with its wire types. The broker's readiness probe and the engine use it too.
"""

from harness.raw.client import Connection, connect
from harness.raw.errors import (
    ChannelClosed,
    ConnectFailed,
    ConnectionClosed,
    FailedBecause,
    RawError,
    TimedOut,
)
from harness.raw.outcomes import Acked, Nacked, Outcome, Received, Returned
from harness.raw.replies import DeclareOk
from harness.raw.url import Address, parse_url

__all__ = [
    "Acked",
    "Address",
    "ChannelClosed",
    "ConnectFailed",
    "Connection",
    "ConnectionClosed",
    "DeclareOk",
    "FailedBecause",
    "Nacked",
    "Outcome",
    "RawError",
    "Received",
    "Returned",
    "TimedOut",
    "connect",
    "parse_url",
]
