"""One failing cell: all that differs, field by field, and commands that can be typed."""

from __future__ import annotations

import shlex

import pytest
from report_samples import HOSTILE, PI, THREE, cell, differing, head, narrowed, stopped

from harness.amqp.message import Inline
from harness.amqp.values import Base64, Int8, Longstr, NativeInt, NativeStr
from harness.judge.difference import Kind, Shown
from harness.judge.verdict import Step, StepDifference
from harness.report.failure import PASSING_LIMIT, failure_text, first_difference
from harness.report.names import PROGRAM, verdict_of
from harness.results import Broker

ARGUMENTS = "--broker debian:bookworm --producer amqp091-go --consumer pika --case headers/double"
GOLDEN = """\
headers/double[amqp091-go->pika]: narrowed at the consumer
pika 1.4.4 read header k, sent and delivered as double 3.14, as int 3

  step      field      expected     got    difference
  consumer  headers.k  double 3.14  int 3  narrowed

repeat it:  {run}
explain it: .venv/bin/amqp-interop explain 'headers/double[amqp091-go->pika]' --broker debian:bookworm
""".replace("{run}", f"{PROGRAM} run {ARGUMENTS}")


def test_a_failure_in_full() -> None:
    assert failure_text(head(), narrowed()) == GOLDEN


def test_every_difference_that_fails_is_listed() -> None:
    many = tuple(
        StepDifference(Step.CONSUMER, Kind.NARROWED, f"headers.k[{n}]", PI, THREE) for n in range(50)
    )
    text = failure_text(head(), narrowed(differences=many))
    assert all(f"headers.k[{n}] " in text for n in range(50))


def test_differences_that_pass_stand_last_and_are_cut() -> None:
    passing = tuple(
        StepDifference(Step.CONSUMER, Kind.RETYPED, f"headers.p{n:03}", Int8("1"), NativeInt("1"))
        for n in range(PASSING_LIMIT + 7)
    )
    failing = StepDifference(Step.CONSUMER, Kind.NARROWED, "headers.k", PI, THREE)
    text = failure_text(head(), narrowed(differences=(*passing, failing)))
    assert text.index("headers.k ") < text.index("headers.p000")
    assert f"headers.p{PASSING_LIMIT - 1:03}" in text
    assert f"headers.p{PASSING_LIMIT:03}" not in text
    assert "and 7 more of the same value in another type" in text


def test_a_stop_has_no_table_and_tells_its_reason() -> None:
    text = failure_text(
        head(), stopped("hung", Step.CONSUMER, "never reported", scope="process", next_arrived=False)
    )
    assert text.splitlines()[:3] == [
        "headers/double[amqp091-go->pika]: hung at the consumer",
        "pika 1.4.4 hung over the message of headers/double: never reported; the process went with it; "
        "the next message did not arrive",
        "",
    ]
    assert "difference" not in text


def test_two_passes_that_disagree_are_told() -> None:
    assert "the first pass) it came out as lost;" in failure_text(head(), narrowed(first_pass="lost"))


def test_texts_that_look_the_same_are_told_apart_by_where_they_differ() -> None:
    before, after = Longstr("x" * 300), Longstr("x" * 299 + "y")
    text = failure_text(head(), differing(Step.BROKER, Kind.ALTERED, "headers.k", before, after))
    assert "altered, first at byte 299" in text


@pytest.mark.parametrize(
    ("expected", "got", "where"),
    [
        (Longstr("ab"), NativeStr("ac"), 1),
        (Longstr("ab"), Longstr("abc"), 2),
        (Longstr("é"), Longstr(Base64("6Q==")), 0),
        (Inline("ab"), Inline("ab", "str"), None),
        (Int8("1"), Int8("2"), None),
    ],
)
def test_the_first_byte_that_differs(expected: Shown, got: Shown, where: int | None) -> None:
    assert first_difference(expected, got) == where


def test_a_broker_named_by_url_needs_its_password_again() -> None:
    broker = Broker("amqp://guest@10.0.0.1:5672/%2F", "RabbitMQ", "3.10.8", "")
    assert failure_text(head(broker=broker), narrowed()).endswith(
        "(the broker's password is not kept: add it to its URL)\n"
    )


def test_the_commands_can_be_typed_whatever_is_in_them() -> None:
    text = failure_text(head(broker=Broker("a b; rm -rf 'x'", "RabbitMQ", "1", "")), narrowed())
    run = next(line for line in text.splitlines() if line.startswith("repeat it:"))
    assert shlex.split(run)[2:] == [
        ".venv/bin/amqp-interop", "run", "--broker", "a b; rm -rf 'x'", "--producer", "amqp091-go",
        "--consumer", "pika", "--case", "headers/double",
    ]  # fmt: skip


def test_hostile_content_stays_on_its_line() -> None:
    line = differing(
        Step.BROKER, Kind.ALTERED, f"headers.{HOSTILE}", Longstr(HOSTILE), HOSTILE, first_pass=HOSTILE
    )
    text = failure_text(head(), line)
    assert all(row.isprintable() for row in text.splitlines())
    assert len(text.splitlines()) == len(GOLDEN.splitlines()) + 2
    text.encode()


def test_a_line_gives_back_the_verdict_it_was_made_from() -> None:
    line = stopped("rejected", Step.PRODUCER, "541", code=541, scope="connection", outcome="pass")
    verdict = verdict_of(line)
    assert verdict.as_asked
    assert verdict.failure is not None
    assert (verdict.failure.code, verdict.failure.scope, verdict.failure.text) == (541, "connection", "541")
    assert verdict_of(cell()).failure is None
