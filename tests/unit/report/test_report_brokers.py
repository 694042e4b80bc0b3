"""What brokers do otherwise, as the page lists it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec
import pytest
from click.testing import CliRunner

from harness.commands.brokers import brokers
from harness.errors import UsageError
from harness.judge.expect import Outcome
from harness.judge.verdict import Step
from harness.report.brokers import (
    UNDOCUMENTED,
    CameTo,
    Difference,
    Where,
    brokers_markdown,
    came_to,
    differences,
)
from harness.results import Broker, CellLine, Foot, Head, PeerInfo, ResultsWriter

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
HEAD = Head(1, "0", "today", OLD, (), 1, "", 2, True, False, more_brokers=(NEW,))
WHY = "The broker does so by design. (errata)"


def cell(case: str, broker: Broker, outcome: Outcome = "pass") -> CellLine:
    verdict, step, path = ("same", None, None) if outcome == "pass" else ("altered", Step.BROKER, "headers.k")
    name = f"{case}[streadway->pika]@{broker.spec}"
    where = f"{broker.product} {broker.version}"
    return CellLine(name, case, "streadway", "pika", where, verdict, outcome, step, path)


def row(
    case: str, old: Outcome, new: Outcome, reason: str | None = None
) -> tuple[Where, tuple[CameTo, CameTo]]:
    return (case, "streadway", "pika"), (
        came_to(OLD.spec, cell(case, OLD, old), reason),
        came_to(NEW.spec, cell(case, NEW, new), reason),
    )


def test_cells_that_differ_in_one_way_are_one_entry_and_equal_ones_are_none() -> None:
    rows = [row("a/one", "pass", "fail"), row("a/two", "pass", "fail"), row("a/same", "fail", "fail")]
    (one,) = differences(rows)
    assert one.cases == ("a/one", "a/two")
    assert one.profile == (("debian:trixie", "passes"), ("debian:forky+upstream", "broker: altered headers"))


def test_reasons_stand_at_what_they_explain() -> None:
    found = differences([row("a/one", "pass", "expected", WHY), row("a/two", "pass", "expected", WHY)])
    assert _entry(found) == [
        "- `a/one`, `a/two` (2 cells, streadway to pika)",
        "  - `debian:trixie`: passes",
        "  - `debian:forky+upstream`: broker: altered headers",
        f"    - {WHY}",
    ]


def test_what_nothing_explains_says_so_beside_what_is_explained() -> None:
    found = differences([row("a/one", "pass", "expected", WHY), row("a/two", "pass", "fail")])
    assert _entry(found)[-2:] == [f"    - {WHY}", f"    - {UNDOCUMENTED}"]


def by_library(case: str, broker: Broker, verdict: str) -> CameTo:
    changes = {"verdict": verdict, "step": Step.CONSUMER}
    return came_to(broker.spec, msgspec.structs.replace(cell(case, broker, "expected"), **changes), WHY)


def test_what_a_library_does_everywhere_is_not_told_as_a_difference_of_brokers() -> None:
    where = ("a/one", "streadway", "pika")
    lost = came_to(NEW.spec, cell("a/one", NEW, "fail"), None)
    (one,) = differences([(where, (by_library("a/one", OLD, "narrowed"), lost))])
    assert one.profile == (("debian:trixie", "passes"), ("debian:forky+upstream", "broker: altered headers"))
    assert WHY not in one.why.get("passes", {})


@pytest.mark.parametrize("other", ["passes", "emptied"])
def test_what_it_does_on_one_broker_only_is(other: str) -> None:
    where = ("a/one", "streadway", "pika")
    on_new = (
        came_to(NEW.spec, cell("a/one", NEW), None) if other == "passes" else by_library("a/one", NEW, other)
    )
    (one,) = differences([(where, (by_library("a/one", OLD, "narrowed"), on_new))])
    assert one.profile[0] == ("debian:trixie", "consumer: narrowed headers")


def _entry(found: Sequence[Difference]) -> list[str]:
    page = brokers_markdown((HEAD,), found, "make it").splitlines()
    return page[next(number for number, line in enumerate(page) if line.startswith("- ")) :]


def test_a_broker_that_is_not_as_packaged_is_told_apart() -> None:
    page = brokers_markdown((HEAD,), (), "make it").splitlines()
    rows = [line for line in page if line.startswith("| `")]
    assert "| nothing | can't be asked |" in rows[0]
    assert "| `k = false` | none |" in rows[1]


def written(path: Path, head: Head, *cells: CellLine, cut: bool = False) -> Path:
    with ResultsWriter(path) as writer:
        writer.write(head)
        for one in cells:
            writer.write(one)
        if not cut:
            writer.write(Foot({}, {}, {}))
    return path


def alone(broker: Broker, **changes: Any) -> Head:
    head = Head(1, "0", "today", broker, PEERS, 1, "", 1, True, False)
    return msgspec.structs.replace(head, **changes)


PEERS = (
    PeerInfo("streadway", "streadway", "1.1.0", "go", "go1.26", ("producer",)),
    PeerInfo("pika", "pika", "1.4.4", "python", "CPython 3.11.7", ("consumer",)),
)


def test_files_of_one_broker_each_are_told_as_one(tmp_path: Path) -> None:
    old = written(tmp_path / "old.jsonl", alone(OLD), cell("headers/long-zero", OLD))
    new = written(tmp_path / "new.jsonl", alone(NEW), cell("headers/long-zero", NEW, "fail"))
    result = CliRunner().invoke(brokers, [str(old), str(new)], catch_exceptions=False)
    assert result.output.endswith(
        "## 1 differences, in 1 cells\n"
        "\n"
        "- `headers/long-zero` (1 cell, streadway to pika)\n"
        "  - `debian:trixie`: passes\n"
        "  - `debian:forky+upstream`: broker: altered headers\n"
        f"    - {UNDOCUMENTED}\n"
    )


@pytest.mark.parametrize(
    ("heads", "cut", "problem"),
    [
        ((alone(OLD),), False, "one broker"),
        ((alone(OLD), alone(OLD)), False, "more than once"),
        ((alone(OLD), alone(NEW)), True, "was cut"),
        ((alone(OLD), alone(NEW, cases_sha256="other")), False, "not of the same cases"),
        ((alone(OLD), alone(NEW, peers=PEERS[:1])), False, "not of the same cases"),
    ],
)
def test_files_that_can_not_tell_are_refused(
    heads: Sequence[Head], cut: bool, problem: str, tmp_path: Path
) -> None:
    files = [
        written(tmp_path / f"{number}.jsonl", head, cell("a/one", head.broker), cut=cut)
        for number, head in enumerate(heads)
    ]
    result = CliRunner().invoke(brokers, [str(file) for file in files])
    assert isinstance(result.exception, UsageError)
    assert problem in result.exception.problem
