"""What a library handed over, in the ``native-*`` vocabulary of ``contract/schema``.

Pure. It reports, and neither guesses a wire type nor mends anything: a value has the kind of the Python
object that it is.

Text is the canonical form of bytes: a plain string where they are UTF-8, else ``{"base64": ...}``. A str
that UTF-8 cannot encode holds lone surrogates. If all of them are U+DC80 to U+DCFF they are what
``surrogateescape`` makes of single bytes, and those bytes are reported; otherwise each surrogate is
encoded as ``surrogatepass`` does it. The kind stays ``native-str`` in either case.
"""

from __future__ import annotations

import base64
import calendar
import struct
import time
from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

Json = dict[str, Any]
"""One JSON object on its way out."""
_SECONDS_IN_400_YEARS = 146_097 * 86_400


def bytes_text(raw: bytes) -> str | Json:
    """The canonical form of ``raw``."""
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        return {"base64": base64.b64encode(raw).decode("ascii")}


def encoded(text: str) -> bytes:
    """The bytes of ``text``; lone surrogates as the module docstring says."""
    try:
        return text.encode("utf-8")
    except UnicodeEncodeError:
        pass
    try:
        return text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        return text.encode("utf-8", "surrogatepass")


def text_of(value: object) -> str | Json:
    """The text of a str or of bytes; TypeError for anything else."""
    if isinstance(value, str):
        return value if value.isascii() else bytes_text(encoded(value))
    if isinstance(value, (bytes, bytearray, memoryview)):
        return bytes_text(bytes(value))
    raise TypeError(f"neither str nor bytes: {value!r}")


def native(value: object) -> Json:
    """The report of one value. An object of no known kind is ``native-other``: class name and repr."""
    kind = type(value)
    if kind is str:
        return {"type": "native-str", "value": text_of(value)}
    if kind is int:
        return {"type": "native-int", "value": str(value)}
    if value is None:
        return {"type": "native-none"}
    return _seldom(value)


def _seldom(value: object) -> Json:
    # bool stands before int because it is one; datetime has no such relation to mind.
    if isinstance(value, bool):
        return {"type": "native-bool", "value": "true" if value else "false"}
    if isinstance(value, int):
        return {"type": "native-int", "value": int.__repr__(value)}
    if isinstance(value, str):
        return {"type": "native-str", "value": text_of(value)}
    if isinstance(value, (bytes, bytearray, memoryview)):
        return {"type": "native-bytes", "value": text_of(value)}
    if isinstance(value, float):
        return {"type": "native-float", "value": struct.pack(">d", value).hex()}
    if isinstance(value, datetime):
        return _time(value.utctimetuple())
    if isinstance(value, time.struct_time):
        return _time(value)
    if isinstance(value, Decimal):
        return _decimal(value)
    return _container(value)


def _container(value: object) -> Json:
    if isinstance(value, Mapping) and all(isinstance(key, (str, bytes, bytearray)) for key in value):
        return {
            "type": "native-map",
            "value": [[text_of(key), native(item)] for key, item in value.items()],
        }
    if isinstance(value, (list, tuple)):
        return {"type": "native-list", "value": [native(item) for item in value]}
    return {"type": "native-other", "name": type(value).__name__, "text": text_of(repr(value))}


def _time(utc: time.struct_time) -> Json:
    """Whole seconds; a naive datetime and a struct_time are taken as UTC, which is what AMQP's times are.

    A struct_time may be of a year past 9999, which timegm can't take: the calendar repeats every 400 years.
    """
    cycles, year = divmod(utc.tm_year, 400)
    seconds = calendar.timegm((2000 + year, *utc[1:6])) + (cycles - 5) * _SECONDS_IN_400_YEARS
    return {"type": "native-time", "value": str(seconds)}


def _decimal(value: Decimal) -> Json:
    sign, digits, exponent = value.as_tuple()
    if not isinstance(exponent, int):  # NaN, Infinity
        return {"type": "native-other", "name": type(value).__name__, "text": str(value)}
    unscaled = int("".join(map(str, digits)) or "0") * 10 ** max(exponent, 0)
    scale = max(-exponent, 0)
    return {
        "type": "native-decimal",
        "value": {"scale": str(scale), "unscaled": str(-unscaled if sign else unscaled)},
    }
