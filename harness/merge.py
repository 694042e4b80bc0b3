"""Join the results of the parts of one run (``--shard``) into the file that one long run would have made.

Parts that do not belong together are refused: another plan, other versions, a part missing or there twice.
Expectations are held against all cells anew, since no part can tell what the whole bears out.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import msgspec

from harness.again import Again
from harness.errors import UsageError
from harness.judge.expect import Expectations, Stale
from harness.results import CellLine, Foot, Head, Results, ResultsWriter, Shard, read_results

SAME = {
    "format": "file format",
    "suite": "release of the suite",
    "brokers": "broker",
    "peers": "list of peers",
    "tap": "use of the tap",
    "expectations_sha256": "list of expectations",
}
"""What the heads of all parts have to have in common, and what to call it."""


class Part(msgspec.Struct, frozen=True):
    """One file that is part of a run, and complete."""

    results: Results
    shard: Shard
    foot: Foot

    @property
    def name(self) -> str:
        """The file, as it was named."""
        return str(self.results.path)


def merge(
    out: Path, files: Sequence[Path], expectations: Expectations, list_sha256: str, scenarios: frozenset[str]
) -> Head:
    """Write the whole to ``out``; its head. UsageError says which part does not fit, and why.

    ``expectations``, of that digest, are what the parts were judged by; ``scenarios``: which cases are such.
    """
    parts = [_part(path) for path in files]
    if any(path.absolute() == out.absolute() for path in files):
        raise UsageError(f"{out} is one of the parts", "name another file for the whole")
    _check_alike(parts)
    _check_complete(parts)
    head = _head(parts)
    if head.expectations_sha256 != list_sha256:
        raise UsageError(
            "the parts were judged by another list of expectations than the one here",
            "merge them with the checkout that they were run with",
        )
    stale = _stale(head, parts, expectations, scenarios)
    with ResultsWriter(out) as writer:
        writer.write(head)
        for part in parts:
            for case in part.results.cases():
                writer.write(case)
        for part in parts:
            for cell in part.results.cells():
                writer.write(cell)
        writer.write(_foot(parts, stale))
    return head


def _part(path: Path) -> Part:
    results = read_results(path)
    if results.foot is None:
        there, of = results.outcomes.total(), results.head.cells
        raise UsageError(f"{path} was cut off: it has {there} of {of} cells, and no end")
    if results.head.shard is None:
        raise UsageError(f"{path} is no part: it is of a run without --shard")
    return Part(results, results.head.shard, results.foot)


def _check_alike(parts: Sequence[Part]) -> None:
    first = parts[0]
    for part in parts[1:]:
        if part.shard.of != first.shard.of:
            raise UsageError(
                f"{first.name} is one of {first.shard.of} parts, {part.name} one of {part.shard.of}"
            )
        if msgspec.structs.replace(part.shard, number=first.shard.number) != first.shard:
            raise UsageError(f"{first.name} and {part.name} are parts of different plans")
        for field, name in SAME.items():
            if getattr(part.results.head, field) != getattr(first.results.head, field):
                raise UsageError(f"{first.name} and {part.name} have not the same {name}")


def _check_complete(parts: Sequence[Part]) -> None:
    of, there = parts[0].shard.of, Counter(part.shard.number for part in parts)
    for number, count in there.items():
        if count > 1:
            named = " and ".join(part.name for part in parts if part.shard.number == number)
            raise UsageError(f"part {number}/{of} is there {count} times: {named}")
    if missing := [f"{number}/{of}" for number in range(1, of + 1) if number not in there]:
        raise UsageError(f"missing: {', '.join(missing)}", "run them with --shard, and name all files")
    ids = Counter(cell.id for cell in _cells(parts))
    if twice := [name for name, count in ids.items() if count > 1]:
        raise UsageError(f"{twice[0]} is in more than one part")
    if ids.total() != parts[0].shard.cells:
        raise UsageError(f"the parts have {ids.total()} cells, their plan has {parts[0].shard.cells}")


def _cells(parts: Iterable[Part]) -> Iterator[CellLine]:
    for part in parts:
        yield from part.results.cells()


def _head(parts: Sequence[Part]) -> Head:
    """The head of a run of the whole plan, which began when the first part did."""
    whole = parts[0].shard
    return msgspec.structs.replace(
        parts[0].results.head,
        date=min(part.results.head.date for part in parts),
        cases=whole.cases,
        cells=whole.cells,
        cases_sha256=whole.cases_sha256,
        full=whole.full,
        shard=None,
    )


def _foot(parts: Sequence[Part], stale: tuple[Stale, ...]) -> Foot:
    """The sums; so many seconds one machine would have taken."""
    feet = [part.foot for part in parts]
    phases = dict.fromkeys(phase for foot in feet for phase in foot.seconds)
    return Foot(
        outcomes=_sum(foot.outcomes for foot in feet),
        verdicts=_sum(foot.verdicts for foot in feet),
        seconds={phase: round(sum(foot.seconds.get(phase, 0.0) for foot in feet), 3) for phase in phases},
        first_pass_cells=sum(foot.first_pass_cells for foot in feet),
        stale=stale,
        strays=tuple(stray for foot in feet for stray in foot.strays),
    )


def _sum(counts: Iterable[object]) -> dict[str, int]:
    total: Counter[str] = Counter()
    for each in counts:
        total.update(msgspec.convert(each, dict[str, int]))
    return dict(total)


def _stale(
    head: Head, parts: Sequence[Part], expectations: Expectations, scenarios: frozenset[str]
) -> tuple[Stale, ...]:
    """What all cells together do not bear out."""
    again = Again(head, expectations, scenarios)
    for cell in _cells(parts):
        again.count(cell)
    return expectations.stale(full=head.full)
