"""Values as a person reads them, in a few words: ``double 3.14``, ``int 3``, ``longstr "x"``.

Knows values and bodies, nothing of cells or verdicts. What it returns holds printable characters only and no
line end: control, bidi and all other characters that are not seen are escaped, and long values are cut, with
their whole size stated.
"""

from __future__ import annotations

import math
import unicodedata
from datetime import UTC, datetime, timedelta
from decimal import Decimal as Number
from typing import TypeVar, assert_never

from harness.amqp.message import Body, BodyKind, Digest, Inline, Pattern
from harness.amqp.values import (
    Array,
    Base64,
    Binary,
    Boolean,
    Decimal,
    DecimalParts,
    Double,
    Float,
    Int8,
    Int16,
    Int32,
    Int64,
    LongLong,
    Longstr,
    NativeBool,
    NativeBytes,
    NativeDecimal,
    NativeFloat,
    NativeInt,
    NativeList,
    NativeMap,
    NativeNone,
    NativeNumber,
    NativeOther,
    NativeStr,
    NativeTime,
    Octet,
    Shortstr,
    Table,
    Text,
    Timestamp,
    Uint8,
    Uint16,
    Uint32,
    Unparsed,
    Value,
    Void,
    bytes_of,
)
from harness.judge.difference import Shown
from harness.judge.values import real_of

T = TypeVar("T")
TEXT_LIMIT = 40
"""Characters of a text that are shown, and octets of what is no text: half as many."""
ITEMS_LIMIT = 3
"""Entries of a list or table that are shown."""
DEPTH_LIMIT = 2
"""How deep nested values are shown; below that only their size is."""
_DIGITS_LIMIT = 40
_UNSEEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
_SHORT = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_YEARS_DIGITS = 12
"""Seconds of more digits lie past the year 9999, and past what ``timedelta`` can hold."""


def inert(text: str) -> str:
    """``text`` with every character escaped that is not seen, or that moves what is: one line, no effects.

    A space is a space; other blanks are escaped, for nobody can tell them from one.
    """
    if text.isascii() and text.isprintable():
        return text
    return "".join(map(_inert, text))


def _inert(character: str) -> str:
    category = unicodedata.category(character)
    if category not in _UNSEEN and (category != "Zs" or character == " "):
        return character
    code = ord(character)
    if code < 0x100:
        return _SHORT.get(character, f"\\x{code:02x}")
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def quoted(text: str) -> str:
    """``text`` in quotes, inert, so that what is in the quotes can be told from what is around them."""
    return '"' + inert(text.replace("\\", "\\\\").replace('"', '\\"')) + '"'


def clipped(text: str, limit: int) -> str:
    """``text`` with its middle left out if it is longer than ``limit`` characters."""
    if len(text) <= limit:
        return text
    head = (limit - 1) * 2 // 3
    return f"{text[:head]}…{text[len(text) - (limit - 1 - head) :]}"


def shown(value: Shown) -> str:
    """Any side of a difference in a few words: None is an absence, a plain string a name, thus quoted."""
    match value:
        case None:
            return "absent"
        case bool():
            return "true" if value else "false"
        case str():
            return _text(value)
        case Inline() | Pattern() | Digest():
            return show_body(value)
        case _:
            return show(value)


def show(value: Value) -> str:
    """A value with its type; native kinds by their short names, as ``int``."""
    return inert(_show(value, 0))


def type_name(value: Shown) -> str:
    """The type alone: ``double``, ``int``, ``absent``, ``body``."""
    match value:
        case None:
            return "absent"
        case bool():
            return "flag"
        case str():
            return "name"
        case Inline() | Pattern() | Digest():
            return "body"
        case _:
            return value.type.removeprefix("native-")


def _show(value: Value, depth: int) -> str:
    return " ".join(filter(None, (_name(value), _content(value, depth))))


def _name(value: Value) -> str:
    return clipped(inert(value.name), TEXT_LIMIT) if isinstance(value, NativeOther) else type_name(value)


