"""A run of the matrix as both doors make it: choose, start, judge, write, show."""

from __future__ import annotations

import asyncio
import functools
import os
import re
import tempfile
from collections.abc import Callable, Iterable, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

import msgspec

from harness.broker import Broker, BrokerInfo, Spec, parse_spec, running
from harness.brokers import known
from harness.cases import CaseError, UnknownCase, load_cases, select
from harness.ends import foot_of, head_of
from harness.engine.plan import AnyCase, Plan
from harness.engine.run import Summary
from harness.engine.session import launches, plain_tap, session
from harness.engine.station import TapMaker
from harness.errors import SetupError, UsageError
from harness.judge.expect import Expectations
from harness.judge.listed import read_expectations
from harness.peers.build import missing_toolchain
from harness.peers.manifest import ROOT, PeerSpec, find_peers, resolve
from harness.results import CaseLine, CellLine, Line, Results, ResultsWriter, read_lines, read_results
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
    specs: tuple[Spec | None, ...]
    left_out: tuple[tuple[PeerSpec, str], ...]

    @property
    def spec(self) -> Spec | None:
        """The broker's, the first if there are several; None takes the default."""
        return self.specs[0]

    @property
    def cells(self) -> int:
        """How many cells, on all brokers."""
        return self.plan.size * len(self.specs)


@dataclass(frozen=True, slots=True)
class Outputs:
    """Where the results go. ``since`` is an older results file that the HTML compares with."""

    results: Path | None
    junit: Path | None
    as_json: bool
    verbose: bool
    out: TextIO
    markdown: Path | None = None
    badge: Path | None = None
    html: Path | None = None
    since: Path | None = None

    @property
    def files(self) -> tuple[tuple[str, Path], ...]:
        """The reports that are written at the end: what each is called, and where it goes."""
        named = (
            ("JUnit XML", self.junit),
            ("Markdown", self.markdown),
            ("the badge", self.badge),
            ("HTML", self.html),
        )
        return tuple((what, path) for what, path in named if path is not None)


@functools.cache
def all_cases() -> tuple[AnyCase, ...]:
    """The cases and scenarios of the contract, read once."""
    return (*load_cases(CASES), *load_scenarios(SCENARIOS))


def scenario_ids() -> frozenset[str]:
    """Which of all cases are scenarios."""
    return frozenset(case.id for case in all_cases() if isinstance(case, Scenario))


def choose(
    producers: Sequence[str],
    consumers: Sequence[str],
    cases: Sequence[str],
    *brokers: str | None,
    shard: str | None = None,
) -> Chosen:
    """Check every name. UsageError lists what is known; SetupError for a named peer that can't run here.

    ``brokers``: none, or None, for the default; ``shard``: the part of the plan that is wanted, ``2/5``.
    """
    specs = tuple({str(spec): spec for spec in map(_spec, brokers)}.values()) or (None,)
    part = parse_shard(shard) if shard is not None else None
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
    if part is not None:
        plan = _part(plan, *part)
    return Chosen(plan, specs, tuple(left_out.values()))


def _spec(broker: str | None) -> Spec | None:
    return parse_spec(broker) if broker is not None else None


def parse_shard(text: str) -> tuple[int, int]:
    """``2/5``: the second of five parts."""
    match = re.fullmatch(r"(?P<number>[0-9]{1,6})/(?P<of>[0-9]{1,6})", text)
    number, of = (int(match["number"]), int(match["of"])) if match else (0, 0)
    if not 1 <= number <= of:
        raise UsageError(f"{text!r} is no part of a run", "a part is NUMBER/OF: 2/5 is the second of five")
    return number, of


def _part(plan: Plan, number: int, of: int) -> Plan:
    if of > len(plan.cases):
        raise UsageError(f"{len(plan.cases)} cases can't be cut into {of} parts", "take a smaller --shard")
    return plan.part(number, of)


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


_CELL = re.compile(r"^(?P<case>[^\[\]]+)\[(?P<producer>.+?)->(?P<consumer>.+)\](?:@(?P<broker>.+))?$")


def parse_cell(text: str) -> tuple[str, str, str]:
    """Case, producer and consumer of a cell's id."""
    match = _cell(text)
    return match["case"], match["producer"], match["consumer"]


def broker_in(text: str) -> str | None:
    """The spec of the broker in a cell's id, if it names one."""
    return _cell(text)["broker"]


def _cell(text: str) -> re.Match[str]:
    match = _CELL.match(text)
    if match is None:
        raise UsageError(
            f"{text!r} is no cell", "a cell is CASE[PRODUCER->CONSUMER], see amqp-interop list cells"
        )
    return match


