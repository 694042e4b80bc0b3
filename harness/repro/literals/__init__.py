"""How a typed value is written in the source of a language: one module a toolchain, each a pure function.

A literal keeps the wire type that is asked for wherever the library lets its user choose it, exactly as the
peer's adapter does; where it does not, it is what a user would write. Templates say what is a library's own.
"""

from __future__ import annotations

from harness.amqp.values import Value


class Inexpressible(Exception):
    """There is no way to write this value in the language: ``value``."""

    def __init__(self, value: Value) -> None:
        self.value = value
        super().__init__(f"a {value.type} can't be written")


def escaped(octets: bytes, escape: str) -> str:
    """Printable ASCII as it is, but for quotes and backslashes; all other octets as ``escape`` says."""
    return "".join(
        chr(octet) if 0x20 <= octet < 0x7F and octet not in b'"\\' else escape.format(octet)
        for octet in octets
    )
