"""How fast the suite is: the first pass fed with more cells than there are, and the floor beneath it.

All is measured in one run, round by round in turn, so that what else the machine does falls on every part
alike; figures are medians of the rounds. Brokers beside the first are compared with it, raw to raw.
"""

from __future__ import annotations

import asyncio
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import TypeAlias

from harness import matrix, usage
from harness.broker import Broker
from harness.brokers import running_all
from harness.engine.plan import Plan
from harness.engine.session import launches, plain_tap, session
from harness.feed import Bench, Pace, Taps
from harness.peers.build import Launch
from harness.peers.manifest import PeerSpec
from harness.results import Foot, Line, ResultsWriter

ROUNDS = 5
"""Rounds of each measurement; their median counts."""


@dataclass(frozen=True, slots=True)
class Round:
    """One round of each measurement; ``memory`` is the harness's peak after it, in MiB."""

    judged: Pace
    relayed: Pace
    floor: Pace
    alone: Pace
    memory: float


@dataclass(frozen=True, slots=True)
class Figures:
    """What was measured of one group of peers, and with how many cases."""

    peers: str
    cases: int
    rounds: tuple[Round, ...]


Beside: TypeAlias = dict[str, list[tuple[Pace, Pace]]]
"""By broker, of each round: the first pass and the floor."""


