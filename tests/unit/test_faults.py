"""What counts as lost when a broker fails."""

from __future__ import annotations

import asyncio

import pytest

from harness.broker import Broker, BrokerInfo
from harness.errors import SetupError
from harness.faults import Fault, _inflict, lost


def test_what_was_confirmed_and_never_came_is_lost() -> None:
    assert lost(["a", "b", "c"], ["c", "a"]) == ("b",)


def test_what_came_twice_or_was_never_confirmed_is_not() -> None:
    assert lost(["a"], ["a", "a", "unconfirmed"]) == ()


def test_a_broker_that_is_not_ours_is_left_alone() -> None:
    broker = Broker("amqp://h/", BrokerInfo("amqp://h/", "", "", "", "", ""))
    with pytest.raises(SetupError, match="no container of ours"):
        asyncio.run(_inflict(broker, Fault.KILLED, ()))