def expectations() -> Expectations:
    """The list of the contract."""
    names = [(case.id, isinstance(case, Scenario)) for case in all_cases()]
    shown = EXPECTATIONS.relative_to(ROOT) if EXPECTATIONS.is_relative_to(ROOT) else EXPECTATIONS
    return Expectations(shown, read_expectations(EXPECTATIONS), names)


# --- running ---------------------------------------------------------------------------------------------


def run(chosen: Chosen, outputs: Outputs, *, tapped: bool, say: Say) -> int:
    """Start the broker and run the plan on it; the exit status."""
    expectations()  # a broken list is the user's error: say so before anything starts
    for what, path in outputs.files:
        if not os.access(path.absolute().parent, os.W_OK):
            raise UsageError(f"cannot write {what} to {path}", "name a file in a folder that is there")
    with known(chosen.specs, say=say) as (infos, brokers):
        return run_on(infos, brokers, chosen, outputs, tapped=tapped, say=say)


def run_on(
    infos: Sequence[BrokerInfo],
    brokers: Iterable[Broker],
    chosen: Chosen,
    outputs: Outputs,
    *,
    tapped: bool,
    say: Say,
) -> int:
    """Run the plan on brokers that are there; write and show the results; the exit status."""
    from harness.report.progress import Progress

    for spec, lacking in chosen.left_out:
        say(f"left out: {spec.label} ({lacking})")
    with tempfile.TemporaryDirectory(prefix="amqp-interop-") as folder:
        path = outputs.results or Path(folder, "results.jsonl")
        with ResultsWriter(path) as writer, closing(Progress(chosen.cells)) as progress:

            def tell(line: Line) -> None:
                writer.write(line)
                if outputs.as_json:
                    outputs.out.write(msgspec.json.encode(line).decode() + "\n")
                if isinstance(line, CellLine):
                    progress.cell(line)

            carry_out_on(infos, brokers, chosen.plan, plain_tap if tapped else None, say, tell)
        return _shown(read_results(path), outputs)


def carry_out(
    broker: Broker, plan: Plan, make_tap: TapMaker | None, say: Say, tell: Callable[[Line], None]
) -> None:
    """Make the peers ready and carry out ``plan``; ``tell`` gets the lines of its results as they come."""
    carry_out_on((broker.info,), (broker,), plan, make_tap, say, tell)


def carry_out_on(
    infos: Sequence[BrokerInfo],
    brokers: Iterable[Broker],
    plan: Plan,
    make_tap: TapMaker | None,
    say: Say,
    tell: Callable[[Line], None],
) -> None:
    """The same on several brokers, one after another; ``infos`` are what they all say of themselves."""
    ready = launches(plan, say)
    listed = expectations()
    summaries: list[Summary] = []

    async def run_plan(broker: Broker, plan: Plan) -> None:
        async with session(plan, broker, ready, make_tap) as started:
            if not summaries:
                tell(head_of(infos, plan, started.peers(), make_tap is not None, EXPECTATIONS))
                for case in plan.cases:
                    tell(_case_line(case))
            summaries.append(await started.run(listed, tell))

    for broker in brokers:
        named = broker.info.spec if len(infos) > 1 else ""
        asyncio.run(run_plan(broker, msgspec.structs.replace(plan, broker=named)))
    tell(foot_of(infos, summaries))


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
    if outputs.markdown is not None:
        from harness.report.markdown import write_markdown

        write_markdown(outputs.markdown, head, results.cells(), foot)
    if outputs.badge is not None:
        from harness.report.badge import write_badge

        write_badge(outputs.badge, results.outcomes, foot)


def _case_line(case: AnyCase) -> CaseLine:
    if isinstance(case, Scenario):
        return CaseLine(case.id, case.why, case.source, steps=case.steps)
    kind, key = case.exchange.kind, case.routing_key
    return CaseLine(case.id, case.why, case.source, case.message, exchange=kind, routing_key=key)


def status(results: Results) -> int:
    """The exit status that the results amount to.

    A wrong expectation makes cells fail, too; what is to be mended is the list, so that comes first.
    """
    outcomes, foot = results.outcomes, results.foot
    if foot is not None and foot.stale:
        return STALE_STATUS
    return int(foot is None or bool(outcomes["fail"] or outcomes["error"] or foot.strays))


def report(file: Path, outputs: Outputs) -> int:
    """Show a results file; the exit status of the run that it is of."""
    results = read_results(file)
    if outputs.as_json:
        for line in read_lines(file):
            outputs.out.write(msgspec.json.encode(line).decode() + "\n")
    return _shown(results, outputs)


def _shown(results: Results, outputs: Outputs) -> int:
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
