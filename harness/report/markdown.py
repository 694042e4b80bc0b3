"""The summary of a run as GitHub's Markdown, short enough for the step summary of a CI job.

Pure but for :func:`write_markdown`. Whatever came from a peer, a wire or a broker stands in it as text: what
Markdown or HTML would make something of is escaped.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path

from harness.errors import UsageError
from harness.report.causes import Cause
from harness.report.failure import cell_sentence
from harness.report.names import explain_command
from harness.report.tally import OUTCOMES, Tally, tally
from harness.report.terminal import broker_name
from harness.report.values import clipped, inert
from harness.results import CellLine, Foot, Head, cell_id

BYTES_LIMIT = 900_000
"""GitHub refuses a step summary of more than 1 MiB."""
CAUSES_LIMIT = 50
LISTED_LIMIT = 50
_SPECIAL = re.compile(r"([\\`*_{}\[\]()#+!|<>~&@:-])")
_CELL_LIMIT = 2_000


def text(words: str) -> str:
    """``words`` as plain text, whatever they hold: nothing of it is markup or a link."""
    return _SPECIAL.sub(r"\\\1", clipped(inert(words), _CELL_LIMIT))


def code(words: str) -> str:
    """``words`` as code, in as many backticks as it takes."""
    words = clipped(inert(words), _CELL_LIMIT)
    ticks = "`" * (max((len(run) for run in re.findall("`+", words)), default=0) + 1)
    blank = " " if words.startswith("`") or words.endswith("`") else ""
    return f"{ticks}{blank}{words}{blank}{ticks}"


def markdown(head: Head, cells: Iterable[CellLine], foot: Foot | None) -> str:
    """The whole summary; cut, and said to be, where it would be too long. No ``foot``: the run was cut."""
    kept: list[str] = []
    size = 0
    for line in _lines(tally(head, cells), foot):
        size += len(line.encode()) + 1
        if size > BYTES_LIMIT:
            kept.append("\n(and more: the results file has all of it)")
            break
        kept.append(line)
    return "\n".join(kept) + "\n"


def _lines(counted: Tally, foot: Foot | None) -> Iterator[str]:
    head, outcomes = counted.head, counted.outcomes
    yield f"## AMQP interop: {_headline(counted, foot)}"
    yield ""
    counts = ", ".join(f"{outcomes[one]} {one}" for one in OUTCOMES if outcomes[one])
    part = f" (part {head.shard.number} of {head.shard.of})" if head.shard else ""
    yield f"{outcomes.total()} of {head.cells} cells{part}: {counts or 'none'}"
    for broker in head.brokers:
        yield ""
        yield f"### {text(broker_name(broker))}"
        yield ""
        yield from _table(counted.parts.get(broker.spec, counted))
    yield from _causes("Failures by cause", head, counted.causes())
    yield from _causes("Errors of the set-up, no result about a library", head, counted.error_causes())
    if foot is not None:
        stale = (f"{code(one.where)}: {text(one.problem)}" for one in foot.stale)
        yield from _listed("Expectations that this run did not bear out", stale, len(foot.stale))
        yield from _listed("Deliveries that belong to no cell", map(text, foot.strays), len(foot.strays))


def _headline(counted: Tally, foot: Foot | None) -> str:
    outcomes = counted.outcomes
    if foot is None:
        return "the run was CUT OFF, this is not all"
    if outcomes["fail"] or outcomes["error"] or foot.strays:
        return f"{outcomes['fail']} failed, {outcomes['error']} errors"
    return f"{len(foot.stale)} stale expectations" if foot.stale else "as expected"


def _table(counted: Tally) -> Iterator[str]:
    """Producers by consumers, with the counts of each outcome that there is."""
    consumers = counted.consumers
    yield "| producer / consumer | " + " | ".join(map(text, consumers)) + " |"
    yield "|---" * (len(consumers) + 1) + "|"
    for producer in counted.producers:
        pairs = [counted.pairs.get((producer, consumer), Counter[str]()) for consumer in consumers]
        told = ["<br>".join(_count(counts[one], one) for one in OUTCOMES if counts[one]) for counts in pairs]
        yield f"| **{text(producer)}** | " + " | ".join(told) + " |"


def _count(count: int, outcome: str) -> str:
    told = f"{count} {outcome}"
    return f"**{told}**" if outcome in ("fail", "error") else told


def _causes(title: str, head: Head, found: Sequence[Cause]) -> Iterator[str]:
    if not found:
        return
    yield from ("", f"### {title}", "")
    for cause in found[:CAUSES_LIMIT]:
        cell = cause.example
        name = cell_id(cell.case, cell.producer, cell.consumer)
        yield f"- **{cause.count} × {text(cause.headline)}**. For example {code(cell.id)}: "
        yield f"  {text(cell_sentence(head, cell))}"
        yield f"  <br>{code(explain_command(head.broker_of(cell).spec, name))}"
    if len(found) > CAUSES_LIMIT:
        yield f"- and {len(found) - CAUSES_LIMIT} more causes"


def _listed(title: str, told: Iterable[str], count: int) -> Iterator[str]:
    if not count:
        return
    yield from ("", f"### {title}", "")
    yield from (f"- {one}" for one in islice(told, LISTED_LIMIT))
    if count > LISTED_LIMIT:
        yield f"- and {count - LISTED_LIMIT} more"


def write_markdown(path: Path, head: Head, cells: Iterable[CellLine], foot: Foot | None) -> None:
    """Write it to ``path``. UsageError if it can't be written."""
    try:
        path.write_text(markdown(head, cells, foot), encoding="utf-8")
    except OSError as error:
        raise UsageError(f"cannot write Markdown to {path}: {error.strerror}") from error
