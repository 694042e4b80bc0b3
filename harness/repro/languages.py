"""What the templates of a toolchain are given to write values with. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from harness.amqp.values import Base64, Text, text_of
from harness.repro.literals import c, go, java, node, python, rust

Write = Callable[..., str]


class Language(msgspec.Struct, frozen=True):
    """``literal`` is of a value in a table, ``prop`` of a property, ``name`` of an exchange or routing key,
    ``body`` of octets, ``field`` how the libraries spell a property's name; ``more`` is that language's."""

    literal: Write
    name: Callable[[Text], str]
    body: Callable[[bytes], str]
    prop: Write
    field: Callable[[str], str] = str
    more: Mapping[str, Any] = {}

    def helpers(self) -> dict[str, Any]:
        """By the names that templates use."""
        return {
            "literal": self.literal,
            "name": self.name,
            "prop": self.prop,
            "field": self.field,
            **self.more,
        }


def pascal(name: str) -> str:
    """``content_type`` as ``ContentType``"""
    return "".join(word.capitalize() for word in name.split("_"))


def camel(name: str) -> str:
    """``content_type`` as ``contentType``"""
    return name[0] + pascal(name)[1:]


def _node_body(octets: bytes) -> str:
    content = text_of(octets)
    if isinstance(content, Base64):
        return f"Buffer.from('{octets.hex()}', 'hex')"
    return f"Buffer.from({node.name(content)})"


def _java_body(octets: bytes) -> str:
    if octets.isascii() and octets.decode("ascii").isprintable():
        return f"{java.name(octets.decode('ascii'))}.getBytes()"
    return f'HexFormat.of().parseHex("{octets.hex()}")'


LANGUAGES: Mapping[str, Language] = {
    "python": Language(python.literal, python.name, repr, python.literal),
    "go": Language(
        go.literal, go.name, lambda octets: f"[]byte({go.name(text_of(octets))})", go.literal, pascal
    ),
    "node": Language(node.literal, node.name, _node_body, node.literal, camel),
    "java": Language(java.literal, java.name, _java_body, java.literal, camel),
    "rust": Language(
        rust.literal,
        rust.name,
        lambda octets: rust.octets(text_of(octets)),
        rust.prop,
        more={"table": rust.table},
    ),
    "c": Language(
        c.literal,
        c.octets,
        lambda octets: c.octets(text_of(octets)),
        c.prop,
        more={"table": c.table, "octets": c.octets},
    ),
}
"""By the name of a toolchain."""
