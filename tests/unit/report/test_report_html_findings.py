"""Findings: what each cell says against somebody, each difference for itself."""

from __future__ import annotations

from report_samples import NAMES, PI, THREE, cell, differing, headers, routed, stopped

from harness.amqp import values as v
from harness.judge.difference import Kind
from harness.judge.verdict import Step, StepDifference
from harness.report.html.findings import about, field_type, traces
from harness.results import CellLine


def found(line: CellLine, asked: v.Value | None = None) -> list[tuple[str, ...]]:
    message = None if asked is None else routed(headers(("k", asked))).message
    return [(*trace.finding, trace.before) for trace in traces(NAMES, line, message)]


def test_a_clean_cell_says_nothing_against_anybody() -> None:
    assert found(cell()) == []
    assert found(cell(outcome="unsupported", verdict="unsupported")) == []


def test_each_failing_difference_counts_and_those_that_pass_do_not() -> None:
    differences = (
        StepDifference(Step.CONSUMER, Kind.NARROWED, "headers.a", PI, THREE),
        StepDifference(Step.CONSUMER, Kind.NARROWED, "headers.b", v.Float("3f000000"), THREE),
        StepDifference(Step.CONSUMER, Kind.RETYPED, "headers.c", v.Longstr("x"), v.NativeBytes("x")),
        StepDifference(Step.PRODUCER, Kind.LOST, "headers.d[0]", v.Array((v.Int8("1"),)), None),
    )
    line = differing(Step.PRODUCER, Kind.LOST, "headers.d[0]", None, None, differences=differences)
    assert found(line) == [
        ("pika 1", "consumer", "narrowed", "headers.*", "int", "double"),
        ("pika 1", "consumer", "narrowed", "headers.*", "int", "float"),
        ("go 1", "producer", "lost", "headers.*[*]", "absent", "array of int8"),
    ]


def test_the_same_twice_in_a_cell_counts_once() -> None:
    one = StepDifference(Step.CONSUMER, Kind.NARROWED, "headers.a", PI, THREE)
    line = differing(Step.CONSUMER, Kind.NARROWED, "headers.a", PI, THREE, differences=(one, one))
    assert len(found(line)) == 1


def test_a_stop_is_about_the_one_field_of_its_message() -> None:
    line = stopped("disconnected", Step.CONSUMER, "ValueError('year 10000 is out of range')")
    ((who, step, verdict, pattern, became, before),) = found(line, v.Timestamp("253402300800"))
    assert (who, step, verdict, pattern, before) == (
        "pika 1",
        "consumer",
        "disconnected",
        "headers.*",
        "timestamp",
    )
    assert became.startswith("ValueError")
    assert found(line)[0][-1] == "message"


def test_a_message_of_many_fields_is_about_none_of_them() -> None:
    two = routed({"priority": v.Octet("1"), "type": v.Shortstr("t")}).message
    assert about(two) == ("", None)
    assert about(None) == ("", None)
    assert about(routed({"priority": v.Octet("1")}).message) == ("priority", v.Octet("1"))
    pairs = routed(headers(("a", v.Void()), ("b", v.Void()))).message
    assert about(pairs) == ("headers", None)


def test_a_list_or_table_of_one_type_is_told_by_it() -> None:
    assert field_type(v.Array((v.Int8("1"), v.Int8("2")))) == "array of int8"
    assert field_type(v.Table((("k", v.Array((PI,))),))) == "table of array of double"
    assert field_type(v.Array((v.Int8("1"), PI))) == "array"
    assert field_type(v.NativeList(())) == "list"
