"""The table of producers and consumers: how many cells of each outcome, in as many blocks as fit. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from harness.judge.expect import Outcome
from harness.report.columns import GAP, padded, width
from harness.report.lines import Line, Piece, packed, plain
from harness.report.tally import OUTCOMES, Tally
from harness.report.values import inert

CORNER = "producer / consumer"
STYLES: Mapping[Outcome, str] = {
    "pass": "green",
    "expected": "yellow",
    "unsupported": "dim",
    "fail": "bold red",
    "error": "bold magenta",
}
LETTERS: Mapping[Outcome, str] = {"pass": "", "expected": "x", "unsupported": "u", "fail": "F", "error": "E"}
_WORDS: Mapping[Outcome, str] = {"pass": "passed", "expected": "failed as expected", "fail": "FAILED"}


class Column(NamedTuple):
    """One consumer: the outcomes that it has at all, how wide each number is, how wide the whole is."""

    consumer: str
    slots: tuple[tuple[Outcome, int], ...]
    width: int


def matrix(tally: Tally, columns: int | None) -> list[Line]:
    """The table and its legend, ``columns`` wide at the most if one consumer fits into that."""
    lead = max(map(width, (CORNER, *map(inert, tally.producers))), default=0)
    lines: list[Line] = []
    for block in _blocks([_column(tally, consumer) for consumer in tally.consumers], lead, columns):
        lines += [
            _head(block, lead),
            *(_row(tally, name, block, lead) for name in tally.producers),
            plain(""),
        ]
    return [*lines, *_legend(tally, columns)]


def _column(tally: Tally, consumer: str) -> Column:
    every = [counts for (_, name), counts in tally.pairs.items() if name == consumer]
    slots = tuple(
        (outcome, max(len(_number(counts, outcome)) for counts in every))
        for outcome in OUTCOMES
        if any(counts[outcome] for counts in every)
    )
    return Column(consumer, slots, max(width(inert(consumer)), sum(size + 1 for _, size in slots) - 1))


def _blocks(made: list[Column], lead: int, columns: int | None) -> Iterator[list[Column]]:
    block: list[Column] = []
    for column in made:
        taken = lead + sum(len(GAP) + one.width for one in (*block, column))
        if block and columns is not None and taken > columns:
            yield block
            block = []
        block.append(column)
    if block:
        yield block


def _number(counts: Counter[str], outcome: Outcome) -> str:
    return f"{counts[outcome]}{LETTERS[outcome]}" if counts[outcome] else ""


def _head(block: list[Column], lead: int) -> Line:
    names = [padded(inert(column.consumer), column.width) for column in block]
    return plain(GAP.join((padded(CORNER, lead), *names)), "bold")


def _row(tally: Tally, producer: str, block: list[Column], lead: int) -> Line:
    line = [Piece(padded(inert(producer), lead))]
    for column in block:
        counts = tally.pairs.get((producer, column.consumer), Counter())
        line.append(Piece(GAP))
        used = 0
        for outcome, size in column.slots:
            line.append(Piece(padded(_number(counts, outcome), size, right=True), STYLES[outcome]))
            line.append(Piece(" "))
            used += size + 1
        line[-1] = Piece(" " * (column.width - used + 1))
    return tuple(line)


def _legend(tally: Tally, columns: int | None) -> list[Line]:
    """What the letters of this table mean; a bare number passed."""
    counts = tally.outcomes
    parts = [
        Piece(f"{LETTERS[outcome] or 'number'}: {_WORDS.get(outcome, outcome)}", STYLES[outcome])
        for outcome in OUTCOMES
        if counts[outcome]
    ]
    return packed(parts or [Piece("no cells")], "   ", columns)
