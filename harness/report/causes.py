"""Cells grouped by what is probably one cause: who is blamed, at which step, with which effect. Pure.

Fifty red cells are mostly three bugs. Cells are counted, not kept: one example a group.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TypeAlias

from harness.diff import varying
from harness.judge.difference import Shown
from harness.judge.verdict import Step
from harness.report.failure import cell_sentence
from harness.report.names import names_of
from harness.report.sentence import STEP
from harness.report.values import clipped, inert, type_name
from harness.results import CellLine, Head

NAMED_LIMIT = 6
"""Types of what was changed that a headline names."""
_REASON_LIMIT = 60
_KEY = re.compile(r"""\.[^.\[#]+|\["(?:[^"\\]|\\.)*"\]|\[hex:[0-9a-f]+\]""", re.DOTALL)
_INDEX = re.compile(r"\[[0-9]+\]")
_NUMBER = re.compile(r"#[0-9]+")
_MADE_UP = re.compile(r"\binterop\.\S+|0x[0-9a-fA-F]+")
"""Names and addresses of one run in what a scenario's step came to; its numbers are what it is about."""
Key: TypeAlias = tuple[str, Step | None, str, str, str]


@dataclass(slots=True)
class Cause:
    """A group: ``changes`` are the types of what was changed, ``became`` the one they all became."""

    who: str
    step: Step | None
    verdict: str
    pattern: str
    became: str
    example: CellLine
    count: int = 0
    changes: dict[str, int] = field(default_factory=dict)

    def add(self, cell: CellLine) -> None:
        """One more cell."""
        self.count += 1
        before = _kind_of(cell, cell.expected)
        self.changes[before] = self.changes.get(before, 0) + 1

    @property
    def headline(self) -> str:
        """``pika 1.4.4 narrowed headers.*: double and float became int``"""
        if self.example.path is None:
            reason = f": {self.became}" if self.became else ""
            return f"{self.who}: {self.verdict}{reason}"
        named = list(self.changes)[:NAMED_LIMIT]
        more = len(self.changes) - len(named)
        types = ", ".join(named) + (f" and {more} more types" if more else "")
        return f"{self.who}: {self.verdict} {self.pattern}, {types} became {self.became}"


def causes(head: Head, cells: Iterable[CellLine]) -> tuple[Cause, ...]:
    """The groups of ``cells``, the largest first."""
    found: dict[Key, Cause] = {}
    for cell in cells:
        add(found, head, cell)
    return ordered(found)


def key_of(head: Head, cell: CellLine) -> Key:
    """What the cells of one cause have in common."""
    pattern = "" if cell.path is None else path_pattern(cell.path)
    became = reason_pattern(cell) if cell.path is None else _kind_of(cell, cell.got)
    return (names_of(head, cell).at(cell.step), cell.step, cell.verdict, pattern, became)


def _kind_of(cell: CellLine, value: Shown) -> str:
    """Its type; of a scenario's step the words themselves, without what a run makes up."""
    if cell.path is not None and STEP.match(cell.path) and isinstance(value, str):
        return clipped(inert(_MADE_UP.sub("…", value)), _REASON_LIMIT)
    return type_name(value)


def add(found: dict[Key, Cause], head: Head, cell: CellLine) -> None:
    """Count ``cell`` into the groups found so far."""
    key = key_of(head, cell)
    if key not in found:
        found[key] = cause_of(key, cell)
    found[key].add(cell)


def cause_of(key: Key, example: CellLine) -> Cause:
    """A group that has counted nothing yet."""
    who, step, verdict, pattern, became = key
    return Cause(who, step, inert(verdict), pattern, became, example)


def ordered(found: dict[Key, Cause]) -> tuple[Cause, ...]:
    """The groups, the largest first."""
    return tuple(sorted(found.values(), key=lambda cause: (-cause.count, cause.who, cause.headline)))


def path_pattern(path: str) -> str:
    """The path without what differs from case to case: ``headers.*``, ``headers.*[*]``, ``priority``."""
    if not path.startswith(("headers.", "headers[")):
        return clipped(inert(path), _REASON_LIMIT)
    inside = _INDEX.sub("[*]", _KEY.sub(".*", path.removeprefix("headers")))
    return clipped(inert("headers" + _NUMBER.sub("#n", inside)), _REASON_LIMIT)


def reason_pattern(cell: CellLine) -> str:
    """Why no message came out, without what differs from cell to cell."""
    if cell.code is not None:
        return f"{cell.code}, {cell.scope}"
    text = cell.got if isinstance(cell.got, str) else ""
    return clipped(inert(varying(text)), _REASON_LIMIT)


def cause_line(head: Head, cause: Cause) -> str:
    """One line: how many, what, and one of them in a sentence."""
    example = cause.example
    return (
        f"{cause.count} × {cause.headline}. For example {inert(example.id)}: {cell_sentence(head, example)}"
    )