def _content(value: Value, depth: int) -> str:
    match value:
        case Void() | NativeNone():
            return ""
        case Boolean(text) | NativeBool(text):
            return text
        case Int8(text) | Uint8(text) | Int16(text) | Uint16(text) | Int32(text) | Uint32(text) | Int64(text):
            return text
        case LongLong(text) | Octet(text) | NativeInt(text):
            return _digits(text)
        case Float() | Double() | NativeFloat() | NativeNumber():
            return _real(value)
        case Decimal(parts) | NativeDecimal(parts):
            return _decimal(parts)
        case Timestamp(seconds) | NativeTime(seconds):
            return f"{_digits(seconds)} ({_moment(seconds)})"
        case Longstr(raw) | Binary(raw) | Shortstr(raw) | NativeStr(raw) | NativeBytes(raw):
            return _text(raw)
        case NativeOther(_, raw):
            return _text(raw)
        case Array(items) | NativeList(items):
            return _nested([_show(item, depth + 1) for item in _few(items, depth)], len(items), "[]")
        case Table(pairs) | NativeMap(pairs):
            few = [f"{_text(key)}: {_show(item, depth + 1)}" for key, item in _few(pairs, depth)]
            return _nested(few, len(pairs), "{}")
        case Unparsed(tag, rest):
            octets = _size(Base64(rest))
            return f"tag {bytes_of(Base64(tag)).hex()}, then {_bytes(octets)}"
    assert_never(value)


def _few(entries: tuple[T, ...], depth: int) -> tuple[T, ...]:
    return entries[:ITEMS_LIMIT] if depth < DEPTH_LIMIT else ()


def _nested(few: list[str], whole: int, brackets: str) -> str:
    if whole and not few:
        return f"of {whole}"
    more = [f"{whole - len(few)} more"] if whole > len(few) else []
    return brackets[0] + ", ".join(few + more) + brackets[1]


def octets_of(text: Text) -> bytes:
    """As :func:`bytes_of`; a lone surrogate, which no message can hold, is shown all the same."""
    return text.encode("utf-8", "surrogatepass") if isinstance(text, str) else bytes_of(text)


def _size(text: Text) -> int:
    return len(octets_of(text))


def _text(text: Text) -> str:
    """In quotes if it is UTF-8, else as hex. What is cut off is counted in bytes, as AMQP counts."""
    if isinstance(text, str):
        whole = len(text) <= TEXT_LIMIT
        return quoted(text) if whole else f"{quoted(text[:TEXT_LIMIT])}… ({_bytes(_size(text))})"
    octets, limit = bytes_of(text), TEXT_LIMIT // 2
    whole = len(octets) <= limit
    return f"hex:{octets.hex()}" if whole else f"hex:{octets[:limit].hex()}… ({_bytes(len(octets))})"


def _real(value: Float | Double | NativeFloat | NativeNumber) -> str:
    """Exactly: a binary32 as the binary64 that it equals, and NaN, of which there are many, with its bits."""
    real = real_of(value)
    return f"NaN (bits {value.value})" if math.isnan(real) else repr(real)


def _digits(text: str) -> str:
    """An integer, the middle left out where no wire type could have been so long."""
    return text if len(text) <= _DIGITS_LIMIT else f"{clipped(text, _DIGITS_LIMIT)} ({len(text)} characters)"


def _decimal(parts: DecimalParts) -> str:
    if len(parts.unscaled) > _DIGITS_LIMIT or len(parts.scale) > len("-10000"):
        return f"{_digits(parts.unscaled)} × 10^-({_digits(parts.scale)})"
    sign, digits = int(parts.unscaled.startswith("-")), parts.unscaled.lstrip("-")
    return str(Number((sign, tuple(map(int, digits)), -int(parts.scale))))


def _moment(seconds: str) -> str:
    late = "before the year 1" if seconds.startswith("-") else "after the year 9999"
    if len(seconds) > _YEARS_DIGITS:
        return late
    try:
        return (_EPOCH + timedelta(seconds=int(seconds))).isoformat().replace("+00:00", "Z")
    except OverflowError:
        return late


def show_body(body: Body) -> str:
    """A body: itself if it is short, else its size and the start of its SHA-256."""
    match body:
        case Inline(text, native):
            short = _text(text)
            size = f" ({_bytes(_size(text))})"
            return _kind(native) + short + ("" if short.endswith(size) else size)
        case Pattern(text, length, sha256):
            return f"{_text(text)} over and over ({_bytes(length)}, SHA-256 {sha256[:12]}…)"
        case Digest(length, sha256, native):
            return f"{_kind(native)}{_bytes(length)}, SHA-256 {sha256[:12]}…"


def _kind(native: BodyKind | None) -> str:
    return f"{native} " if native else ""


def _bytes(count: int) -> str:
    return f"{count} byte" if count == 1 else f"{count} bytes"
