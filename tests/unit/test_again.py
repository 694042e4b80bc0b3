"""A results file's cells, held against the list again."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import msgspec
import pytest

from harness.again import Again
from harness.engine.outcomes import cell_line
from harness.judge.difference import Kind
from harness.judge.expect import Expectations, Outcome, Weighed
from harness.judge.listed import Expectation, Listed
from harness.judge.verdict import Failure, Step, StepDifference, Stop, stopped_by
from harness.results import Broker, CellLine, Head, PeerInfo

QPID = Broker("qpid:9.2.0", "Apache Qpid Broker-J Core", "9.2.0", "", "")
PEERS = (PeerInfo("raw", "raw", "0.1.0", "python", "CPython", ("producer", "consumer")),)
HEAD = Head(1, "0", "today", QPID, PEERS, 1, "", 1, True, False)
REFUSED = CellLine(
    "headers/k[raw->raw]", "headers/k", "raw", "raw", "", "refused", "expected", Step.BROKER, scope="channel"
)


@pytest.mark.parametrize(
    ("named", "outcome"),
    [
        ("Apache-Qpid-Broker-J-Core<10", "expected"),
        ("Apache-Qpid-Broker-J-Core<9", "fail"),
        ("RabbitMQ", "fail"),
    ],
)
def test_a_broker_whose_name_is_of_several_words_is_the_one_that_the_list_names(
    named: str, outcome: Outcome
) -> None:
    said = Expectation(
        Step.BROKER, "refused", "by-design", "It refuses that.", "link", ("headers/*",), broker=named
    )
    again = Again(HEAD, Expectations(None, [Listed(1, said)]), frozenset())
    assert again.weigh(REFUSED).outcome == outcome


def test_a_refusal_that_the_case_asks_for_needs_no_entry_the_change_before_it_does() -> None:
    lost = StepDifference(Step.PRODUCER, Kind.LOST, "type", None, None)
    cell = msgspec.structs.replace(REFUSED, verdict="rejected", code=406, differences=(lost,), as_asked=True)
    said = Expectation(Step.PRODUCER, "lost", "bug", "It does not send it.", "link", ("headers/*",))
    assert Again(HEAD, Expectations(None, [Listed(7, said)]), frozenset()).weigh(cell).line == 7
    assert Again(HEAD, Expectations(None, []), frozenset()).weigh(cell).outcome == "fail"
    plain = msgspec.structs.replace(cell, as_asked=False)
    assert Again(HEAD, Expectations(None, [Listed(7, said)]), frozenset()).weigh(plain).outcome == "fail"


def test_the_line_that_is_written_says_that_it_stopped_as_asked() -> None:
    peer = SimpleNamespace(label="raw")
    cell: Any = SimpleNamespace(case=SimpleNamespace(id="headers/k"), producer=peer, consumer=peer)
    refused = msgspec.structs.replace(stopped_by(Failure(Stop.REJECTED, Step.BROKER, "no")), as_asked=True)
    assert cell_line(cell, "id", "b", refused, Weighed("expected"), None, None).as_asked
