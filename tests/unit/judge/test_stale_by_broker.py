"""What a full run says of expectations about other brokers, and about other releases of its libraries."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from harness.judge.expect import Expectations
from harness.judge.listed import CellKey, Expectation, Listed, Party
from harness.judge.verdict import Failure, Step, Stop, Verdict

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


ONE = CellKey("headers/one", Party("raw", "0.1.0"), Party("pika", "1.4.4"), Party("Other-Make", "9.2"))
"""A cell of a broker of another make."""


def entry_about(broker: str, **changes: Any) -> Expectation:
    fields = {"step": Step.CONSUMER, "difference": "lost", "what": "bug", "link": "https://example.org/"}
    return Expectation(
        cases=("headers/one",), reason="made for this test", broker=broker, **(fields | changes)
    )


def stopped(stop: Stop, step: Step) -> Verdict:
    return Verdict(stop, step, None, None, None, (), Failure(stop, step, "why"))


def stale_beside(own: Expectation, verdict: Verdict) -> list[str]:
    """The problems of an entry about any broker, after a cell with this verdict and one that passed."""
    listed = Expectations(None, (Listed(1, own), Listed(2, entry_about("*"))))
    other = msgspec.structs.replace(ONE, case="headers/other")
    listed.outcome(other, "headers/other[raw->pika]", SAME, final=True)
    listed.outcome(ONE, "headers/one[raw->pika]", verdict, final=True)
    return [stale.problem for stale in listed.stale(full=True) if stale.where.endswith(":2")]


def test_what_is_said_of_any_broker_waits_where_what_this_one_does_by_itself_came_first() -> None:
    gone = stopped(Stop.UNDELIVERED, Step.BROKER)
    undelivered = {"step": Step.BROKER, "difference": "undelivered"}
    assert stale_beside(entry_about("Other-Make", **undelivered), gone) == []
    assert stale_beside(entry_about("*", **undelivered), gone) == [
        "no cell of this run bears out 'headers/one'"
    ]


@pytest.mark.parametrize(("step", "waits"), [(Step.BROKER, True), (Step.CONSUMER, False)])
def test_what_is_said_of_any_broker_waits_where_this_one_does_not_offer_it(step: Step, waits: bool) -> None:
    assert (stale_beside(entry_about("Third"), stopped(Stop.UNSUPPORTED, step)) == []) is waits


def test_what_chance_decides_is_neither_borne_out_nor_contradicted_by_one_run() -> None:
    always, sometimes = entry_about("*"), entry_about("*", by_chance=True)
    for entry, problems in ((always, 1), (sometimes, 0)):
        for seen in (SAME, stopped(Stop.CRASHED, Step.PRODUCER)):  # could have shown it; could not
            listed = Expectations(None, (Listed(1, entry),))
            listed.outcome(ONE, "headers/one[raw->pika]", seen, final=True)
            assert len(listed.stale(full=True)) == problems
