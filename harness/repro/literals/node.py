"""JavaScript. What the language has no value for is written in the library's way, which templates name."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Collection

from harness.amqp.values import (
    Array,
    Binary,
    Boolean,
    Decimal,
    Double,
    Float,
    Int8,
    Int16,
    Int32,
    Int64,
    Longstr,
    Octet,
    Shortstr,
    Table,
    Text,
    Timestamp,
    Uint8,
    Uint16,
    Uint32,
    Value,
    Void,
    bytes_of,
)
from harness.judge.values import real_of
from harness.repro.literals import Inexpressible


def literal(value: Value, *, typed: Collection[str] = (), bigints: bool = False, time: str = "") -> str:
    """The expression. ``typed``: wire types that the library takes as ``{'!': type, value}``. ``bigints``: an
    int64 is written as a bigint. ``time``: a Timestamp, of its seconds, where it is not such a pair."""

    def nested(item: Value) -> str:
        return literal(item, typed=typed, bigints=bigints, time=time)

    def marked(content: str) -> str:
        return f"{{ '!': '{value.type}', value: {content} }}" if value.type in typed else content

    match value:
        case Boolean(truth):
            return truth
        case Int8(digits) | Uint8(digits) | Int16(digits) | Uint16(digits) | Int32(digits) | Uint32(digits):
            return marked(digits)
        case Int64(digits):
            return f"{digits}n" if bigints else marked(integer(digits))
        case Octet(digits):
            return digits
        case Float() | Double():
            return marked(_real(real_of(value)))
        case Decimal(parts) if "decimal" in typed:
            return f"{{ '!': 'decimal', value: {{ places: {parts.scale}, digits: {parts.unscaled} }} }}"
        case Longstr(content) | Shortstr(content):
            return name(content)
        case Binary(content):
            return f"Buffer.from('{bytes_of(content).hex()}', 'hex')"
        case Timestamp(seconds):
            return time.format(seconds) if time else marked(integer(seconds))
        case Array(items):
            return f"[{', '.join(map(nested, items))}]"
        case Table(pairs):
            return _table(pairs, nested)
        case Void():
            return "null"
    raise Inexpressible(value)


def _table(pairs: tuple[tuple[Text, Value], ...], nested: Callable[[Value], str]) -> str:
    """An object; a key in brackets is one of its own even if it is __proto__."""
    entries = [f"[{name(key)}]: {nested(item)}" for key, item in pairs]
    return f"{{ {', '.join(entries)} }}" if entries else "{}"


def name(content: Text) -> str:
    """A string."""
    if not isinstance(content, str):
        raise Inexpressible(Shortstr(content))
    return json.dumps(content)


def integer(digits: str) -> str:
    """A number where one is exact, else a bigint."""
    return digits if int(float(digits)) == int(digits) and abs(int(digits)) < 10**20 else f"{digits}n"


def _real(real: float) -> str:
    if math.isfinite(real):
        return repr(real)
    return "NaN" if math.isnan(real) else ("Infinity" if real > 0 else "-Infinity")
