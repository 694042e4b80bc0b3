"""The step summary: all of a run in short, and nothing in it becomes markup."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from report_samples import HOSTILE, cell, differing, foot, head, narrowed, stopped

from harness.amqp.values import NativeStr
from harness.errors import UsageError
from harness.judge.difference import Kind
from harness.judge.expect import Stale
from harness.judge.verdict import Step
from harness.report.markdown import BYTES_LIMIT, CAUSES_LIMIT, code, markdown, text, write_markdown
from harness.results import Broker, CellLine, Shard

CELLS = [cell(), narrowed("headers/float", outcome="expected", expectation=7), narrowed()]
OTHER = Broker("debian:trixie", "RabbitMQ", "4.0.5", "Erlang/OTP")


def test_a_summary_has_the_table_the_causes_and_how_to_look_closer() -> None:
    lines = markdown(head(), CELLS, foot()).splitlines()
    assert lines[0] == "## AMQP interop: 1 failed, 0 errors"
    assert "3 of 4 cells: 1 pass, 1 expected, 1 fail" in lines
    assert r"| producer / consumer | pika |" in lines
    assert r"| **amqp091\-go** | 1 pass<br>1 expected<br>**1 fail** |" in lines
    (cause,) = (line for line in lines if line.startswith("- **"))
    assert cause.startswith(
        r"- **1 × pika 1.4.4\: narrowed headers.\*, double became int**. For example `head"
    )
    assert any(
        "amqp-interop explain 'headers/double[amqp091-go->pika]' --broker debian:bookworm`" in one
        for one in lines
    )


def test_a_run_that_is_as_expected_says_so_and_one_that_was_cut_does_not() -> None:
    assert markdown(head(), [cell()], foot()).startswith("## AMQP interop: as expected\n")
    assert markdown(head(), [cell()], None).startswith("## AMQP interop: the run was CUT OFF")


def test_stale_expectations_and_strays_are_listed() -> None:
    told = markdown(head(), [cell()], foot(stale=(Stale("a.yaml:3", "did not show"),), strays=("x",)))
    assert "- `a.yaml:3`: did not show" in told
    assert "### Deliveries that belong to no cell" in told


def test_each_broker_of_several_has_its_table() -> None:
    cells = [
        cell(id="headers/double[amqp091-go->pika]@debian:bookworm"),
        narrowed(id="headers/double[amqp091-go->pika]@debian:trixie"),
    ]
    told = markdown(head(more_brokers=(OTHER,)), cells, foot())
    first, second = told.split("###")[1:3]
    assert "bookworm" in first
    assert "1 pass" in first
    assert "trixie" in second
    assert "**1 fail**" in second
    assert "--broker debian:trixie`" in told


def test_a_part_of_a_run_says_that_it_is_one() -> None:
    told = markdown(head(shard=Shard(2, 5, 9, 9, "", False)), [cell()], foot())
    assert "(part 2 of 5)" in told


def many() -> Iterator[CellLine]:
    for number in range(CAUSES_LIMIT * 2):
        yield differing(Step.CONSUMER, Kind.LOST, f"{number}{'*' * 200}", NativeStr("*" * 9999), None)


def test_it_is_never_too_long_for_a_step_summary() -> None:
    told = markdown(head(), many(), foot(strays=("`" * 9000,) * 900))
    assert len(told.encode()) < BYTES_LIMIT + 1000
    assert f"- and {CAUSES_LIMIT} more causes" in told
    assert "more" in markdown(head(), [], foot(stale=(Stale("a" * 9000, "*" * 9000),) * 900))


@pytest.mark.parametrize(
    "words",
    [HOSTILE, "<img src=x onerror=y>", "[a](http://x)", "| a |", "@team", "#7", "**x**", "`", "a``b`"],
)
def test_words_stay_words(words: str) -> None:
    told = text(words)
    assert not any(character in told.replace("\\" + character, "") for character in "<>[]|`*_#")
    assert told.isprintable()
    inside = code(words)
    ticks = len(inside) - len(inside.lstrip("`"))
    assert inside.isprintable()
    assert "`" * ticks not in inside.strip("`").strip(" ")


def test_a_cell_with_hostile_words_breaks_no_line() -> None:
    told = markdown(head(), [stopped("crashed", Step.CONSUMER, HOSTILE)], foot(strays=(HOSTILE,)))
    assert told.replace("\n", "").isprintable()
    assert "<&" not in told


def test_a_file_that_cannot_be_written_is_an_error_of_usage(tmp_path: Path) -> None:
    write_markdown(tmp_path / "r.md", head(), CELLS, foot())
    assert (tmp_path / "r.md").read_text(encoding="utf-8") == markdown(head(), CELLS, foot())
    with pytest.raises(UsageError, match="cannot write Markdown"):
        write_markdown(tmp_path, head(), CELLS, foot())
