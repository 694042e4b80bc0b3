"""What changed, for people and for programs: the changes of a diff grouped by what is probably one cause.

Pure. A group is of one direction, with one cause before and one after; worse comes first, and counts last,
because that is where a terminal's reader looks.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

import msgspec

from harness.diff import Change, Diff, Direction, new_in
from harness.report.causes import Cause, Key, cause_of, key_of
from harness.report.columns import wrapped
from harness.report.failure import cell_sentence
from harness.report.lines import Line, Look, plain, rendered
from harness.report.values import inert
from harness.results import CellLine, Head

STYLES = {
    Direction.WORSE: "bold red",
    Direction.OTHERWISE: "yellow",
    Direction.BETTER: "green",
    Direction.INCOMPARABLE: "magenta",
    Direction.VANISHED: "",
    Direction.APPEARED: "",
}
TITLES = {
    Direction.OTHERWISE: "Otherwise, neither better nor worse",
    Direction.INCOMPARABLE: "Not comparable: one side is no result about a library",
}
SAME = "same"


class Side(msgspec.Struct, frozen=True):
    """One of the two that are compared: what it is called, its head, and whether all its cells are there."""

    name: str
    head: Head
    whole: bool = True


class Comparison(msgspec.Struct, frozen=True):
    """Two sides and what changed from ``old`` to ``new``; ``notes`` say what else is not the same."""

    old: Side
    new: Side
    diff: Diff
    notes: tuple[str, ...] = ()

    @property
    def got_worse(self) -> bool:
        """Whether a gate has to be closed; a side that is not whole can't show that nothing got worse."""
        return not self.new.whole or self.diff.count(Direction.WORSE) > 0


@dataclass(slots=True)
class Group:
    """Changes of one direction and cause: what went and what came, None where nothing did.

    ``told`` is the cell that the example's sentence is about, reduced to what changed.
    """

    direction: Direction
    before: Cause | None
    after: Cause | None
    told: CellLine
    changes: list[Change] = field(default_factory=list)

    def add(self, change: Change, before: CellLine | None, after: CellLine | None) -> None:
        """One more, and what of it went and came."""
        self.changes.append(change)
        for cause, cell in ((self.before, before), (self.after, after)):
            if cause is not None and cell is not None:
                cause.add(cell)


def groups(comparison: Comparison) -> tuple[Group, ...]:
    """All changes grouped: by direction in its order, then the largest first."""
    found: dict[tuple[Direction, Key | None, Key | None], Group] = {}
    for change in comparison.diff.changes:
        before, after = parts(change)
        keys = (_key(comparison.old.head, before), _key(comparison.new.head, after))
        key = (change.direction, *keys)
        if key not in found:
            told = after or before or change.after or change.before
            assert told is not None
            found[key] = Group(change.direction, _cause(keys[0], before), _cause(keys[1], after), told)
        found[key].add(change, before, after)
    order = list(Direction)
    return tuple(sorted(found.values(), key=lambda one: (order.index(one.direction), -len(one.changes))))


def parts(change: Change) -> tuple[CellLine | None, CellLine | None]:
    """What went and what came: of two cells only what they have not in common."""
    before, after = change.before, change.after
    if before is not None and after is not None:
        return new_in(before, after), new_in(after, before)
    return before, after


def _key(head: Head, cell: CellLine | None) -> Key | None:
    return None if cell is None or _clean(cell) else key_of(head, cell)


def _clean(cell: CellLine) -> bool:
    """Whether there is nothing to tell: no difference, or refused as the case asks."""
    return cell.verdict == SAME or (cell.outcome == "pass" and cell.path is None)


def _cause(key: Key | None, cell: CellLine | None) -> Cause | None:
    return None if key is None or cell is None else cause_of(key, cell)


# --- text ----------------------------------------------------------------------------------------------


def changes_text(comparison: Comparison, look: Look) -> str:
    """The comparison as a terminal or a pipe can show it."""
    return rendered(_lines(comparison, look.width), colour=look.colour)


