"""Typed values as they cross every boundary of the suite: case files, the peer protocol, results.

Rules of this module: a value is immutable, its text is canonical (one value, one spelling), and its
JSON form is ``{"type": NAME, "value": ...}``. It knows nothing of messages, wires or libraries.

Three vocabularies share the ``type`` tag:

* the field types of RabbitMQ's table (AMQP 0-9-1 errata, section 3), plus ``longlong`` for the tag ``L``
  that RabbitMQ reads as a signed 64-bit integer, and ``unparsed`` for what no decoder can read;
* ``shortstr`` and ``octet``, which only properties have (AMQP 0-9-1, 1.1 class grammar);
* ``native-*``: what a consumer's library handed to the application where it folds wire types.
"""

from __future__ import annotations

import base64
import struct
from typing import Annotated, ClassVar, TypeAlias

import msgspec
from msgspec import Meta

IntegerText: TypeAlias = Annotated[str, Meta(pattern=r"^(0|-?[1-9][0-9]{0,999})$")]
"""A decimal integer without sign for zero, leading zeros or a plus."""
BooleanText: TypeAlias = Annotated[str, Meta(pattern=r"^(true|false)$")]
Float32Bits: TypeAlias = Annotated[str, Meta(pattern=r"^[0-9a-f]{8}$")]
Float64Bits: TypeAlias = Annotated[str, Meta(pattern=r"^[0-9a-f]{16}$")]
Base64Text: TypeAlias = Annotated[str, Meta(pattern=r"^[A-Za-z0-9+/]*={0,2}$")]


