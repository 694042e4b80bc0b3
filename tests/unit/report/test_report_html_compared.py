"""Two results files: each cell's change has one name, and what can't be compared is not called the same."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest
from report_samples import PI, THREE, cell, differing, foot, head, narrowed, stopped

from harness.amqp import values as v
from harness.amqp.message import Inline, Message
from harness.judge.difference import Kind
from harness.judge.verdict import Step
from harness.report.html.compared import Older, heads, older
from harness.results import CaseLine, CellLine, Head, PeerInfo, ResultsWriter, read_results

ASKED = Message({"headers": v.Table((("k", PI),))}, Inline("x"))


def before(tmp_path: Path, *cells: CellLine, of: Head | None = None, new: Head | None = None) -> Older:
    path = tmp_path / "old.jsonl"
    with ResultsWriter(path) as writer:
        writer.write(of or head())
        writer.write(CaseLine("headers/double", "Why it is there.", None, ASKED))
        for line in cells:
            writer.write(line)
        writer.write(foot())
    return older(read_results(path), new or head())


HUNG = stopped("hung", Step.CONSUMER, "it hung")
CRASHED = stopped("crashed", Step.CONSUMER, "it crashed")
FOUR = differing(Step.CONSUMER, Kind.NARROWED, "headers.k", PI, v.NativeInt("4"))
RETYPED = differing(
    Step.CONSUMER, Kind.RETYPED, "body", Inline("x"), Inline("x", "str"), outcome="pass", verdict="retyped"
)
UNSUPPORTED = cell(verdict="unsupported", outcome="unsupported")
ERROR = cell(verdict="bug", outcome="error")
UNKNOWN = cell(verdict="unknown", outcome="fail")


@pytest.mark.parametrize(
    ("was", "now", "became"),
    [
        (cell(), narrowed(), "worse"),
        (narrowed(), cell(), "better"),
        (cell(), cell(), "same"),
        (narrowed(), narrowed(), "same"),
        (narrowed(), narrowed(outcome="expected"), "same"),
        (narrowed(), HUNG, "other failure"),
        (HUNG, CRASHED, "other failure"),
        (narrowed(), FOUR, "other value"),
        (cell(), RETYPED, "other type"),
        (RETYPED, RETYPED, "same"),
        (UNSUPPORTED, UNSUPPORTED, "same"),
        (UNSUPPORTED, cell(), "not comparable"),
        (narrowed(), UNSUPPORTED, "not comparable"),
        (ERROR, ERROR, "not comparable"),
        (cell(), ERROR, "not comparable"),
        (UNKNOWN, UNKNOWN, "not comparable"),
    ],
)
def test_each_change_has_one_name(tmp_path: Path, was: CellLine, now: CellLine, became: str) -> None:
    old = before(tmp_path, was)
    assert old.compare(head(), now, ASKED)[0] == became
    assert old.counts == {became: 1}


def test_names_of_one_run_are_no_change(tmp_path: Path) -> None:
    def exchange(name: str) -> CellLine:
        return differing(Step.CONSUMER, Kind.ALTERED, "exchange", name, "x")

    old = before(tmp_path, exchange("interop.0123456789ab"))
    assert old.compare(head(), exchange("interop.ba9876543210"), None)[0] == "same"
    assert old.compare(head(), exchange("other"), None)[0] == "other value"


def test_a_case_that_asks_for_another_message_now_is_not_comparable(tmp_path: Path) -> None:
    other = Message({"headers": v.Table((("k", THREE),))}, Inline("x"))
    old = before(tmp_path, cell(), cell())
    assert old.compare(head(), cell(), other)[0] == "not comparable"
    assert old.compare(head(), cell(), None)[0] == "same"


def test_failures_with_and_without_the_wire_watched_are_not_comparable_and_passes_are(tmp_path: Path) -> None:
    blind = head(tap=False)
    old = before(tmp_path, narrowed(), cell("headers/void"))
    assert old.compare(blind, narrowed(), None)[0] == "not comparable"
    assert old.compare(blind, cell("headers/void"), None)[0] == "same"


def test_what_is_only_in_one_file_is_new_or_gone(tmp_path: Path) -> None:
    old = before(tmp_path, cell("headers/a"), cell("headers/b"))
    assert old.compare(head(), cell("headers/b"), None)[0] == "same"
    assert old.compare(head(), cell("headers/c"), None) == ("new", None)
    assert old.gone == ["headers/a[amqp091-go->pika]"]


def peers(*consumers: str) -> dict[str, Any]:
    made = tuple(
        PeerInfo(label, "pika", label.partition("@")[2] or "1.4.4", "python", "3", ("consumer",))
        for label in consumers
    )
    return {"peers": made}


def test_another_release_of_the_same_library_is_compared_under_its_other_label(tmp_path: Path) -> None:
    new = head(**peers("pika"))
    old = before(tmp_path, narrowed(consumer="pika@1.3.2"), of=head(**peers("pika@1.3.2")), new=new)
    became, was = old.compare(new, cell(), None)
    assert became == "better"
    assert was is not None
    assert was.id.endswith("pika@1.3.2]")


def test_of_several_releases_none_is_guessed(tmp_path: Path) -> None:
    new = head(**peers("pika"))
    old = before(tmp_path, cell(consumer="pika@1.3.2"), of=head(**peers("pika@1.3.2", "pika@1.3.1")), new=new)
    assert old.compare(new, cell(), None)[0] == "new"


def test_what_is_not_the_same_in_the_two_runs_is_named() -> None:
    new = head(suite="0.2.0", **peers("pika"))
    found = heads(head(**peers("pika@1.3.2")), new)
    assert found == [("suite", "0.1.0", "0.2.0"), ("pika, consumer", "1.3.2 (3)", "1.4.4 (3)")]
    assert heads(head(), head()) == []
    assert msgspec.json.encode(found)
