"""Typed values made into the Python objects that a library's users write.

Pure. An int is an int and a float a float: which wire type the library makes of it is the library's choice
and part of what is tested. Only where a library has a Python type for one wire type alone (pika's ``long``,
the ``bytearray`` of pamqp) is that one used. Nothing is converted to fit: what has no form is unsupported.

Which types a library takes differs by release, so it is not listed here but asked of its own encoder.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Mapping
from datetime import datetime, timezone
from decimal import Decimal
from typing import Any, NamedTuple, Union

from python_consumer.arguments import (
    DUPLICATE_KEYS,
    LATE_TIMES,
    TYPES_WITHOUT_A_PYTHON_FORM,
    Unsupported,
    raw_text,
)
from python_consumer.values import Json

NON_UTF8_KEY, NON_UTF8_LONGSTR = "key:non-utf8", "longstr:non-utf8"
NOT_TEXT = b"\xff"
"""Bytes that are no UTF-8, to ask with."""
Takes = Callable[[dict[Any, Any]], bool]
"""Whether a library's own encoder takes a table."""
Maker = Callable[[Json], Any]
OctetsType = Union[type[bytes], type[bytearray], None]  # noqa: UP007 - evaluated at run time, on CPython 3.9 too
INTEGERS = ("int8", "uint8", "int16", "uint16", "int32", "uint32", "int64", "longlong")
_SAMPLES: Mapping[str, Any] = {
    "boolean": True,
    **dict.fromkeys(INTEGERS, 1),
    "float": 1.5,
    "double": 1.5,
    "decimal": Decimal("1.5"),
    "longstr": "x",
    "array": [1],
    "timestamp": datetime(2001, 2, 3, tzinfo=timezone.utc),  # noqa: UP017 - for CPython 3.9
    "table": {"k": 1},
    "void": None,
}


class Dialect(NamedTuple):
    """How one release of one library wants its values."""

    makers: Mapping[str, Maker]
    """By wire type; one that is missing is not taken."""
    types: tuple[str, ...]
    unsupported: tuple[str, ...]
    """What ``describe`` declares of header values."""
    bytes_keys: bool

    def table(self, value: Json) -> dict[Any, Any]:
        """The dict of a typed table. Unsupported for what the library or a dict can't hold; ValueError for
        a native kind, which no request may have."""
        made: dict[Any, Any] = {}
        for key, item in value["value"]:
            name = raw_text(key)
            if isinstance(name, bytes) and not self.bytes_keys:
                raise Unsupported(NON_UTF8_KEY, f"the library takes a str as key, not {name!r}")
            if name in made:
                raise Unsupported(DUPLICATE_KEYS, f"{name!r} stands twice; a dict cannot hold that")
            made[name] = self.item(item)
        return made

    def item(self, value: Json) -> Any:
        """The Python value of one typed value; raises as :meth:`table` does."""
        kind = value["type"]
        if kind == "array":
            return [self.item(item) for item in value["value"]]
        if kind == "table":
            return self.table(value)
        maker = self.makers.get(kind)
        if maker is not None:
            return maker(value)
        if f"type:{kind}" in self.unsupported:
            raise Unsupported(f"type:{kind}", f"the library has no form of a {kind}")
        raise ValueError(f"{kind} is a kind of answers, not of requests")


def dialect(takes: Takes, int64: Callable[[int], Any] = int) -> Dialect:
    """Ask a library, by ``takes``, what it accepts. ``int64`` makes what it sends as a 64-bit integer."""
    text = _octets_type(takes, (bytes, bytearray))
    binary = _octets_type(takes, (bytearray, bytes))
    taken = [kind for kind, sample in _SAMPLES.items() if takes({"k": sample})]
    makers: dict[str, Maker] = {kind: _NATURAL[kind] for kind in taken if kind in _NATURAL}
    for kind in ("int64", "longlong"):
        makers[kind] = lambda value: int64(int(value["value"]))
    makers["longstr"] = lambda value: _text(value, text)
    if binary is not None:
        taken.append("binary")
        makers["binary"] = lambda value: binary(_octets(value))
    bytes_keys = takes({NOT_TEXT: 1})
    return Dialect(
        makers,
        tuple(taken),
        (
            DUPLICATE_KEYS,
            LATE_TIMES,
            *TYPES_WITHOUT_A_PYTHON_FORM,
            *(f"type:{kind}" for kind in (*_SAMPLES, "binary") if kind not in taken),
            *(() if bytes_keys else (NON_UTF8_KEY,)),
            *(() if text else (NON_UTF8_LONGSTR,)),
        ),
        bytes_keys,
    )


def _octets_type(takes: Takes, kinds: tuple[type[bytes] | type[bytearray], ...]) -> OctetsType:
    """The first of ``kinds`` that the library takes for octets that are no text."""
    return next((kind for kind in kinds if takes({"k": kind(NOT_TEXT)})), None)


def moment(seconds: str) -> datetime:
    """The datetime, in UTC. Unsupported after the year 9999."""
    try:
        return datetime.fromtimestamp(int(seconds), timezone.utc)  # noqa: UP017 - for CPython 3.9
    except (ValueError, OverflowError, OSError) as error:
        raise Unsupported(LATE_TIMES, f"no datetime holds {seconds} s") from error


def _text(value: Json, octets: OctetsType) -> Any:
    text = raw_text(value["value"])
    if isinstance(text, str):
        return text
    if octets is None:
        raise Unsupported(NON_UTF8_LONGSTR, f"the library takes a str, not {text!r}")
    return octets(text)


def _octets(value: Json) -> bytes:
    text = raw_text(value["value"])
    return text.encode("utf-8") if isinstance(text, str) else text


def _integer(value: Json) -> int:
    return int(value["value"])


def _decimal(value: Json) -> Decimal:
    return Decimal(int(value["value"]["unscaled"])).scaleb(-int(value["value"]["scale"]))


_NATURAL: Mapping[str, Maker] = {
    "boolean": lambda value: value["value"] == "true",
    **dict.fromkeys(INTEGERS, _integer),
    "float": lambda value: struct.unpack(">f", bytes.fromhex(value["value"]))[0],
    "double": lambda value: struct.unpack(">d", bytes.fromhex(value["value"]))[0],
    "decimal": _decimal,
    "timestamp": lambda value: moment(value["value"]),
    "void": lambda value: None,
}
