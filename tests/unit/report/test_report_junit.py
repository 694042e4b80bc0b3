"""JUnit XML has the shape that readers ask for, counts right, and stays XML whatever is in it."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from report_samples import HOSTILE, cell, differing, foot, head, narrowed, stopped

from harness.amqp.values import NativeStr
from harness.errors import UsageError
from harness.judge.difference import Kind
from harness.judge.expect import Stale
from harness.judge.verdict import Step
from harness.report.junit import RUN_SUITE, legal, write_junit
from harness.results import Broker, CellLine, Foot, Head

ALLOWED: dict[str, tuple[set[str], set[str], set[str]]] = {
    "testsuites": ({"name", "tests", "failures", "errors"}, {"time"}, {"testsuite"}),
    "testsuite": (
        {"name", "tests", "failures", "errors", "skipped", "time"},
        {"id", "package", "timestamp", "hostname"},
        {"properties", "testcase", "system-out", "system-err"},
    ),
    "properties": (set(), set(), {"property"}),
    "property": ({"name", "value"}, set(), set()),
    "testcase": (
        {"name", "classname", "time"},
        set(),
        {"skipped", "error", "failure", "system-out", "system-err"},
    ),
    "failure": ({"message", "type"}, set(), set()),
    "error": ({"message", "type"}, set(), set()),
    "skipped": ({"message"}, set(), set()),
    "system-out": (set(), set(), set()),
}
"""Element: attributes that must be, that may be, and children; from the schema of Jenkins' xunit plugin."""


def check_shape(element: ElementTree.Element) -> None:
    must, may, children = ALLOWED[element.tag]
    assert must <= set(element.attrib) <= must | may, element.tag
    assert {child.tag for child in element} <= children, element.tag
    for child in element:
        check_shape(child)


def written(
    path: Path, cells: Iterable[CellLine], last: Foot | None, first: Head | None = None
) -> ElementTree.Element:
    write_junit(path, first or head(), cells, last)
    root = ElementTree.fromstring(path.read_bytes())
    check_shape(root)
    return root


CELLS = [
    cell(),
    narrowed(),
    narrowed("headers/float", outcome="expected", expectation=7),
    cell("framing/x", verdict="unsupported", outcome="unsupported", step=Step.PRODUCER, got="framing"),
    stopped("bug", Step.CONSUMER, "KeyError", outcome="error", consumer="rabbitpy@2.0.1"),
]


def test_every_pair_is_a_suite_and_every_cell_a_test_case(tmp_path: Path) -> None:
    root = written(tmp_path / "j.xml", iter(CELLS), foot())
    suites = {suite.get("name"): suite for suite in root}
    assert set(suites) == {"amqp091-go->pika", "amqp091-go->rabbitpy@2.0.1"}
    assert [case.get("name") for case in suites["amqp091-go->pika"].findall("testcase")] == [
        "headers/double",
        "headers/double",
        "headers/float",
        "framing/x",
    ]


def test_the_same_pair_on_another_broker_is_another_suite(tmp_path: Path) -> None:
    other = Broker("debian:trixie", "RabbitMQ", "4.0.5", "Erlang/OTP")
    name = "headers/double[amqp091-go->pika]"
    cells = [cell(id=f"{name}@debian:bookworm"), cell(id=f"{name}@debian:trixie")]
    root = written(tmp_path / "j.xml", cells, foot(), head(more_brokers=(other,)))
    assert [suite.get("name") for suite in root] == [
        "amqp091-go->pika@debian:bookworm",
        "amqp091-go->pika@debian:trixie",
    ]


def test_the_counts_are_those_of_the_cells(tmp_path: Path) -> None:
    root = written(tmp_path / "j.xml", CELLS, foot())
    assert {name: root.get(name) for name in ("tests", "failures", "errors", "time")} == {
        "tests": "5", "failures": "1", "errors": "1", "time": "2.000",
    }  # fmt: skip
    for suite in root:
        assert suite.get("tests") == str(len(suite.findall("testcase")))
        assert suite.get("failures") == str(len(suite.findall("testcase/failure")))
        assert suite.get("errors") == str(len(suite.findall("testcase/error")))
        assert suite.get("skipped") == str(len(suite.findall("testcase/skipped")))
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d", suite.get("timestamp", ""))


