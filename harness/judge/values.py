"""Compare two values: is it the same, the same in another type, less precise, or another?

Nothing is coerced. Two values are the same only where both belong to one family (integers, reals, text,
...) and are mathematically or octet by octet equal; a boolean is never a number, a number never a text.
"""

from __future__ import annotations

import struct
from fractions import Fraction
from typing import TypeAlias

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
    Value,
    Void,
    bytes_of,
)
from harness.judge.difference import Kind

_INTEGERS = (Int8, Uint8, Int16, Uint16, Int32, Uint32, Int64, LongLong, Octet, NativeInt)
_REALS = (Float, Double, NativeFloat, NativeNumber)
_TIMES = (Timestamp, NativeTime)
_TEXTS = (Longstr, Binary, Shortstr, NativeStr, NativeBytes)
_DECIMALS = (Decimal, NativeDecimal)
MOST_SCALE = 1000
"""A decimal's scale beyond which it is not worked out: AMQP's goes to 255, a peer may say anything."""
_BOOLEANS = (Boolean, NativeBool)
_NOTHING = (Void, NativeNone)
Pairs: TypeAlias = tuple[tuple[Text, Value], ...]
LISTS = (Array, NativeList)
TABLES = (Table, NativeMap)

_NATURAL: dict[type, tuple[type, ...]] = {
    Boolean: (NativeBool,),
    Float: (NativeFloat, NativeNumber),
    Double: (NativeFloat, NativeNumber),
    Decimal: (NativeDecimal,),
    Longstr: (NativeStr,),
    Shortstr: (NativeStr,),
    Binary: (NativeBytes,),
    Timestamp: (NativeTime,),
    Void: (NativeNone,),
    Array: (NativeList,),
    Table: (NativeMap,),
    **{integer: (NativeInt, NativeNumber) for integer in _INTEGERS if integer is not NativeInt},
}
"""The native kinds in which a wire type is at home: such a report is the same, not retyped."""


_TEXTUAL: dict[type, type] = {
    Boolean: NativeBool,
    Double: NativeFloat,
    Decimal: NativeDecimal,
    Longstr: NativeStr,
    Shortstr: NativeStr,
    Binary: NativeBytes,
    Timestamp: NativeTime,
    **{integer: NativeInt for integer in _INTEGERS if integer is not NativeInt},
}
"""The native kind that holds the same canonical text as the wire type where it holds the same value. (Not
NativeNumber, whose text is the hex of a real: an integer's digits could look like it.)"""


def unchanged(expected: Value, got: Value) -> bool:
    """Whether it is plain at sight that there is no difference. False means: look closer.

    Most of what is ever compared is unchanged, so this is what a run's time goes into.
    """
    if expected is got or expected == got:
        return True
    kind = type(got)
    if _TEXTUAL.get(type(expected)) is kind:
        return bool(expected.value == got.value)  # type: ignore[union-attr]  # those of the table have one
    if isinstance(expected, Table) and isinstance(got, Table | NativeMap):
        return _same_entries(expected.value, got.value)
    if isinstance(expected, Array) and isinstance(got, NativeList):
        return len(expected.value) == len(got.value) and all(map(unchanged, expected.value, got.value))
    return False


def _same_entries(expected: Pairs, got: Pairs) -> bool:
    """The same keys with the same values, in any order. Keys that come twice are not plain at sight."""
    before, after = dict(expected), dict(got)
    return (
        len(expected) == len(got) == len(before) == len(after)
        and before.keys() == after.keys()
        and all(unchanged(value, after[key]) for key, value in expected)
    )


def at_home(expected: Value, got: Value) -> bool:
    """Whether ``got`` is of the type of ``expected``, or of the native kind that folds it."""
    return type(got) is type(expected) or type(got) in _NATURAL.get(type(expected), ())


def compare_scalars(expected: Value, got: Value) -> Kind:
    """same, retyped, narrowed or altered. Lists and tables are compared by the caller, item by item."""
    if expected == got:
        return Kind.SAME
    if _equal(expected, got):
        return Kind.SAME if at_home(expected, got) and not _rescaled(expected, got) else Kind.RETYPED
    return Kind.NARROWED if _less_precise(expected, got) else Kind.ALTERED


def _rescaled(expected: Value, got: Value) -> bool:
    """Whether an equal decimal has another scale: 1.10 and 1.1 are other octets, and other prices."""
    both = isinstance(expected, _DECIMALS) and isinstance(got, _DECIMALS)
    return both and expected.value != got.value  # type: ignore[union-attr]  # both have one


def is_blank(value: Value) -> bool:
    """Whether it is the empty or zero of its kind: what libraries confuse with absence."""
    match value:
        case Longstr(text) | Binary(text) | Shortstr(text) | NativeStr(text) | NativeBytes(text):
            return bytes_of(text) == b""
        case Array(items) | NativeList(items):
            return not items
        case Table(pairs) | NativeMap(pairs):
            return not pairs
        case Void() | NativeNone():
            return True
        case _:
            return _number(value) == 0


def _number(value: Value) -> Fraction | None:
    """The exact number, None for what is none: not a number, infinite, no kind of number, or out of reach."""
    if isinstance(value, _INTEGERS + _TIMES):
        return Fraction(int(value.value))
    if isinstance(value, _DECIMALS):
        scale = int(value.value.scale)
        return (
            Fraction(int(value.value.unscaled)) / Fraction(10) ** scale if abs(scale) <= MOST_SCALE else None
        )
    if isinstance(value, _REALS):
        real = real_of(value)
        return Fraction(real) if real - real == 0 else None
    return None


def real_of(value: Float | Double | NativeFloat | NativeNumber) -> float:
    """The number as a Python float; a binary32 widens without loss."""
    octets = bytes.fromhex(value.value)
    return float(struct.unpack(">f" if len(octets) == 4 else ">d", octets)[0])


def _bits(value: Value) -> bytes | None:
    """Reals as binary64 octets, so that -0.0 and the payload of a NaN count."""
    return struct.pack(">d", real_of(value)) if isinstance(value, _REALS) else None


def _equal(expected: Value, got: Value) -> bool:
    if isinstance(expected, _TEXTS) and isinstance(got, _TEXTS):
        return bytes_of(expected.value) == bytes_of(got.value)
    if isinstance(expected, _BOOLEANS) and isinstance(got, _BOOLEANS):
        return expected.value == got.value
    if isinstance(expected, _NOTHING) and isinstance(got, _NOTHING):
        return True
    if isinstance(expected, _REALS) and isinstance(got, _REALS):
        return _bits(expected) == _bits(got)
    number = _number(expected)
    return number is not None and number == _number(got) and not _negative_zero(expected, got)


def _negative_zero(expected: Value, got: Value) -> bool:
    """-0.0 on one side only: equal as a number, but its sign was lost or made up."""
    zero = bytes.fromhex("8000000000000000")
    return (_bits(expected) == zero) != (_bits(got) == zero)


def _less_precise(expected: Value, got: Value) -> bool:
    """Whether ``got`` is what is left of the number when it is rounded or cut to a smaller type."""
    exact, rounded = _number(expected), _number(got)
    if exact is None or rounded is None:
        return False
    if exact == rounded:
        return True  # -0.0 became 0
    candidates = [
        Fraction(int(exact)),
        Fraction(round(exact)),
        Fraction(exact.numerator // exact.denominator),
    ]
    for layout in (">f", ">d"):
        try:
            candidates.append(Fraction(struct.unpack(layout, struct.pack(layout, float(exact)))[0]))
        except OverflowError:
            continue  # larger than this format can hold: it cannot be a rounding to it
    return rounded in candidates
