"""The steps of a way put together: the worst difference, where it first appeared, or why nothing came."""

from __future__ import annotations

import itertools
from collections.abc import Mapping

import msgspec
import pytest

from harness.amqp import values as v
from harness.amqp.message import Inline, Message, PropertyName, Routed
from harness.cases import Rejected
from harness.judge.difference import Kind
from harness.judge.verdict import Evidence, Failure, Step, Stop, differences, judge


def message(properties: Mapping[PropertyName, v.Value]) -> Routed:
    return Routed("e", "k", Message(properties, Inline("x")), redelivered=False)


PLAIN = message({})
RED, BLUE = message({"app_id": v.Shortstr("red")}), message({"app_id": v.Shortstr("blue")})
GREEN = message({"app_id": v.Shortstr("green")})


def test_four_equal_messages_are_the_same() -> None:
    verdict = judge(Evidence(RED, RED, RED, RED))
    assert (verdict.verdict, verdict.step, verdict.differences) == (Kind.SAME, None, ())
    assert verdict.passes


@pytest.mark.parametrize(
    "ways, step",
    [
        ((RED, BLUE, BLUE, BLUE), Step.PRODUCER),
        ((RED, RED, BLUE, BLUE), Step.BROKER),
        ((RED, RED, RED, BLUE), Step.CONSUMER),
    ],
)
def test_the_step_that_made_the_difference_is_blamed(
    ways: tuple[Routed, Routed, Routed, Routed], step: Step
) -> None:
    verdict = judge(Evidence(*ways))
    assert (verdict.verdict, verdict.step, verdict.path) == (Kind.ALTERED, step, "app_id")
    assert (verdict.expected, verdict.got) == (v.Shortstr("red"), v.Shortstr("blue"))
    assert not verdict.passes
    assert len(verdict.differences) == 1


def test_two_wrongs_that_make_a_right_are_both_told() -> None:
    verdict = judge(Evidence(RED, BLUE, RED, RED))
    assert [each.step for each in verdict.differences] == [Step.PRODUCER, Step.BROKER]
    assert verdict.step is Step.PRODUCER


def test_the_worst_difference_is_the_verdict_not_the_first() -> None:
    milder = message({"app_id": v.Shortstr("red"), "priority": v.Octet("0")})
    verdict = judge(Evidence(RED, milder, milder, BLUE))
    assert [each.kind for each in verdict.differences] == [Kind.EMPTIED, Kind.EMPTIED, Kind.ALTERED]
    assert (verdict.verdict, verdict.step) == (Kind.ALTERED, Step.CONSUMER)


def test_of_equally_bad_differences_the_first_on_the_way_counts() -> None:
    assert judge(Evidence(RED, BLUE, GREEN, RED)).step is Step.PRODUCER


@pytest.mark.parametrize("milder, worse", list(itertools.pairwise(Kind)))
def test_kinds_are_ordered_from_mild_to_bad(milder: Kind, worse: Kind) -> None:
    assert milder.severity < worse.severity


@pytest.mark.parametrize("kind", Kind)
def test_only_same_and_retyped_pass(kind: Kind) -> None:
    assert kind.passes == (kind in (Kind.SAME, Kind.RETYPED))


def test_retyped_passes_and_is_told() -> None:
    verdict = judge(Evidence(PLAIN, PLAIN, PLAIN, PLAIN))
    table = message({"headers": v.Table((("k", v.LongLong("1")),))})
    broker = message({"headers": v.Table((("k", v.Int64("1")),))})
    verdict = judge(Evidence(table, table, broker, broker))
    assert (verdict.verdict, verdict.step, verdict.path) == (Kind.RETYPED, Step.BROKER, "headers.k")
    assert verdict.passes


def test_without_the_wire_a_difference_has_no_step() -> None:
    verdict = judge(Evidence(RED, reported=BLUE))
    assert (verdict.verdict, verdict.step) == (Kind.ALTERED, None)
    assert judge(Evidence(RED, reported=RED)).verdict == Kind.SAME


