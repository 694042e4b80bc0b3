"""What the adapter takes for "the library raised".

A library may raise anything, and that is a result about the library, not a fault of the adapter. These are
the roots that code on sockets, structs and dates raises from; what is outside of them ends the process, which
the harness sees as a crash.
"""

from __future__ import annotations

import struct

LIBRARY_RAISES: tuple[type[Exception], ...] = (
    ArithmeticError,
    AssertionError,
    AttributeError,
    LookupError,
    OSError,
    RuntimeError,
    TypeError,
    ValueError,
    struct.error,
)
