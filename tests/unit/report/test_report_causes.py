"""Failing cells are grouped by what is probably one cause, and by nothing that only looks like one."""

from __future__ import annotations

import pytest
from report_samples import HOSTILE, PI, THREE, differing, head, narrowed, stopped

from harness.amqp.values import Float, Int8, Longstr, NativeInt, NativeStr, Uint8, float_bits
from harness.judge.difference import Kind
from harness.judge.verdict import Step
from harness.report.causes import cause_line, causes, path_pattern

ONE = Float(float_bits(1.5))


def test_one_bug_in_many_cells_is_one_cause() -> None:
    cells = [
        narrowed("headers/double"),
        differing(Step.CONSUMER, Kind.NARROWED, "headers.other", ONE, NativeInt("1"), "headers/float"),
        narrowed("headers/double", producer="streadway"),
    ]
    (cause,) = causes(head(), cells)
    assert cause.count == 3
    assert cause_line(head(), cause) == (
        "3 × pika 1.4.4: narrowed headers.*, double, float became int. For example "
        "headers/double[amqp091-go->pika]: "
        "pika 1.4.4 read header k, sent and delivered as double 3.14, as int 3"
    )


def test_causes_are_apart_by_blame_step_kind_place_and_type() -> None:
    cells = [
        narrowed(),
        narrowed(consumer="rabbitpy@2.0.1"),
        differing(Step.BROKER, Kind.NARROWED, "headers.k", PI, THREE),
        differing(Step.CONSUMER, Kind.ALTERED, "headers.k", PI, THREE),
        differing(Step.CONSUMER, Kind.NARROWED, "headers.k[0]", PI, THREE),
        differing(Step.CONSUMER, Kind.NARROWED, "headers.k", PI, NativeStr("3")),
        differing(None, Kind.NARROWED, "headers.k", PI, THREE),
    ]
    assert len(causes(head(), cells)) == len(cells)


def test_what_came_out_otherwise_in_a_scenario_is_told_in_its_own_words() -> None:
    path = "steps[6].receive.messages[1].headers.x-delivery-count"
    (cause,) = causes(head(), [differing(Step.BROKER, Kind.ALTERED, path, "1", "absent")])
    assert cause.headline == f"RabbitMQ 3.10.8: altered {path}, 1 became absent"


def test_a_fault_of_the_producer_is_one_cause_whoever_consumes() -> None:
    cells = [
        differing(Step.PRODUCER, Kind.ALTERED, "headers.k", Uint8("200"), Int8("-56"), consumer=consumer)
        for consumer in ("pika", "rabbitpy@2.0.1")
    ]
    (cause,) = causes(head(), cells)
    assert (cause.who, cause.count) == ("amqp091-go 1.16.0", 2)


def test_the_largest_cause_comes_first() -> None:
    cells = [differing(Step.BROKER, Kind.LOST, "priority", PI, None), narrowed(), narrowed()]
    assert [cause.count for cause in causes(head(), cells)] == [2, 1]


def test_stops_are_one_cause_where_only_numbers_and_names_differ() -> None:
    cells = [
        stopped("crashed", Step.CONSUMER, "pika ended with status 70: KeyError('a')"),
        stopped("crashed", Step.CONSUMER, "pika ended with status 71: KeyError('b')"),
        stopped("crashed", Step.CONSUMER, "pika ended with status 71: ValueError('b')"),
    ]
    assert [cause.count for cause in causes(head(), cells)] == [2, 1]


def test_refusals_are_one_cause_by_their_code() -> None:
    cells = [
        stopped("rejected", Step.BROKER, text, code=code, scope="channel")
        for text, code in (("406 a", 406), ("406 b", 406), ("541 c", 541))
    ]
    assert [cause.headline for cause in causes(head(), cells)] == [
        "RabbitMQ 3.10.8: rejected: 406, channel",
        "RabbitMQ 3.10.8: rejected: 541, channel",
    ]


def test_a_headline_names_a_few_types_and_counts_the_rest() -> None:
    kinds = ("boolean", "octet", "int8", "uint8", "int16", "uint16", "int32", "uint32")
    cells = [narrowed() for _ in kinds]
    (cause,) = causes(head(), cells)
    cause.changes = dict.fromkeys(kinds, 1)
    assert "boolean, octet, int8, uint8, int16, uint16 and 2 more types became int" in cause.headline


@pytest.mark.parametrize(
    ("path", "pattern"),
    [
        ("headers.k", "headers.*"),
        ("headers.a-b[12].c", "headers.*[*].*"),
        ('headers["a.b[0] \\" \\\\"].x', "headers.*.*"),
        ("headers[hex:ff]#3", "headers.*#n"),
        ("headers:order", "headers:order"),
        ("priority", "priority"),
        ("body", "body"),
    ],
)
def test_a_pattern_leaves_out_what_differs_from_case_to_case(path: str, pattern: str) -> None:
    assert path_pattern(path) == pattern


def test_hostile_cells_make_one_inert_line() -> None:
    cells = [
        differing(Step.CONSUMER, Kind.ALTERED, f"headers.{HOSTILE}", Longstr(HOSTILE), NativeStr(HOSTILE)),
        stopped("crashed", Step.CONSUMER, HOSTILE),
    ]
    for cause in causes(head(), cells):
        assert cause_line(head(), cause).isprintable()
