"""What became of messages during an exchange, and who won't survive what is deprecated, in words. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping

from harness.report.changes import Comparison
from harness.report.columns import wrapped
from harness.report.lines import Line, Look, plain, rendered
from harness.report.values import inert, shown
from harness.results import CellLine, Head
from harness.scenarios import Scenario
from harness.upgrade.findings import Fate, Finding, counts
from harness.upgrade.future import casualties
from harness.upgrade.in_place import Moved
from harness.upgrade.paths import Jump, Way

EXAMPLES = 1


def in_place_text(jump: Jump, moved: Moved | None, old: Head, new: Head, look: Look) -> str:
    """The part about the messages that lay in the queues."""
    return rendered(_in_place(jump, moved, old, new, look.width), colour=look.colour)


def _in_place(jump: Jump, moved: Moved | None, old: Head, new: Head, width: int | None) -> Iterator[Line]:
    yield plain("")
    yield plain(f"In place, {old.broker.version} exchanged for {new.broker.version} on the same data", "bold")
    if jump.way is not Way.DOCUMENTED:
        verdict = "REFUSED" if jump.way is Way.REFUSED else "Not supported, and tried all the same"
        yield from map(plain, wrapped(f"{verdict}: {jump.reason}", width, "  ", "    "))
        if jump.path:
            yield from map(plain, wrapped(f"The path to take: {jump.path_text}", width, "  ", "    "))
        else:
            yield plain("  No path of in-place upgrades is documented: move the messages to a new broker.")
    if moved is not None:
        yield from _moved(moved, width)


def _moved(moved: Moved, width: int | None) -> Iterator[Line]:
    for group in grouped(moved.findings):
        style = "bold red" if group[0].fate.fails else ""
        for line in wrapped(group_text(group), width, "  ", "    "):
            yield plain(line, style)
    for line in moved.refused:
        for text in wrapped(inert(f"no longer taken: {line}"), width, "  ", "    "):
            yield plain(text, "bold red")
    for line in moved.unable:
        yield from map(plain, wrapped(inert(line), width, "  ", "    "))
    found = counts(moved.findings)
    told = ", ".join(f"{found[fate]} {fate}" for fate in Fate if found[fate] or fate.fails)
    by_kind = Counter(one.kind for one in moved.findings)
    where = ", ".join(f"{by_kind[kind]} in {kind} queues" for kind in moved.kinds)
    summary = f"{sum(found.values())} messages left ({where}): {told}"
    yield from map(plain, wrapped(summary, width, "  ", "    "))


def grouped(findings: Iterable[Finding]) -> list[list[Finding]]:
    """Those that are not the same, by what happened to them where: worst first, then the largest group."""
    groups: dict[tuple[object, ...], list[Finding]] = {}
    for one in findings:
        if one.fate is not Fate.SAME:
            groups.setdefault(_cause(one), []).append(one)
    order = list(Fate)
    return sorted(groups.values(), key=lambda group: (order.index(group[0].fate), -len(group)))


def _cause(one: Finding) -> tuple[object, ...]:
    difference = one.difference and (one.difference.kind, one.difference.path.partition(".")[0])
    return one.fate, one.kind, one.step, difference


def group_text(group: list[Finding]) -> str:
    """One sentence: how many, where, what, and one of them."""
    one = group[0]
    peers = Counter(finding.lodger.consumer for finding in group)
    who = ", ".join(sorted(peers))
    example = f"for example {one.lodger.case}[{one.lodger.producer}->{one.lodger.consumer}]"
    if one.fate is Fate.LOST:
        what = f"never came out of a {one.kind} queue"
    elif one.fate is Fate.DOUBLED:
        what = f"came out of a {one.kind} queue {one.times} times"
    else:
        assert one.difference is not None
        difference = one.difference
        sides = f"{shown(difference.expected)} before, {shown(difference.got)} after"
        what = f"in a {one.kind} queue: {difference.kind} {difference.path}, {sides}"
    return inert(f"{len(group)} × {one.fate}: {what} ({who}); {example}")


def future_text(
    denied: tuple[str, ...], comparison: Comparison, scenarios: Mapping[str, Scenario], look: Look
) -> str:
    """The part about what is deprecated."""
    return rendered(_future(denied, comparison, scenarios, look.width), colour=look.colour)


def _future(
    denied: tuple[str, ...], comparison: Comparison, scenarios: Mapping[str, Scenario], width: int | None
) -> Iterator[Line]:
    yield plain("")
    yield plain("The release after that, with every deprecated feature denied", "bold")
    names = ", ".join(line.partition(" = ")[0].rpartition(".")[2] for line in denied)
    told = f"denied: {names}" if names else "nothing is left to deny: what is deprecated is denied already"
    yield from map(plain, wrapped(told, width, "  ", "    "))
    lost = list(casualties(comparison.diff, scenarios))
    for case, why, cells in lost:
        yield from map(plain, wrapped(casualty_text(case, why, cells), width, "  ", "    "))
    if not lost:
        yield plain("  Every client and topology of the scenarios survives it.")


def casualty_text(case: str, why: str, cells: tuple[CellLine, ...]) -> str:
    """Which topology it is, who used it, and what became of it."""
    peers = ", ".join(sorted({peer for cell in cells for peer in (cell.producer, cell.consumer)}))
    cell = cells[0]
    code = f" {cell.code}" if cell.code is not None else ""
    got = cell.got if isinstance(cell.got, str) else ""
    return inert(f"won't survive: {case} ({why}) with {peers}: {cell.verdict}{code} {got}".rstrip())
