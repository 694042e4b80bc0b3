"""The first pass fed with more cells than there are: the same cases over and over, judged or only relayed.

Peers are stopped (SIGSTOP) while they have no part: an idle rabbitpy 3.0.2 keeps a whole core busy. What the
figures mean, and how many rounds there are, is for the bench to say.
"""

from __future__ import annotations

import os
import signal
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from harness import usage
from harness.amqp.message import Inline, Message, Routed
from harness.amqp.values import Text
from harness.cases import Case
from harness.engine.first_pass import IN_FLIGHT, FirstPass, Lane, Publication
from harness.engine.plan import Cell, Route, shared_exchange, shared_route, unique
from harness.engine.run import Run
from harness.engine.session import Session, plain_tap
from harness.engine.station import Station
from harness.errors import InteropError
from harness.floor import floor
from harness.judge.expect import Expectations
from harness.judge.listed import CellKey, Party
from harness.judge.verdict import Evidence, Stop
from harness.peers.manifest import PeerSpec
from harness.peers.protocol import Role
from harness.results import CellLine, ResultsWriter
from harness.tap.events import Observer
from harness.tap.tap import Tap

HARNESS, MACHINE, REST = "the harness", "the machine", "the broker and all else"
ALONE = 300
"""Messages that are published one at a time."""
ONE_AT_A_TIME = 2
"""What is in flight then: one on its way, and the one before it, held back to see if it comes twice."""


class NothingToMeasure(InteropError):
    """No case of the plan is as expected between all of its peers: there is nothing to feed the pass with."""


