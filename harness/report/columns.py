"""Plain columns, aligned by what a terminal shows rather than by how many characters there are. Pure."""

from __future__ import annotations

import textwrap
import unicodedata
from collections.abc import Sequence

GAP = "  "
MIN_WIDTH = 20
"""Text is never wrapped to less than this many columns, whatever a terminal says of itself."""


def width(text: str) -> int:
    """How many columns ``text`` takes: wide letters take two, combining marks none."""
    if text.isascii():
        return len(text)
    return sum(map(_width, text))


def _width(character: str) -> int:
    if unicodedata.category(character) in ("Mn", "Me"):
        return 0
    return 2 if unicodedata.east_asian_width(character) in ("W", "F") else 1


def padded(text: str, columns: int, *, right: bool = False) -> str:
    """``text`` with blanks up to ``columns``, before it if it is to stand ``right``."""
    blanks = " " * (columns - width(text))
    return blanks + text if right else text + blanks


def aligned(rows: Sequence[Sequence[str]], indent: str = "") -> list[str]:
    """One line a row, its cells below one another; nothing is cut, no line ends in blanks."""
    widths = [max(map(width, column)) for column in zip(*rows, strict=True)]
    return [
        (indent + GAP.join(padded(cell, size) for cell, size in zip(row, widths, strict=True))).rstrip()
        for row in rows
    ]


def wrapped(text: str, columns: int | None, indent: str = "", hang: str = "") -> list[str]:
    """``text`` in lines of at most ``columns``, words kept whole where they fit; one line if None."""
    if columns is None:
        return [indent + text]
    return textwrap.wrap(
        text,
        max(columns, MIN_WIDTH),
        initial_indent=indent,
        subsequent_indent=hang,
        break_on_hyphens=False,
    ) or [indent.rstrip()]
