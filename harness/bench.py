"""How fast the suite is: the first pass fed with more cells than there are, and the floor beneath it.

All is measured in one run, round by round in turn, so that what else the machine does falls on every part
alike; figures are medians of the rounds. Peers are stopped (SIGSTOP) while they have no part: an idle
rabbitpy 3.0.2 keeps a whole core busy.
"""

from __future__ import annotations

import asyncio
import os
import signal
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from harness import matrix, usage
from harness.amqp.message import Inline
from harness.broker import Broker, running
from harness.cases import Case
from harness.engine.first_pass import IN_FLIGHT, FirstPass, Publication
from harness.engine.plan import Cell, Plan, Route, shared_exchange, shared_route, unique
from harness.engine.run import Run
from harness.engine.session import Session, launches, plain_tap, session
from harness.engine.station import Station
from harness.errors import InteropError
from harness.floor import floor
from harness.judge.expect import CellKey, Expectations, Party
from harness.judge.verdict import Evidence
from harness.peers.build import Launch
from harness.peers.manifest import PeerSpec
from harness.peers.protocol import Role
from harness.results import CellLine, ResultsWriter
from harness.tap.events import Observer
from harness.tap.tap import Tap

ROUNDS = 5
"""Rounds of each measurement; their median counts."""
ALONE = 300
"""Messages that are published one at a time."""
ONE_AT_A_TIME = 2
"""What is in flight then: one on its way, and the one before it, held back to see if it comes twice."""


class NothingToMeasure(InteropError):
    """No case of the plan runs clean between its peers, so there is nothing that the pass can be fed with."""


@dataclass(frozen=True, slots=True)
class Pace:
    """``count`` things in ``seconds``, and how much processor time each party took meanwhile."""

    count: int
    seconds: float
    unsettled: int = 0
    used: Mapping[str, float] = field(default_factory=dict)

    @property
    def rate(self) -> float:
        """A second."""
        return self.count / self.seconds


class Meter:
    """Counts, and remembers the time of the first and of the last thing counted."""

    def __init__(self) -> None:
        self.count, self.first, self.last = 0, 0.0, 0.0

    def tick(self) -> None:
        """One more."""
        self.last = time.perf_counter()
        self.first = self.first or self.last
        self.count += 1

    def pace(self, unsettled: int, used: Mapping[str, float]) -> Pace:
        """From the first thing to the last one, which leaves out connecting and declaring."""
        return Pace(self.count, max(self.last - self.first, 1e-9), unsettled, used)


class Taps:
    """Makes taps that can be told to watch or only to relay, from the next connection on."""

    def __init__(self) -> None:
        self._made: list[tuple[Tap, Observer]] = []

    def make(self, spec: PeerSpec, role: Role, host: str, port: int, observer: Observer) -> Tap:
        """A tap that watches."""
        tap = plain_tap(spec, role, host, port, observer)
        self._made.append((tap, observer))
        return tap

    def watch(self, watching: bool) -> None:
        """Watch, or relay alone."""
        for tap, observer in self._made:
            tap.observer = observer if watching else None


