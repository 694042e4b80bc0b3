"""The summary of a run for people: the table, the causes, the errors, what is stale, the counts. Pure but for
:func:`print_summary`, which asks the stream what it can show.

Causes come after the table and counts last, because that is where a terminal's reader looks.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from typing import TextIO

from harness.judge.listed import Expectation, Listed
from harness.report.causes import Cause, cause_line
from harness.report.columns import wrapped
from harness.report.failure import cell_sentence
from harness.report.lines import Line, Piece, look_of, packed, plain, rendered
from harness.report.matrix import STYLES, matrix
from harness.report.tally import OUTCOMES, Tally, tally
from harness.report.values import inert
from harness.results import Broker, CellLine, Foot, Head

LIST = "contract/expectations.yaml"


def summary(
    head: Head,
    cells: Iterable[CellLine],
    foot: Foot | None,
    *,
    width: int | None = None,
    colour: bool = False,
    verbose: bool = False,
    listed: Iterable[Listed] = (),
) -> str:
    """The whole summary. ``cells`` are read once and not kept. No ``foot``: the run was cut.

    ``width``: columns of the terminal, None for a pipe, where a line is as long as it is. ``verbose`` lists
    what came out as expected, with the reasons of ``listed`` where they are given.
    """
    reasons = {item.line: item.expectation for item in listed}
    lines = _lines(tally(head, cells), foot, width, verbose, reasons)
    return rendered(lines, colour=colour)


def print_summary(
    head: Head,
    cells: Iterable[CellLine],
    foot: Foot | None,
    stream: TextIO = sys.stdout,
    *,
    verbose: bool = False,
    listed: Iterable[Listed] = (),
) -> None:
    """The summary as ``stream`` can show it."""
    look = look_of(stream)
    stream.write(
        summary(head, cells, foot, width=look.width, colour=look.colour, verbose=verbose, listed=listed)
    )


def _lines(
    counted: Tally, foot: Foot | None, width: int | None, verbose: bool, reasons: dict[int, Expectation]
) -> Iterator[Line]:
    head = counted.head
    watched = "" if head.tap else "; nobody watched the wire, so no step is blamed"
    part = f"; part {head.shard.number} of {head.shard.of}" if head.shard else ""
    brokers = ", ".join(map(broker_name, head.brokers))
    yield from _wrapped(f"{brokers}: {head.cases} cases, {head.cells} cells{part}{watched}", width)
    yield plain("")
    yield from _tables(counted, width)
    yield from _causes("Failures by cause", head, counted.causes(), width, STYLES["fail"])
    yield from _causes(
        "Errors (of the set-up: no result about a library)",
        head,
        counted.error_causes(),
        width,
        STYLES["error"],
    )
    if verbose:
        yield from _expected(counted, width, reasons)
    yield from _changed(counted, width)
    if foot is not None:
        yield from _listing("Expectations that this run did not bear out", _stale(foot), width)
        strays = (inert(stray) for stray in foot.strays)
        yield from _listing("Deliveries that belong to no cell", strays, width)
    yield plain("")
    yield from _totals(counted, foot, width)
    if counted.outcomes["expected"] and width is not None and not verbose:
        yield plain("(--verbose lists what failed as expected, with the reasons)", "dim")


def broker_name(broker: Broker) -> str:
    """``RabbitMQ 3.10.8 (debian:bookworm)``"""
    return f"{inert(broker.product)} {inert(broker.version)} ({inert(broker.spec)})"


def _tables(counted: Tally, width: int | None) -> Iterator[Line]:
    """The table; one a broker, with its counts, where there are several."""
    if not counted.parts:
        yield from matrix(counted, width)
        return
    for number, broker in enumerate(counted.head.brokers):
        part = counted.parts.get(broker.spec)
        if part is None:
            continue
        if number:
            yield plain("")
        counts = ", ".join(f"{part.outcomes[one]} {one}" for one in OUTCOMES if part.outcomes[one])
        yield from _wrapped(f"{broker_name(broker)}: {counts}", width, style="bold")
        yield from matrix(part, width)


def _wrapped(text: str, width: int | None, indent: str = "", style: str = "") -> Iterator[Line]:
    return (plain(line, style) for line in wrapped(text, width, indent, indent + "  "))


def _causes(
    title: str, head: Head, found: tuple[Cause, ...], width: int | None, style: str
) -> Iterator[Line]:
    if not found:
        return
    yield plain("")
    yield plain(title, style)
    for cause in found:
        yield from _wrapped(cause_line(head, cause), width, "  ")


def _listing(title: str, texts: Iterable[str], width: int | None) -> Iterator[Line]:
    found = list(texts)
    if not found:
        return
    yield plain("")
    yield plain(title, STYLES["fail"])
    for text in found:
        yield from _wrapped(text, width, "  ")


def _stale(foot: Foot) -> Iterator[str]:
    return (f"{inert(stale.where)}: {inert(stale.problem)}" for stale in foot.stale)


def _expected(counted: Tally, width: int | None, reasons: dict[int, Expectation]) -> Iterator[Line]:
    if not counted.expected:
        return
    yield plain("")
    yield plain("As expected", STYLES["expected"])
    for line, (count, example) in sorted(counted.expected.items()):
        known = reasons.get(line)
        why = f"{known.what}: {known.reason} {known.link}. " if known else ""
        told = f"For example {inert(example.id)}: {cell_sentence(counted.head, example)}"
        yield from _wrapped(f"{count} × {LIST}:{line}: {inert(why)}{told}", width, "  ")


def _changed(counted: Tally, width: int | None) -> Iterator[Line]:
    """Cells whose two passes disagree: alone they came out otherwise, and that is what counts."""
    if not counted.changes:
        return
    named = [
        f"{inert(cell.id)}: {inert(cell.first_pass or '')} in company, {inert(cell.verdict)} alone"
        for cell in counted.changed
    ]
    more = counted.changes - len(named)
    yield plain("")
    yield plain("Came out otherwise in company than alone")
    for text in (*named, *([f"and {more} more"] if more else [])):
        yield from _wrapped(text, width, "  ")


def _totals(counted: Tally, foot: Foot | None, width: int | None) -> Iterator[Line]:
    outcomes = counted.outcomes
    whole = sum(outcomes.values())
    if foot is None:
        cut = f"The run was cut: {whole} of {counted.head.cells} cells were judged."
        yield from _wrapped(cut, width, style=STYLES["error"])
    told = [
        Piece(f"{outcomes[outcome]} {outcome}", STYLES[outcome] if outcomes[outcome] else "")
        for outcome in OUTCOMES
    ]
    lead = f"{whole} cells{_times(foot)}: "
    first, *others = packed(told, ", ", None if width is None else width - len(lead))
    yield (Piece(lead), *first)
    yield from ((Piece("  "), *line) for line in others)


def _times(foot: Foot | None) -> str:
    if foot is None or not foot.seconds:
        return ""
    return f" in {sum(foot.seconds.values()):.1f} s"
