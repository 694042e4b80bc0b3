"""A message as the library handed it to the application, made into a ``delivery`` event.

Pure. Whether a property is present is the library's word: each rim passes the properties that its library
shows as present, under the names of AMQP 0-9-1 (1.8).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import NamedTuple

from python_consumer.values import Json, encoded, native, text_of

INLINE_LIMIT = 4096
"""Bodies up to this many bytes are reported as themselves, larger ones as length and SHA-256."""

PROPERTIES = (
    "content_type",
    "content_encoding",
    "headers",
    "delivery_mode",
    "priority",
    "correlation_id",
    "reply_to",
    "expiration",
    "message_id",
    "timestamp",
    "type",
    "user_id",
    "app_id",
    "cluster_id",
)
"""The 14 properties of class basic, in the order of their flag bits."""


class Handed(NamedTuple):
    """What the application was handed. ``queue`` is that of consume or get, as the request spelled it."""

    queue: str
    delivery_tag: int
    redelivered: bool
    exchange: object
    routing_key: object
    properties: Iterable[tuple[str, object]]
    body: object


def delivery(handed: Handed) -> Json:
    """The event. TypeError if exchange, routing key or body is neither str nor bytes."""
    return {
        "type": "delivery",
        "queue": handed.queue,
        "delivery_tag": handed.delivery_tag,
        "redelivered": bool(handed.redelivered),
        "exchange": text_of(handed.exchange),
        "routing_key": text_of(handed.routing_key),
        "properties": {name: native(value) for name, value in handed.properties},
        "body": body_of(handed.body),
    }


def body_of(body: object) -> Json:
    """The body with the kind that it was handed over in; a bytearray counts as bytes."""
    if isinstance(body, str):
        kind, raw = "str", encoded(body)
    elif isinstance(body, (bytes, bytearray, memoryview)):
        kind, raw = "bytes", bytes(body)
    else:
        raise TypeError(f"a body that is neither str nor bytes: {body!r}")
    if len(raw) <= INLINE_LIMIT:
        return {"type": "inline", "value": text_of(raw), "native": kind}
    return {
        "type": "digest",
        "length": len(raw),
        "sha256": hashlib.sha256(raw).hexdigest(),
        "native": kind,
    }