class Bench:
    """One group of peers on one broker, each consumer getting what each producer sends."""

    def __init__(
        self,
        session: Session,
        taps: Taps,
        ready: Mapping[PeerSpec, Launch],
        listed: Expectations,
        writer: ResultsWriter,
    ) -> None:
        self._session, self._taps, self._listed, self._writer = session, taps, listed, writer
        self._commands = {spec.label: ready[spec].command for spec in ready}
        self._producers = tuple(session.producers.values())
        self._consumers = tuple(session.consumers.values())
        self._count = 0
        self.cases: tuple[Case, ...] = ()

    async def choose_cases(self) -> None:
        """Keep the cases that can be fed in again and again: see :func:`feedable`; one round tells."""
        able = [case for case in self._session.plan.cases if self._feedable(case)]
        unclean: set[str] = set()

        def settle(run: Run, cell: Cell, evidence: Evidence) -> None:
            run.settle_first(cell, evidence)
            if evidence.failure is not None:
                unclean.add(cell.case.id)

        await self._feed(able, 1, self._producers, settle, lambda cell: unclean.add(cell.case.id), IN_FLIGHT)
        self.cases = tuple(case for case in able if case.id not in unclean)
        if not self.cases:
            raise NothingToMeasure(f"none of {len(able)} cases came through clean")

    def _feedable(self, case: Case) -> bool:
        """Small, over the shared exchange, and nothing about it is expected to go wrong."""
        shared = shared_route(case, "", "", "the shared exchange").exchange == "the shared exchange"
        plain = isinstance(case.message.body, Inline) and case.rejected is None and not case.header_order
        return shared and plain and not any(self._listed.about(key) for key in self._keys(case))

    def _keys(self, case: Case) -> Iterator[CellKey]:
        for producer in self._producers:
            for consumer in self._consumers:
                yield CellKey(case.id, _party(producer), _party(consumer), self._session.party)

    async def judged(self, cells: int) -> Pace:
        """The first pass as it always is: watched, judged, written."""
        meter, left = Meter(), Meter()

        def settle(run: Run, cell: Cell, evidence: Evidence) -> None:
            run.settle_first(cell, evidence)
            meter.tick()

        self._taps.watch(True)
        with self._using() as used:
            await self._feed(
                self.cases, self._rounds(cells), self._producers, settle, lambda cell: left.tick(), IN_FLIGHT
            )
        return meter.pace(left.count, used)

    async def relayed(self, cells: int) -> Pace:
        """The same traffic through the same taps and peers; nothing is read on the way or judged."""
        meter = Meter()
        self._taps.watch(False)
        with self._using() as used:
            await self._feed(
                self.cases,
                self._rounds(cells),
                self._producers,
                lambda run, cell, evidence: meter.tick(),
                lambda cell: meter.tick(),
                IN_FLIGHT,
            )
        self._taps.watch(True)
        return meter.pace(0, used)

    async def alone(self) -> Pace:
        """Publish one message, wait until every consumer reported it, publish the next."""
        meter = Meter()
        cases = (self.cases * (ALONE // len(self.cases) + 1))[:ALONE]

        def settle(run: Run, cell: Cell, evidence: Evidence) -> None:
            run.settle_first(cell, evidence)
            meter.tick()

        await self._feed(cases, 1, self._producers[:1], settle, lambda cell: meter.tick(), ONE_AT_A_TIME)
        return Pace(meter.count // len(self._consumers), meter.last - meter.first)

    async def floor(self, cells: int) -> Pace:
        """The same messages with nobody but the suite's own client, while the peers are stopped."""
        copies = len(self._consumers)
        messages = [case.message for case in self.cases] * -(-cells // (copies * len(self.cases)))
        with self._stopped():
            seconds = await floor(self._session.broker.url, messages, copies)
        return Pace(len(messages) * copies, seconds)

    def _rounds(self, cells: int) -> int:
        return -(-cells // (len(self.cases) * len(self._producers) * len(self._consumers)))

    async def _feed(
        self,
        cases: Sequence[Case],
        rounds: int,
        producers: Sequence[Station],
        settle: Callable[[Run, Cell, Evidence], None],
        leave: Callable[[Cell], None],
        in_flight: int,
    ) -> None:
        """``cases`` over and over through one first pass; a round's number makes its routing keys differ."""
        self._count += 1
        token = unique(self._session.token, "bench", str(self._count))
        run = self._run(token)
        topology = self._session.topology
        first = FirstPass(
            self._consumers,
            topology,
            token,
            lambda cell, evidence: settle(run, cell, evidence),
            leave,
            in_flight=in_flight,
        )
        exchanges = {producer: shared_exchange(token, producer.label) for producer in producers}
        lanes = tuple(first.lanes.values())
        publications = {
            producer: [
                Publication(case, producer, route, asked_of(case, route), lanes)
                for number in range(rounds)
                for index, case in enumerate(cases)
                for route in (Route(exchanges[producer], f"{case.id}#{number}.{index}", None, ""),)
            ]
            for producer in producers
        }
        await first.run(publications, exchanges)

    def _run(self, token: str) -> Run:
        session = self._session
        return Run(
            session.plan,
            session.producers,
            session.consumers,
            session.topology,
            session.party,
            self._listed,
            token,
            self._writer.write,
        )

    # --- the peers' processes ------------------------------------------------------------------------

    def _pids(self) -> dict[str, tuple[int, ...]]:
        running = usage.children(self._commands.values())
        return {label: running[command] for label, command in self._commands.items()}

    @contextmanager
    def _stopped(self) -> Iterator[None]:
        pids = [pid for group in self._pids().values() for pid in group]
        for pid in pids:
            os.killpg(pid, signal.SIGSTOP)
        try:
            yield
        finally:
            for pid in pids:
                os.killpg(pid, signal.SIGCONT)

    @contextmanager
    def _using(self) -> Iterator[dict[str, float]]:
        """Fills in, at its end, the share of a core that each party took."""
        used: dict[str, float] = {}
        before, started = self._seconds(), time.perf_counter()
        yield used
        after, wall = self._seconds(), time.perf_counter() - started
        used |= {name: (after[name] - before.get(name, 0.0)) / wall for name in after}
        if "the machine" in used:
            used["the broker and all else"] = 2 * used["the machine"] - sum(used.values())

    def _seconds(self) -> dict[str, float]:
        seconds = {"the harness": usage.own_seconds()}
        for label, pids in self._pids().items():
            seconds[label] = sum(usage.seconds_of(pid) or 0.0 for pid in pids)
        machine = usage.busy_seconds()
        return seconds if machine is None else {**seconds, "the machine": machine}
