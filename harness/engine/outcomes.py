"""What becomes of evidence: judged, weighed against what is expected, counted, told as a line of results."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence

from harness.cases import Case
from harness.engine.plan import Cell
from harness.evidence import kept
from harness.judge.expect import Expectations, Weighed
from harness.judge.listed import CellKey, Listed, Party
from harness.judge.verdict import Evidence, Verdict, judge
from harness.peers.manifest import PeerSpec
from harness.results import CellLine, cell_id
from harness.scenarios import Scenario

Tell = Callable[[CellLine], None]


class Outcomes:
    """Of the cells of one run. ``named`` is the broker in their ids, "" where the run has only one."""

    def __init__(self, broker: Party, named: str, expectations: Expectations, tell: Tell) -> None:
        self._broker, self._named = broker, named
        self._expectations, self._tell = expectations, tell
        self._parties: dict[str, Party] = {}
        self.outcomes: Counter[str] = Counter()
        self.verdicts: Counter[str] = Counter()

    def about(self, cell: Cell) -> Sequence[Listed]:
        """What is expected of ``cell``."""
        return self._expectations.about(self._key(cell))

    def judge(self, case: Case, evidence: Evidence) -> Verdict:
        """The verdict on ``evidence``; what it amounts to is another matter."""
        return judge(evidence, header_order=case.header_order, rejected=case.rejected)

    def settle(self, cell: Cell, verdict: Verdict, before: Verdict | None, evidence: Evidence | None) -> None:
        """Tell the verdict. ``before`` is that of the first pass if there was one."""
        key = self._key(cell)
        self._emit(cell, key, verdict, before, evidence, self._expectations.weigh(key, verdict, evidence))

    def settle_if_expected(self, cell: Cell, verdict: Verdict, evidence: Evidence) -> bool:
        """Tell the verdict if all is as it should be, or is expected to be; False if it was not told."""
        key = self._key(cell)
        weighed = self._expectations.weigh(key, verdict, evidence)
        expected = weighed.outcome in ("pass", "expected", "unsupported")
        if expected:
            self._emit(cell, key, verdict, None, evidence, weighed)
        return expected

    def _emit(
        self,
        cell: Cell,
        key: CellKey,
        verdict: Verdict,
        before: Verdict | None,
        evidence: Evidence | None,
        weighed: Weighed,
    ) -> None:
        name = cell_id(cell.case.id, cell.producer.label, cell.consumer.label, self._named)
        self._expectations.note(key, name, weighed)
        self.outcomes[weighed.outcome] += 1
        self.verdicts[verdict.verdict] += 1
        broker = f"{self._broker.name} {self._broker.release}"
        self._tell(cell_line(cell, name, broker, verdict, weighed, before, evidence))

    def _key(self, cell: Cell) -> CellKey:
        producer, consumer = self._party(cell.producer), self._party(cell.consumer)
        return CellKey(cell.case.id, producer, consumer, self._broker, isinstance(cell.case, Scenario))

    def _party(self, peer: PeerSpec) -> Party:
        party = self._parties.get(peer.label)
        if party is None:
            party = self._parties[peer.label] = Party(peer.name, peer.release)
        return party


def cell_line(
    cell: Cell,
    name: str,
    broker: str,
    verdict: Verdict,
    weighed: Weighed,
    before: Verdict | None,
    evidence: Evidence | None,
) -> CellLine:
    """The line of the results file for one verdict; ``name`` is the cell's in the whole run.

    A clean one needs no evidence, a scenario has none.
    """
    failure = verdict.failure
    if weighed.outcome in ("pass", "unsupported"):
        evidence = None
    return CellLine(
        id=name,
        case=cell.case.id,
        producer=cell.producer.label,
        consumer=cell.consumer.label,
        broker=broker,
        verdict=verdict.verdict,
        outcome=weighed.outcome,
        step=verdict.step,
        path=verdict.path,
        expected=verdict.expected,
        got=verdict.got,
        differences=verdict.differences,
        scope=failure.scope if failure else None,
        code=failure.code if failure else None,
        next_arrived=failure.next_arrived if failure else None,
        expectation=weighed.line,
        first_pass=before.verdict if before and before.verdict != verdict.verdict else None,
        evidence=None if evidence is None else kept(evidence, [one.path for one in verdict.differences]),
        as_asked=verdict.as_asked,
    )
