"""A message: what an application asks for, what was on a wire, what an application was handed.

One type for all three, so that the judge can compare any two and knows nothing of where they came from.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Annotated, Literal, TypeAlias

import msgspec
from msgspec import Meta

from harness.amqp.values import Base64, Text, Value, bytes_of, text_of

PropertyName: TypeAlias = Literal[
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
]
PROPERTY_NAMES: tuple[PropertyName, ...] = (
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
"""The 14 properties of class basic, in the order of their flag bits (AMQP 0-9-1, 1.8)."""

INLINE_LIMIT = 4096
"""Bodies up to this many bytes cross a pipe as themselves, larger ones as length and SHA-256."""

Sha256: TypeAlias = Annotated[str, Meta(pattern=r"^[0-9a-f]{64}$")]
BodyKind: TypeAlias = Literal["bytes", "str"]


class Shared(dict[PropertyName, Value]):
    """Properties that come again and again: equal octets are read into one object, never changed.

    It is told from another by which object it is, so what is worked out of it can be remembered by it.
    """

    __slots__ = ()
    __hash__ = object.__hash__  # type: ignore[assignment]  # a dict has none, as it may be changed


class Inline(
    msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, tag="inline", gc=False
):
    """A body as itself. ``native`` is said by consumers only: what kind the application was handed."""

    value: Text
    native: BodyKind | None = None


class Pattern(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="pattern"):
    """A body to be made: ``pattern`` over and over, cut at ``length`` bytes; ``sha256`` is of the whole."""

    pattern: Text
    length: Annotated[int, Meta(ge=0)]
    sha256: Sha256


class Digest(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, tag="digest"):
    """A body too large for a pipe, as it arrived."""

    length: Annotated[int, Meta(ge=0)]
    sha256: Sha256
    native: BodyKind | None = None


Body: TypeAlias = Inline | Pattern | Digest


class Framing(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """What no client library lets one choose about the frames of a message; the raw client does.

    ``header``: the whole payload of the content header frame, instead of the one made from the properties.
    ``body_size``: the size that the header states. ``frames``: the sizes of the body frames, in order;
    they need not add up to the body, whose bytes are sent until the sizes or the bytes are used up.
    """

    header: Base64 | None = None
    body_size: Annotated[int, Meta(ge=0)] | None = None
    frames: tuple[Annotated[int, Meta(ge=0)], ...] | None = None


class Message(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, gc=False):
    """Properties that are present, and the body. A property that is absent is not in the mapping."""

    properties: Mapping[PropertyName, Value]
    body: Body
    framing: Framing | None = None


class Routed(msgspec.Struct, frozen=True, forbid_unknown_fields=True, gc=False):
    """A message with its envelope, as published or as delivered.

    ``redelivered`` is None where there is no such thing yet: in a publish.
    """

    exchange: Text
    routing_key: Text
    message: Message
    redelivered: bool | None = None


def expand(pattern: bytes, length: int) -> bytes:
    """``pattern`` over and over, cut at ``length`` bytes. An empty pattern needs length 0 (ValueError)."""
    if length and not pattern:
        raise ValueError("an empty pattern cannot fill a body")
    return (pattern * (length // len(pattern) + 1))[:length] if length else b""


def pattern_body(pattern: bytes, length: int) -> Pattern:
    """The body that repeats ``pattern`` up to ``length`` bytes."""
    return Pattern(text_of(pattern), length, hashlib.sha256(expand(pattern, length)).hexdigest())


def body_of(raw: bytes) -> Body:
    """``raw`` as it crosses a pipe: itself, or its digest when it is over :data:`INLINE_LIMIT`."""
    if len(raw) <= INLINE_LIMIT:
        return Inline(text_of(raw))
    return Digest(len(raw), hashlib.sha256(raw).hexdigest())


def size_of(body: Body) -> int:
    """Length in bytes."""
    return len(bytes_of(body.value)) if isinstance(body, Inline) else body.length


def digest_of(body: Body) -> tuple[int, str]:
    """Length in bytes and SHA-256: what two bodies of any form have in common."""
    match body:
        case Inline(value):
            raw = bytes_of(value)
            return len(raw), hashlib.sha256(raw).hexdigest()
        case Pattern(_, length, sha256) | Digest(length, sha256):
            return length, sha256
