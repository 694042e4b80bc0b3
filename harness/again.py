"""Cells of a results file, held against a list of expectations again."""

from __future__ import annotations

from collections.abc import Set

from harness.judge.expect import Expectations, Weighed
from harness.judge.listed import CellKey, Party, broker_party
from harness.report.names import verdict_of
from harness.results import CellLine, Head


class Again:
    """Weighs the cells of the file with this head; ``scenarios``: which of its cases are such."""

    def __init__(self, head: Head, expectations: Expectations, scenarios: Set[str]) -> None:
        self._head, self._expectations, self._scenarios = head, expectations, scenarios
        self._peers = {
            (peer.label, role): Party(peer.name, peer.release) for peer in head.peers for role in peer.roles
        }

    def weigh(self, cell: CellLine) -> Weighed:
        """What its verdict amounts to by the list."""
        return self._expectations.weigh(self._key(cell), verdict_of(cell))

    def count(self, cell: CellLine) -> None:
        """Let it speak for and against the list."""
        self._expectations.note(self._key(cell), cell.id, self.weigh(cell))

    def _key(self, cell: CellLine) -> CellKey:
        broker = self._head.broker_of(cell)
        return CellKey(
            cell.case,
            self._peers[cell.producer, "producer"],
            self._peers[cell.consumer, "consumer"],
            broker_party(broker.product, broker.version, broker.settings),
            cell.case in self._scenarios,
        )
