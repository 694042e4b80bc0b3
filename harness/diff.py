"""What changed between two sets of cells: two results files, two releases of a library, two brokers. Pure.

Cells come with a key each, by which they are paired. A pair is the same,
better, worse, otherwise (another failure, or another value, as bad as before), or not comparable, where one
side is no result about a library.
"""

from __future__ import annotations

import re
from collections.abc import Hashable, Iterable, Iterator
from enum import StrEnum
from typing import TypeAlias

import msgspec

from harness.judge.difference import Kind, Shown
from harness.judge.verdict import StepDifference, Stop
from harness.results import CellLine, Head, Results

Keyed: TypeAlias = tuple[Hashable, CellLine]
VARYING = re.compile(r"0x[0-9a-fA-F]+|[0-9]+|'[^']*'|\"[^\"]*\"|\binterop\.\S+")
"""What differs from run to run in the words that somebody has for a failure: numbers, names, addresses."""
_TOKEN = re.compile(r"\binterop\.\S+")
_STOPS = frozenset(map(str, Stop))
_ORDER = (*map(str, Kind), *map(str, Stop))
"""Mildest first: the order of docs/reading_a_verdict.md. Any message is better than none."""


class Direction(StrEnum):
    """What a change amounts to; the first is what a gate is closed for."""

    WORSE = "worse"
    OTHERWISE = "otherwise"
    BETTER = "better"
    INCOMPARABLE = "not comparable"
    VANISHED = "vanished"
    APPEARED = "appeared"


class Change(msgspec.Struct, frozen=True):
    """One cell before and after; None where there was none."""

    direction: Direction
    before: CellLine | None
    after: CellLine | None


class Diff(msgspec.Struct, frozen=True):
    """All that changed, in the order of the cells before, then of those that appeared; ``same`` did not."""

    changes: tuple[Change, ...]
    same: int

    def count(self, direction: Direction) -> int:
        """How many changes go that way."""
        return sum(change.direction is direction for change in self.changes)


def diff(before: Iterable[Keyed], after: Iterable[Keyed], *, watched: bool = True) -> Diff:
    """Pair the cells of equal keys and compare each pair.

    ``watched``: whether the wire was watched on both sides. If not, one side knows no steps, and only
    verdicts and reply codes can be compared.
    """
    found = list(_pairs(before, after, watched))
    changes = tuple(change for change in found if change is not None)
    return Diff(changes, len(found) - len(changes))


def _pairs(before: Iterable[Keyed], after: Iterable[Keyed], watched: bool) -> Iterator[Change | None]:
    others = dict(after)
    for key, cell in before:
        other = others.pop(key, None)
        if other is None:
            yield Change(Direction.VANISHED, cell, None)
        else:
            way = direction(cell, other, watched=watched)
            yield None if way is None else Change(way, cell, other)
    yield from (Change(Direction.APPEARED, None, cell) for cell in others.values())


def direction(before: CellLine, after: CellLine, *, watched: bool = True) -> Direction | None:
    """Which way a cell went; None if it is the same."""
    same = _seen(before, watched) == _seen(after, watched)
    match before.outcome, after.outcome:
        case ("unsupported", "unsupported") | ("pass", "pass"):
            return None if same or after.outcome == "unsupported" else Direction.OTHERWISE
        case "pass", _:  # one that can't be told any more, or that a library gave up, is a loss too
            return Direction.WORSE
        case ("error", _) | (_, "error"):
            return None if same else Direction.INCOMPARABLE
        case _, "pass":
            return Direction.BETTER
        case ("unsupported", _) | (_, "unsupported"):
            return Direction.INCOMPARABLE
    return None if same else _of_failures(before, after)


def _of_failures(before: CellLine, after: CellLine) -> Direction:
    """Two cells that fail: one that has all that the other has and more is worse; else the verdict tells."""
    was, now = _failing(before), _failing(after)
    if was < now:
        return Direction.WORSE
    if was > now:
        return Direction.BETTER
    if weight(before) == weight(after):
        return Direction.OTHERWISE
    return Direction.WORSE if weight(after) > weight(before) else Direction.BETTER


def _failing(cell: CellLine) -> frozenset[Hashable]:
    """What is wrong with a cell, without the values."""
    stop = {(cell.step, cell.verdict)} if stopped(cell) else set()
    return frozenset(
        stop | {(one.step, one.kind, one.path) for one in cell.differences if not one.kind.passes}
    )


def stopped(cell: CellLine) -> bool:
    """Whether no message came out."""
    return cell.verdict in _STOPS


def weight(cell: CellLine) -> int:
    """How bad its verdict is: the higher, the worse."""
    return _ORDER.index(cell.verdict)


def new_in(cell: CellLine, other: CellLine) -> CellLine | None:
    """``cell`` as if it had only what ``other`` has not; None if there is nothing of that kind.

    Where no message came out of one of the two, that is all that can be said: what differs in the message of
    the other may have been hidden before.
    """
    if stopped(cell):
        return cell
    if stopped(other):
        return None
    there = frozenset(map(_difference, other.differences))
    fresh = [one for one in cell.differences if _difference(one) not in there]
    if not fresh:
        return None
    worst = max(fresh, key=lambda one: one.kind.severity)
    return msgspec.structs.replace(
        cell,
        verdict=str(worst.kind),
        step=worst.step,
        path=worst.path,
        expected=worst.expected,
        got=worst.got,
        differences=tuple(fresh),
    )


def _seen(cell: CellLine, watched: bool) -> Hashable:
    """What of a cell is the same in every run of it, if nothing has changed."""
    if not watched:
        return (cell.verdict, cell.code)
    reason = varying(cell.got) if stopped(cell) and isinstance(cell.got, str) else ""
    differences = frozenset(map(_difference, cell.differences))
    return (cell.verdict, cell.step, cell.scope, cell.code, cell.next_arrived, reason, differences)


def _difference(one: StepDifference) -> StepDifference:
    return msgspec.structs.replace(one, expected=_lasting(one.expected), got=_lasting(one.got))


def _lasting(side: Shown) -> Shown:
    """One side of a difference without the names that a run makes up for itself."""
    return _TOKEN.sub("interop", side) if isinstance(side, str) else side


def varying(text: str) -> str:
    """``text`` with what differs from run to run left out."""
    return VARYING.sub("…", text)


def keyed(head: Head, cells: Iterable[CellLine], *, by_broker: bool) -> Iterator[Keyed]:
    """The cells of a results file by case and labels, and by the spec of the broker where that counts."""
    for cell in cells:
        yield (cell.case, cell.producer, cell.consumer, head.broker_of(cell).spec if by_broker else ""), cell


def diff_files(old: Results, new: Results) -> Diff:
    """Two results files. Brokers are told apart only if a file has several: else its one is the place."""
    by_broker = len(old.head.brokers) + len(new.head.brokers) > 2
    return diff(
        keyed(old.head, old.cells(), by_broker=by_broker),
        keyed(new.head, new.cells(), by_broker=by_broker),
        watched=old.head.tap and new.head.tap,
    )
