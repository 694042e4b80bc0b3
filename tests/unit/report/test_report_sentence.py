"""The sentence names who is blamed, the field, what it was and what it became; and no more than was seen."""

from __future__ import annotations

import pytest
from report_samples import HOSTILE, NAMES, PI, THREE, differing, head, routed, stopped

from harness.amqp.message import PropertyName
from harness.amqp.values import (
    Int8,
    Int64,
    LongLong,
    Longstr,
    NativeStr,
    Octet,
    Shortstr,
    Table,
    Timestamp,
    Uint8,
    Value,
)
from harness.judge.difference import Kind, Shown
from harness.judge.verdict import Failure, Step, StepDifference, Stop, Verdict
from harness.report.failure import cell_sentence
from harness.report.names import party
from harness.report.sentence import field_name, sentence, subject_of

P, B, C = Step.PRODUCER, Step.BROKER, Step.CONSUMER
TOLD: list[tuple[Step | None, Kind, str, Shown, Shown, str]] = [
    (
        B,
        Kind.ALTERED,
        "steps[6].receive.messages[1].headers.x-death[0].reason",
        "delivery_limit",
        "absent",
        "MQ 4 at step 6, receive.messages[1].headers.x-death[0].reason: expected delivery_limit, got absent",
    ),
    (
        C,
        Kind.LOST,
        "steps[2].told.event",
        "closed",
        None,
        "pika 1 at step 2, told.event: expected closed, got nothing",
    ),
    (
        C,
        Kind.NARROWED,
        "headers.k",
        PI,
        THREE,
        "pika 1 read header k, sent and delivered as double 3.14, as int 3",
    ),
    (
        P,
        Kind.ALTERED,
        "headers.k",
        Uint8("200"),
        Int8("-56"),
        "go 1, asked for header k as uint8 200, sent int8 -56",
    ),
    (
        B,
        Kind.RETYPED,
        "headers.k",
        LongLong("5"),
        Int64("5"),
        "MQ 4 delivered header k, sent as longlong 5, as int64 5",
    ),
    (
        P,
        Kind.EMPTIED,
        "priority",
        Octet("0"),
        None,
        "go 1, asked for property priority as octet 0, left it out",
    ),
    (
        P,
        Kind.DEFAULTED,
        "priority",
        None,
        Octet("1"),
        "go 1, not asked for property priority, sent it as octet 1",
    ),
    (
        B,
        Kind.LOST,
        "headers.CC",
        Longstr("q"),
        None,
        'MQ 4 delivered the message without header CC, sent as longstr "q"',
    ),
    (B, Kind.ADDED, "headers.x", None, Int64("0"), "MQ 4 added header x, which was not sent, as int64 0"),
    (
        C,
        Kind.LOST,
        "headers.k#2",
        Longstr("b"),
        None,
        'pika 1 did not hand over header k#2, sent and delivered as longstr "b"',
    ),
    (
        C,
        Kind.EMPTIED,
        "cluster_id",
        None,
        NativeStr(""),
        'pika 1 reported property cluster_id, which was not sent or delivered, as str ""',
    ),
    (
        C,
        Kind.ALTERED,
        "redelivered",
        False,
        True,
        "pika 1 read the redelivered flag, sent and delivered as false, as true",
    ),
    (
        P,
        Kind.ALTERED,
        "headers:order",
        "b, a",
        "a, b",
        "go 1, asked for the order of the headers as b, a, sent a, b",
    ),
    (B, Kind.ADDED, "deliveries", "1", "2", "MQ 4 delivered the message 2 times instead of once"),
    (
        None,
        Kind.ADDED,
        "deliveries",
        "1",
        "2",
        "go 1, MQ 4 or pika 1 made the message 2 times instead of once",
    ),
    (
        B,
        Kind.ALTERED,
        "outcome",
        "rejected with 541, closing the connection",
        "delivered",
        "MQ 4 delivered what it should have rejected with 541, closing the connection",
    ),
    (
        None,
        Kind.NARROWED,
        "headers.k",
        PI,
        THREE,
        "header k, asked for as double 3.14 of go 1, reached pika 1 as int 3; nobody watched the wire",
    ),
    (
        None,
        Kind.LOST,
        "headers.k",
        PI,
        None,
        "header k, asked for as double 3.14 of go 1, reached pika 1 not at all; nobody watched the wire",
    ),
]


