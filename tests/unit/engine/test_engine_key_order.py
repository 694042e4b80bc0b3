"""Cases about the order of headers, and peers whose library has none."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.cases import load_cases
from harness.engine.run import unordered
from harness.judge.verdict import Step, Stop
from harness.peers.protocol import Described

CASES = {case.id: case for case in load_cases(Path(__file__).parents[3] / "contract" / "cases")}
ORDERED, OTHER = CASES["headers/keys-sorted"], CASES["headers/int32"]
KEEPS = Described(1, "raw", "0.1.0", "python", "3.11", ("producer", "consumer"), ())
SHUFFLES = Described(1, "streadway", "1.1.0", "go", "1.22", ("producer",), (), unsupported=("key-order",))


@pytest.mark.parametrize(
    "producer, consumer, step",
    [(SHUFFLES, KEEPS, Step.PRODUCER), (KEEPS, SHUFFLES, Step.CONSUMER), (SHUFFLES, None, Step.PRODUCER)],
)
def test_a_peer_without_an_order_is_unsupported_where_the_case_asks_for_one(
    producer: Described | None, consumer: Described | None, step: Step
) -> None:
    failure = unordered(ORDERED, producer, consumer)
    assert failure is not None
    assert (failure.stop, failure.step, failure.text) == (Stop.UNSUPPORTED, step, "key-order")


def test_a_peer_without_an_order_runs_every_other_case() -> None:
    assert unordered(OTHER, SHUFFLES, SHUFFLES) is None


@pytest.mark.parametrize("consumer", [KEEPS, None])
def test_a_case_about_order_runs_where_nobody_declared_to_have_none(consumer: Described | None) -> None:
    assert unordered(ORDERED, KEEPS, consumer) is None
