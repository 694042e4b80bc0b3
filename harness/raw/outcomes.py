"""What comes back from a broker: messages, and the fates of publishes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from harness.amqp.header import ContentHeader, decode_header
from harness.amqp.values import Text


@dataclass(frozen=True, slots=True)
class Received:
    """A message from basic.deliver or basic.get-ok, its content header still as octets.

    ``consumer_tag`` is None where it was fetched with get, which says how many are ``left`` in the queue.
    """

    delivery_tag: int
    redelivered: bool
    exchange: Text
    routing_key: Text
    header_payload: bytes
    body: bytes
    consumer_tag: Text | None
    left: int | None = None

    @property
    def header(self) -> ContentHeader:
        """The content header, decoded anew at each call. WireError if nobody could decode it."""
        return decode_header(self.header_payload)


@dataclass(frozen=True, slots=True)
class Acked:
    """basic.ack came for a publish: the broker has it."""


@dataclass(frozen=True, slots=True)
class Nacked:
    """basic.nack came for a publish."""


@dataclass(frozen=True, slots=True)
class Returned:
    """basic.return: no queue took a mandatory message. With confirms, its basic.ack has come too."""

    code: int
    text: Text
    exchange: Text
    routing_key: Text
    header_payload: bytes
    body: bytes


Outcome: TypeAlias = Acked | Nacked | Returned

ACKED = Acked()
NACKED = Nacked()
