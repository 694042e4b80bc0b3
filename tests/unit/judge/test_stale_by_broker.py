"""What a full run on one broker says of expectations about others."""

from __future__ import annotations

from harness.judge.expect import CellKey, Expectation, Expectations, Listed, Party
from harness.judge.verdict import Step, Verdict

SAME = Verdict("same", None, None, None, None, (), None)


DENIED = "deprecated_features.permit.x = false"


def stale_after_a_full_run(
    about: str, release: str, setting: str | None = None, settings: tuple[str, ...] = ()
) -> list[str]:
    """The problems after one cell that passed, where ``about`` is the broker of an entry for another case."""
    entry = Expectation(
        cases=("headers/other",),
        step=Step.BROKER,
        difference="lost",
        what="bug",
        reason="made for this test",
        link="https://example.org/",
        broker=about,
        setting=setting,
    )
    listed = Expectations(None, (Listed(7, entry),))
    broker = Party("RabbitMQ", release, settings)
    cell = CellKey("headers/one", Party("raw", "0.1.0"), Party("pika", "1.4.4"), broker)
    listed.outcome(cell, "headers/one[raw->pika]", SAME, final=True)
    return [stale.problem for stale in listed.stale(full=True)]


def test_an_entry_that_no_cell_bears_out_is_stale_on_a_broker_that_it_is_about() -> None:
    assert stale_after_a_full_run("RabbitMQ>=4", "4.0.5") == ["no cell of this run bears out 'headers/other'"]


def test_an_entry_about_another_release_of_the_broker_waits_for_that() -> None:
    assert stale_after_a_full_run("RabbitMQ>=4", "3.10.8") == []


def test_an_entry_about_a_setting_waits_for_a_broker_that_has_it() -> None:
    assert stale_after_a_full_run("RabbitMQ>=4", "4.3.6", DENIED) == []
    assert len(stale_after_a_full_run("RabbitMQ>=4", "4.3.6", DENIED, ("other = 1", DENIED))) == 1


def test_an_entry_about_every_broker_is_stale_on_any() -> None:
    assert stale_after_a_full_run("*", "3.10.8") == ["no cell of this run bears out 'headers/other'"]
