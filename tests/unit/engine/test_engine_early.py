"""Publishes that come to nothing before any consumer: one of them tells for all consumers."""

from __future__ import annotations

import pytest

from harness.amqp.message import Inline, Message, Routed
from harness.engine.second_pass import ended_early
from harness.judge.verdict import Evidence, Failure, Step, Stop

P, B, C = Step.PRODUCER, Step.BROKER, Step.CONSUMER
MESSAGE = Routed("e", "k", Message({}, Inline("x")), redelivered=False)


@pytest.mark.parametrize(
    ("stop", "step", "early"),
    [
        (Stop.UNSUPPORTED, P, True),
        (Stop.UNSUPPORTED, C, False),
        (Stop.REFUSED, P, True),
        (Stop.REJECTED, B, True),
        (Stop.HUNG, P, True),
        (Stop.HUNG, C, False),
        (Stop.CRASHED, B, True),
        (Stop.CRASHED, P, False),
        (Stop.DISCONNECTED, P, False),
        (Stop.UNDELIVERED, B, False),
    ],
)
def test_it_is_over_before_any_consumer(stop: Stop, step: Step, early: bool) -> None:
    assert ended_early(Evidence(MESSAGE, failure=Failure(stop, step, "why"))) is early


def test_a_hang_after_the_message_was_sent_tells_nothing_of_other_consumers() -> None:
    assert not ended_early(Evidence(MESSAGE, sent=MESSAGE, failure=Failure(Stop.HUNG, P, "why")))


def test_nor_does_what_came_to_the_consumer() -> None:
    failure = Failure(Stop.REJECTED, P, "why")
    assert not ended_early(Evidence(MESSAGE, MESSAGE, delivered=MESSAGE, failure=failure))
    assert not ended_early(Evidence(MESSAGE))