def test_a_step_whose_end_was_not_seen_is_not_judged() -> None:
    assert differences(Evidence(RED, RED, None, BLUE)) == ()
    (difference,) = differences(Evidence(RED, BLUE, None, None))
    assert difference.step is Step.PRODUCER


def test_a_surplus_delivery_is_added_at_the_step_where_it_was_first_seen() -> None:
    verdict = judge(Evidence(RED, RED, RED, RED, surplus=2, surplus_step=Step.BROKER))
    assert (verdict.verdict, verdict.step, verdict.path) == (Kind.ADDED, Step.BROKER, "deliveries")
    assert (verdict.expected, verdict.got) == ("1", "3")


def test_the_order_of_headers_is_judged_only_where_the_case_asks_for_it() -> None:
    one, two = v.Int8("1"), v.Int8("2")
    before = message({"headers": v.Table((("a", one), ("b", two)))})
    after = message({"headers": v.Table((("b", two), ("a", one)))})
    assert judge(Evidence(before, before, after, after)).verdict == Kind.SAME
    verdict = judge(Evidence(before, before, after, after), header_order=True)
    assert (verdict.verdict, verdict.step, verdict.path) == (Kind.ALTERED, Step.BROKER, "headers:order")


@pytest.mark.parametrize("stop", Stop)
@pytest.mark.parametrize("step", Step)
def test_where_no_message_came_out_that_is_the_verdict(stop: Stop, step: Step) -> None:
    failure = Failure(stop, step, "why", "connection", 541, next_arrived=False)
    verdict = judge(Evidence(RED, BLUE, failure=failure))
    assert (verdict.verdict, verdict.step, verdict.got) == (stop, step, "why")
    assert verdict.failure is failure
    assert not verdict.passes
    assert [each.step for each in verdict.differences] == [Step.PRODUCER]


@pytest.mark.parametrize("stop", Stop)
def test_only_a_fault_of_the_set_up_is_an_error(stop: Stop) -> None:
    assert stop.is_error == (stop in (Stop.PROTOCOL, Stop.BUG))


MUST = Rejected(406, "channel")
AS_ASKED = Failure(Stop.REJECTED, Step.BROKER, "406 PRECONDITION_FAILED", "channel", 406)


def test_a_rejection_that_the_case_asks_for_passes() -> None:
    verdict = judge(Evidence(RED, RED, failure=AS_ASKED), rejected=MUST)
    assert verdict.passes
    assert (verdict.verdict, verdict.as_asked) == (Stop.REJECTED, True)


@pytest.mark.parametrize(
    "failure",
    [
        msgspec.structs.replace(AS_ASKED, code=404),
        msgspec.structs.replace(AS_ASKED, code=None),
        msgspec.structs.replace(AS_ASKED, scope="connection"),
        msgspec.structs.replace(AS_ASKED, stop=Stop.DISCONNECTED),
        msgspec.structs.replace(AS_ASKED, stop=Stop.REFUSED),
    ],
)
def test_another_rejection_than_the_one_asked_for_fails(failure: Failure) -> None:
    assert not judge(Evidence(RED, RED, failure=failure), rejected=MUST).passes


def test_a_rejection_that_nobody_asked_for_fails() -> None:
    assert not judge(Evidence(RED, RED, failure=AS_ASKED)).passes


def test_a_message_that_should_have_been_rejected_and_came_through_fails() -> None:
    verdict = judge(Evidence(RED, RED, RED, RED), rejected=MUST)
    assert not verdict.passes
    assert (verdict.verdict, verdict.step, verdict.path) == (Kind.ALTERED, Step.BROKER, "outcome")
    assert verdict.expected == "rejected with 406, closing the channel"


def test_a_message_that_was_not_refused_because_another_was_sent_is_its_senders_doing() -> None:
    verdict = judge(Evidence(RED, BLUE, BLUE, BLUE), rejected=MUST)
    assert {each.step for each in verdict.differences if each.path == "outcome"} == {Step.PRODUCER}


def test_a_cell_without_report_and_without_reason_is_the_engines_fault() -> None:
    with pytest.raises(ValueError, match="the engine lost a cell"):
        judge(Evidence(RED, RED, RED))