def test_each_outcome_is_told_in_its_own_way(tmp_path: Path) -> None:
    root = written(tmp_path / "j.xml", CELLS, foot())
    passed, failed, expected, skipped, broken = root.iter("testcase")
    assert not list(passed)
    failure = failed.find("failure")
    assert failure is not None
    assert failure.get("message") == "pika 1.4.4 read header k, sent and delivered as double 3.14, as int 3"
    assert failure.get("type") == "narrowed"
    assert "repeat it:  .venv/bin/amqp-interop run" in (failure.text or "")
    assert [child.tag for child in expected] == ["system-out"]
    assert "narrowed at the consumer, as expected (contract/expectations.yaml:7)" in (expected[0].text or "")
    assert skipped[0].get("message") == "amqp091-go 1.16.0 cannot express the message of framing/x: framing"
    assert broken[0].tag == "error"
    assert broken[0].get("type") == "bug"


def test_what_is_wrong_with_the_run_is_a_suite_of_its_own(tmp_path: Path) -> None:
    stale = Stale("contract/expectations.yaml:12", "lost did not show")
    root = written(tmp_path / "j.xml", [cell()], foot(stale=(stale,), strays=("a message",)))
    suite = next(suite for suite in root if suite.get("name") == RUN_SUITE)
    assert [failure.get("message") for failure in suite.iter("failure")] == [
        "contract/expectations.yaml:12: lost did not show",
        "a message",
    ]
    assert root.get("failures") == "2"


def test_a_run_that_was_cut_is_an_error(tmp_path: Path) -> None:
    assert written(tmp_path / "j.xml", [cell()], None).get("errors") == "1"


def test_a_run_without_cells_is_valid_too(tmp_path: Path) -> None:
    assert written(tmp_path / "j.xml", [], foot()).get("tests") == "0"


def test_what_was_tested_is_said(tmp_path: Path) -> None:
    root = written(tmp_path / "j.xml", [cell()], foot())
    facts = {fact.get("name"): fact.get("value") for fact in root.iter("property")}
    assert facts["broker"] == "RabbitMQ 3.10.8"
    assert facts["consumer pika"] == "pika 1.4.4 CPython 3.11.7"


def test_hostile_content_stays_content(tmp_path: Path) -> None:
    cells = [
        differing(
            Step.CONSUMER, Kind.ALTERED, f"headers.{HOSTILE}", NativeStr(HOSTILE), NativeStr(HOSTILE), HOSTILE
        ),
        narrowed(HOSTILE, outcome="expected"),
        stopped(
            "unsupported", Step.PRODUCER, HOSTILE, outcome="unsupported", producer=HOSTILE, consumer=HOSTILE
        ),
    ]
    last = foot(stale=(Stale(HOSTILE, HOSTILE),), strays=(HOSTILE,))
    root = written(tmp_path / "j.xml", cells, last, head(suite=HOSTILE, date=HOSTILE))
    assert len(list(root.iter("testcase"))) == 5
    assert b"\x1b" not in (tmp_path / "j.xml").read_bytes()


@given(st.text(st.characters(), max_size=50))
def test_any_text_becomes_legal_xml(text: str) -> None:
    made = legal(text)
    read = ElementTree.fromstring(f"<a>{made.replace('&', '&amp;').replace('<', '&lt;')}</a>").text or ""
    assert read == made


def test_what_xml_can_hold_is_left_alone() -> None:
    assert legal("a\tb\n<é中😀>") == "a\tb\n<é中😀>"


def test_a_file_that_cannot_be_written_is_the_users_error(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot write JUnit XML to"):
        write_junit(tmp_path / "no" / "j.xml", head(), [], foot())
