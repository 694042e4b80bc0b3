"""Find the first release that differs, with as few tests as can be. Pure: testing one is the caller's.

The releases come in order from the good one to the bad one, whichever is newer.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import msgspec

from harness.diff import direction
from harness.results import CellLine


class Trial(msgspec.Struct, frozen=True):
    """What one release came to: its line, None if it could not be tested; ``told`` says it in a sentence."""

    release: str
    cell: CellLine | None
    told: str


class Found(msgspec.Struct, frozen=True):
    """The end of a search: the last release that is as the good one is, and the first that is not.

    ``untested`` lie between the two and could not be tested: the change may have come with any of them.
    """

    good: Trial
    last: Trial
    first: Trial
    untested: tuple[Trial, ...]
    tests: int


Try = Callable[[str], Trial]


def alike(good: CellLine, bad: CellLine, cell: CellLine) -> bool:
    """Whether ``cell`` is as ``good`` is, in that which tells ``good`` from ``bad``."""
    if (good.outcome == "pass") != (bad.outcome == "pass"):
        return (cell.outcome == "pass") == (good.outcome == "pass")
    return direction(good, cell) is None


def search(releases: Sequence[str], good: Trial, bad: Trial, test: Try) -> Found:
    """Between two tested ends that differ. ``test`` is called once for each release that it needs."""
    assert good.cell is not None
    assert bad.cell is not None
    low, high = 0, len(releases) - 1
    last, first, tests = good, bad, 2
    failed: dict[int, Trial] = {}
    while (place := _middle(low, high, failed)) is not None:
        tested = test(releases[place])
        tests += 1
        if tested.cell is None:
            failed[place] = tested
        elif alike(good.cell, bad.cell, tested.cell):
            low, last = place, tested
        else:
            high, first = place, tested
    untested = tuple(failed[place] for place in sorted(failed) if low < place < high)
    return Found(good, last, first, untested, tests)


def _middle(low: int, high: int, failed: dict[int, Trial]) -> int | None:
    """The place nearest to the middle between the two that may still be tested; None if there is none."""
    left = [place for place in range(low + 1, high) if place not in failed]
    return min(left, key=lambda place: abs(2 * place - low - high), default=None)
