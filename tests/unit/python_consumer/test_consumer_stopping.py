"""An interrupt ends the waiting for messages, not the handling of one."""

from __future__ import annotations

import signal
from collections.abc import Iterator

import pytest

from python_consumer.stopping import Stopping

SIGNALS = (signal.SIGINT, signal.SIGTERM)


@pytest.fixture
def stopping() -> Iterator[Stopping]:
    before = {number: signal.getsignal(number) for number in SIGNALS}
    made = Stopping()
    made.arm()
    try:
        yield made
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@pytest.mark.parametrize("number", SIGNALS)
def test_a_signal_between_messages_interrupts_at_once(number: signal.Signals, stopping: Stopping) -> None:
    with stopping.handling():
        pass
    with pytest.raises(KeyboardInterrupt):
        signal.raise_signal(number)


@pytest.mark.parametrize("number", SIGNALS)
def test_a_signal_during_a_message_interrupts_after_it(number: signal.Signals, stopping: Stopping) -> None:
    handled = []
    with pytest.raises(KeyboardInterrupt):  # noqa: SIM117 - what is inside is the claim
        with stopping.handling():
            signal.raise_signal(number)
            handled.append("to the end")
    assert handled == ["to the end"]


def test_a_second_signal_does_not_wait(stopping: Stopping) -> None:
    handled = []
    with pytest.raises(KeyboardInterrupt), stopping.handling():
        signal.raise_signal(signal.SIGINT)
        handled.append("so far")
        signal.raise_signal(signal.SIGINT)
        handled.append("and further")
    assert handled == ["so far"]
