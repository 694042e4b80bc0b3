"""What the page shows of one cell, or of one case, once it is opened: rows, octets, differences. Pure.

All texts are inert and clipped here, so that the page only has to put them in their places.
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from harness.amqp.message import Routed
from harness.evidence import Kept
from harness.judge.verdict import Evidence, StepDifference, Wire
from harness.report.html.findings import about
from harness.report.html.wire import Dump, asked_dump, elsewhere, header_dump, text_dump
from harness.report.octets import ONLY_METHOD, changed_fields
from harness.report.scenario import step_words
from harness.report.sentence import PATH_LIMIT
from harness.report.sheet import FAILED, Row, brief, fields, rows
from harness.report.values import clipped, inert, shown
from harness.results import CaseLine, CellLine

ROWS_LIMIT = 120
DIFFERENCES_LIMIT = 120
STEP_LIMIT = 400
"""Characters of one step of a scenario."""
NO_ROUTE = ("exchange", "routing_key")
"""What a case may leave to the suite, so that its line does not hold it."""


class Change(msgspec.Struct, frozen=True, array_like=True):
    """One difference in words: at which step, what kind, whether it fails, and both sides."""

    step: str
    kind: str
    fails: bool
    path: str
    expected: str
    got: str


class Sheet(msgspec.Struct, frozen=True, omit_defaults=True):
    """The four messages: a row is mark, path and the text at each place; ``seen`` which places there are."""

    rows: tuple[tuple[str, str, str, str, str, str], ...]
    seen: tuple[bool, bool, bool, bool]
    hidden: int = 0


class Detail(msgspec.Struct, frozen=True, omit_defaults=True):
    """One cell. ``sheet`` and ``dumps`` are there only where the results file keeps its evidence."""

    changes: tuple[Change, ...] = ()
    more: int = 0
    changed: tuple[str, ...] = ()
    sheet: Sheet | None = None
    sent: tuple[Dump, ...] = ()
    delivered: tuple[Dump, ...] = ()
    asked: Dump | None = None
    clipped: tuple[tuple[str, int], ...] = ()


class CaseDetail(msgspec.Struct, frozen=True, omit_defaults=True):
    """One case: what is asked for, field by field, and the content header that it would make; of a scenario
    its steps in words."""

    rows: tuple[tuple[str, str], ...] = ()
    asked: Dump | None = None
    steps: tuple[str, ...] = ()


def case_detail(case: CaseLine) -> CaseDetail:
    """What a cell without evidence is shown with."""
    if case.message is None:
        return CaseDetail(steps=tuple(clipped(inert(step_words(step)), STEP_LIMIT) for step in case.steps))
    routed = Routed("", case.routing_key or "", case.message)
    known = fields(routed)
    chosen = [path for path in known if path not in NO_ROUTE or (path == "routing_key" and case.routing_key)]
    return CaseDetail(
        tuple((_path(path), brief(known[path])) for path in chosen[:ROWS_LIMIT]), asked_dump(routed)
    )


def cell_detail(cell: CellLine) -> Detail | None:
    """All that the file holds of ``cell``; None if there is nothing beside its verdict."""
    if cell.evidence is None and not cell.differences:
        return None
    changes = _changes(cell.differences)
    more = len(cell.differences) - len(changes)
    if cell.evidence is None:
        return Detail(changes, more)
    kept = cell.evidence
    paths = changed_fields(cell.differences) or list(_about(kept.messages.asked))
    asked = asked_dump(kept.messages.asked, paths)
    sent, delivered = _wires(kept, paths, asked)
    return Detail(
        changes=changes,
        more=more,
        changed=tuple(map(_path, paths[:DIFFERENCES_LIMIT])),
        sheet=_sheet(_evidence(kept), cell.differences),
        sent=sent,
        delivered=delivered,
        asked=asked,
        clipped=tuple((inert(name), size) for name, size in kept.clipped.items()),
    )


def _about(asked: Routed) -> Iterator[str]:
    """What the message is about, where no message came out and so no field differs."""
    path, _ = about(asked.message)
    if path:
        yield path


def _path(path: str) -> str:
    return clipped(inert(path), PATH_LIMIT)


def _changes(differences: tuple[StepDifference, ...]) -> tuple[Change, ...]:
    failing = [one for one in differences if not one.kind.passes]
    passing = [one for one in differences if one.kind.passes]
    return tuple(
        Change(
            one.step or "",
            one.kind,
            not one.kind.passes,
            _path(one.path),
            shown(one.expected),
            shown(one.got),
        )
        for one in (*failing, *passing)[:DIFFERENCES_LIMIT]
    )


def _evidence(kept: Kept) -> Evidence:
    messages = kept.messages
    wire = Wire(kept.wire.sent, kept.wire.delivered)
    return Evidence(messages.asked, messages.sent, messages.delivered, messages.reported, wire=wire)


def _sheet(evidence: Evidence, differences: tuple[StepDifference, ...]) -> Sheet:
    every = rows(evidence, differences)
    failed = [row for row in every if row.mark == FAILED][:ROWS_LIMIT]
    room = ROWS_LIMIT - len(failed)
    others = [row for row in every if row.mark != FAILED][:room]
    kept = {id(row) for row in (*failed, *others)}
    chosen = [_texts(row) for row in every if id(row) in kept]
    places = (evidence.asked, evidence.sent, evidence.delivered, evidence.reported)
    asked, sent, delivered, reported = (place is not None for place in places)
    return Sheet(tuple(chosen), (asked, sent, delivered, reported), len(every) - len(chosen))


def _texts(row: Row) -> tuple[str, str, str, str, str, str]:
    return (row.mark.strip(), _path(row.path), *row.texts)


def _wires(kept: Kept, paths: list[str], asked: Dump | None) -> tuple[tuple[Dump, ...], tuple[Dump, ...]]:
    """The octets of both wires: the content header, then what changed and is not in it."""
    messages, wire, cut = kept.messages, kept.wire, kept.clipped
    before = None if asked is None else bytes.fromhex(asked.octets)
    sent = _wire(messages.sent, wire.sent, before, messages.asked, paths, cut.get("wire.sent", 0))
    delivered = _wire(
        messages.delivered, wire.delivered, wire.sent, messages.sent, paths, cut.get("wire.delivered", 0)
    )
    return sent, delivered


def _wire(
    routed: Routed | None,
    payload: bytes | None,
    before: bytes | None,
    earlier: Routed | None,
    paths: list[str],
    size: int,
) -> tuple[Dump, ...]:
    found = []
    if payload is not None:
        found.append(header_dump("content header", payload, routed, before, paths, size))
    for path in (*ONLY_METHOD, "body"):
        octets = elsewhere(path, routed)
        if path in paths and octets is not None:
            found.append(text_dump(path.replace("_", " "), octets, elsewhere(path, earlier), path))
    return tuple(found)
