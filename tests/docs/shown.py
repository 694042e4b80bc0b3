"""Commands in the documents with the output that is shown under them, and whether that is still true.

Shown is a console block that ends in a command, directly followed by a text block. A line of dots in brackets
(``[... the same with pika:]``) stands for any number of lines. What differs by nature from run to run (times,
addresses, names that are made up, paths of the cache) is made equal on both sides before they are compared.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from harness.peers.manifest import ROOT

DOCUMENTS = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")])
_SHOWN = re.compile(
    r"```console\n(?:[^`]*\n)?\$ (?P<command>[^\n`]+)\n```\n\n```text\n(?P<text>.*?)```", re.DOTALL
)
_VARYING = (
    (re.compile(r"\d+(\.\d+)? s\b"), "N s"),
    (re.compile(r"\b\d{1,3}(\.\d{1,3}){3}:\d+"), "HOST:PORT"),
    (re.compile(r"interop[-.][0-9a-f]{8,}"), "interop.NAME"),
    (re.compile(r"(\.\.\.|/[^\s=]*)/(?=[\w.-]+(/[\w.-]+)?\b)"), ".../"),
    (re.compile(r"-[0-9a-f]{12}\b"), "-HASH"),
    (re.compile(r"\d{4}-\d\d-\d\dT[\d:.+]+"), "DATE"),
    (re.compile(r"[ \t]+"), " "),
)


@dataclass(frozen=True, slots=True)
class Shown:
    """One command of a document and the output under it, as written there."""

    document: Path
    command: str
    text: str

    @property
    def id(self) -> str:
        """For a test's name."""
        return f"{self.document.name}: {self.command}"


def all_shown() -> Iterator[Shown]:
    """Every output in every document."""
    for document in DOCUMENTS:
        for found in _SHOWN.finditer(document.read_text("utf-8")):
            yield Shown(document, found["command"], found["text"])


def settled(text: str) -> list[str]:
    """The lines of an output without what varies from run to run, and without trailing space."""
    for pattern, word in _VARYING:
        text = pattern.sub(word, text)
    return [line.rstrip() for line in text.strip("\n").splitlines()]


def difference(shown: str, real: str) -> str | None:
    """The first part of what is shown that the output does not have at its place; None if all is true."""
    lines, start = settled(real), 0
    for number, part in enumerate(_parts(settled(shown))):
        at = _find(lines, part, start, anchored=number == 0)
        if at is None:
            return "\n".join(part)
        start = at + len(part)
    return None


def _parts(lines: list[str]) -> Iterator[list[str]]:
    part: list[str] = []
    for line in lines:
        if line.startswith("[..."):
            yield part
            part = []
        elif line or part:
            part.append(line)
    yield part


def _find(lines: list[str], part: list[str], start: int, *, anchored: bool) -> int | None:
    while part and not part[-1]:
        part.pop()
    places = [start] if anchored else range(start, len(lines) - len(part) + 1)
    return next((at for at in places if lines[at : at + len(part)] == part), None)