class Base64(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Bytes that are not UTF-8 text, as standard base64 with padding."""

    base64: Base64Text


Text: TypeAlias = str | Base64
"""Bytes: a plain string when they are UTF-8, else base64."""


def text_of(raw: bytes) -> Text:
    """The canonical form of ``raw``."""
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        return Base64(base64.b64encode(raw).decode("ascii"))


def bytes_of(text: Text) -> bytes:
    """The bytes that ``text`` stands for. A lone surrogate (from broken JSON) raises UnicodeEncodeError."""
    return base64.b64decode(text.base64, validate=True) if isinstance(text, Base64) else text.encode("utf-8")


class _Value(
    msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="type", cache_hash=True, gc=False
):
    """What all values share: they are frozen and tagged by ``type``."""

    @property
    def type(self) -> str:
        """The name of this value's type, as in its JSON form."""
        return str(self.__struct_config__.tag)


class _Integer(_Value, frozen=True):
    value: IntegerText

    low: ClassVar[int]
    high: ClassVar[int]

    def __post_init__(self) -> None:
        if not self.low <= int(self.value) <= self.high:
            raise ValueError(f"{self.value} is not a {self.type}: {self.low} to {self.high}")


# --- the field types of RabbitMQ's table -------------------------------------------------------------


class Boolean(_Value, frozen=True, tag="boolean"):
    """``t``. On the wire any octet but 0 is true; only the codec's raw bytes tell 01 from 02."""

    value: BooleanText


class Int8(_Integer, frozen=True, tag="int8"):
    """``b``"""

    low = -(2**7)
    high = 2**7 - 1


class Uint8(_Integer, frozen=True, tag="uint8"):
    """``B``"""

    low = 0
    high = 2**8 - 1


class Int16(_Integer, frozen=True, tag="int16"):
    """``s`` (not the short string of the original specification: errata, section 3)"""

    low = -(2**15)
    high = 2**15 - 1


class Uint16(_Integer, frozen=True, tag="uint16"):
    """``u``"""

    low = 0
    high = 2**16 - 1


class Int32(_Integer, frozen=True, tag="int32"):
    """``I``"""

    low = -(2**31)
    high = 2**31 - 1


class Uint32(_Integer, frozen=True, tag="uint32"):
    """``i``"""

    low = 0
    high = 2**32 - 1


class Int64(_Integer, frozen=True, tag="int64"):
    """``l``"""

    low = -(2**63)
    high = 2**63 - 1


class LongLong(_Integer, frozen=True, tag="longlong"):
    """``L``: the original specification's long-long-int, which RabbitMQ reads and rewrites as ``l``"""

    low = -(2**63)
    high = 2**63 - 1


class Float(_Value, frozen=True, tag="float"):
    """``f``: the value is the hex of the four IEEE-754 octets, big-endian"""

    value: Float32Bits


class Double(_Value, frozen=True, tag="double"):
    """``d``: the value is the hex of the eight IEEE-754 octets, big-endian"""

    value: Float64Bits


class DecimalParts(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``unscaled`` × 10 to the power of minus ``scale``; scale is a uint8, unscaled a signed int32."""

    scale: IntegerText
    unscaled: IntegerText


class Decimal(_Value, frozen=True, tag="decimal"):
    """``D``"""

    value: DecimalParts

    def __post_init__(self) -> None:
        scale, unscaled = int(self.value.scale), int(self.value.unscaled)
        if not (0 <= scale <= 255 and -(2**31) <= unscaled < 2**31):
            raise ValueError(f"scale {scale}, unscaled {unscaled} is not a decimal: 0 to 255, int32")


class Longstr(_Value, frozen=True, tag="longstr"):
    """``S``: any bytes; the broker does not ask for UTF-8"""

    value: Text


class Binary(_Value, frozen=True, tag="binary"):
    """``x``"""

    value: Text


class Array(_Value, frozen=True, tag="array"):
    """``A``"""

    value: tuple[Value, ...]


class Timestamp(_Value, frozen=True, tag="timestamp"):
    """``T``: whole seconds since the epoch, an unsigned 64-bit integer"""

    value: IntegerText

    def __post_init__(self) -> None:
        if not 0 <= int(self.value) < 2**64:
            raise ValueError(f"{self.value} is not a timestamp: 0 to {2**64 - 1}")


class Table(_Value, frozen=True, tag="table"):
    """``F``: pairs in the order of the wire, duplicates kept"""

    value: tuple[tuple[Text, Value], ...]


class Void(_Value, frozen=True, tag="void"):
    """``V``"""


class Unparsed(_Value, frozen=True, tag="unparsed"):
    """An octet that is no known tag, and all the octets of its table or array that follow it"""

    tag: Base64Text
    rest: Base64Text


# --- what only properties have -----------------------------------------------------------------------


class Shortstr(_Value, frozen=True, tag="shortstr"):
    """At most 255 bytes (AMQP 0-9-1, 4.2.5.3)"""

    value: Text

    def __post_init__(self) -> None:
        if len(bytes_of(self.value)) > 255:
            raise ValueError(f"a shortstr holds 255 bytes at the most, this has {len(bytes_of(self.value))}")


class Octet(_Integer, frozen=True, tag="octet"):
    """One unsigned byte: priority, delivery mode"""

    low = 0
    high = 255


# --- what an application was handed ------------------------------------------------------------------


class NativeBool(_Value, frozen=True, tag="native-bool"):
    value: BooleanText


class NativeInt(_Value, frozen=True, tag="native-int"):
    """An integer whose wire type the library no longer tells"""

    value: IntegerText


class NativeFloat(_Value, frozen=True, tag="native-float"):
    """A binary64; the value is the hex of its IEEE-754 octets, big-endian"""

    value: Float64Bits


class NativeNumber(_Value, frozen=True, tag="native-number"):
    """A binary64 in a language that does not tell integers from reals (JavaScript)"""

    value: Float64Bits


class NativeDecimal(_Value, frozen=True, tag="native-decimal"):
    """A decimal number: ``unscaled`` × 10 to the power of minus ``scale``, of any size"""

    value: DecimalParts


class NativeStr(_Value, frozen=True, tag="native-str"):
    """Text"""

    value: Text


class NativeBytes(_Value, frozen=True, tag="native-bytes"):
    """Bytes"""

    value: Text


class NativeTime(_Value, frozen=True, tag="native-time"):
    """A point in time: whole seconds since the epoch, UTC"""

    value: IntegerText


class NativeNone(_Value, frozen=True, tag="native-none"):
    """The language's null, nil, undefined or None"""


class NativeList(_Value, frozen=True, tag="native-list"):
    value: tuple[Value, ...]


class NativeMap(_Value, frozen=True, tag="native-map"):
    """Pairs in the order in which the language iterates over them"""

    value: tuple[tuple[Text, Value], ...]


class NativeOther(_Value, frozen=True, tag="native-other"):
    """An object of no kind above: its class, and what the application sees when it prints it"""

    name: str
    text: Text


IntegerField: TypeAlias = Int8 | Uint8 | Int16 | Uint16 | Int32 | Uint32 | Int64 | LongLong
Field: TypeAlias = (
    Boolean
    | Int8
    | Uint8
    | Int16
    | Uint16
    | Int32
    | Uint32
    | Int64
    | LongLong
    | Float
    | Double
    | Decimal
    | Longstr
    | Binary
    | Array
    | Timestamp
    | Table
    | Void
    | Unparsed
)
Native: TypeAlias = (
    NativeBool
    | NativeInt
    | NativeFloat
    | NativeNumber
    | NativeDecimal
    | NativeStr
    | NativeBytes
    | NativeTime
    | NativeNone
    | NativeList
    | NativeMap
    | NativeOther
)
Value: TypeAlias = Field | Shortstr | Octet | Native


def float_bits(number: float) -> str:
    """The hex of the four octets of ``number`` as a binary32 (OverflowError if it does not fit)."""
    return struct.pack(">f", number).hex()


def double_bits(number: float) -> str:
    """The hex of the eight octets of ``number`` as a binary64."""
    return struct.pack(">d", number).hex()
