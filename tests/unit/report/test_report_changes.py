"""What changed, for people: grouped by what went and what came, worse first, and inert."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from report_samples import HOSTILE, cell, differing, head, narrowed, stopped

from harness.amqp.values import NativeStr
from harness.diff import Diff, Direction, diff
from harness.judge.difference import Kind
from harness.judge.verdict import Step, StepDifference
from harness.report.changes import Comparison, Side, changes_data, changes_text, groups, notes_on
from harness.report.lines import Look
from harness.results import CellLine, PeerInfo

EMPTIED = StepDifference(Step.CONSUMER, Kind.EMPTIED, "cluster_id", None, NativeStr(""))
PIPE = Look(None, colour=False)


def with_emptied(one: CellLine) -> CellLine:
    """The same cell at a consumer that also reports an empty cluster_id, as it always did."""
    return msgspec.structs.replace(one, differences=(*one.differences, EMPTIED))


def comparison(before: list[CellLine], after: list[CellLine], **changes: Any) -> Comparison:
    sides = {"old": Side("old.jsonl", head()), "new": Side("new.jsonl", head())}
    found = diff([(one.id, one) for one in before], [(one.id, one) for one in after])
    return Comparison(**({**sides, "diff": found} | changes))


ALWAYS = differing(Step.CONSUMER, Kind.EMPTIED, "cluster_id", None, NativeStr(""), "headers/b")
BEFORE = [cell("headers/a"), ALWAYS, narrowed("headers/c"), cell("headers/d"), cell("headers/gone")]
AFTER = [
    narrowed("headers/a"),
    with_emptied(narrowed("headers/b")),
    cell("headers/c"),
    cell("headers/d"),
    narrowed("headers/new"),
]
GOLDEN = """\
old: old.jsonl: RabbitMQ 3.10.8 (debian:bookworm), 4 cells, 2026-11-24T12:00:00+00:00
new: new.jsonl: RabbitMQ 3.10.8 (debian:bookworm), 4 cells, 2026-11-24T12:00:00+00:00
a note

Worse: 2 cells
  2 × new: pika 1.4.4: narrowed headers.*, double became int. For example headers/a[amqp091-go->pika]: \
pika 1.4.4 read header k, sent and delivered as double 3.14, as int 3

Better: 1 cell
  1 × gone: pika 1.4.4: narrowed headers.*, double became int. For example headers/c[amqp091-go->pika]: \
pika 1.4.4 read header k, sent and delivered as double 3.14, as int 3

Vanished: 1 cell
  1 × passed. For example headers/gone[amqp091-go->pika]

Appeared: 1 cell
  1 × pika 1.4.4: narrowed headers.*, double became int. For example headers/new[amqp091-go->pika]: \
pika 1.4.4 read header k, sent and delivered as double 3.14, as int 3

1 cell the same, 2 worse, 1 better, 1 vanished, 1 appeared
"""


def test_what_was_always_there_is_not_told_and_does_not_part_a_cause() -> None:
    assert changes_text(comparison(BEFORE, AFTER, notes=("a note",)), PIPE) == GOLDEN


def test_a_terminal_gets_lines_that_fit_and_colours() -> None:
    text = changes_text(comparison(BEFORE, AFTER), Look(60, colour=False))
    assert max(map(len, text.splitlines())) <= 60
    assert "\x1b[" in changes_text(comparison(BEFORE, AFTER), Look(60, colour=True))


def test_one_cause_for_another_is_told_with_what_was_before() -> None:
    hung, crashed = (stopped(stop, Step.CONSUMER, "words") for stop in ("hung", "crashed"))
    text = changes_text(comparison([hung], [crashed]), PIPE)
    assert "1 × pika 1.4.4: crashed: words; before: pika 1.4.4: hung: words. For example" in text


def test_a_release_that_changed_under_the_same_name_is_blamed_by_its_number() -> None:
    older = PeerInfo("pika", "pika", "1.3.2", "python", "CPython 3.11.7", ("consumer",))
    old = head(peers=(*head().peers[:2], older))
    made = comparison([narrowed()], [cell()], old=Side("old", old), notes=tuple(notes_on(old, head())))
    text = changes_text(made, PIPE)
    assert "gone: pika 1.3.2: narrowed" in text
    assert "consumer pika: 1.3.2 on CPython 3.11.7 in the old, 1.4.4 on CPython 3.11.7 in the new" in text


def test_notes_say_what_else_is_not_the_same() -> None:
    notes = " ".join(notes_on(head(), head(cases_sha256="x", tap=False)))
    assert "The cases are not the same in both" in notes
    assert "watched in one only" in notes
    assert list(notes_on(head(), head())) == []


@pytest.mark.parametrize(
    ("before", "after", "whole", "worse"),
    [
        ([cell()], [narrowed()], True, True),
        ([narrowed()], [cell()], True, False),
        ([cell()], [cell()], True, False),
        ([], [narrowed()], True, False),
        ([cell()], [cell()], False, True),
    ],
)
def test_a_gate_closes_for_what_got_worse_and_for_a_file_that_was_cut(
    before: list[CellLine], after: list[CellLine], whole: bool, worse: bool
) -> None:
    made = comparison(before, after, new=Side("new", head(), whole=whole))
    assert made.got_worse is worse
    assert ("CUT" in changes_text(made, PIPE)) is not whole


def test_programs_get_every_cell_with_both_lines() -> None:
    data = msgspec.json.decode(msgspec.json.encode(changes_data(comparison(BEFORE, AFTER))))
    assert data["worse"] is True
    assert data["counts"] == {
        "same": 1,
        "worse": 2,
        "otherwise": 0,
        "better": 1,
        "not comparable": 0,
        "vanished": 1,
        "appeared": 1,
    }
    first = data["groups"][0]
    assert (first["direction"], first["before"]) == ("worse", "")
    assert first["after"] == "pika 1.4.4: narrowed headers.*, double became int"
    assert [one["after"]["case"] for one in first["cells"]] == ["headers/a", "headers/b"]
    assert [one["before"]["verdict"] for one in first["cells"]] == ["same", "emptied"]


def test_groups_come_worse_first_and_the_largest_first() -> None:
    found = groups(comparison(BEFORE, AFTER))
    assert [one.direction for one in found] == [
        Direction.WORSE,
        Direction.BETTER,
        Direction.VANISHED,
        Direction.APPEARED,
    ]


def test_nothing_that_changed_is_said_too() -> None:
    made = comparison([], [], diff=Diff((), 7))
    assert changes_text(made, PIPE).endswith("\n7 cells the same, 0 worse\n")


def test_hostile_words_stay_words() -> None:
    bad = stopped("crashed", Step.CONSUMER, HOSTILE)
    sides = {name: Side(HOSTILE, head()) for name in ("old", "new")}
    text = changes_text(comparison([cell()], [bad], notes=(HOSTILE,), **sides), PIPE)
    assert text.replace("\n", "").isprintable()