def bench(chosen: matrix.Chosen, cells: int, say: matrix.Say) -> str:
    """Measure about ``cells`` cells of the first pass, and the rest beside them; the figures as text."""
    started = time.monotonic()
    ready = launches(chosen.plan, say)
    built = time.monotonic()
    lines: list[Line] = []
    with running_all(chosen.specs, say=say) as brokers, tempfile.TemporaryDirectory() as folder:
        broker, booted = brokers[0], time.monotonic()
        with ResultsWriter(Path(folder) / "results.jsonl") as writer:
            figures = [
                asyncio.run(_measure(plan, broker, ready, cells // ROUNDS, writer, say))
                for plan in groups(chosen.plan)
            ]
            beside: Beside = {}
            if len(brokers) > 1:
                own = tuple(groups(chosen.plan))[-1]
                beside = asyncio.run(_side_by_side(own, brokers, ready, cells // ROUNDS, writer, say))
        say("carrying out the whole plan")
        matrix.carry_out(broker, chosen.plan, plain_tap, say, lines.append)
    foot = next(line for line in lines if isinstance(line, Foot))
    whole = sum(foot.seconds.values())
    rows = [
        f"broker    {broker.info}",
        f"times     peers made ready {built - started:.1f} s, broker booted {booted - built:.1f} s",
        f"whole run {chosen.plan.size} cells in {whole:.1f} s, {chosen.plan.size / whole:,.0f} a second ("
        + ", ".join(f"{phase} {seconds:.1f} s" for phase, seconds in foot.seconds.items())
        + f"; {foot.first_pass_cells} cells settled in the first)",
    ]
    rows += [row for each in figures for row in table(each, len(chosen.plan.cases))]
    rows += by_broker(beside)
    return "\n".join(rows) + "\n"


def table(figures: Figures, of: int) -> Iterator[str]:
    """The figures of one group as lines: the median of its rounds, and the lowest and highest."""

    def row(name: str, values: Sequence[float], unit: str, form: str = ",.0f") -> str:
        middle, low, high = (format(value, form) for value in (median(values), min(values), max(values)))
        return f"  {name:22} {middle:>8} {unit:14} ({low} to {high})"

    rounds = figures.rounds
    judged, relayed = [each.judged for each in rounds], [each.relayed for each in rounds]
    yield ""
    yield f"{figures.peers}"
    yield f"  {figures.cases} of {of} cases over and over, {judged[0].count:,} cells a round; left out:"
    yield "  bodies over 4 KiB, own exchanges or routing keys, what some pair here cannot send or report"
    yield row("first pass", [pace.rate for pace in judged], "cells/s")
    yield row("relaying alone", [pace.rate for pace in relayed], "cells/s")
    yield row("floor", [each.floor.rate for each in rounds], "deliveries/s")
    yield row("one message at a time", [each.alone.rate for each in rounds], "rounds/s")
    ratios = [each.judged.rate / each.floor.rate for each in rounds]
    yield row("first pass / floor", ratios, "", ".2f")
    ratios = [each.judged.rate / each.relayed.rate for each in rounds]
    yield row("first pass / relaying", ratios, "", ".2f")
    cost = [pace.cost for pace in judged]
    yield row("harness, first pass", cost, "us a cell")
    yield row("harness, relaying", [pace.cost for pace in relayed], "us a cell")
    yield f"  {'cores, first pass':22} {_cores(judged)}"
    yield f"  {'cores, relaying':22} {_cores(relayed)}"
    growth = rounds[-1].memory - rounds[0].memory
    counted = sum(pace.count for pace in judged[1:])
    memory = f"{rounds[-1].memory:.0f} MiB, {growth:.1f} of them in the last {counted:,} cells"
    yield f"  {'memory, peak':22} {memory}"
    unsettled = sum(pace.unsettled for pace in (*judged, *(each.alone for each in rounds)))
    if unsettled:
        yield f"  {unsettled} cells were not settled in the first pass and are not counted"


def by_broker(beside: Beside) -> Iterator[str]:
    """The brokers as lines: each one's rates, and as parts of the first's in the same round."""
    if not beside:
        return
    first = next(iter(beside.values()))
    yield ""
    columns = ("first pass, cells/s", "of the first", "floor", "of the first")
    yield f"{'each broker, raw -> raw':24}" + "".join(f"{name:>20}" for name in columns)
    for name, rounds in beside.items():
        shown = []
        for part in range(2):
            rates = [each[part].rate for each in rounds]
            ratios = [mine / its[part].rate for mine, its in zip(rates, first, strict=True)]
            shown.append((median(rates), median(ratios)))
        (judged, judged_part), (floor, floor_part) = shown
        yield f"  {name:22}{judged:>20,.0f}{judged_part:>20.2f}{floor:>20,.0f}{floor_part:>20.2f}"


def _cores(paces: Sequence[Pace]) -> str:
    names = dict.fromkeys(name for pace in paces for name in pace.used)
    return ", ".join(f"{name} {median([pace.used.get(name, 0.0) for pace in paces]):.2f}" for name in names)


def groups(plan: Plan) -> Iterator[Plan]:
    """The libraries between them; then the suite's own client at both ends, which is the harness's ceiling.

    Which peer is the suite's own is told by its manifest: it comes in no package.
    """
    for own in (False, True):
        producers = tuple(spec for spec in plan.producers if own is not bool(spec.entry.package))
        consumers = tuple(spec for spec in plan.consumers if own is not bool(spec.entry.package))
        if producers and consumers:
            yield Plan(plan.cases, producers, consumers, full=False)


async def _measure(
    plan: Plan,
    broker: Broker,
    ready: Mapping[PeerSpec, Launch],
    cells: int,
    writer: ResultsWriter,
    say: matrix.Say,
) -> Figures:
    taps = Taps()
    commands = {spec.label: ready[spec].command for spec in (*plan.producers, *plan.consumers)}
    peers = " -> ".join(", ".join(spec.label for spec in side) for side in (plan.producers, plan.consumers))
    say(f"measuring {peers}")
    rounds: list[Round] = []
    async with session(plan, broker, ready, taps.make) as started:
        group = Bench(started, taps, commands, matrix.expectations(), writer)
        await group.choose_cases()
        for _ in range(ROUNDS):
            floor = await group.floor(cells)
            judged, relayed = await group.judged(cells), await group.relayed(cells)
            rounds.append(Round(judged, relayed, floor, await group.alone(), usage.peak_memory()))
    return Figures(peers, len(group.cases), tuple(rounds))


async def _side_by_side(
    plan: Plan,
    brokers: Sequence[Broker],
    ready: Mapping[PeerSpec, Launch],
    cells: int,
    writer: ResultsWriter,
    say: matrix.Say,
) -> Beside:
    """The same peers on each broker, which take turns in every round."""
    say(f"measuring {', '.join(broker.info.spec for broker in brokers)}")
    commands = {spec.label: ready[spec].command for spec in (*plan.producers, *plan.consumers)}
    async with AsyncExitStack() as stack:
        measured: Beside = {}
        on_each = []
        for broker in brokers:
            taps = Taps()
            started = await stack.enter_async_context(session(plan, broker, ready, taps.make))
            group = Bench(started, taps, commands, matrix.expectations(), writer)
            await group.choose_cases()
            on_each.append((group, measured.setdefault(broker.info.spec, [])))
        for _ in range(ROUNDS):
            for group, rounds in on_each:
                rounds.append((await group.judged(cells), await group.floor(cells)))
    return measured