@dataclass(frozen=True, slots=True)
class Pace:
    """``count`` things in ``seconds``, the first to the last; ``unsettled`` are those that did not count.

    ``used`` is how many cores each party kept busy over ``wall`` seconds, with connecting and declaring.
    """

    count: int
    seconds: float
    unsettled: int = 0
    used: Mapping[str, float] = field(default_factory=dict)
    wall: float = 0.0

    @property
    def cost(self) -> float:
        """Microseconds of the harness's processor time for each; other load counts less than in a rate."""
        return self.used.get(HARNESS, 0.0) * self.wall / self.count * 1e6

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
        commands: Mapping[str, tuple[str, ...]],
        listed: Expectations,
        writer: ResultsWriter,
    ) -> None:
        self._session, self._taps, self._listed, self._writer = session, taps, listed, writer
        self._commands = commands
        self._producers = tuple(session.producers.values())
        self._consumers = tuple(session.consumers.values())
        self._settled: Counter[str] = Counter()
        self._meter = Meter()
        self._feeds = 0
        self.cases: tuple[Case, ...] = ()

    async def choose_cases(self) -> None:
        """Keep the cases that can be fed in again and again: one pass tells which are as they should be."""
        messages = (case for case in self._session.plan.cases if isinstance(case, Case))
        able = [case for case in messages if self._feedable(case)]
        await self._feed(able, 1, self._producers, judged=True)
        every = len(self._producers) * len(self._consumers)
        self.cases = tuple(case for case in able if self._settled[case.id] == every)
        if not self.cases:
            raise NothingToMeasure(f"none of {len(able)} cases is as expected between all of these peers")

    def _feedable(self, case: Case) -> bool:
        """Small, over the shared exchange, and a message is expected to come out."""
        shared = shared_route(case, "", "", "shared").exchange == "shared"
        plain = isinstance(case.message.body, Inline) and case.rejected is None and not case.header_order
        return shared and plain and not any(self._stops(key) for key in self._keys(case))

    def _stops(self, key: CellKey) -> bool:
        """Whether it is known that no message comes out; a difference alone is settled like any cell."""
        return any(item.expectation.difference in set(Stop) for item in self._listed.about(key))

    def _keys(self, case: Case) -> Iterator[CellKey]:
        for producer in self._producers:
            for consumer in self._consumers:
                yield CellKey(case.id, _party(producer), _party(consumer), self._session.party)

    async def judged(self, cells: int) -> Pace:
        """The first pass as it always is: watched, judged, written."""
        self._taps.watch(True)
        return await self._feed(self.cases, self._rounds(cells), self._producers, judged=True)

    async def relayed(self, cells: int) -> Pace:
        """The same traffic through the same taps and peers; nothing is read on the way or judged."""
        self._taps.watch(False)
        try:
            return await self._feed(self.cases, self._rounds(cells), self._producers, judged=False)
        finally:
            self._taps.watch(True)

    async def alone(self) -> Pace:
        """Publish one message, wait until every consumer reported it, publish the next."""
        cases = (self.cases * (ALONE // len(self.cases) + 1))[:ALONE]
        pace = await self._feed(cases, 1, self._producers[:1], judged=True, in_flight=ONE_AT_A_TIME)
        return Pace(pace.count // len(self._consumers), pace.seconds, pace.unsettled)

    async def floor(self, cells: int) -> Pace:
        """The same messages with nobody but the suite's own client, while the peers are stopped."""
        copies = len(self._consumers)
        messages = [case.message for case in self.cases] * (self._rounds(cells) * len(self._producers))
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
        *,
        judged: bool,
        in_flight: int = IN_FLIGHT,
    ) -> Pace:
        """``cases`` over and over through one first pass; each publish has a routing key of its own."""
        self._feeds += 1
        token = unique(self._session.token, "bench", str(self._feeds))
        self._meter = Meter()
        left = Meter()
        first = self._first_pass(token, judged, left, in_flight)
        exchanges = {producer: shared_exchange(token, producer.label) for producer in producers}
        lanes = tuple(first.lanes.values())
        publications: dict[Station, Sequence[Publication]] = {
            producer: [
                _publication(case, producer, exchanges[producer], f"{case.id}#{number}.{index}", lanes)
                for number in range(rounds)
                for index, case in enumerate(cases)
            ]
            for producer in producers
        }
        started = time.perf_counter()
        with self._using() as used:
            await first.run(publications, exchanges)
        wall = time.perf_counter() - started
        expected = sum(map(len, publications.values())) * len(lanes)
        unsettled = expected - self._meter.count if judged else 0
        meter = self._meter if judged else left
        return Pace(meter.count, max(meter.last - meter.first, 1e-9), unsettled, used, wall)

    def _first_pass(self, token: str, judged: bool, left: Meter, in_flight: int) -> FirstPass:
        session = self._session
        run = Run(
            session.plan,
            session.producers,
            session.consumers,
            session.topology,
            session.party,
            self._listed,
            token,
            self._tell,
        )

        def leave(cell: Cell) -> None:
            left.tick()

        def settle(cell: Cell, evidence: Evidence) -> None:
            left.tick()

        return FirstPass(
            self._consumers,
            session.topology,
            token,
            run.settle_first if judged else settle,
            leave,
            in_flight=in_flight,
        )

    def _tell(self, line: CellLine) -> None:
        self._writer.write(line)
        self._settled[line.case] += line.outcome in ("pass", "expected")
        self._meter.tick()

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
        machine = used.pop(MACHINE, None)
        if machine is not None:
            used[REST] = machine - sum(used.values())

    def _seconds(self) -> dict[str, float]:
        seconds = {HARNESS: usage.own_seconds()}
        for label, pids in self._pids().items():
            seconds[label] = sum(usage.seconds_of(pid) or 0.0 for pid in pids)
        machine = usage.busy_seconds()
        return seconds if machine is None else {**seconds, MACHINE: machine}


def _party(station: Station) -> Party:
    return Party(station.spec.name, station.spec.release)


def _publication(
    case: Case, producer: Station, exchange: Text, key: str, lanes: tuple[Lane, ...]
) -> Publication:
    message = Message(case.message.properties, case.message.body)
    asked = Routed(exchange, key, message, redelivered=False)
    return Publication(case, producer, Route(exchange, key, None, ""), asked, lanes)
