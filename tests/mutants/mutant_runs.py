"""Runs with one mutant each, and whether the suite saw it and blamed the right step."""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from urllib.parse import unquote, urlsplit

from mutant import Mutant, Point, Shows
from mutant_cases import AFTER, BEFORE
from mutant_catalogue import catalogue
from mutant_edits import unchanged
from mutant_tap import Mutator

from harness.broker import Broker
from harness.cases import Case
from harness.engine.plan import Plan
from harness.engine.run import Run
from harness.engine.session import Session, session
from harness.judge.expect import Expectations
from harness.judge.verdict import StepDifference, Stop
from harness.peers.build import make_ready
from harness.peers.manifest import PeerSpec, find_peers, resolve
from harness.results import CellLine

TOGETHER = 25
"""Mutants in one run, each in a message of its own."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What came of one mutant at one point; ``problem`` is empty if it was caught and rightly blamed."""

    name: str
    problem: str


def mutants_at(point: Point, broker: Broker) -> tuple[Mutant, ...]:
    """All that is a change at ``point`` on ``broker``."""
    user = unquote(urlsplit(broker.url).username or "guest")
    major = int(broker.info.version.split(".")[0])
    return tuple(mutant for mutant in catalogue(user) if mutant.stands(point, major))


def one_peer(name: str, role: str) -> PeerSpec:
    """A peer by its manifest."""
    (spec,) = resolve([name], "producer" if role == "producer" else "consumer", find_peers())
    return spec


class Hunt:
    """Runs at one point, over and over, with the same two peers. Made by :func:`hunting`."""

    def __init__(self, mutator: Mutator, running: Session) -> None:
        self._mutator, self._session = mutator, running

    async def lines(self, cases: tuple[Case, ...]) -> tuple[CellLine, ...]:
        """One run of the engine, whatever mutant is set."""
        told: list[CellLine] = []
        running = self._session
        plan = Plan(cases, running.plan.producers, running.plan.consumers, full=False)
        run = Run(
            plan,
            running.producers,
            running.consumers,
            running.topology,
            running.party,
            Expectations(None, ()),
            secrets.token_hex(8),
            told.append,
        )
        await run.run()
        return tuple(told)

    async def untouched(self, mutants: tuple[Mutant, ...]) -> tuple[CellLine, ...]:
        """One run over the messages of ``mutants``, each taken apart by the tap and changed in nothing."""
        idle = tuple(replace(mutant, edit=unchanged, swaps=False, doubles=False) for mutant in mutants)
        self._mutator.set(idle)
        lines = await self.lines(tuple(mutant.case for mutant in idle))
        assert set(self._mutator.hits) == {mutant.name for mutant in idle}
        return lines

    async def find(self, mutants: tuple[Mutant, ...]) -> tuple[Finding, ...]:
        """One run with ``mutants``, each in a message of its own, between two innocent messages."""
        mutator = self._mutator
        mutator.set(mutants)
        cases = (BEFORE, *(mutant.case for mutant in mutants), AFTER)
        lines = {line.case: line for line in await self.lines(cases)}
        harmed = [lines[case.id] for case in (BEFORE, AFTER) if lines[case.id].outcome != "pass"]
        problem = "".join(f"beside it, {line.id} is {_told(line)}" for line in harmed)
        return tuple(
            Finding(
                f"{mutator.point.label}/{mutant.name}",
                (_missed(mutant, mutator.point, lines[mutant.case.id]) or problem)
                if mutator.hits[mutant.name]
                else "it never struck",
            )
            for mutant in mutants
        )


@asynccontextmanager
async def hunting(
    point: Point, broker: Broker, producer: str = "raw", consumer: str = "raw"
) -> AsyncIterator[Hunt]:
    """A producer and a consumer, one of them behind a mutating tap."""
    mutator = Mutator(point)
    peers = one_peer(producer, "producer"), one_peer(consumer, "consumer")
    ready = {spec: make_ready(spec, lambda line: None) for spec in peers}
    plan = Plan((), (peers[0],), (peers[1],), full=False)
    async with session(plan, broker, ready, mutator.make_tap()) as running:
        yield Hunt(mutator, running)


def parts(point: Point, mutants: tuple[Mutant, ...]) -> tuple[tuple[Mutant, ...], ...]:
    """Which mutants can be in one run: those that leave other messages alone, :data:`TOGETHER` at a time."""
    alone = tuple((mutant,) for mutant in mutants if mutant.alone(point))
    quiet = tuple(mutant for mutant in mutants if not mutant.alone(point))
    return (*alone, *(quiet[at : at + TOGETHER] for at in range(0, len(quiet), TOGETHER)))


async def hunt_all(point: Point, broker: Broker) -> tuple[Finding, ...]:
    """All mutants at ``point``."""
    async with hunting(point, broker) as hunt:
        runs = [await hunt.find(part) for part in parts(point, mutants_at(point, broker))]
    return tuple(finding for run in runs for finding in run)


def _missed(mutant: Mutant, point: Point, line: CellLine) -> str:
    """Why the cell's line does not do; empty if it does."""
    stop, shows = mutant.stops.get(point), mutant.shows
    if stop is not None:
        told = (line.outcome, line.verdict, line.step) == ("fail", stop, point.step)
        return "" if told else f"{stop} at {point.step} is told as {_told(line)}"
    assert shows is not None
    seen = any(_fits(shows, point, difference) for difference in line.differences)
    if shows.kind.passes:
        return "" if seen else f"{shows} at {point.step} is not among the differences: {_told(line)}"
    red = line.outcome == "fail" and line.step is point.step and line.verdict not in set(Stop)
    return "" if seen and red else f"{shows} at {point.step} is told as {_told(line)}"


def _fits(shows: Shows, point: Point, difference: StepDifference) -> bool:
    told = (difference.path, difference.kind, difference.step)
    got = getattr(difference.got, "type", "")
    return told == (shows.path, shows.kind, point.step) and shows.type in ("", got)


def _told(line: CellLine) -> str:
    differences = ", ".join(f"{each.path} {each.kind} ({each.step})" for each in line.differences[:4])
    got = line.got if line.path is None else ""
    return f"{line.outcome}: {line.verdict} ({line.step}) {got} [{differences}]"
