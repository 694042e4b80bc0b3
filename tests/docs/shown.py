"""What a document shows: commands with their output, and whether an output is the one that is shown."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path
from typing import NamedTuple

BLOCK = re.compile(r"^```(console|text)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
ELISION = "[..."
"""A line that begins so stands for any lines."""
MADE_UP = (
    (re.compile(r"\binterop([.-])[0-9a-f]{8,12}\b"), r"interop\1NAME"),
    (re.compile(r"\b\d+\.\d+\.\d+\.\d+:\d+"), "ADDRESS"),
    (re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+00:00"), "DATE"),
    (re.compile(r"\bin \d+\.\d s\b"), "in SECONDS"),
    (re.compile(r"(?<=expectations\.yaml:)\d+"), "LINE"),
    (re.compile(r"(?:\S*/)?amqp-interop/\S+/(python|program)\b"), r".../\1"),
)
"""What a run makes up, and what stands for it."""
PROGRAM = re.compile(r"(consumer|producer) \||\^C$")
"""A line of a program that runs beside another, or the interrupt that ends it: chance orders them."""


class Shown(NamedTuple):
    """A command as it is typed, and the lines that it is said to print."""

    document: str
    command: str
    lines: list[str]


def shown(document: Path) -> Iterator[Shown]:
    """The commands of which the document shows the output: below it, or in the next block of text."""
    before: str | None = None
    for kind, text in BLOCK.findall(document.read_text(encoding="utf-8")):
        lines = text.splitlines()
        if kind == "console":
            last = max(index for index, line in enumerate(lines) if line.startswith("$ "))
            before, lines = lines[last].removeprefix("$ "), lines[last + 1 :]
        if before is not None and lines:
            yield Shown(document.name, before, lines)
            before = None


def differs(shown: list[str], printed: list[str]) -> str | None:
    """The first line that is shown and was not printed, and what was printed there; None if all is as shown.

    Empty lines before and after the output count for nothing.
    """
    text = "\n".join(_in_order(printed)).strip("\n")
    rest, anywhere = text.splitlines(), False
    for line in _in_order(shown):
        if line.startswith(ELISION):
            anywhere = True
            continue
        if anywhere and line in rest:
            rest = rest[rest.index(line) :]
        if not rest or rest[0] != line:
            return f"shown:   {line}\nprinted: {rest[0] if rest else 'nothing more'}"
        rest, anywhere = rest[1:], False
    return None if anywhere or not rest else f"shown:   nothing more\nprinted: {rest[0]}"


def _in_order(lines: list[str]) -> Iterator[str]:
    """The lines without what is made up, and what two programs said side by side one after the other."""
    for beside, group in groupby(map(_plain, lines), lambda line: PROGRAM.match(line) is not None):
        said = list(group)
        yield from sorted(said, key=lambda line: line.split(" |")[0]) if beside else said


def _plain(line: str) -> str:
    for pattern, name in MADE_UP:
        line = pattern.sub(name, line)
    return line.rstrip()
