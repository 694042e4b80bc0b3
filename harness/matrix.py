"""A run of the matrix as both doors make it: choose, start, judge, write, show."""

from __future__ import annotations

import asyncio
import datetime
import functools
import os
import re
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

import msgspec

import harness
from harness.broker import Broker, Spec, parse_spec, running
from harness.cases import CaseError, UnknownCase, digest, load_cases, select
from harness.engine.plan import AnyCase, Plan
from harness.engine.run import Summary
from harness.engine.session import launches, plain_tap, session
from harness.engine.station import TapMaker
from harness.errors import SetupError, UsageError
from harness.judge.expect import Expectations, read_expectations
from harness.peers.build import missing_toolchain
from harness.peers.manifest import ROOT, PeerSpec, find_peers, resolve
from harness.peers.protocol import Role
from harness.results import (
    FORMAT,
    CaseLine,
    CellLine,
    Foot,
    Head,
    Line,
    PeerInfo,
    Results,
    ResultsWriter,
    read_results,
)
from harness.results import Broker as BrokerLine
from harness.scenarios import Scenario, load_scenarios

CASES = ROOT / "contract" / "cases"
SCENARIOS = ROOT / "contract" / "scenarios"
EXPECTATIONS = ROOT / "contract" / "expectations.yaml"
STALE_STATUS = 4
Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Chosen:
    """What was asked for, checked: nothing was started for it yet.

    ``left_out`` are peers of the default matrix that this machine has no toolchain for, and why.
    """

    plan: Plan
    spec: Spec | None
    left_out: tuple[tuple[PeerSpec, str], ...]


@dataclass(frozen=True, slots=True)
class Outputs:
    """Where the results go. ``since`` is an older results file that the HTML compares with."""

    results: Path | None
    junit: Path | None
    as_json: bool
    verbose: bool
    out: TextIO
    html: Path | None = None
    since: Path | None = None


@functools.cache
def all_cases() -> tuple[AnyCase, ...]:
    """The cases and scenarios of the contract, read once."""
    return (*load_cases(CASES), *load_scenarios(SCENARIOS))


def choose(
    producers: Sequence[str], consumers: Sequence[str], cases: Sequence[str], broker: str | None
) -> Chosen:
    """Check every name. UsageError lists what is known; SetupError for a named peer that can't run here."""
    spec = parse_spec(broker) if broker is not None else None
    try:
        chosen_cases = select(all_cases(), cases)
    except CaseError as error:
        raise UsageError(str(error), "docs/writing_a_case.md describes a case file") from error
    except UnknownCase as error:
        raise UsageError(f"no case matches {error.glob!r}", "amqp-interop list cases shows them") from error
    peers = find_peers()
    left_out: dict[str, tuple[PeerSpec, str]] = {}
    able_producers = _able(resolve(producers, "producer", peers), bool(producers), left_out)
    able_consumers = _able(resolve(consumers, "consumer", peers), bool(consumers), left_out)
    full = not (producers or consumers or cases or left_out)
    plan = Plan(chosen_cases, able_producers, able_consumers, full)
    if not plan.size:
        raise SetupError("no cell is left to run", "amqp-interop doctor says which toolchains are missing")
    return Chosen(plan, spec, tuple(left_out.values()))


def _able(
    specs: tuple[PeerSpec, ...], named: bool, left_out: dict[str, tuple[PeerSpec, str]]
) -> tuple[PeerSpec, ...]:
    able = []
    for spec in specs:
        lacking = missing_toolchain(spec)
        if lacking is None:
            able.append(spec)
        elif named:
            raise SetupError(
                f"{spec.label} can't run here: {lacking}", "amqp-interop doctor lists what is missing"
            )
        else:
            left_out[spec.label] = (spec, lacking)
    return tuple(able)


_CELL = re.compile(r"^(?P<case>[^\[\]]+)\[(?P<producer>.+?)->(?P<consumer>.+)\]$")


def parse_cell(text: str) -> tuple[str, str, str]:
    """Case, producer and consumer of a cell's id."""
    match = _CELL.match(text)
    if match is None:
        raise UsageError(
            f"{text!r} is no cell", "a cell is CASE[PRODUCER->CONSUMER], see amqp-interop list cells"
        )
    return match["case"], match["producer"], match["consumer"]


def expectations() -> Expectations:
    """The list of the contract."""
    return Expectations(EXPECTATIONS.relative_to(ROOT), read_expectations(EXPECTATIONS))


# --- running ---------------------------------------------------------------------------------------------


def run(chosen: Chosen, outputs: Outputs, *, tapped: bool, say: Say) -> int:
    """Start the broker and run the plan on it; the exit status."""
    expectations()  # a broken list is the user's error: say so before anything starts
    for path, what in ((outputs.junit, "JUnit XML"), (outputs.html, "HTML")):
        if path is not None and not os.access(path.absolute().parent, os.W_OK):
            raise UsageError(f"cannot write {what} to {path}", "name a file in a folder that is there")
    with running(chosen.spec, say=say) as broker:
        return run_on(broker, chosen, outputs, tapped=tapped, say=say)


