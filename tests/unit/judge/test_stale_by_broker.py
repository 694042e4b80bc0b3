"""What a full run says of expectations about other brokers, and about other releases of its libraries."""

from __future__ import annotations

import pytest

from harness.judge.expect import Expectations
from harness.judge.listed import CellKey, Expectation, Listed, Party
from harness.judge.verdict import Step, Verdict

SAME = Verdict("same", None, None, None, None, (), None)
NOT_BORNE_OUT = ["no cell of this run bears out 'headers/other'"]
DENIED = "deprecated_features.permit.x = false"


def stale_after_a_full_run(
    broker: str = "*",
    release: str = "3.10.8",
    producer: str = "*",
    consumer: str = "*",
    setting: str | None = None,
    settings: tuple[str, ...] = (),
) -> list[str]:
    """The problems after one cell that passed, from raw 0.1.0 to pika 1.4.4, of an entry for another case."""
    entry = Expectation(
        cases=("headers/other",),
        step=Step.BROKER,
        difference="lost",
        what="bug",
        reason="made for this test",
        link="https://example.org/",
        broker=broker,
        producer=producer,
        consumer=consumer,
        setting=setting,
    )
    listed = Expectations(None, (Listed(7, entry),))
    ran = Party("RabbitMQ", release, settings)
    cell = CellKey("headers/one", Party("raw", "0.1.0"), Party("pika", "1.4.4"), ran)
    listed.outcome(cell, "headers/one[raw->pika]", SAME, final=True)
    return [stale.problem for stale in listed.stale(full=True)]


def test_an_entry_that_no_cell_bears_out_is_stale_on_a_broker_that_it_is_about() -> None:
    assert stale_after_a_full_run(broker="RabbitMQ>=4", release="4.0.5") == NOT_BORNE_OUT


def test_an_entry_about_another_release_of_the_broker_waits_for_that() -> None:
    assert stale_after_a_full_run(broker="RabbitMQ>=4", release="3.10.8") == []


def test_an_entry_about_a_setting_waits_for_a_broker_that_has_it() -> None:
    assert stale_after_a_full_run("RabbitMQ>=4", "4.3.6", setting=DENIED) == []
    had = stale_after_a_full_run("RabbitMQ>=4", "4.3.6", setting=DENIED, settings=("other = 1", DENIED))
    assert had == NOT_BORNE_OUT


def test_an_entry_about_every_broker_is_stale_on_any() -> None:
    assert stale_after_a_full_run() == NOT_BORNE_OUT


@pytest.mark.parametrize("consumer", ["pika", "pika>=1.4", "*", "unheard-of", "unheard-of<2"])
def test_an_entry_about_a_release_that_ran_or_about_nobody_is_stale(consumer: str) -> None:
    assert stale_after_a_full_run(consumer=consumer) == NOT_BORNE_OUT


def test_an_entry_about_another_release_of_a_library_waits_for_that() -> None:
    assert stale_after_a_full_run(consumer="pika<1.4") == []
    assert stale_after_a_full_run(producer="raw>1") == []
