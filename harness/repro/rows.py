"""The rows by which a reproduction compares what was asked with what was read. Pure.

A consumer of any language prints a line a value: its place, its type, its text, and the bits of a float.
What is compared is the text (or the bits), so a row has every text that an unchanged value can have: 3.0 may
be read as the integer 3, which the judge takes for the same value in another type.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from typing import NamedTuple

from harness.amqp.message import PROPERTY_NAMES, Body, Inline, Pattern, Routed, expand
from harness.amqp.values import (
    Array,
    Binary,
    Boolean,
    Decimal,
    DecimalParts,
    Double,
    Float,
    Longstr,
    NativeBytes,
    NativeDecimal,
    NativeFloat,
    NativeInt,
    NativeList,
    NativeMap,
    NativeNone,
    NativeStr,
    Shortstr,
    Table,
    Text,
    Timestamp,
    Unparsed,
    Value,
    Void,
    bytes_of,
    double_bits,
)
from harness.judge.compare import compare_values, key_path
from harness.judge.values import real_of
from harness.report.sheet import brief, numbered
from harness.report.values import shown

MESSAGE = "message"
"""The row that says whether any message was read at all."""
READ = "read"
ABSENT = "absent"
_PLAIN_KEY = re.compile(rb"[A-Za-z_][A-Za-z0-9_-]*")
_PRINTABLE = re.compile(rb"[ -~]*")


class Row(NamedTuple):
    """One value: whether it decides, its place, what was asked for, and the texts that are no difference."""

    decides: bool
    place: str
    asked: str
    texts: tuple[str, ...]

    def line(self) -> str:
        """As the file of rows has it."""
        return "\t".join(("*" if self.decides else "-", self.place, self.asked, *self.texts))


class Field(NamedTuple):
    """A value of a message: ``path`` as the judge names it, ``place`` as the programs do."""

    path: str
    place: str
    asked: str
    texts: tuple[str, ...]


def rows(asked: Routed, deciding: Collection[str], *, routing_key: bool = True) -> list[Row]:
    """The rows of what was ``asked``. ``deciding`` are paths of the judge; all rows decide if there are none.

    ``routing_key`` is False where it is not known before the programs run.
    """
    found = [field for field in fields(asked) if routing_key or field.path != "routing_key"]
    known = {MESSAGE, *(field.path for field in found)}
    found += [
        Field(path, place_of(path), ABSENT, (ABSENT,)) for path in sorted(deciding) if path not in known
    ]
    return [
        Row(not deciding or MESSAGE in deciding, MESSAGE, READ, (READ,)),
        *(
            Row(not deciding or field.path in deciding, field.place, field.asked, field.texts)
            for field in found
        ),
    ]


def fields(routed: Routed) -> Iterator[Field]:
    """Every value of a message that a program shows, tables before what is in them."""
    key = routed.routing_key
    yield Field("routing_key", "routing_key", shown(Shortstr(key)), (quoted(bytes_of(key)),))
    for name in PROPERTY_NAMES:
        value = routed.message.properties.get(name)
        if value is not None:
            yield from _nested(name, name, value)
    body = routed.message.body
    yield Field("body", "body", shown(body), (quoted(octets_of(body)),))


def octets_of(body: Body) -> bytes:
    """The octets of a body; ValueError for one of which only a digest is known."""
    match body:
        case Pattern(pattern, length, _):
            return expand(bytes_of(pattern), length)
        case Inline(value):
            return bytes_of(value)
    raise ValueError("only the digest of the body is known")


def quoted(octets: bytes) -> str:
    """Text in quotes where all of it is printable ASCII, else hexadecimal: no language escapes alike."""
    return f'"{octets.decode("ascii")}"' if _PRINTABLE.fullmatch(octets) else f"hex:{octets.hex()}"


def step(key: bytes) -> str:
    """How the programs name an entry of a table."""
    return f".{key.decode('ascii')}" if _PLAIN_KEY.fullmatch(key) else f"[hex:{key.hex()}]"


def place_of(path: str) -> str:
    """The place of a path of the judge's: the keys that it has in quotes are named by their octets."""

    def renamed(match: re.Match[str]) -> str:
        key = re.sub(r"\\(.)", r"\1", match[1])
        return step(key.encode())

    return re.sub(r'\["((?:[^"\\]|\\.)*)"\]', renamed, path)


def _nested(path: str, place: str, value: Value) -> Iterator[Field]:
    yield Field(path, place, brief(value), texts_of(value))
    match value:
        case Table(pairs) | NativeMap(pairs):
            seen: dict[bytes, int] = {}
            for key, item in pairs:
                raw = bytes_of(key)
                seen[raw] = seen.get(raw, 0) + 1
                yield from _nested(
                    numbered(key_path(path, raw), seen[raw]), numbered(place + step(raw), seen[raw]), item
                )
        case Array(items) | NativeList(items):
            for index, item in enumerate(items):
                yield from _nested(f"{path}[{index}]", f"{place}[{index}]", item)


def texts_of(value: Value) -> tuple[str, ...]:
    """What a program may print for ``value`` if nothing but its type has changed, the natural one first."""
    match value:
        case Table(entries) | NativeMap(entries):
            return (f"map of {len(entries)}",)
        case Array(entries) | NativeList(entries):
            return (f"list of {len(entries)}",)
        case Unparsed(tag, _):
            return (f"unparsed {tag}",)
        case Void():
            return ("none",)
    made = (_text(one) for one in (value, *_equals(value)) if _passes(value, one))
    return tuple(dict.fromkeys(text for text in made if text is not None))


def _passes(value: Value, other: Value) -> bool:
    return all(each.kind.passes for each in compare_values("", value, other))


def _equals(value: Value) -> Iterator[Value]:
    """What may be read in place of ``value``: the judge decides whether it is the same."""
    match value:
        case Float() | Double():
            real = real_of(value)
            yield NativeFloat(double_bits(real))
            if real.is_integer():
                yield NativeInt(str(int(real)))
        case Decimal(parts):
            scale, unscaled = int(parts.scale), int(parts.unscaled)
            while scale and unscaled % 10 == 0:
                scale, unscaled = scale - 1, unscaled // 10
                yield NativeDecimal(DecimalParts(str(scale), str(unscaled)))
        case Boolean() | Longstr() | Binary() | Shortstr():
            pass
        case _ if (number := _whole(value)) is not None and int(float(number)) == number:
            yield NativeFloat(double_bits(float(number)))


def _whole(value: Value) -> int | None:
    text = getattr(value, "value", None)
    return int(text) if isinstance(text, str) and not isinstance(value, Timestamp) else None


def _text(value: Value) -> str | None:
    """The text, or the bits, that a program prints of a value that holds no others."""
    match value:
        case NativeNone() | Void():
            return "none"
        case Float() | Double() | NativeFloat():
            return f"0x{double_bits(real_of(value))}"
        case Decimal(parts) | NativeDecimal(parts):
            return f"{parts.unscaled}e-{parts.scale}"
        case Longstr(text) | Binary(text) | Shortstr(text) | NativeStr(text) | NativeBytes(text):
            return quoted(bytes_of(text))
    text_of: Text | None = getattr(value, "value", None)
    return text_of if isinstance(text_of, str) else None