def run_on(broker: Broker, chosen: Chosen, outputs: Outputs, *, tapped: bool, say: Say) -> int:
    """Run the plan on a broker that is there; write and show the results; the exit status."""
    from harness.report.progress import Progress

    for spec, lacking in chosen.left_out:
        say(f"left out: {spec.label} ({lacking})")
    with tempfile.TemporaryDirectory(prefix="amqp-interop-") as folder:
        path = outputs.results or Path(folder, "results.jsonl")
        with ResultsWriter(path) as writer, closing(Progress(chosen.plan.size)) as progress:

            def tell(line: Line) -> None:
                writer.write(line)
                if outputs.as_json:
                    outputs.out.write(msgspec.json.encode(line).decode() + "\n")
                if isinstance(line, CellLine):
                    progress.cell(line)

            carry_out(broker, chosen.plan, plain_tap if tapped else None, say, tell)
        return report(path, outputs)


def carry_out(
    broker: Broker, plan: Plan, make_tap: TapMaker | None, say: Say, tell: Callable[[Line], None]
) -> None:
    """Make the peers ready and carry out ``plan``; ``tell`` gets the lines of its results as they come."""
    ready = launches(plan, say)
    listed = expectations()

    async def run_plan() -> None:
        async with session(plan, broker, ready, make_tap) as started:
            tell(_head(broker, plan, started.peers(), make_tap is not None))
            for case in plan.cases:
                tell(_case_line(case))
            tell(_foot(await started.run(listed, tell)))

    asyncio.run(run_plan())


def show_results(results: Results, outputs: Outputs) -> None:
    """On the terminal, and as JUnit XML and HTML where that is asked for."""
    from harness.report.terminal import print_summary

    head, foot = results.head, results.foot
    listed = read_expectations(EXPECTATIONS)
    if not outputs.as_json:
        print_summary(head, results.cells(), foot, outputs.out, verbose=outputs.verbose, listed=listed)
    if outputs.junit is not None:
        from harness.report.junit import write_junit

        write_junit(outputs.junit, head, results.cells(), foot)
    if outputs.html is not None:
        from harness.report.html import write_html

        since = None if outputs.since is None else read_results(outputs.since)
        write_html(outputs.html, results, since, listed)


def _head(broker: Broker, plan: Plan, peers: tuple[PeerInfo, ...], tapped: bool) -> Head:
    info = broker.info
    return Head(
        format=FORMAT,
        suite=harness.__version__,
        date=datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        broker=BrokerLine(info.spec, info.product, info.version, info.platform, info.build),
        peers=peers,
        cases=len(plan.cases),
        cases_sha256=digest(plan.cases),
        cells=plan.size,
        tap=tapped,
        full=plan.full,
    )


def _case_line(case: AnyCase) -> CaseLine:
    if isinstance(case, Scenario):
        return CaseLine(case.id, case.why, case.source, steps=case.steps)
    kind, key = case.exchange.kind, case.routing_key
    return CaseLine(case.id, case.why, case.source, case.message, exchange=kind, routing_key=key)


def _foot(summary: Summary) -> Foot:
    return Foot(
        outcomes=dict(summary.outcomes),
        verdicts={str(verdict): count for verdict, count in summary.verdicts.items()},
        seconds={phase: round(seconds, 3) for phase, seconds in summary.seconds.items()},
        first_pass_cells=summary.first_pass_cells,
        stale=summary.stale,
        strays=summary.strays,
    )


def status(results: Results) -> int:
    """The exit status that the results amount to."""
    outcomes = results.outcomes
    if outcomes["fail"] or outcomes["error"] or results.foot is None or results.foot.strays:
        return 1
    return STALE_STATUS if results.foot.stale else 0


def report(file: Path, outputs: Outputs) -> int:
    """Show a results file; the exit status of the run that it is of."""
    results = read_results(file)
    show_results(results, outputs)
    return status(results)


def explain(chosen: Chosen, pcapng: Path | None, say: Say) -> str:
    """Run the one cell of ``chosen`` and show all that was seen of it."""
    from harness.report.explain import explain_cell

    async def run_cell(broker: Broker) -> str:
        async with session(chosen.plan, broker, ready, plain_tap) as started:
            return await explain_cell(started, next(chosen.plan.cells()), pcapng)

    ready = launches(chosen.plan, say)
    with running(chosen.spec, say=say) as broker:
        return asyncio.run(run_cell(broker))


# --- listing ---------------------------------------------------------------------------------------------


def peer_lines(plan: Plan) -> Iterator[str]:
    """Every peer: label, release, language, roles, and why it can't run here if it can't."""
    roles: dict[str, list[Role]] = {}
    specs = {spec.label: spec for spec in find_peers()}
    for spec in find_peers():
        roles.setdefault(spec.label, []).extend(spec.roles)
    for label, spec in specs.items():
        lacking = missing_toolchain(spec)
        can = "can run here" if lacking is None else f"can't run here: {lacking}"
        yield f"{label:16} {spec.release:8} {spec.language:8} {', '.join(roles[label]):20} {can}"


def case_lines(plan: Plan) -> Iterator[str]:
    """Every case, and why it exists."""
    width = max(len(case.id) for case in plan.cases)
    return (f"{case.id:{width}}  {case.why}" for case in plan.cases)


def broker_lines(plan: Plan) -> Iterator[str]:
    """The forms of a broker's spec."""
    from harness.broker import FORMS

    return (f"{form:40} {meaning}" for form, meaning in FORMS)


def cell_lines(plan: Plan) -> Iterator[str]:
    """Every cell's id."""
    return (cell.id for cell in plan.cells())
