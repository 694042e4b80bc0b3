"""An upgrade as the command line makes it: choose, run on both brokers, exchange, deny; then the words."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from dataclasses import dataclass, replace
from importlib import import_module
from pathlib import Path

import msgspec

from harness import matrix
from harness.broker import Broker, Debian, Image, Setup, Spec, parse_spec, running
from harness.broker.config import fresh_credentials
from harness.broker.describe import described
from harness.diff import diff_files
from harness.engine.plan import Plan
from harness.engine.session import Say, launches, plain_tap
from harness.errors import UsageError
from harness.peers.build import Launch
from harness.peers.manifest import PeerSpec, find_peers, resolve
from harness.report.changes import Comparison, Side, changes_text, notes_on
from harness.report.lines import Look
from harness.results import CellLine, Line, Results, ResultsWriter, read_results
from harness.scenarios import Scenario
from harness.upgrade.future import denials
from harness.upgrade.in_place import Moved, keeping, move
from harness.upgrade.lodgers import lodgers
from harness.upgrade.paths import Jump, Way, jump
from harness.upgrade.words import future_text, in_place_text

RAW = "raw"


@dataclass(frozen=True, slots=True)
class Asked:
    """What was asked for, checked: nothing was started for it yet."""

    chosen: matrix.Chosen
    old: Spec
    new: Spec
    in_place: bool
    future: bool
    folder: Path | None


class Future(msgspec.Struct, frozen=True):
    """The new broker with ``denied`` features, against itself as it is."""

    denied: tuple[str, ...]
    comparison: Comparison
    scenarios: Mapping[str, Scenario]


class Done(msgspec.Struct, frozen=True):
    """What an upgrade came to. ``moved`` is None where nothing was exchanged, ``jump`` says why not."""

    comparison: Comparison
    jump: Jump
    moved: Moved | None
    future: Future | None
    in_place: bool

    @property
    def status(self) -> int:
        """2 for an exchange that was asked for and is not supported; else 1 if anything is worse."""
        if self.in_place and self.jump.way is Way.REFUSED:
            return UsageError.exit_status
        failed = self.moved is not None and self.moved.fails
        return 1 if failed or self.comparison.got_worse else 0


def choose(
    producers: Sequence[str],
    consumers: Sequence[str],
    cases: Sequence[str],
    old: str,
    new: str,
    in_place: bool,
    future: bool,
    folder: Path | None,
) -> Asked:
    """Check every name and flag. UsageError says what is wrong."""
    specs = parse_spec(old), parse_spec(new)
    for flag, spec in [("--in-place", one) for one in specs if in_place] + [("--strict-future", specs[1])]:
        if (flag == "--in-place" or future) and not isinstance(spec, Debian | Image):
            raise UsageError(
                f"{flag} needs brokers in containers, and {spec} is none",
                "leave it out; --no-in-place compares the two brokers side by side",
            )
    if folder is not None and not folder.is_dir():
        raise UsageError(f"{folder} is no folder", "name one that is there")
    chosen = matrix.choose(producers, consumers, cases, None)
    matrix.expectations()
    return Asked(chosen, *specs, in_place, future, folder)


def upgrade(asked: Asked, say: Say) -> Done:
    """Do all that was asked for. SetupError where a broker does not start or is lost."""
    plan = asked.chosen.plan
    for spec, lacking in asked.chosen.left_out:
        say(f"left out: {spec.label} ({lacking})")
    with tempfile.TemporaryDirectory(prefix="amqp-interop-") as scratch, ExitStack() as stack:
        folder = asked.folder or Path(scratch)
        with ExitStack() as for_new:
            old, setup, new = _both(asked, stack, for_new, say)
            way = jump((old.info.product, old.info.version), (new.info.product, new.info.version))
            if asked.in_place and way.way is not Way.DOCUMENTED:
                say(f"in place: {way.way.value}: {way.reason}; the path to take is {way.path_text or 'none'}")
            old, new = (replace(one, info=described(one)) for one in (old, new))
            before = _run(old, plan, folder / "old.jsonl", say)
            after = _run(new, plan, folder / "new.jsonl", say)
            denied = denials(new) if asked.future else ()
        moved = None
        if asked.in_place and way.way is not Way.REFUSED:
            peers, ready = _with_raw(plan, say)
            extra = None if any(spec.label == RAW for spec in plan.producers) else RAW
            guests = lodgers(plan.cases, before.cells(), after.cells(), extra)
            moved = move(old, setup, asked.new, peers, ready, guests, say)
        future = _future(asked, plan, denied, after, folder, say) if asked.future else None
        return Done(_comparison(before, after), way, moved, future, asked.in_place)


def _both(asked: Asked, stack: ExitStack, for_new: ExitStack, say: Say) -> tuple[Broker, Setup, Broker]:
    """The two brokers, started side by side; how to start another on the data of the first."""
    import_module("harness.broker.control")  # two threads that import it at once can end in a deadlock
    with ThreadPoolExecutor(max_workers=2) as pool:
        new = pool.submit(for_new.enter_context, running(asked.new, say=say))
        if asked.in_place:
            kept = pool.submit(stack.enter_context, keeping(asked.old, say=say))
            return *kept.result(), new.result()
        plain = pool.submit(stack.enter_context, running(asked.old, say=say))
        return plain.result(), Setup(fresh_credentials()), new.result()


def _run(broker: Broker, plan: Plan, path: Path, say: Say) -> Results:
    """The cells on one broker."""
    from harness.report.progress import Progress

    with ResultsWriter(path) as writer, closing(Progress(plan.size)) as progress:

        def tell(line: Line) -> None:
            writer.write(line)
            if isinstance(line, CellLine):
                progress.cell(line)

        matrix.carry_out(broker, plan, plain_tap, say, tell)
    say(f"ran {plan.size} cells on {broker.info}")
    return read_results(path)


def _with_raw(plan: Plan, say: Say) -> tuple[Plan, dict[PeerSpec, Launch]]:
    """The plan's peers, and the suite's own among the producers."""
    (raw,) = resolve([RAW], "producer", find_peers())
    producers = tuple(dict.fromkeys((*plan.producers, raw)))
    whole = msgspec.structs.replace(plan, producers=producers)
    return whole, launches(whole, say)


def _comparison(before: Results, after: Results) -> Comparison:
    notes = tuple(notes_on(before.head, after.head))
    return Comparison(_side(before), _side(after), diff_files(before, after), notes)


def _side(results: Results) -> Side:
    head = results.head
    return Side(head.broker.spec, head, results.foot is not None)


def _future(
    asked: Asked, plan: Plan, denied: tuple[str, ...], after: Results, folder: Path, say: Say
) -> Future:
    """The scenarios once more, on the new broker with all denied: they are what topologies are made of."""
    scenarios = tuple(case for case in plan.cases if isinstance(case, Scenario))
    if not scenarios:
        raise UsageError("--strict-future needs scenarios, and --case selects none", "take queues/* in")
    part = msgspec.structs.replace(plan, cases=scenarios, full=False)
    setup = Setup(fresh_credentials(), denied)
    with running(asked.new, say=say, setup=setup) as broker:
        strict = _run(broker, part, folder / "future.jsonl", say)
    today = _only(after, {case.id for case in scenarios}, folder / "new-scenarios.jsonl")
    return Future(denied, _comparison(today, strict), {case.id: case for case in scenarios})


def _only(results: Results, cases: set[str], path: Path) -> Results:
    """The results of some cases alone."""
    kept = [cell for cell in results.cells() if cell.case in cases]
    with ResultsWriter(path) as writer:
        writer.write(msgspec.structs.replace(results.head, cells=len(kept)))
        for cell in kept:
            writer.write(cell)
        if results.foot is not None:
            writer.write(results.foot)
    return read_results(path)


def text(done: Done, look: Look) -> str:
    """The whole, for people."""
    return "".join(_parts(done, look))


def _parts(done: Done, look: Look) -> Iterator[str]:
    yield changes_text(done.comparison, look)
    if done.in_place:
        yield in_place_text(done.jump, done.moved, done.comparison.old.head, done.comparison.new.head, look)
    if done.future is not None:
        yield future_text(done.future.denied, done.future.comparison, done.future.scenarios, look)
