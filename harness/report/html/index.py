"""All cells of a page in columns of numbers: small enough to be read at once, whatever the page shows of it.

What a cell is made of (messages, octets, differences) is packed apart, so many cells to a pack, and unpacked
when one of them is opened.
"""

from __future__ import annotations

import base64
import zlib
from collections.abc import Iterable, Iterator
from typing import Any, TextIO

import msgspec

from harness.amqp.message import Message
from harness.report.html.compared import BECAME, Older
from harness.report.html.detail import case_detail, cell_detail
from harness.report.html.findings import Finding, traces
from harness.report.html.strings import Numbered, Strings
from harness.report.names import Names, names_of, verdict_of
from harness.report.sentence import sentence, subject_of
from harness.report.values import inert
from harness.results import CaseLine, CellLine, Head

PACK = 60
"""Details to a pack: few enough that one is unpacked in no time, enough that they pack well."""
_encode = msgspec.json.Encoder().encode


class Packs:
    """Details in the order in which they come, packed and written to ``file``, a line a pack."""

    def __init__(self, file: TextIO) -> None:
        self._file, self._open = file, []  # type: tuple[TextIO, list[msgspec.Struct]]
        self.count = 0

    def add(self, detail: msgspec.Struct) -> int:
        """Its number."""
        self._open.append(detail)
        self.count += 1
        if len(self._open) == PACK:
            self.close()
        return self.count - 1

    def close(self) -> None:
        """Write the last pack, which need not be full."""
        if self._open:
            packed = zlib.compress(_encode(self._open), 6)
            self._file.write(base64.b64encode(packed).decode("ascii") + "\n")
            self._open.clear()


class Columns(msgspec.Struct):
    """One number a cell in each; -1 is none. ``traces`` and ``was`` are numbers of what many share."""

    case: list[int] = []
    producer: list[int] = []
    consumer: list[int] = []
    verdict: list[int] = []
    outcome: list[int] = []
    step: list[int] = []
    sentence: list[int] = []
    traces: list[int] = []
    expectation: list[int] = []
    first: list[int] = []
    detail: list[int] = []
    became: list[int] = []
    was: list[int] = []


class Index:
    """Takes cases and cells as they stream by; what it keeps of each is a row of numbers."""

    def __init__(self, head: Head, packs: Packs, before: Older | None) -> None:
        self._head, self._packs, self._before = head, packs, before
        self._strings = Strings()
        self._cases: dict[str, int] = {}
        self._case_rows: list[tuple[str, int, int, int]] = []
        self._messages: dict[str, Message] = {}
        self._findings: Numbered[Finding] = Numbered()
        self._traces: Numbered[tuple[int, int]] = Numbered()
        self._bundles: Numbered[tuple[int, ...]] = Numbered()
        self._was: Numbered[tuple[int, int, int, int]] = Numbered()
        self._columns = Columns()

    def case(self, case: CaseLine) -> None:
        """A case of the run: it comes before its cells, if at all."""
        if case.message is not None:
            self._messages[case.id] = case.message
        self._cases[case.id] = len(self._cases)
        detail = self._packs.add(case_detail(case))
        why, source = self._strings.number(case.why), self._strings.optional(case.source)
        self._case_rows.append((inert(case.id), why, source, detail))

    def _case(self, name: str) -> int:
        if name not in self._cases:  # a file of format 1 has no cases
            self._cases[name] = len(self._cases)
            self._case_rows.append((inert(name), -1, -1, -1))
        return self._cases[name]

    def cell(self, cell: CellLine) -> None:
        """One more cell."""
        columns, strings = self._columns, self._strings
        names, message = names_of(self._head, cell), self._messages.get(cell.case)
        subject = "the message" if message is None else subject_of(message)
        detail = cell_detail(cell)
        columns.case.append(self._case(cell.case))
        columns.producer.append(strings.number(cell.producer))
        columns.consumer.append(strings.number(cell.consumer))
        columns.verdict.append(strings.number(cell.verdict))
        columns.outcome.append(strings.number(cell.outcome))
        columns.step.append(strings.optional(cell.step))
        columns.sentence.append(strings.number(sentence(names, verdict_of(cell), subject)))
        columns.traces.append(self._bundle(names, cell, message))
        columns.expectation.append(-1 if cell.expectation is None else cell.expectation)
        columns.first.append(strings.optional(cell.first_pass))
        columns.detail.append(-1 if detail is None else self._packs.add(detail))
        if self._before is not None:
            self._compare(self._before, cell, message)

    def _bundle(self, names: Names, cell: CellLine, message: Message | None) -> int:
        found = tuple(
            self._traces.number((self._findings.number(trace.finding), self._strings.number(trace.before)))
            for trace in traces(names, cell, message)
        )
        return self._bundles.number(found) if found else -1

    def _compare(self, before: Older, cell: CellLine, message: Message | None) -> None:
        became, was = before.compare(self._head, cell, message)
        number = -1
        if was is not None and became != "same":
            texts = (was.verdict, was.outcome, was.step, was.sentence)
            verdict, outcome, step, told = map(self._strings.number, texts)
            number = self._was.number((verdict, outcome, step, told))
        self._columns.became.append(BECAME.index(became))
        self._columns.was.append(number)

    def parts(self) -> Iterator[tuple[str, Any]]:
        """All of it by name, ready to be written as JSON."""
        findings = [tuple(map(self._strings.number, finding)) for finding in self._findings.all()]
        yield "cases", self._case_rows
        yield "findings", findings
        yield "traces", self._traces.all()
        yield "bundles", self._bundles.all()
        yield "was", self._was.all()
        yield "cells", self._columns
        yield "strings", self._strings.all()


def filled(
    head: Head, cases: Iterable[CaseLine], cells: Iterable[CellLine], packs: Packs, before: Older | None
) -> Index:
    """The index of a whole run."""
    index = Index(head, packs, before)
    for case in cases:
        index.case(case)
    for cell in cells:
        index.cell(cell)
    packs.close()
    return index