def _lines(comparison: Comparison, width: int | None) -> Iterator[Line]:
    for name, side in (("old", comparison.old), ("new", comparison.new)):
        yield from map(plain, wrapped(f"{name}: {side_text(side)}", width, "", "  "))
    for note in comparison.notes:
        yield from map(plain, wrapped(inert(note), width, "", "  "))
    title = None
    for group in groups(comparison):
        if group.direction is not title:
            title = group.direction
            yield plain("")
            yield plain(_title(comparison.diff, title), STYLES[title])
        for text in wrapped(group_text(comparison, group), width, "  ", "    "):
            yield plain(text)
    yield plain("")
    yield from map(plain, wrapped(counts_text(comparison.diff), width, "", "  "))


def side_text(side: Side) -> str:
    """``r.jsonl: RabbitMQ 3.10.8 (debian:bookworm), 372 cells, 2026-11-24T12:00:00+00:00``"""
    brokers = " and ".join(f"{one.product} {one.version} ({one.spec})" for one in side.head.brokers)
    cut = "" if side.whole else "; the run was CUT: cells are missing"
    return inert(f"{side.name}: {brokers}, {side.head.cells} cells, {side.head.date}{cut}")


def _title(diff: Diff, direction: Direction) -> str:
    title = TITLES.get(direction, direction.capitalize())
    return f"{title}: {_cells(diff.count(direction))}"


def _cells(count: int) -> str:
    return f"{count} cell" if count == 1 else f"{count} cells"


def group_text(comparison: Comparison, group: Group) -> str:
    """One line: how many, what came and what went, and one of them in a sentence."""
    before, after = (cause.headline if cause else "" for cause in (group.before, group.after))
    if before and after:
        told = f"{after}; before: {before}"
    elif group.direction in (Direction.VANISHED, Direction.APPEARED):
        told = after or before or "passed"
    else:
        told = f"new: {after}" if after else f"gone: {before}"
    text = f"{len(group.changes)} × {told}. For example {inert(group.told.id)}"
    if not (before or after):
        return text
    head = comparison.new.head if after else comparison.old.head
    return f"{text}: {cell_sentence(head, group.told)}"


def counts_text(diff: Diff) -> str:
    """``352 cells are the same, 14 worse, 3 better``"""
    counts = [f"{diff.count(way)} {way}" for way in Direction if diff.count(way) or way is Direction.WORSE]
    return f"{_cells(diff.same)} the same, " + ", ".join(counts)


# --- data ----------------------------------------------------------------------------------------------


class ChangeData(msgspec.Struct, frozen=True):
    """One cell that changed: its lines in the two results files, null where there was none."""

    before: CellLine | None
    after: CellLine | None


class GroupData(msgspec.Struct, frozen=True):
    """A group of changes of one cause: ``before`` went and ``after`` came, "" where nothing did."""

    direction: Direction
    before: str
    after: str
    cells: tuple[ChangeData, ...]


class ComparisonData(msgspec.Struct, frozen=True):
    """``amqp-interop diff --json``: ``worse`` is what the exit status says."""

    worse: bool
    old: Side
    new: Side
    notes: tuple[str, ...]
    counts: dict[str, int]
    groups: tuple[GroupData, ...]


def changes_data(comparison: Comparison) -> ComparisonData:
    """The comparison for programs."""
    diff = comparison.diff
    counts = {SAME: diff.same, **{str(way): diff.count(way) for way in Direction}}
    found = tuple(_group_data(group) for group in groups(comparison))
    old, new = comparison.old, comparison.new
    return ComparisonData(comparison.got_worse, old, new, comparison.notes, counts, found)


def _group_data(group: Group) -> GroupData:
    return GroupData(
        group.direction,
        group.before.headline if group.before else "",
        group.after.headline if group.after else "",
        tuple(ChangeData(change.before, change.after) for change in group.changes),
    )


def notes_on(old: Head, new: Head) -> Iterable[str]:
    """What two runs do not have in common and what a reader of their differences has to know."""
    if old.cases_sha256 != new.cases_sha256:
        yield "The cases are not the same in both: where a case was rewritten, its cells changed with it."
    if old.tap != new.tap:
        yield "The wire was watched in one only: verdicts and reply codes are compared, not steps."
    before = {(peer.label, role): peer for peer in old.peers for role in peer.roles}
    for peer in new.peers:
        for role in peer.roles:
            was = before.get((peer.label, role))
            if was is not None and (was.release, was.runtime) != (peer.release, peer.runtime):
                a, b = (f"{each.release} on {each.runtime}" for each in (was, peer))
                yield f"{role} {peer.label}: {a} in the old, {b} in the new"
