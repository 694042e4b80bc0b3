"""The second pass: every cell that is left over, alone, with a producer and a consumer to itself.

Cells of different peers run side by side, and none waits for what another may use.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Collection, Coroutine, Mapping, Sequence
from typing import TypeAlias

from harness.engine.alone import QUIET, QUIET_EXPECTED, Alone, unconnected
from harness.engine.connecting import Premises
from harness.engine.outcomes import Outcomes
from harness.engine.patience import patience_with
from harness.engine.plan import Cell, asked, own_route, unique
from harness.engine.play import Play
from harness.engine.station import Station
from harness.engine.topology import Topology
from harness.engine.watch import Watch
from harness.judge.listed import STOPS
from harness.judge.verdict import Evidence, Failure, Step, Stop, Verdict, stopped_by
from harness.scenarios import Scenario

COMPANY = 2
"""Processes more of a consumer, at the most, while it works off what is expected to hang it."""
PLAYS_EACH = 40
"""Scenarios that are worth another process."""
HANGING_EACH = 4
"""Hanging cells that are worth another process."""
AT_A_TIME = 6
"""Producers that are busy at a time in the second pass: they share the machine, a cell has its time."""
Left: TypeAlias = tuple[Cell, Verdict | None, bool]
"""A cell that is left over, its verdict in the first pass if there was one, and whether it should hang."""
ENDED = stopped_by(Failure(Stop.CRASHED, Step.BROKER, "it ended, alone with this scenario", "process"))
"""Of a scenario over which the broker ends."""


class SecondPass:
    """Of one run. ``left_over``: the cells, each with its verdict in the first pass if there was one."""

    def __init__(
        self,
        left_over: Collection[tuple[Cell, Verdict | None]],
        producers: Mapping[str, Station],
        consumers: Mapping[str, Station],
        topology: Topology,
        outcomes: Outcomes,
        premises: Premises,
        token: str,
    ) -> None:
        self._left_over, self._producers, self._consumers = left_over, producers, consumers
        self._topology, self._outcomes = topology, outcomes
        self._premises, self._token = premises, token
        self._turns = asyncio.Semaphore(AT_A_TIME)
        self._watch = Watch(topology.url, self._forgive)
        self._ran_alone = 0
        self.company: list[Station] = []
        """Stations that were started for this pass only."""
        self._cells_left: Counter[str] = Counter()
        """Cells that are still to be done, of each producer."""
        self._ended_early: dict[tuple[str, str], Evidence] = {}
        """Of a case and a producer: what a publish came to with which no consumer had anything to do."""
        self._under_way: dict[tuple[str, str], asyncio.Event] = {}
        """Of a case and a producer that some consumer has a cell of at the moment: set when it is over."""
        self._partners: dict[Station, Station] = {}
        """Of a consumer: the producer's process that plays scenarios with it."""

    async def run(self) -> None:
        """Every cell that is left, alone; cells of different peers side by side.

        What is expected to hang keeps its consumer for as long as that takes to tell, and scenarios wait: so
        a consumer of many gets company, started for this pass only. A peer whose last cell is done is closed.
        """
        todo = self._todo()
        company = self.company
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

    def _forgive(self) -> None:
        for station in (*self._producers.values(), *self._consumers.values(), *self.company):
            station.forgive()

    def _todo(self) -> dict[str, list[Left]]:
        """The cells that are left of each consumer, what hangs first."""
        todo: dict[str, list[Left]] = {label: [] for label in self._consumers}
        for cell, before in self._left_over:
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
                    route = own_route(cell.message_case, self._fresh(), "")
                    failure = unconnected(step, station.barred)
                    return Evidence(asked(cell.message_case, route), failure=failure)
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
                self.company.append(producer.another())
                self._partners[consumer] = self.company[-1]
            producer = self._partners[consumer]
        patience = patience_with(item.expectation for item in self._outcomes.about(cell))
        url = self._topology.url
        return lambda: Play(scenario, producer, consumer, url, self._fresh(), self._premises, patience).run()

    def _fresh(self) -> str:
        """A token that no other cell of this run has."""
        self._ran_alone += 1
        return unique(self._token, "alone", str(self._ran_alone))


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
