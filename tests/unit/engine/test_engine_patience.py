"""Only for what is expected not to come is the wait short, and only where it is."""

from __future__ import annotations

from harness.engine.patience import BRIEFLY, BRIEFLY_CONNECTED, PATIENCE, patience_with
from harness.judge.listed import Expectation
from harness.judge.verdict import Step


def expected(difference: str, path: str = "*") -> Expectation:
    return Expectation(
        scenarios=("a/b",),
        step=Step.CONSUMER,
        difference=difference,
        path=path,
        what="bug",
        reason="made for this test",
        link="https://example.org/",
    )


def test_what_is_expected_to_be_lost_is_waited_for_briefly_in_its_step_alone() -> None:
    patience = patience_with(
        [expected("lost", "steps[6].receive.messages[1]"), expected("altered", "steps[2].x")]
    )
    assert patience.at(6) == BRIEFLY
    assert {patience.at(2), patience.at(5), patience.answer} == {PATIENCE.step}


def test_an_answer_is_waited_for_briefly_where_a_peer_is_expected_to_hang() -> None:
    patience = patience_with([expected("hung")])
    assert (patience.connect, patience.answer, patience.at(1)) == (BRIEFLY_CONNECTED, BRIEFLY, PATIENCE.step)


def test_a_connection_is_waited_for_briefly_where_it_is_expected_to_fail() -> None:
    assert patience_with([expected("disconnected")]) == PATIENCE._replace(connect=BRIEFLY_CONNECTED)


def test_nothing_is_hurried_where_all_should_be_well() -> None:
    assert patience_with([]) == PATIENCE
