"""What brokers do otherwise, as the page lists it."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
from click.testing import CliRunner

from harness.commands.brokers import brokers
from harness.errors import UsageError
from harness.judge.expect import Expectation, Listed, Outcome
from harness.judge.verdict import Step
from harness.report.brokers import UNDOCUMENTED, brokers_markdown, differences
from harness.results import Broker, CellLine, Foot, Head, ResultsWriter

OLD = Broker("debian:trixie", "RabbitMQ", "4.0.5", "Erlang/OTP 27", "p 1")
NEW = Broker(
    "debian:forky+upstream",
    "RabbitMQ",
    "4.3.6",
    "Erlang/OTP 29",
    "p 2",
    ("k = false",),
    deprecated_features={"ram_node_type": "denied"},
)
HEAD = Head(1, "0", "today", OLD, (), 1, "", 4, True, False, more_brokers=(NEW,))
LINK = Listed(
    7, Expectation(Step.BROKER, "altered", "by-design", "The broker does so by design.", "errata", ("a/*",))
)


def cell(case: str, broker: Broker, outcome: Outcome = "pass", line: int | None = None) -> CellLine:
    verdict, step, path = ("same", None, None) if outcome == "pass" else ("altered", Step.BROKER, "headers.k")
    name = f"{case}[streadway->pika]@{broker.spec}"
    where = f"{broker.product} {broker.version}"
    return CellLine(name, case, "streadway", "pika", where, verdict, outcome, step, path, expectation=line)


CELLS = (
    cell("a/one", OLD),
    cell("a/two", OLD),
    cell("a/same", OLD, "fail"),
    cell("a/one", NEW, "expected", 7),
    cell("a/two", NEW, "expected", 7),
    cell("a/same", NEW, "fail"),
)


def test_cells_that_differ_in_one_way_are_one_entry_and_equal_ones_are_none() -> None:
    (one,) = differences(HEAD, CELLS)
    assert one.cases == ("a/one", "a/two")
    assert one.profile == (("debian:trixie", "passes"), ("debian:forky+upstream", "broker: altered headers"))


def test_an_entry_has_the_reason_and_the_link_of_its_expectation() -> None:
    text = brokers_markdown(HEAD, CELLS, (LINK,))
    assert "The broker does so by design. (errata)" in text
    assert UNDOCUMENTED not in text


def test_an_entry_without_one_says_so() -> None:
    assert UNDOCUMENTED in brokers_markdown(HEAD, (cell("a/one", OLD), cell("a/one", NEW, "fail")), (LINK,))


def test_a_broker_that_is_not_as_packaged_is_told_apart() -> None:
    rows = [line for line in brokers_markdown(HEAD, CELLS, ()).splitlines() if line.startswith("| `")]
    assert "| nothing | can't be asked |" in rows[0]
    assert "| `k = false` | none |" in rows[1]


@pytest.mark.parametrize(("more", "problem"), [((), "one broker"), ((NEW,), "was cut")])
def test_a_file_that_can_not_tell_is_refused(more: tuple[Broker, ...], problem: str, tmp_path: Path) -> None:
    path = tmp_path / "r.jsonl"
    with ResultsWriter(path) as writer:
        writer.write(Head(1, "0", "today", OLD, (), 1, "", 4, True, False, more_brokers=more))
    result = CliRunner().invoke(brokers, [str(path)])
    assert isinstance(result.exception, UsageError)
    assert problem in result.exception.problem


def test_a_file_of_another_list_of_expectations_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "r.jsonl"
    with ResultsWriter(path) as writer:
        writer.write(msgspec.structs.replace(HEAD, cells=len(CELLS)))
        for one in CELLS:
            writer.write(one)
        writer.write(Foot({}, {}, {}))
    result = CliRunner().invoke(brokers, [str(path)])
    assert isinstance(result.exception, UsageError)
    assert "not the one" in result.exception.problem
