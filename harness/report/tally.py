"""What a summary needs of a run's cells, counted as they stream by: memory grows with causes, not cells."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from harness.judge.expect import Outcome
from harness.report.causes import Cause, Key, add, ordered
from harness.results import CellLine, Head

OUTCOMES: tuple[Outcome, ...] = ("pass", "expected", "unsupported", "fail", "error")
NAMED_LIMIT = 5


@dataclass(slots=True)
class Tally:
    """Counts by producer, consumer and outcome; causes of failures and errors; examples of the rest.

    ``expected`` counts the cells by the line of the expectation that covers them. ``changed`` names the first
    cells that came out otherwise in the first pass, ``changes`` counts them all.
    """

    head: Head
    pairs: dict[tuple[str, str], Counter[str]] = field(default_factory=dict)
    failures: dict[Key, Cause] = field(default_factory=dict)
    errors: dict[Key, Cause] = field(default_factory=dict)
    expected: dict[int, tuple[int, CellLine]] = field(default_factory=dict)
    changed: list[CellLine] = field(default_factory=list)
    changes: int = 0
    parts: dict[str, Tally] = field(default_factory=dict)
    """Where a run has several brokers: the pairs of each, by its spec."""

    def add(self, cell: CellLine) -> None:
        """One more cell."""
        self._count(cell)
        if self.head.more_brokers:
            spec = self.head.broker_of(cell).spec
            self.parts.setdefault(spec, Tally(self.head))._count(cell)
        if cell.outcome == "fail":
            add(self.failures, self.head, cell)
        elif cell.outcome == "error":
            add(self.errors, self.head, cell)
        elif cell.outcome == "expected" and cell.expectation is not None:
            count, example = self.expected.get(cell.expectation, (0, cell))
            self.expected[cell.expectation] = (count + 1, example)
        if cell.first_pass is not None:
            self.changes += 1
            if len(self.changed) < NAMED_LIMIT:
                self.changed.append(cell)

    def _count(self, cell: CellLine) -> None:
        self.pairs.setdefault((cell.producer, cell.consumer), Counter())[cell.outcome] += 1

    @property
    def outcomes(self) -> Counter[str]:
        """How many cells of each outcome."""
        total: Counter[str] = Counter()
        for counts in self.pairs.values():
            total += counts
        return total

    @property
    def producers(self) -> tuple[str, ...]:
        """Those that have cells, in the order of the head."""
        return self._in_order(producer for producer, _ in self.pairs)

    @property
    def consumers(self) -> tuple[str, ...]:
        """Those that have cells, in the order of the head."""
        return self._in_order(consumer for _, consumer in self.pairs)

    def _in_order(self, labels: Iterable[str]) -> tuple[str, ...]:
        """Cells are settled in another order every time; a table has one. Who the head lacks comes last."""
        order = {peer.label: place for place, peer in reversed(list(enumerate(self.head.peers)))}
        return tuple(sorted(dict.fromkeys(labels), key=lambda label: order.get(label, len(order))))

    def causes(self) -> tuple[Cause, ...]:
        """Of the failures, the largest first."""
        return ordered(self.failures)

    def error_causes(self) -> tuple[Cause, ...]:
        """Of the errors, the largest first."""
        return ordered(self.errors)


def tally(head: Head, cells: Iterable[CellLine]) -> Tally:
    """All ``cells`` counted."""
    counted = Tally(head)
    for cell in cells:
        counted.add(cell)
    return counted
