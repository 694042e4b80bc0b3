"""From what was heard and seen of a cell to who is to blame: a table of everything that can happen."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import msgspec
import pytest

from harness.amqp import values as v
from harness.amqp.message import Inline, Message, Routed
from harness.cases import Rejected
from harness.engine.blame import (
    Place,
    Way,
    closed_by_word,
    closed_on_wire,
    evidence,
    frames_problem,
    publish_failed,
)
from harness.judge.difference import Kind
from harness.judge.verdict import Evidence, Failure, Step, Stop, judge
from harness.peers.protocol import Closed, Described, Failed
from harness.tap.events import Broken, ClosedOnWire, Cut, Direction, Stray

ASKED = Routed("e", "k", Message({"app_id": v.Shortstr("red")}, Inline("x")), redelivered=False)
CHANGED = Routed("e", "k", Message({"app_id": v.Shortstr("blue")}, Inline("x")), redelivered=False)
ELSEWHERE = msgspec.structs.replace(ASKED, exchange="another")
AGAIN = msgspec.structs.replace(ASKED, redelivered=True)
SENTINEL = "sentinel"
UNREADABLE = "unreadable"


def place(*passed: Routed | str) -> Place:
    """A place that was passed by these, in order."""
    made = Place()
    for each in passed:
        made.add(None if isinstance(each, str) else each, each == SENTINEL)
    return made


ALL = (ASKED, SENTINEL)


@dataclass(frozen=True, slots=True)
class Seen:
    """What passed the three places, what failed, and the verdict it must come to."""

    claim: str
    sent: tuple[Routed | str, ...]
    delivered: tuple[Routed | str, ...]
    reported: tuple[Routed | str, ...]
    verdict: str
    step: Step | None
    next_arrived: bool | None = None
    more: dict[str, Any] = field(default_factory=dict)


def failing(stop: Stop, step: Step, code: int | None = None) -> dict[str, Any]:
    return {"failures": {step: Failure(stop, step, "why", "connection", code)}}


TABLE = (
    Seen("all in order", ALL, ALL, ALL, Kind.SAME, None),
    Seen(
        "the producer changed it",
        (CHANGED, SENTINEL),
        (CHANGED, SENTINEL),
        (CHANGED, SENTINEL),
        Kind.ALTERED,
        Step.PRODUCER,
    ),
    Seen("the broker changed it", ALL, (CHANGED, SENTINEL), (CHANGED, SENTINEL), Kind.ALTERED, Step.BROKER),
    Seen("the consumer changed it", ALL, ALL, (CHANGED, SENTINEL), Kind.ALTERED, Step.CONSUMER),
    Seen("it is marked redelivered", ALL, (AGAIN, SENTINEL), (AGAIN, SENTINEL), Kind.ALTERED, Step.BROKER),
    # nothing came out
    Seen("never sent", (SENTINEL,), (SENTINEL,), (SENTINEL,), Stop.UNDELIVERED, Step.PRODUCER, True),
    Seen("nothing sent at all", (), (), (), Stop.HUNG, Step.PRODUCER, False),
    Seen("never delivered", ALL, (SENTINEL,), (SENTINEL,), Stop.UNDELIVERED, Step.BROKER, True),
    Seen("nothing delivered", ALL, (), (), Stop.UNDELIVERED, Step.BROKER, False),
    Seen(
        "sent elsewhere",
        (ELSEWHERE, SENTINEL),
        (SENTINEL,),
        (SENTINEL,),
        Stop.UNDELIVERED,
        Step.PRODUCER,
        True,
    ),
    Seen(
        "sent otherwise, and lost",
        (CHANGED, SENTINEL),
        (SENTINEL,),
        (SENTINEL,),
        Stop.UNDELIVERED,
        Step.PRODUCER,
        True,
    ),
    Seen("never reported", ALL, ALL, (SENTINEL,), Stop.UNDELIVERED, Step.CONSUMER, True),
    Seen("neither reported", ALL, ALL, (), Stop.HUNG, Step.CONSUMER, False),
    Seen("only it is reported", ALL, ALL, (ASKED,), Stop.HUNG, Step.CONSUMER, False),
    Seen("reported too late", ALL, ALL, (SENTINEL, ASKED), Stop.UNDELIVERED, Step.CONSUMER, True),
    Seen(
        "delivered too late", ALL, (SENTINEL, ASKED), (SENTINEL, ASKED), Stop.UNDELIVERED, Step.BROKER, True
    ),
    Seen(
        "sent too late",
        (SENTINEL, ASKED),
        (SENTINEL, ASKED),
        (SENTINEL, ASKED),
        Stop.UNDELIVERED,
        Step.PRODUCER,
        True,
    ),
    Seen("undecodable", ALL, ALL, (SENTINEL,), Stop.UNDECODABLE, Step.CONSUMER, True, {"undecodable": "why"}),
    Seen(
        "undecodable, and the end",
        ALL,
        ALL,
        (),
        Stop.UNDECODABLE,
        Step.CONSUMER,
        False,
        {"undecodable": "why"},
    ),
    Seen(
        "no decoder reads the header, it is reported",
        (UNREADABLE, SENTINEL),
        (UNREADABLE, SENTINEL),
        ALL,
        Kind.SAME,
        None,
    ),
    # more came out
    Seen("sent twice", (ASKED, *ALL), (ASKED, *ALL), (ASKED, *ALL), Kind.ADDED, Step.PRODUCER),
    Seen("delivered twice", ALL, (ASKED, *ALL), (ASKED, *ALL), Kind.ADDED, Step.BROKER),
    Seen("reported twice", ALL, ALL, (ASKED, *ALL), Kind.ADDED, Step.CONSUMER),
    Seen("an unreadable one more", ALL, (ASKED, UNREADABLE, SENTINEL), ALL, Kind.ADDED, Step.BROKER),
    # a step failed
    Seen(
        "rejected as it was asked",
        (ASKED,),
        (),
        (),
        Stop.REJECTED,
        Step.BROKER,
        None,
        failing(Stop.REJECTED, Step.PRODUCER, 406),
    ),
    Seen(
        "rejected as it was not asked",
        (CHANGED,),
        (),
        (),
        Stop.REJECTED,
        Step.PRODUCER,
        None,
        failing(Stop.REJECTED, Step.PRODUCER, 406),
    ),
    Seen(
        "rejected, never seen whole",
        (),
        (),
        (),
        Stop.REJECTED,
        Step.PRODUCER,
        None,
        failing(Stop.REJECTED, Step.PRODUCER, 501),
    ),
    Seen(
        "rejected for its frames, though the message is as asked",
        (ASKED,),
        (),
        (),
        Stop.REJECTED,
        Step.PRODUCER,
        None,
        {**failing(Stop.REJECTED, Step.PRODUCER, 505), "misframed": {Step.PRODUCER: "why"}},
    ),
    Seen(
        "a delivery whose frames are broken ends the consumer's connection",
        ALL,
        (),
        (),
        Stop.DISCONNECTED,
        Step.BROKER,
        False,
        {**failing(Stop.DISCONNECTED, Step.CONSUMER, 505), "misframed": {Step.BROKER: "why"}},
    ),
    Seen(
        "a delivery whose frames are broken can't be decoded",
        ALL,
        (),
        (SENTINEL,),
        Stop.UNDECODABLE,
        Step.BROKER,
        True,
        {"undecodable": "why", "misframed": {Step.BROKER: "why"}},
    ),
    Seen("cut on its way", ALL, (), (), Stop.HUNG, Step.BROKER, False, {"misframed": {Step.BROKER: "why"}}),
    Seen("refused", (), (), (), Stop.REFUSED, Step.PRODUCER, None, failing(Stop.REFUSED, Step.PRODUCER)),
    Seen(
        "the producer crashed",
        ALL,
        ALL,
        ALL,
        Stop.CRASHED,
        Step.PRODUCER,
        None,
        failing(Stop.CRASHED, Step.PRODUCER),
    ),
    Seen(
        "the consumer crashed",
        ALL,
        ALL,
        (),
        Stop.CRASHED,
        Step.CONSUMER,
        False,
        failing(Stop.CRASHED, Step.CONSUMER),
    ),
    Seen(
        "the consumer broke the contract",
        ALL,
        ALL,
        ALL,
        Stop.PROTOCOL,
        Step.CONSUMER,
        True,
        failing(Stop.PROTOCOL, Step.CONSUMER),
    ),
)
UNTAPPED = (
    Seen("all in order", (), (), ALL, Kind.SAME, None),
    Seen("somebody changed it", (), (), (CHANGED, SENTINEL), Kind.ALTERED, None),
    Seen("somebody lost it", (), (), (SENTINEL,), Stop.UNDELIVERED, None, True),
    Seen("somebody hung", (), (), (), Stop.HUNG, None, False),
    Seen("somebody doubled it", (), (), (ASKED, *ALL), Kind.ADDED, None),
    Seen("only it is reported", (), (), (ASKED,), Stop.HUNG, Step.CONSUMER, False),
)


def evidence_of(seen: Seen, *, tapped: bool, rejected: Rejected | None = None) -> Evidence:
    way = Way(tapped, place(*seen.sent), place(*seen.delivered), place(*seen.reported), **seen.more)
    return evidence(ASKED, way, rejected)


def claim_of(seen: Seen) -> str:
    return seen.claim


@pytest.mark.parametrize("seen", TABLE, ids=claim_of)
def test_the_wire_tells_which_step_is_to_blame(seen: Seen) -> None:
    found = evidence_of(seen, tapped=True)
    verdict = judge(found)
    assert (verdict.verdict, verdict.step) == (seen.verdict, seen.step)
    assert (found.failure.next_arrived if found.failure else None) == seen.next_arrived


@pytest.mark.parametrize("seen", UNTAPPED, ids=claim_of)
def test_without_the_wire_the_verdict_is_the_same_and_nobody_is_blamed(seen: Seen) -> None:
    found = evidence_of(seen, tapped=False)
    verdict = judge(found)
    assert (verdict.verdict, verdict.step) == (seen.verdict, seen.step)
    assert (found.failure.next_arrived if found.failure else None) == seen.next_arrived


def test_a_loss_whose_message_came_late_says_so() -> None:
    late = next(seen for seen in TABLE if seen.claim == "reported too late")
    lost = next(seen for seen in TABLE if seen.claim == "never reported")
    failures = [evidence_of(seen, tapped=True).failure for seen in (late, lost)]
    assert ["after the message" in failure.text for failure in failures if failure] == [True, False]


def test_a_rejection_that_the_case_asks_for_stays_with_the_producer_that_sent_it() -> None:
    seen = next(seen for seen in TABLE if seen.claim == "rejected as it was asked")
    found = evidence_of(seen, tapped=True, rejected=Rejected(406, "connection"))
    assert found.failure is not None
    assert found.failure.step is Step.PRODUCER
    assert judge(found, rejected=Rejected(406, "connection")).passes


def test_of_two_failures_of_a_step_the_first_counts() -> None:
    way = Way(tapped=True)
    way.fail(Failure(Stop.REJECTED, Step.PRODUCER, "406"))
    way.fail(Failure(Stop.CRASHED, Step.PRODUCER, "and then it crashed"))
    assert way.failures[Step.PRODUCER].stop is Stop.REJECTED


def test_a_way_is_over_once_the_sentinel_is_reported_or_something_failed_or_time_is_up() -> None:
    assert not Way(tapped=True).over
    assert Way(tapped=True, reported=place(SENTINEL)).over
    assert not Way(tapped=True, delivered=place(SENTINEL)).over
    assert Way(tapped=True, timed_out=True).over
    failed = Way(tapped=True)
    failed.fail(Failure(Stop.HUNG, Step.PRODUCER, "why"))
    assert failed.over


def test_the_consumer_is_waited_for_only_when_all_is_on_its_wire() -> None:
    assert Way(tapped=True, delivered=place(*ALL)).waits_for_consumer
    assert not Way(tapped=True, delivered=place(ASKED)).waits_for_consumer
    assert not Way(tapped=True, delivered=place(*ALL), reported=place(*ALL)).waits_for_consumer


def test_the_header_of_a_way_is_that_of_the_first_message_not_of_the_sentinel() -> None:
    way = Way(tapped=True)
    way.sent.add(ASKED, False, b"asked")
    way.sent.add(None, True, b"sentinel")
    way.delivered.add(None, False, b"broken")
    assert (way.wire.sent, way.wire.delivered) == (b"asked", b"broken")
    assert Way(tapped=True).wire.sent is None


# --- what is heard -------------------------------------------------------------------------------------

DESCRIBED = Described(1, "x", "1", "go", "go", ("producer",), (), unsupported=("empty:body",))


@pytest.mark.parametrize(
    "reply, stop, step, code",
    [
        (Failed(1, "unsupported", "no", what="empty:body"), Stop.UNSUPPORTED, Step.PRODUCER, None),
        (Failed(1, "unsupported", "no", what="type:void"), Stop.BUG, Step.PRODUCER, None),
        (Failed(1, "unsupported", "no"), Stop.BUG, Step.PRODUCER, None),
        (Failed(1, "refused", "ValueError"), Stop.REFUSED, Step.PRODUCER, None),
        (Failed(1, "bug", "KeyError"), Stop.BUG, Step.PRODUCER, None),
        (Failed(1, "disconnected", "406", code=406, scope="channel"), Stop.REJECTED, Step.PRODUCER, 406),
        (Failed(1, "disconnected", "EOF"), Stop.DISCONNECTED, Step.PRODUCER, None),
    ],
)
def test_an_error_reply_to_a_publish_is_told_by_its_kind(
    reply: Failed, stop: Stop, step: Step, code: int | None
) -> None:
    failure = publish_failed(reply, DESCRIBED)
    assert (failure.stop, failure.step, failure.code) == (stop, step, code)


def test_unsupported_by_a_peer_that_described_nothing_is_a_bug() -> None:
    assert publish_failed(Failed(1, "unsupported", "no", what="empty:body"), None).stop is Stop.BUG


def test_a_refusal_that_closed_nothing_concerns_the_message_and_a_loss_the_connection() -> None:
    assert publish_failed(Failed(1, "refused", "no"), DESCRIBED).scope == "message"
    assert publish_failed(Failed(1, "disconnected", "no", scope="channel"), DESCRIBED).scope == "channel"
    assert publish_failed(Failed(1, "disconnected", "no"), DESCRIBED).scope == "connection"


@pytest.mark.parametrize(
    "step, by, stop",
    [
        (Step.PRODUCER, "broker", Stop.REJECTED),
        (Step.CONSUMER, "broker", Stop.DISCONNECTED),
        (Step.PRODUCER, "peer", Stop.DISCONNECTED),
        (Step.CONSUMER, "peer", Stop.DISCONNECTED),
    ],
)
def test_only_a_close_by_the_broker_of_a_producer_is_a_rejection(step: Step, by: Any, stop: Stop) -> None:
    event = ClosedOnWire(1, 1, "channel", 406, "PRECONDITION_FAILED", by)
    failure = closed_on_wire(step, event)
    assert (failure.stop, failure.step, failure.scope, failure.code) == (stop, step, "channel", 406)
    assert "406 PRECONDITION_FAILED" in failure.text


def test_a_close_whose_text_is_no_utf8_is_told_all_the_same() -> None:
    event = ClosedOnWire(1, 0, "connection", 501, v.Base64("/w=="), "broker")
    assert closed_on_wire(Step.CONSUMER, event).text == "501 /w=="


@pytest.mark.parametrize(
    "step, code, stop",
    [
        (Step.PRODUCER, 406, Stop.REJECTED),
        (Step.PRODUCER, None, Stop.DISCONNECTED),
        (Step.CONSUMER, 406, Stop.DISCONNECTED),
    ],
)
def test_a_close_told_by_the_peer_is_a_rejection_only_with_a_code_for_a_producer(
    step: Step, code: int | None, stop: Stop
) -> None:
    failure = closed_by_word(step, Closed("channel", "closed", code))
    assert (failure.stop, failure.step, failure.scope, failure.code) == (stop, step, "channel", code)


def test_frames_that_a_closing_cut_off_are_no_lie() -> None:
    way = Way(tapped=True)
    way.fail(Failure(Stop.REJECTED, Step.PRODUCER, "why", "channel", 406))
    way.misframe(Step.PRODUCER, "a message was cut")
    assert way.misframed == {}


@pytest.mark.parametrize(
    "event, words",
    [
        (Cut(1, 1, Direction.TO_PEER, "e", "k", b"", 3, 10), "a message was cut after 3 of 10 body octets"),
        (Stray(1, 1, Direction.TO_PEER, 2, 14), "a header frame came that belongs to no message"),
        (Stray(1, 1, Direction.TO_PEER, 3, 14), "a body frame came that belongs to no message"),
        (Broken(1, Direction.TO_PEER, "no frame end"), "no frame end"),
    ],
)
def test_what_is_wrong_with_frames_is_said(event: Cut | Stray | Broken, words: str) -> None:
    assert frames_problem(event) == words