def verdict(
    step: Step | None, kind: Kind, path: str, expected: Shown, got: Shown, *more: StepDifference
) -> Verdict:
    one = StepDifference(step, kind, path, expected, got)
    return Verdict(kind, step, path, expected, got, (*more, one), None)


@pytest.mark.parametrize(
    ("step", "kind", "path", "expected", "got", "words"), TOLD, ids=[t[-1] for t in TOLD]
)
def test_a_difference_in_one_sentence(
    step: Step | None, kind: Kind, path: str, expected: Shown, got: Shown, words: str
) -> None:
    assert sentence(NAMES, verdict(step, kind, path, expected, got)) == words


def test_what_the_broker_changed_is_not_said_to_have_been_sent_so() -> None:
    before = StepDifference(B, Kind.RETYPED, "headers.k", LongLong("5"), Int64("5"))
    told = sentence(NAMES, verdict(C, Kind.ALTERED, "headers.k", Int64("5"), Int8("6"), before))
    assert told == "pika 1 read header k, delivered as int64 5, as int8 6"


def test_nothing_changed() -> None:
    told = sentence(NAMES, Verdict("same", None, None, None, None, (), None))
    assert told == "all that go 1 was asked to send arrived at pika 1 unchanged"


STOPS: list[tuple[Failure, str]] = [
    (Failure(Stop.UNSUPPORTED, P, "type:uint8"), "go 1 cannot express header k: type:uint8"),
    (Failure(Stop.UNSUPPORTED, C, "key-order"), "pika 1 cannot hand over header k: key-order"),
    (Failure(Stop.REFUSED, P, "TypeError"), "go 1 refused to take header k: TypeError"),
    (
        Failure(Stop.REJECTED, P, "406 PRECONDITION_FAILED", "channel", 406),
        "the broker (MQ 4) refused what go 1 sent: 406 PRECONDITION_FAILED; the channel went with it",
    ),
    (
        Failure(Stop.REJECTED, B, "closed", "connection", 541),
        "the broker (MQ 4) refused what go 1 sent as asked: 541 closed; the connection went with it",
    ),
    (Failure(Stop.UNROUTED, B, "returned"), "MQ 4 found no queue for header k: returned"),
    (
        Failure(Stop.UNDELIVERED, P, "the library took it and never sent it", next_arrived=True),
        "go 1 lost header k: the library took it and never sent it; the next message arrived",
    ),
    (
        Failure(Stop.UNDECODABLE, C, "ValueError", next_arrived=False),
        "pika 1 could not decode header k: ValueError; the next message did not arrive",
    ),
    (
        Failure(Stop.DISCONNECTED, C, "StreamLostError", "connection", next_arrived=False),
        "pika 1 lost its connection over header k: StreamLostError; the next message did not arrive",
    ),
    (
        Failure(Stop.DISCONNECTED, C, "gone", "process"),
        "pika 1 lost its connection over header k: gone; the process went with it",
    ),
    (
        Failure(Stop.HUNG, C, "silent", "process", next_arrived=False),
        "pika 1 hung over header k: silent; the process went with it; the next message did not arrive",
    ),
    (
        Failure(Stop.CRASHED, C, "status -11", "process"),
        "the process of pika 1 ended over header k: status -11; the process went with it",
    ),
    (Failure(Stop.UNKNOWN, None, "?"), "what became of header k could not be determined: ?"),
    (
        Failure(Stop.PROTOCOL, C, "junk", "process"),
        "error of the set-up, no result: the peer of pika 1 broke the protocol: junk",
    ),
    (
        Failure(Stop.BUG, P, ""),
        "error of the set-up, no result: the peer of go 1 failed: no reason given",
    ),
]


