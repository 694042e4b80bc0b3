"""Lines of styled pieces: pure, until the last moment, when they become text with colours or without.

rich is asked for colours only, and only where they are wanted, so that a pipe and pytest do without it.
"""

from __future__ import annotations

import io
import os
from collections.abc import Iterable, Mapping
from typing import NamedTuple, TextIO, TypeAlias


class Piece(NamedTuple):
    """A text in one style: "" or one of rich's, as ``bold red``."""

    text: str
    style: str = ""


Line: TypeAlias = tuple[Piece, ...]


class Look(NamedTuple):
    """How a stream wants to be written to: ``width`` is None where nothing needs to be wrapped."""

    width: int | None
    colour: bool


def plain(text: str, style: str = "") -> Line:
    """A line of one piece."""
    return (Piece(text, style),)


def packed(pieces: Iterable[Piece], separator: str, columns: int | None) -> list[Line]:
    """Pieces beside one another, in as many lines as it takes; one if ``columns`` is None."""
    lines: list[list[Piece]] = [[]]
    used = 0
    for piece in pieces:
        size = len(piece.text)
        if lines[-1] and columns is not None and used + len(separator) + size > columns:
            lines.append([])
        if lines[-1]:
            lines[-1].append(Piece(separator))
            used += len(separator) + size
        else:
            used = size
        lines[-1].append(piece)
    return [tuple(line) for line in lines]


def look_of(stream: TextIO, environment: Mapping[str, str] = os.environ) -> Look:
    """Colours and a width only on a terminal; no colours with NO_COLOR (if not empty) or on a dumb one."""
    if not stream.isatty():
        return Look(None, colour=False)
    try:
        columns = os.get_terminal_size(stream.fileno()).columns
    except (OSError, ValueError):
        columns = 0
    given = environment.get("COLUMNS", "")
    columns = int(given) if given.isascii() and given.isdigit() else columns
    colour = not environment.get("NO_COLOR") and environment.get("TERM") != "dumb"
    return Look(columns or 80, colour)


def rendered(lines: Iterable[Line], *, colour: bool) -> str:
    """All lines as one text, ending in a line end; without ``colour`` there is no escape sequence in it."""
    if not colour:
        return "".join("".join(piece.text for piece in line).rstrip() + "\n" for line in lines)
    from rich.console import Console
    from rich.text import Text

    console = Console(file=io.StringIO(), force_terminal=True, color_system="standard", no_color=False)
    with console.capture() as captured:
        for line in lines:
            console.print(Text.assemble(*line), soft_wrap=True, highlight=False)
    return captured.get()
