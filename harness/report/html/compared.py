"""What became of each cell from one results file to another. Pure, but for reading the older file once.

Better and worse are said only where one of the two passes; from one failure to another is a change of its
own, and so is another value under the same verdict. What can't be compared is counted apart and never as
unchanged: a cell that could not be judged on one side, or a case that asks for another message now.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

import msgspec

from harness.amqp.message import Message
from harness.report.causes import reason_pattern
from harness.report.names import names_of, verdict_of
from harness.report.sentence import sentence, subject_of
from harness.report.values import inert, shown
from harness.results import CellLine, Head, PeerInfo, Results

Became: TypeAlias = Literal[
    "worse", "better", "other failure", "other value", "other type", "same", "new", "not comparable"
]
BECAME: tuple[Became, ...] = (
    "worse",
    "better",
    "other failure",
    "other value",
    "other type",
    "same",
    "new",
    "not comparable",
)
GONE_LIMIT = 200
"""Cells that only the older file has, and are named."""
_RUN = re.compile(r"interop\.[0-9a-f]{4,}")
Key: TypeAlias = tuple[str, str, str]


class Was(msgspec.Struct, frozen=True):
    """What is remembered of a cell of the older file: few bytes, as there may be thousands."""

    id: str
    verdict: str
    outcome: str
    step: str
    sentence: str
    about: int
    """A hash of all its differences, as far as they are not a run's own."""


@dataclass(slots=True)
class Older:
    """The older file's cells by case, producer and consumer; ``found`` are those that the newer has too."""

    head: Head
    cells: dict[Key, Was]
    messages: dict[str, Message]
    labels: dict[tuple[str, str], str]
    found: set[Key] = field(default_factory=set)
    counts: Counter[str] = field(default_factory=Counter)

    def compare(self, head: Head, cell: CellLine, message: Message | None) -> tuple[Became, Was | None]:
        """What became of ``cell``, and what it was."""
        key = (cell.case, self._label("producer", cell.producer), self._label("consumer", cell.consumer))
        was = self.cells.get(key)
        if was is not None:
            self.found.add(key)
        became = _became(head, cell, message, self, was)
        self.counts[became] += 1
        return became, was

    def _label(self, role: str, label: str) -> str:
        return self.labels.get((role, label), label)

    @property
    def gone(self) -> list[str]:
        """The cells that only the older file has."""
        return [was.id for key, was in self.cells.items() if key not in self.found]


def older(results: Results, newer: Head) -> Older:
    """The older file, read."""
    messages = {case.id: case.message for case in results.cases() if case.message is not None}
    head = results.head
    cells = {
        (cell.case, cell.producer, cell.consumer): _was(head, cell, messages.get(cell.case))
        for cell in results.cells()
    }
    return Older(head, cells, messages, _labels(head.peers, newer.peers))


def _was(head: Head, cell: CellLine, message: Message | None) -> Was:
    subject = "the message" if message is None else subject_of(message)
    told = sentence(names_of(head, cell), verdict_of(cell), subject)
    return Was(cell.id, cell.verdict, cell.outcome, cell.step or "", told, _about(cell))


def _labels(old: Iterable[PeerInfo], new: Iterable[PeerInfo]) -> dict[tuple[str, str], str]:
    """For labels that the older file does not have: the one of the same library, if either has only one."""
    found = {}
    for role in ("producer", "consumer"):
        before = [peer for peer in old if role in peer.roles]
        after = [peer for peer in new if role in peer.roles]
        for peer in after:
            namesakes = [other for other in before if other.name == peer.name]
            alone = len(namesakes) == 1 and sum(other.name == peer.name for other in after) == 1
            if alone:
                found[role, peer.label] = namesakes[0].label
    return found


def _became(head: Head, cell: CellLine, message: Message | None, before: Older, was: Was | None) -> Became:
    if was is None:
        return "new"
    if not _comparable(head, cell, message, before, was):
        return "not comparable"
    passed, passes = was.outcome == "pass", cell.outcome == "pass"
    if passed != passes:
        return "better" if passes else "worse"
    if (was.verdict, was.step) != (cell.verdict, cell.step or ""):
        return "other type" if passes else "other failure"
    if was.about != _about(cell):
        return "other type" if passes else "other value"
    return "same"


def _comparable(head: Head, cell: CellLine, message: Message | None, before: Older, was: Was) -> bool:
    """Whether both were asked the same, watched in the same way, and judged."""
    asked = before.messages.get(cell.case)
    if message is not None and asked is not None and message != asked:
        return False
    if head.tap != before.head.tap and "pass" not in (was.outcome, cell.outcome):
        return False
    unjudged = {"unsupported", "error"}
    sides = {was.outcome, cell.outcome} & unjudged or {was.verdict, cell.verdict} & {"unknown"}
    return not sides or (was.outcome, was.verdict) == (cell.outcome, cell.verdict) == ("unsupported",) * 2


def _about(cell: CellLine) -> int:
    """Of two equal hashes within one process the cells say the same, but for names of one run."""
    said = [
        (one.step, one.kind, one.path, _RUN.sub("…", shown(one.expected)), _RUN.sub("…", shown(one.got)))
        for one in cell.differences
    ]
    stopped = (cell.code, cell.scope, cell.next_arrived, reason_pattern(cell)) if cell.path is None else ()
    return hash((tuple(said), stopped))


def heads(old: Head, new: Head) -> list[tuple[str, str, str]]:
    """What is not the same in the two heads: what it is, before, after."""
    pairs = [
        ("broker", _broker(old), _broker(new)),
        ("suite", old.suite, new.suite),
        ("cases", f"{old.cases} ({old.cases_sha256[:12]})", f"{new.cases} ({new.cases_sha256[:12]})"),
        ("wire watched", str(old.tap).lower(), str(new.tap).lower()),
    ]
    before, after = _releases(old), _releases(new)
    pairs += [(name, before.get(name, "not run"), after.get(name, "not run")) for name in before | after]
    return [(name, inert(was), inert(now)) for name, was, now in pairs if was != now]


def _broker(head: Head) -> str:
    return f"{head.broker.product} {head.broker.version} ({head.broker.build or head.broker.spec})"


def _releases(head: Head) -> dict[str, str]:
    found: dict[str, list[str]] = {}
    for peer in head.peers:
        for role in peer.roles:
            found.setdefault(f"{peer.name}, {role}", []).append(f"{peer.release} ({peer.runtime})")
    return {name: ", ".join(releases) for name, releases in found.items()}
