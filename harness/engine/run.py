"""A run: the stations, the two passes, and a line of results for every cell, as soon as it is settled."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from harness.amqp.message import Message, Routed
from harness.cases import Case
from harness.engine.alone import QUIET, QUIET_EXPECTED, Alone, unconnected
from harness.engine.connecting import NOBODY, Premises
from harness.engine.first_pass import FirstPass, Publication
from harness.engine.outcomes import Outcomes, Tell
from harness.engine.patience import patience_with
from harness.engine.plan import (
    Cell,
    Plan,
    Route,
    own_route,
    runs_alone,
    shared_exchange,
    shared_route,
    unique,
)
from harness.engine.play import Play
from harness.engine.station import Station
from harness.engine.topology import Topology
from harness.engine.watch import Watch
from harness.judge.expect import Expectations, Stale
from harness.judge.listed import STOPS, Party
from harness.judge.verdict import Evidence, Failure, Step, Stop, Verdict
from harness.peers.protocol import Described
from harness.scenarios import Scenario

COMPANY = 2
"""Processes more of a consumer, at the most, while it works off what is expected to hang it."""
PLAYS_EACH = 40
"""Scenarios that are worth another process."""
HANGING_EACH = 4
"""Hanging cells that are worth another process."""
KEY_ORDER = "key-order"
"""What a peer declares as unsupported if its library's tables have no order."""
AT_A_TIME = 6
"""Producers that are busy at a time in the second pass: they share the machine, a cell has its time."""
Left: TypeAlias = tuple[Cell, Verdict | None, bool]
"""A cell that is left over, its verdict in the first pass if there was one, and whether it should hang."""
_BROKER_ENDED = Failure(Stop.CRASHED, Step.BROKER, "it ended, alone with this scenario", "process")
ENDED = Verdict(Stop.CRASHED, Step.BROKER, None, None, _BROKER_ENDED.text, (), _BROKER_ENDED)
"""Of a scenario over which the broker ends."""
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
        self._turns = asyncio.Semaphore(AT_A_TIME)
        self._watch = Watch(topology.url, self._forgive)
        self._outcomes = Outcomes(broker, plan.broker, expectations, tell)
        self._left_over: dict[str, tuple[Cell, Verdict | None]] = {}
        self._settled_first = 0
        self._ran_alone = 0
        self._company: list[Station] = []
        self._cells_left: Counter[str] = Counter()
        """Cells of the second pass that are still to be done, of each producer."""
        self._ended_early: dict[tuple[str, str], Evidence] = {}
        """Of a case and a producer: what a publish came to with which no consumer had anything to do."""
        self._under_way: dict[tuple[str, str], asyncio.Event] = {}
        """Of a case and a producer that some consumer has a cell of at the moment: set when it is over."""
        self._partners: dict[Station, Station] = {}
        """Of a consumer: the producer's process that plays scenarios with it."""

    async def run(self) -> Summary:
        """Both passes. RawError if the broker is lost; the lines that were told stay true."""
        seconds: dict[str, float] = {}
        started = time.monotonic()
        strays = await self._first_pass()
        seconds["first pass"] = time.monotonic() - started
        started = time.monotonic()
        await self._second_pass()
        seconds["second pass"] = time.monotonic() - started
        everyone = (*self._producers.values(), *self._consumers.values())
        strays += [breach for station in (*everyone, *self._company) for breach in station.breaches]
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
            made.append(Publication(case, producer, route, _asked(case, route), fit))
        return made

    def _takes_part(self, cell: Cell, producer: Station, consumer: Station) -> bool:
        """Whether the first pass takes it; what it does not take is left over, or settled if unsupported."""
        if lacking := unordered(cell.message_case, producer.described, consumer.described):
            asked = _asked(cell.message_case, own_route(cell.message_case, unique(self._token, cell.id), ""))
            self.settle_first(cell, Evidence(asked, failure=lacking))
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

    # --- the second pass -----------------------------------------------------------------------------

    def _forgive(self) -> None:
        for station in (*self._producers.values(), *self._consumers.values(), *self._company):
            station.forgive()

    async def _second_pass(self) -> None:
        """Every cell that is left, alone; cells of different peers side by side.

        What is expected to hang keeps its consumer for as long as that takes to tell, and scenarios wait: so
        a consumer of many gets company, started for this pass only. A peer whose last cell is done is closed.
        """
        todo = self._todo()
        company = self._company
        await self._watch.start()
        try:
            done = [producer for label, producer in self._producers.items() if not self._cells_left[label]]
            await asyncio.gather(*(producer.close() for producer in done))
            for station in (*self._producers.values(), *self._consumers.values()):
                station.rest()
            async with asyncio.TaskGroup() as group:
                for label, station in self._consumers.items():
                    cells = todo[label]
                    hanging = sum(hangs for _, _, hangs in cells)
                    plays = sum(isinstance(cell.case, Scenario) for cell, _, _ in cells)
                    for_hanging = min(hanging // HANGING_EACH, COMPANY)
                    for_all = min(plays // PLAYS_EACH, COMPANY)
                    more = [station.another() for _ in range(for_hanging + for_all)]
                    company += more
                    for number, consumer in enumerate((*more, station)):
                        only_hanging = number < for_hanging
                        group.create_task(self._work_off(consumer, cells, only_hanging=only_hanging))
        finally:
            await asyncio.gather(*(station.close() for station in company))
            await self._watch.close()

    def _todo(self) -> dict[str, list[Left]]:
        """The cells that are left of each consumer, what hangs first."""
        todo: dict[str, list[Left]] = {label: [] for label in self._consumers}
        for cell, before in self._left_over.values():
            todo[cell.consumer.label].append((cell, before, self._hangs(cell)))
            self._cells_left[cell.producer.label] += 1
        for cells in todo.values():
            cells.sort(key=lambda left: not left[2])
        return todo

    def _hangs(self, cell: Cell) -> bool:
        return any(Stop.HUNG in item.expectation.kinds for item in self._outcomes.about(cell))

    async def _work_off(self, consumer: Station, cells: list[Left], *, only_hanging: bool = False) -> None:
        while (index := self._next(cells, only_hanging)) is not None:
            cell, before, hangs = cells.pop(index)
            await self._alone(cell, before, consumer, QUIET_EXPECTED if hangs else QUIET)
            self._cells_left[cell.producer.label] -= 1
            if not self._cells_left[cell.producer.label]:
                await self._producers[cell.producer.label].close()
        await consumer.close()
        if consumer in self._partners:
            await self._partners[consumer].close()

    async def _alone(self, cell: Cell, before: Verdict | None, consumer: Station, quiet: float) -> None:
        if isinstance(cell.case, Scenario):
            verdict = await self._watch.outlived(
                self._play(cell.case, cell, consumer), lambda verdict: verdict.passes, self._ends_broker(cell)
            )
            self._outcomes.settle(cell, verdict or ENDED, before, None)
        else:
            evidence = await self._evidence(cell, consumer, quiet)
            self._outcomes.settle(cell, self._outcomes.judge(cell.case, evidence), before, evidence)

    async def _evidence(self, cell: Cell, consumer: Station, quiet: float) -> Evidence:
        """Of the cell alone; of its publish alone where that came to nothing before any consumer.

        Where it is expected to, one that is under way to another consumer is waited for: it may take its
        producer as long as a cell may last, and for each consumer anew.
        """
        publish = _publish_of(cell)
        while (going := self._under_way.get(publish)) is not None and self._comes_to_nothing(cell):
            await going.wait()
        known = self._ended_early.get(publish) if consumer.fit else None
        if known is not None:
            return known
        going = self._under_way[publish] = asyncio.Event()
        try:
            evidence = await self._run_alone(cell, consumer, quiet)
            if ended_early(evidence):
                self._ended_early[publish] = evidence
        finally:
            going.set()
            if self._under_way.get(publish) is going:
                del self._under_way[publish]
        return evidence

    def _comes_to_nothing(self, cell: Cell) -> bool:
        """Whether it is expected of its publish that it ends at the producer or the broker."""
        about = (item.expectation for item in self._outcomes.about(cell))
        stops = any(said.step is not Step.CONSUMER and STOPS.issuperset(said.kinds) for said in about)
        return stops or cell.message_case.rejected is not None

    def _ends_broker(self, cell: Cell) -> bool:
        about = (item.expectation for item in self._outcomes.about(cell))
        return any(said.step is Step.BROKER and Stop.CRASHED in said.kinds for said in about)

    def _next(self, cells: Sequence[Left], only_hanging: bool) -> int | None:
        """One that need not wait: for its producer, or for a publish that may serve it too.

        Of these the first of the producer that has most of them left, lest all wait for one in the end.
        """

        def rank(index: int) -> tuple[int, int, int]:
            cell = cells[index][0]
            return self._waits(cell), -self._cells_left[cell.producer.label], index

        fit = [index for index, (_, _, hangs) in enumerate(cells) if hangs or not only_hanging]
        return min(fit, key=rank, default=None)

    def _waits(self, cell: Cell) -> int:
        """How bad a time it is for a cell: 0 if it could go ahead at once."""
        busy = self._producers[cell.producer.label].lock.locked()
        return 2 * (_publish_of(cell) in self._under_way) + busy

    async def _run_alone(self, cell: Cell, consumer: Station, quiet: float) -> Evidence:
        """A peer that can't connect to this broker is not tried again."""
        producer, tried = self._producers[cell.producer.label], []

        async def attempt() -> Evidence:
            if (known := self._ended_early.get(_publish_of(cell))) is not None:
                return known  # by now
            for station, step in ((consumer, Step.CONSUMER), (producer, Step.PRODUCER)):
                if station.barred is not None:
                    asked = _asked(cell.message_case, own_route(cell.message_case, self._fresh(), ""))
                    return Evidence(asked, failure=unconnected(step, station.barred))
            tried.append(Alone(cell, producer, consumer, self._topology, self._fresh(), quiet, self._turns))
            return await tried[-1].run()

        came = await self._watch.outlived(
            attempt, lambda evidence: evidence.failure is None, self._ends_broker(cell)
        )
        return tried[-1].cut_short() if came is None else came

    def _play(
        self, scenario: Scenario, cell: Cell, consumer: Station
    ) -> Callable[[], Coroutine[None, None, Verdict]]:
        """A scenario about consumers is played with a producer that is only this consumer's."""
        producer = self._producers[cell.producer.label]
        if scenario.about == "consumer":
            if consumer not in self._partners:
                self._company.append(producer.another())
                self._partners[consumer] = self._company[-1]
            producer = self._partners[consumer]
        patience = patience_with(item.expectation for item in self._outcomes.about(cell))
        url = self._topology.url
        return lambda: Play(scenario, producer, consumer, url, self._fresh(), self._premises, patience).run()

    def _fresh(self) -> str:
        """A token that no other cell of this run has."""
        self._ran_alone += 1
        return unique(self._token, "alone", str(self._ran_alone))


def _asked(case: Case, route: Route) -> Routed:
    """The message that a case asks for, on its way over ``route``."""
    message = Message(case.message.properties, case.message.body)
    return Routed(route.exchange, route.routing_key, message, redelivered=False)


def ended_early(evidence: Evidence) -> bool:
    """Whether the publish came to nothing before any consumer: the producer's library or the broker would not
    have it, the library hung and sent nothing, or the broker ended."""
    failure = evidence.failure
    if failure is None or evidence.delivered is not None or evidence.reported is not None:
        return False
    match failure.stop:
        case Stop.UNSUPPORTED | Stop.REFUSED | Stop.REJECTED:
            return failure.step is not Step.CONSUMER
        case Stop.HUNG:
            return failure.step is Step.PRODUCER and evidence.sent is None
        case Stop.CRASHED:
            return failure.step is Step.BROKER
    return False


def _publish_of(cell: Cell) -> tuple[str, str]:
    return cell.case.id, cell.producer.label


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