@pytest.mark.parametrize(("failure", "words"), STOPS, ids=[f"{f.stop}-{f.step}-{f.scope}" for f, _ in STOPS])
def test_a_stop_in_one_sentence_with_what_it_cost(failure: Failure, words: str) -> None:
    told = sentence(
        NAMES, Verdict(failure.stop, failure.step, None, None, failure.text, (), failure), "header k"
    )
    assert told == words


def test_every_stop_has_a_sentence() -> None:
    assert {failure.stop for failure, _ in STOPS} == set(Stop)


def test_a_loss_that_nobody_saw_is_blamed_on_nobody() -> None:
    failure = Failure(Stop.UNDELIVERED, None, "no report came")
    told = sentence(NAMES, Verdict("undelivered", None, None, None, "", (), failure))
    assert told.startswith("go 1, MQ 4 or pika 1 lost the message")


def test_a_refusal_that_the_case_asks_for_is_said_to_be_one() -> None:
    line = stopped("rejected", P, "541 INTERNAL_ERROR", code=541, scope="connection", outcome="pass")
    assert "541 INTERNAL_ERROR, as it must; the connection went with it" in cell_sentence(head(), line)


def test_a_line_of_results_says_the_release_behind_a_label() -> None:
    line = differing(C, Kind.NARROWED, "headers.k", PI, THREE, consumer="rabbitpy@2.0.1")
    assert cell_sentence(head(), line).startswith("rabbitpy 2.0.1 read header k")
    assert party("aio-pika", "9.4.0", "aio-pika@9.4.0[pamqp@3.2.1,python@3.12]") == (
        "aio-pika 9.4.0 with pamqp 3.2.1, python 3.12"
    )


def test_a_label_that_the_head_does_not_know_stands_for_itself() -> None:
    assert cell_sentence(head(peers=()), differing(C, Kind.NARROWED, "headers.k", PI, THREE)).startswith(
        "pika read"
    )


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("headers.k", "header k"),
        ("headers.k[0].x#2", "header k[0].x#2"),
        ('headers["a b"]', 'header ["a b"]'),
        ("headers[hex:ff]", "header [hex:ff]"),
        ("headers", "the headers"),
        ("priority", "property priority"),
        ("body", "the body"),
    ],
)
def test_a_path_has_a_name(path: str, name: str) -> None:
    assert field_name(path) == name


@pytest.mark.parametrize(
    ("properties", "words"),
    [
        ({"headers": Table((("k", Timestamp("1")),))}, "header k, timestamp 1 (1970-01-01T00:00:01Z)"),
        ({"priority": Octet("9")}, "property priority, octet 9"),
        ({"headers": Table((("a", Int8("1")), ("b", Int8("1"))))}, "the message"),
        ({"priority": Octet("9"), "app_id": Shortstr("x")}, "the message"),
        ({}, "the message"),
    ],
)
def test_a_message_of_one_field_is_named_by_it(properties: dict[PropertyName, Value], words: str) -> None:
    assert subject_of(routed(properties).message) == words


@pytest.mark.parametrize("step", [*Step, None])
def test_hostile_words_stay_words(step: Step | None) -> None:
    lines = [
        stopped("disconnected", step, HOSTILE * 99),
        differing(step, Kind.ALTERED, f'headers["{HOSTILE}"]', NativeStr(HOSTILE), HOSTILE),
        differing(step, Kind.ALTERED, "headers:order", HOSTILE, HOSTILE, consumer=HOSTILE),
    ]
    for line in lines:
        told = cell_sentence(head(), line)
        assert told.isprintable()
        assert len(told) < 1000
