"""JUnit XML as continuous integration reads it: a suite a producer and consumer, a test case a cell.

The shape is that of Jenkins' schema, which Ant's, GitLab's and GitHub's readers take too. Counts stand before
what is counted, so each suite waits in a temporary file until all cells came: memory stays flat.
Times of single cells are not measured, so they are left at 0; the whole run's stands at the top.
"""

from __future__ import annotations

import re
import shutil
import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import TextIO
from xml.sax.saxutils import escape, quoteattr

from harness.errors import UsageError
from harness.report.failure import cell_sentence, failure_text, headline
from harness.report.values import inert
from harness.results import CellLine, Foot, Head

RUN_SUITE = "the run"
_ILLEGAL = re.compile("[^\t\n\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}")


@dataclass(slots=True)
class Suite:
    """One suite: its counts, and the file that its test cases wait in."""

    name: str
    file: TextIO
    counts: Counter[str] = field(default_factory=Counter)

    def add(self, outcome: str, text: str) -> None:
        """One more test case, written out."""
        self.counts[outcome] += 1
        self.file.write(text)


def write_junit(path: Path, head: Head, cells: Iterable[CellLine], foot: Foot | None) -> None:
    """Write all ``cells`` to ``path``. UsageError if it can't be written.

    What is wrong with the run and not with a cell (stale expectations, deliveries of no cell, an end that
    never came) is a suite of its own, so that whoever reads nothing but this file sees it.
    """
    with ExitStack() as stack:
        suites: dict[str, Suite] = {}

        def suite(name: str) -> Suite:
            if name not in suites:
                file = stack.enter_context(tempfile.TemporaryFile("w+", encoding="utf-8"))
                suites[name] = Suite(name, file)
            return suites[name]

        for cell in cells:
            suite(suite_name(head, cell)).add(cell.outcome, cell_case(head, cell))
        for outcome, text in _about_the_run(foot):
            suite(RUN_SUITE).add(outcome, text)
        try:
            with path.open("w", encoding="utf-8") as file:
                _write(file, head, tuple(suites.values()), foot)
        except OSError as error:
            raise UsageError(f"cannot write JUnit XML to {path}: {error.strerror}") from error


def _write(file: TextIO, head: Head, suites: Sequence[Suite], foot: Foot | None) -> None:
    total: Counter[str] = Counter()
    for suite in suites:
        total += suite.counts
    seconds = f"{sum(foot.seconds.values()) if foot else 0.0:.3f}"
    counts = [pair for pair in _counts(total) if pair[0] != "skipped"]  # the schema has it a suite only
    file.write('<?xml version="1.0" encoding="UTF-8"?>\n')
    file.write(f"<testsuites{_attributes(('name', 'amqp-interop'), *counts, ('time', seconds))}>\n")
    for number, suite in enumerate(suites):
        file.write(_suite_start(head, suite, number))
        suite.file.seek(0)
        shutil.copyfileobj(suite.file, file)
        file.write("</testsuite>\n")
    file.write("</testsuites>\n")


def _suite_start(head: Head, suite: Suite, number: int) -> str:
    attributes = [("name", suite.name), ("id", str(number)), ("package", "amqp-interop")]
    attributes += [*_counts(suite.counts), ("time", "0"), ("hostname", "localhost")]
    if date := _DATE.match(head.date):
        attributes.append(("timestamp", date[0]))
    listed = "".join(
        f"<property{_attributes(('name', name), ('value', text))}/>" for name, text in _facts(head)
    )
    return f"<testsuite{_attributes(*attributes)}>\n<properties>{listed}</properties>\n"


def _facts(head: Head) -> Iterator[tuple[str, str]]:
    """What a result is about: without it a red suite can't be compared with yesterday's."""
    yield "suite", head.suite
    for broker in head.brokers:
        yield "broker", f"{broker.product} {broker.version}"
        yield "broker spec", broker.spec
        yield "broker build", broker.build
    yield "cases sha256", head.cases_sha256
    for peer in head.peers:
        yield f"{'/'.join(peer.roles)} {peer.label}", f"{peer.name} {peer.release} {peer.runtime}".rstrip()


def _counts(counts: Counter[str]) -> tuple[tuple[str, str], ...]:
    return (
        ("tests", str(sum(counts.values()))),
        ("failures", str(counts["fail"])),
        ("errors", str(counts["error"])),
        ("skipped", str(counts["unsupported"])),
    )


def cell_case(head: Head, cell: CellLine) -> str:
    """One cell as XML."""
    return _case(cell.case, suite_name(head, cell), _result(head, cell))


def suite_name(head: Head, cell: CellLine) -> str:
    """The pair of peers, and their broker where a run has several."""
    broker = f"@{head.broker_of(cell).spec}" if head.more_brokers else ""
    return f"{cell.producer}->{cell.consumer}{broker}"


def _result(head: Head, cell: CellLine) -> str:
    match cell.outcome:
        case "pass":
            return ""
        case "expected":
            where = f" (contract/expectations.yaml:{cell.expectation})" if cell.expectation else ""
            return _element(
                "system-out", (), f"{headline(cell)}, as expected{where}\n{cell_sentence(head, cell)}\n"
            )
        case "unsupported":
            return f"<skipped{_attributes(('message', cell_sentence(head, cell)))}/>"
        case "fail":
            return _wrong("failure", cell_sentence(head, cell), cell.verdict, failure_text(head, cell))
        case "error":
            return _wrong("error", cell_sentence(head, cell), cell.verdict, failure_text(head, cell))


def _about_the_run(foot: Foot | None) -> Iterator[tuple[str, str]]:
    if foot is None:
        text = "the run was cut: its last line is missing"
        yield "error", _case("complete", RUN_SUITE, _wrong("error", text, "cut", text))
        return
    for stale in foot.stale:
        where, problem = inert(stale.where), inert(stale.problem)
        text = f"{where}: {problem}"
        yield "fail", _case(f"expectation {where}", RUN_SUITE, _wrong("failure", text, "stale", text))
    for stray in map(inert, foot.strays):
        yield "fail", _case("no stray delivery", RUN_SUITE, _wrong("failure", stray, "stray", stray))


def _case(name: str, classname: str, inside: str) -> str:
    attributes = _attributes(("name", name), ("classname", classname), ("time", "0"))
    return f"<testcase{attributes}>{inside}</testcase>\n" if inside else f"<testcase{attributes}/>\n"


def _wrong(tag: str, message: str, kind: str, text: str) -> str:
    return _element(tag, (("message", message), ("type", kind)), text)


def _element(tag: str, attributes: Sequence[tuple[str, str]], text: str) -> str:
    return f"<{tag}{_attributes(*attributes)}>{escape(legal(text))}</{tag}>"


def _attributes(*pairs: tuple[str, str]) -> str:
    return "".join(f" {name}={quoteattr(legal(value))}" for name, value in pairs)


def legal(text: str) -> str:
    """``text`` with what XML 1.0 forbids (section 2.2) as escapes: no reference can stand for it either.

    A carriage return is legal and would not survive, so it is escaped too.
    """
    return _ILLEGAL.sub(lambda found: inert(found[0]), text)
