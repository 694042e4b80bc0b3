"""Arguments of a declare or a bind: the contract's typed table made into what Python libraries take.

Pure. The wire type of an integer is the library's own choice: it matters to no broker that the suite
knows, and nothing here can force it. What a dict cannot hold is unsupported.
"""

from __future__ import annotations

import base64
import struct
from collections.abc import Callable, Mapping
from datetime import datetime, timezone
from decimal import Decimal
from typing import Any

from python_consumer.values import Json

DUPLICATE_KEYS = "duplicate-keys"
LATE_TIMES = "timestamp:after-9999"
TYPES_WITHOUT_A_PYTHON_FORM = ("type:unparsed", "type:shortstr", "type:octet")
UNSUPPORTED = (DUPLICATE_KEYS, LATE_TIMES, *TYPES_WITHOUT_A_PYTHON_FORM)
"""Declared by ``describe``."""


class Unsupported(Exception):
    """The library cannot express the request; ``what`` is the name that ``describe`` declares."""

    def __init__(self, what: str, problem: str) -> None:
        self.what, self.problem = what, problem
        super().__init__(problem)


def raw_text(text: str | Json) -> str | bytes:
    """A str as itself; base64 as the bytes it stands for."""
    return text if isinstance(text, str) else base64.b64decode(text["base64"])


def table(value: Json) -> dict[Any, Any]:
    """The dict of a typed table.

    Unsupported for a key that stands twice, a type that has no Python form and a time after the year 9999;
    ValueError for a native kind, which no request may hold.
    """
    made: dict[Any, Any] = {}
    for key, item in value["value"]:
        name = raw_text(key)
        if name in made:
            raise Unsupported(DUPLICATE_KEYS, f"{name!r} stands twice; a dict cannot hold that")
        made[name] = _item(item)
    return made


def _item(value: Json) -> Any:
    kind = value["type"]
    if f"type:{kind}" in TYPES_WITHOUT_A_PYTHON_FORM:
        raise Unsupported(f"type:{kind}", f"no Python value stands for a {kind}")
    if kind not in _MAKERS:
        raise ValueError(f"{kind} is a kind of answers, not of arguments")
    return _MAKERS[kind](value)


def _decimal(value: Json) -> Decimal:
    return Decimal(int(value["value"]["unscaled"])).scaleb(-int(value["value"]["scale"]))


def _time(value: Json) -> datetime:
    try:
        return datetime.fromtimestamp(int(value["value"]), timezone.utc)  # noqa: UP017 - for CPython 3.9
    except (ValueError, OverflowError, OSError) as error:
        raise Unsupported(LATE_TIMES, f"no datetime holds {value['value']} s") from error


def _integer(value: Json) -> int:
    return int(value["value"])


def _bytes(value: Json) -> bytes:
    text = raw_text(value["value"])
    return text.encode("utf-8") if isinstance(text, str) else text


_MAKERS: Mapping[str, Callable[[Json], Any]] = {
    "boolean": lambda value: value["value"] == "true",
    **dict.fromkeys(("int8", "uint8", "int16", "uint16", "int32", "uint32", "int64", "longlong"), _integer),
    "float": lambda value: struct.unpack(">f", bytes.fromhex(value["value"]))[0],
    "double": lambda value: struct.unpack(">d", bytes.fromhex(value["value"]))[0],
    "decimal": _decimal,
    "longstr": lambda value: raw_text(value["value"]),
    "binary": _bytes,
    "array": lambda value: [_item(item) for item in value["value"]],
    "timestamp": _time,
    "table": table,
    "void": lambda value: None,
}
