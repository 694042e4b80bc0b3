"""The summary is a plain table to a pipe, coloured and fitted to a terminal, and leaves nothing wrong out."""

from __future__ import annotations

import io
import os
import pty
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest
from report_samples import HOSTILE, cell, differing, foot, head, narrowed, stopped

from harness.amqp.values import NativeStr
from harness.judge.difference import Kind
from harness.judge.expect import Stale
from harness.judge.listed import read_expectations
from harness.judge.verdict import Step
from harness.report.columns import aligned, width, wrapped
from harness.report.failure import failure_text
from harness.report.lines import Look, Piece, look_of, plain, rendered
from harness.report.terminal import print_summary, summary
from harness.results import Broker, CellLine, Shard

CELLS = [
    cell(),
    cell("headers/int8"),
    cell("framing/x", outcome="unsupported", verdict="unsupported", step=Step.PRODUCER, got="framing"),
    narrowed("headers/float", outcome="expected", expectation=7),
    narrowed(),
    cell(producer="streadway"),
    narrowed(producer="streadway", consumer="rabbitpy@2.0.1"),
    stopped("bug", Step.CONSUMER, "KeyError", outcome="error", consumer="rabbitpy@2.0.1"),
]
GOLDEN = """\
RabbitMQ 3.10.8 (debian:bookworm): 2 cases, 4 cells

producer / consumer  pika        rabbitpy@2.0.1
amqp091-go           2 1x 1u 1F     1E
streadway            1           1F

number: passed   x: failed as expected   u: unsupported   F: FAILED   E: error

Failures by cause
  1 × pika 1.4.4: narrowed headers.*, double became int. For example headers/double[amqp091-go->pika]: \
pika 1.4.4 read header k, sent and delivered as double 3.14, as int 3
  1 × rabbitpy 2.0.1: narrowed headers.*, double became int. For example \
headers/double[streadway->rabbitpy@2.0.1]: \
rabbitpy 2.0.1 read header k, sent and delivered as double 3.14, as int 3

Errors (of the set-up: no result about a library)
  1 × rabbitpy 2.0.1: bug: KeyError. For example headers/double[amqp091-go->rabbitpy@2.0.1]: \
error of the set-up, no result: the peer of rabbitpy 2.0.1 failed: KeyError

8 cells in 2.0 s: 3 pass, 1 expected, 1 unsupported, 2 fail, 1 error
"""
ESCAPE = re.compile(r"\x1b\[[0-9;]*m")


def test_a_pipe_gets_a_plain_aligned_table() -> None:
    assert summary(head(), CELLS, foot()) == GOLDEN


def test_each_broker_of_several_has_a_table_of_its_own() -> None:
    other = Broker("debian:trixie", "RabbitMQ", "4.0.5", "Erlang/OTP")
    name = "headers/double[amqp091-go->pika]"
    cells = [
        cell(id=f"{name}@debian:bookworm"),
        narrowed(id=f"{name}@debian:trixie", broker="RabbitMQ 4.0.5"),
    ]
    text = summary(head(more_brokers=(other,)), cells, foot())
    first, second = text.split("RabbitMQ 4.0.5 (debian:trixie): 1 fail\n")
    assert "RabbitMQ 3.10.8 (debian:bookworm): 1 pass\n" in first
    assert re.search(r"amqp091-go +1\n", first)
    assert re.search(r"amqp091-go +1F\n", second)
    assert "--broker debian:trixie" in failure_text(head(more_brokers=(other,)), cells[1])


def test_a_part_of_a_run_says_that_it_is_one() -> None:
    assert "; part 2 of 5\n" in summary(head(shard=Shard(2, 5, 9, 9, "", full=False)), CELLS, foot())


def test_a_terminal_gets_the_same_in_colours() -> None:
    coloured = summary(head(), CELLS, foot(), colour=True)
    assert "\x1b[1;31m" in coloured
    assert re.sub(r" +\n", "\n", ESCAPE.sub("", coloured)) == GOLDEN


def many() -> Iterator[CellLine]:
    for producer in range(5):
        for consumer in range(13):
            yield cell(producer=f"producer-{producer}", consumer=f"consumer-{consumer}")
            yield narrowed(producer=f"producer-{producer}", consumer=f"consumer-{consumer}")


@pytest.mark.parametrize("columns", [40, 80, 120])
def test_everything_fits_into_a_narrow_terminal(columns: int) -> None:
    text = summary(head(), many(), foot(), width=columns)
    table = text[: text.index("Failures")].splitlines()
    assert max(map(len, text.splitlines())) <= max(
        columns, len("headers/double[producer-4->consumer-12]:") + 4
    )
    assert max(map(len, table[4:-2])) <= columns
    assert all(text.count(f"consumer-{n} ") or text.count(f"consumer-{n}\n") for n in range(13))


def test_cells_are_read_once() -> None:
    cells: Iterable[CellLine] = iter(CELLS)
    assert summary(head(), cells, foot()) == GOLDEN


def test_a_run_that_was_cut_says_so() -> None:
    assert "The run was cut: 1 of 4 cells were judged.\n" in summary(head(), [cell()], None)


def test_a_run_without_cells_has_a_summary() -> None:
    assert "0 cells in 2.0 s: 0 pass" in summary(head(), [], foot())


