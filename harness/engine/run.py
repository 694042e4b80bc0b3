"""A run: the stations, the two passes, and a line of results for every cell, as soon as it is settled."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from harness.cases import Case
from harness.engine.connecting import NOBODY, Premises
from harness.engine.first_pass import FirstPass, Publication
from harness.engine.outcomes import Outcomes, Tell
from harness.engine.plan import (
    Cell,
    Plan,
    asked,
    own_route,
    runs_alone,
    shared_exchange,
    shared_route,
    unique,
)
from harness.engine.second_pass import SecondPass
from harness.engine.station import Station
from harness.engine.topology import Topology
from harness.judge.expect import Expectations, Stale
from harness.judge.listed import Party
from harness.judge.verdict import Evidence, Failure, Step, Stop, Verdict
from harness.peers.protocol import Described
from harness.scenarios import Scenario

KEY_ORDER = "key-order"
"""What a peer declares as unsupported if its library's tables have no order."""
_DANGEROUS = frozenset((Stop.HUNG, Stop.CRASHED, Stop.DISCONNECTED, Stop.REJECTED))


@dataclass(slots=True)
class Summary:
    """What a run came to: counts, seconds by phase, and what is wrong beside its cells."""

    outcomes: Counter[str]
    verdicts: Counter[str]
    seconds: dict[str, float]
    first_pass_cells: int
    stale: tuple[Stale, ...]
    strays: tuple[str, ...]


class Run:
    """One plan on one broker. ``tell`` gets every cell's line once, as they are settled."""

    def __init__(
        self,
        plan: Plan,
        producers: Mapping[str, Station],
        consumers: Mapping[str, Station],
        topology: Topology,
        broker: Party,
        expectations: Expectations,
        token: str,
        tell: Tell,
        premises: Premises = NOBODY,
    ) -> None:
        self._plan, self._topology = plan, topology
        self._producers, self._consumers = producers, consumers
        self._expectations, self._token, self._premises = expectations, token, premises
        self._outcomes = Outcomes(broker, plan.broker, expectations, tell)
        self._left_over: dict[str, tuple[Cell, Verdict | None]] = {}
        self._settled_first = 0

    async def run(self) -> Summary:
        """Both passes. RawError if the broker is lost; the lines that were told stay true."""
        seconds: dict[str, float] = {}
        started = time.monotonic()
        strays = await self._first_pass()
        seconds["first pass"] = time.monotonic() - started
        started = time.monotonic()
        second = SecondPass(
            self._left_over.values(),
            self._producers,
            self._consumers,
            self._topology,
            self._outcomes,
            self._premises,
            self._token,
        )
        await second.run()
        seconds["second pass"] = time.monotonic() - started
        everyone = (*self._producers.values(), *self._consumers.values())
        strays += [breach for station in (*everyone, *second.company) for breach in station.breaches]
        stale, told = self._expectations.stale(full=self._plan.full), self._outcomes
        return Summary(told.outcomes, told.verdicts, seconds, self._settled_first, stale, tuple(strays))

    # --- the first pass ------------------------------------------------------------------------------

    async def _first_pass(self) -> list[str]:
        token = unique(self._token, "first")
        first = FirstPass(
            self._consumers.values(), self._topology, token, self.settle_first, self._leave_over
        )
        publications = {
            station: self._publications(station, first, token) for station in self._producers.values()
        }
        if any(publications.values()):
            exchanges = {station: shared_exchange(token, station.label) for station in publications}
            await first.run(publications, exchanges)
        for cell in self._plan.cells():
            if isinstance(cell.case, Scenario):
                self._leave_over(cell)
        return first.strays

    def _publications(self, producer: Station, first: FirstPass, token: str) -> Sequence[Publication]:
        """What a producer publishes in the first pass; cells that can't take part are left over at once."""
        made = []
        for case in self._plan.cases:
            if isinstance(case, Scenario):
                continue
            cells = {lane: Cell(case, producer.spec, lane.station.spec) for lane in first.lanes.values()}
            fit = tuple(
                lane for lane, cell in cells.items() if self._takes_part(cell, producer, lane.station)
            )
            if not fit:
                continue
            route = shared_route(case, token, producer.label, shared_exchange(token, producer.label))
            if len(fit) < len(cells):
                route = own_route(case, unique(token, producer.label, case.id), "")
            made.append(Publication(case, producer, route, asked(case, route), fit))
        return made

    def _takes_part(self, cell: Cell, producer: Station, consumer: Station) -> bool:
        """Whether the first pass takes it; what it does not take is left over, or settled if unsupported."""
        if lacking := unordered(cell.message_case, producer.described, consumer.described):
            route = own_route(cell.message_case, unique(self._token, cell.id), "")
            self.settle_first(cell, Evidence(asked(cell.message_case, route), failure=lacking))
        elif runs_alone(cell.message_case) or self._dangerous(cell):
            self._leave_over(cell)
        else:
            return True
        return False

    def _dangerous(self, cell: Cell) -> bool:
        """Whether it is known to end a connection: then it must not take others along."""
        return any(not _DANGEROUS.isdisjoint(item.expectation.kinds) for item in self._outcomes.about(cell))

    def settle_first(self, cell: Cell, evidence: Evidence) -> None:
        verdict = self._outcomes.judge(cell.message_case, evidence)
        if self._outcomes.settle_if_expected(cell, verdict, evidence):
            self._settled_first += 1
        else:
            self._left_over[cell.id] = (cell, verdict)

    def _leave_over(self, cell: Cell) -> None:
        self._left_over.setdefault(cell.id, (cell, None))


def unordered(case: Case, producer: Described | None, consumer: Described | None) -> Failure | None:
    """What keeps a case about the order of headers from meaning anything: a peer that declares key-order.

    Its library keeps tables in maps without an order, so the case would pass or fail by chance. Such a peer
    has no request to refuse, so what it declared decides beforehand.
    """
    if case.header_order:
        for described, step in ((producer, Step.PRODUCER), (consumer, Step.CONSUMER)):
            if described is not None and KEY_ORDER in described.unsupported:
                return Failure(Stop.UNSUPPORTED, step, KEY_ORDER)
    return None
