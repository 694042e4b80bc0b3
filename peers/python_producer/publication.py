"""What a library is asked to publish: names, properties by name, and the body as bytes.

Pure. The properties keep AMQP's names (1.8); each library's module puts them where its users do.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Any, NamedTuple

from peers.python_producer.values import Dialect
from python_consumer.arguments import Unsupported, raw_text
from python_consumer.delivery import PROPERTIES
from python_consumer.values import Json

FRAMING, CLUSTER_ID = "framing", "property:cluster_id"
NON_UTF8_PROPERTY = "shortstr:non-utf8"
EXPIRATION_TEXT = "expiration:not-milliseconds"
NAMES = ("exchange", "queue", "routing_key")
SHORT_STRINGS = tuple(
    name for name in PROPERTIES if name not in ("headers", "delivery_mode", "priority", "timestamp")
)
OCTETS = ("delivery_mode", "priority")


class Publication(NamedTuple):
    """One basic.publish."""

    id: int
    exchange: Any
    routing_key: Any
    properties: dict[str, Any]
    body: bytes
    mandatory: bool
    confirm: bool


class Form(NamedTuple):
    """How one release of one library wants its messages, beside the header values."""

    dialect: Dialect
    time: Callable[[str], Any]
    """What stands for the property timestamp, of its seconds."""
    bytes_names: bool
    """Whether exchange, queue and routing key may be bytes."""
    bytes_properties: bool
    """Whether a short string among the properties may be bytes."""
    cluster_id: bool
    expiration: Callable[[str], Any] = str
    """What stands for the property expiration, of its text. Unsupported if nothing does."""

    @property
    def unsupported(self) -> tuple[str, ...]:
        """What ``describe`` declares."""
        return (
            *self.dialect.unsupported,
            FRAMING,
            *(() if self.bytes_names else (f"{name}:non-utf8" for name in NAMES)),
            *(() if self.bytes_properties else (NON_UTF8_PROPERTY,)),
            *(() if self.cluster_id else (CLUSTER_ID,)),
            *(() if self.expiration is str else (EXPIRATION_TEXT,)),
        )

    def name(self, text: str | Json, what: str) -> str | bytes:
        """A name of ``what``: a str, or bytes where they are no UTF-8 and the library takes them."""
        made = raw_text(text)
        if isinstance(made, bytes) and not self.bytes_names:
            raise Unsupported(f"{what}:non-utf8", f"the library takes a str here, not {made!r}")
        return made

    def properties(self, given: Json) -> dict[str, Any]:
        """The properties that are present. Unsupported for the first, in wire order, that can't be sent."""
        return {name: self._property(name, given[name]) for name in PROPERTIES if name in given}

    def _property(self, name: str, value: Json) -> Any:
        kind = value["type"]
        if name == "headers" and kind == "table":
            return self.dialect.table(value)
        if name == "timestamp" and kind == "timestamp":
            return self.time(value["value"])
        if name in OCTETS and kind == "octet":
            return int(value["value"])
        if name in SHORT_STRINGS and kind == "shortstr":
            return self._short_string(name, value)
        raise ValueError(f"property {name}: it can't be a {kind}")

    def _short_string(self, name: str, value: Json) -> Any:
        if name == "cluster_id" and not self.cluster_id:
            raise Unsupported(CLUSTER_ID, "the library has no such property")
        text = raw_text(value["value"])
        if isinstance(text, bytes) and not self.bytes_properties:
            raise Unsupported(NON_UTF8_PROPERTY, f"the library takes a str as {name}, not {text!r}")
        return self.expiration(text) if name == "expiration" and isinstance(text, str) else text


def milliseconds(text: str) -> int:
    """The number in an expiration of a library that takes a time, not a text. Unsupported if it is none as
    the library would write it."""
    digits = text[1:] if text.startswith("-") else text
    if not (digits.isascii() and digits.isdecimal() and str(int(text)) == text):
        raise Unsupported(EXPIRATION_TEXT, f"the library takes a time as expiration, which {text!r} is not")
    return int(text)


def publication(raw: Json, form: Form) -> Publication:
    """The publish request ``raw``, which the schema has accepted."""
    message = raw["message"]
    if message.get("framing") is not None:
        raise Unsupported(FRAMING, "no library lets its users choose the frames")
    return Publication(
        raw["id"],
        form.name(raw["exchange"], "exchange"),
        form.name(raw["routing_key"], "routing_key"),
        form.properties(message["properties"]),
        _body(message["body"]),
        raw.get("mandatory", False),
        raw.get("confirm", False),
    )


def _body(body: Json) -> bytes:
    """The body itself; ValueError for one of which only the digest is known, and for a wrong digest."""
    if body["type"] == "inline":
        text = raw_text(body["value"])
        return text.encode("utf-8") if isinstance(text, str) else text
    if body["type"] != "pattern":
        raise ValueError(f"a body given as {body['type']} cannot be made")
    made = _repeated(raw_text(body["pattern"]), body["length"])
    digest = hashlib.sha256(made).hexdigest()
    if digest != body["sha256"]:
        raise ValueError(f"the pattern makes a body of SHA-256 {digest}, not {body['sha256']}")
    return made


def _repeated(text: str | bytes, length: int) -> bytes:
    pattern = text.encode("utf-8") if isinstance(text, str) else text
    if length and not pattern:
        raise ValueError("an empty pattern cannot fill a body")
    return (pattern * (length // len(pattern) + 1))[:length] if length else b""