def test_stale_expectations_and_strays_are_listed_with_file_and_line() -> None:
    stale = Stale("contract/expectations.yaml:12", "lost did not show in a[b->c]")
    text = summary(
        head(), [cell()], foot(stale=(stale,), strays=("pika reported a message that was not due",))
    )
    assert "  contract/expectations.yaml:12: lost did not show in a[b->c]\n" in text
    assert "  pika reported a message that was not due\n" in text


def test_cells_whose_passes_disagree_are_named() -> None:
    cells = [cell(f"headers/{number}", first_pass="lost") for number in range(9)]
    text = summary(head(), cells, foot())
    assert "  headers/0[amqp091-go->pika]: lost in company, same alone\n" in text
    assert "  and 4 more\n" in text


def test_without_a_tap_the_summary_says_why_nobody_is_blamed() -> None:
    assert "nobody watched the wire" in summary(head(tap=False), [cell()], foot())


def test_expected_cells_are_a_count_unless_asked_for(tmp_path: Path) -> None:
    path = tmp_path / "expectations.yaml"
    path.write_text(
        "\n\n- {cases: ['headers/*'], step: consumer, difference: narrowed, what: bug,\n"
        "   reason: it cuts the fraction off, link: 'https://example.org/1'}\n"
    )
    cells = [narrowed(outcome="expected", expectation=3), narrowed(outcome="expected", expectation=3)]
    assert "As expected" not in summary(head(), cells, foot())
    text = summary(head(), cells, foot(), verbose=True, listed=read_expectations(path))
    assert (
        "  2 × contract/expectations.yaml:3: bug: it cuts the fraction off https://example.org/1. For" in text
    )


def test_hostile_content_paints_nothing() -> None:
    cells = [
        differing(Step.CONSUMER, Kind.ALTERED, f"headers.{HOSTILE}", NativeStr(HOSTILE), NativeStr(HOSTILE)),
        stopped("crashed", Step.CONSUMER, HOSTILE, producer=HOSTILE, consumer=HOSTILE, first_pass=HOSTILE),
        narrowed(outcome="expected", expectation=1, case=HOSTILE),
    ]
    stale = foot(stale=(Stale(HOSTILE, HOSTILE),), strays=(HOSTILE,))
    plain_text = summary(head(), cells, stale, verbose=True)
    assert all(line.isprintable() for line in plain_text.split("\n"))
    coloured = summary(head(), cells, stale, verbose=True, width=60, colour=True)
    assert all(line.isprintable() for line in ESCAPE.sub("", coloured).split("\n"))
    assert "\x1b[31m\\x07" not in coloured
    assert "[bold]" in coloured


class Terminal(io.StringIO):
    """A terminal that remembers; it has no file number."""

    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    ("environment", "look"),
    [
        ({"COLUMNS": "132"}, Look(132, True)),
        ({}, Look(80, True)),
        ({"COLUMNS": "wide"}, Look(80, True)),
        ({"NO_COLOR": "1"}, Look(80, False)),
        ({"NO_COLOR": ""}, Look(80, True)),
        ({"TERM": "dumb"}, Look(80, False)),
    ],
)
def test_a_terminal_is_asked_what_it_shows(environment: dict[str, str], look: Look) -> None:
    assert look_of(Terminal(), environment) == look


def test_a_pipe_has_neither_width_nor_colours() -> None:
    assert look_of(io.StringIO(), {"COLUMNS": "40", "FORCE_COLOR": "1"}) == Look(None, False)


def test_a_real_terminal_has_its_own_width() -> None:
    ours, theirs = pty.openpty()
    with os.fdopen(ours, "w"), os.fdopen(theirs, "w") as stream:
        assert look_of(stream, {}) == Look(os.get_terminal_size(theirs).columns or 80, True)


def test_the_summary_is_printed_as_the_stream_shows_it(monkeypatch: pytest.MonkeyPatch) -> None:
    pipe, terminal = io.StringIO(), Terminal()
    print_summary(head(), CELLS, foot(), pipe)
    assert pipe.getvalue() == GOLDEN
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm")
    print_summary(head(), CELLS, foot(), terminal)
    assert "\x1b[" in terminal.getvalue()


def test_columns_are_aligned_by_what_is_seen() -> None:
    assert aligned([("中", "x"), ("abc", "y"), ("e\u0301", "z")]) == ["中   x", "abc  y", "e\u0301    z"]
    assert (width("中"), width("e\u0301")) == (2, 1)


def test_no_text_is_wrapped_away() -> None:
    assert wrapped("aaa bbb", None, "  ") == ["  aaa bbb"]
    assert wrapped("a" * 50, 20, "", "  ") == ["a" * 20, "  " + "a" * 18, "  " + "a" * 12]
    assert wrapped("", 20) == [""]


def test_a_line_without_colour_is_its_text() -> None:
    lines = [(Piece("a", "red"), Piece("b")), plain("c  ", "bold")]
    assert rendered(lines, colour=False) == "ab\nc\n"
    assert rendered(lines, colour=True) == "\x1b[31ma\x1b[0mb\n\x1b[1mc  \x1b[0m\n"


def test_the_table_is_in_the_order_of_the_head_however_the_cells_came() -> None:
    assert summary(head(), CELLS, foot()) == summary(head(), tuple(reversed(CELLS)), foot())
