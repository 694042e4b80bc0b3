"""What changed between two sets of cells: each direction is told from the others, and nothing is made up."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
from report_samples import cell, differing, foot, head, narrowed, stopped

from harness.amqp.values import Int64, NativeInt, NativeStr
from harness.diff import Direction, diff, diff_files, direction, new_in
from harness.judge.difference import Kind
from harness.judge.verdict import Step, StepDifference
from harness.results import Broker, CellLine, Head, Results, ResultsWriter, read_results

TABLE = StepDifference(Step.CONSUMER, Kind.EMPTIED, "cluster_id", None, NativeStr(""))
EMPTIED = differing(Step.CONSUMER, Kind.EMPTIED, "cluster_id", None, NativeStr(""))
LOST = differing(Step.CONSUMER, Kind.LOST, "headers.k", Int64("5"), None)
BOTH = msgspec.structs.replace(LOST, differences=(*LOST.differences, TABLE))
RETYPED = differing(
    Step.BROKER, Kind.RETYPED, "headers.k", Int64("5"), NativeInt("5"), outcome="pass", verdict="retyped"
)
HUNG = stopped("hung", Step.CONSUMER, "not within 3 s")
REFUSED = stopped("refused", Step.PRODUCER, "no")
UNSUPPORTED = cell(verdict="unsupported", outcome="unsupported", got="framing")
ERROR = stopped("bug", Step.CONSUMER, "KeyError", outcome="error")


@pytest.mark.parametrize(
    ("before", "after", "way"),
    [
        (cell(), cell(), None),
        (narrowed(), narrowed(), None),
        (cell(), narrowed(), Direction.WORSE),
        (narrowed(), cell(), Direction.BETTER),
        (cell(), ERROR, Direction.WORSE),
        (cell(), UNSUPPORTED, Direction.WORSE),
        (UNSUPPORTED, cell(), Direction.BETTER),
        (UNSUPPORTED, UNSUPPORTED, None),
        (UNSUPPORTED, narrowed(), Direction.INCOMPARABLE),
        (narrowed(), UNSUPPORTED, Direction.INCOMPARABLE),
        (ERROR, cell(), Direction.INCOMPARABLE),
        (narrowed(), ERROR, Direction.INCOMPARABLE),
        (ERROR, ERROR, None),
        (cell(), RETYPED, Direction.OTHERWISE),
        (narrowed(), LOST, Direction.WORSE),
        (LOST, narrowed(), Direction.BETTER),
        (LOST, HUNG, Direction.WORSE),
        (HUNG, REFUSED, Direction.BETTER),
        (LOST, BOTH, Direction.WORSE),
        (BOTH, LOST, Direction.BETTER),
        (BOTH, EMPTIED, Direction.BETTER),
    ],
)
def test_each_change_has_its_direction(before: CellLine, after: CellLine, way: Direction | None) -> None:
    assert direction(before, after) is way


def test_another_value_of_the_same_failure_is_a_change_and_no_worse() -> None:
    other = differing(Step.CONSUMER, Kind.NARROWED, "headers.k", Int64("7"), NativeInt("3"))
    assert direction(narrowed(), other) is Direction.OTHERWISE


def test_the_same_failure_at_another_step_is_a_change() -> None:
    other = differing(Step.BROKER, Kind.LOST, "headers.k", Int64("5"), None)
    assert direction(LOST, other) is Direction.OTHERWISE


def test_an_outcome_that_only_the_list_of_expectations_changed_is_no_change() -> None:
    assert direction(narrowed(), narrowed(outcome="expected", expectation=3)) is None


@pytest.mark.parametrize("stop", ["hung", "crashed", "disconnected"])
def test_numbers_and_names_in_the_words_of_a_failure_are_no_change(stop: str) -> None:
    before, after = (stopped(stop, Step.CONSUMER, f"port {n} of 'p{n}' at 0x{n:x}") for n in (40001, 50002))
    assert direction(before, after) is None
    assert direction(before, stopped(stop, Step.CONSUMER, "something else")) is Direction.OTHERWISE


def test_an_exchange_whose_name_the_run_made_up_is_no_change() -> None:
    before, after = (
        differing(Step.PRODUCER, Kind.ALTERED, "exchange", f"interop.{token}", "") for token in ("aa", "bb")
    )
    assert direction(before, after) is None


def test_where_one_side_was_not_watched_only_verdicts_are_compared() -> None:
    unseen = differing(None, Kind.NARROWED, "headers.k", Int64("7"), NativeInt("3"))
    assert direction(narrowed(), unseen) is not None
    assert direction(narrowed(), unseen, watched=False) is None
    assert direction(narrowed(), LOST, watched=False) is Direction.WORSE


def test_cells_of_one_side_only_appear_or_vanish() -> None:
    found = diff([("a", cell()), ("b", cell("b/b"))], [("b", cell("b/b")), ("c", narrowed("c/c"))])
    assert [(one.direction, one.before, one.after) for one in found.changes] == [
        (Direction.VANISHED, cell(), None),
        (Direction.APPEARED, None, narrowed("c/c")),
    ]
    assert found.same == 1
    assert found.count(Direction.APPEARED) == 1
    assert found.count(Direction.WORSE) == 0


def test_what_is_new_in_a_cell_is_what_the_other_has_not() -> None:
    assert new_in(BOTH, LOST) == msgspec.structs.replace(
        EMPTIED, differences=(TABLE,), verdict="emptied", got=TABLE.got
    )
    assert new_in(LOST, BOTH) is None
    assert new_in(HUNG, LOST) is HUNG
    assert new_in(LOST, HUNG) is None


# --- files ---------------------------------------------------------------------------------------------


def results(path: Path, top: Head, *cells: CellLine) -> Results:
    with ResultsWriter(path) as writer:
        writer.write(msgspec.structs.replace(top, cells=len(cells)))
        for line in cells:
            writer.write(line)
        writer.write(foot())
    return read_results(path)


def on(spec: str, one: CellLine) -> CellLine:
    return msgspec.structs.replace(one, id=f"{one.id}@{spec}")


OTHER = Broker("debian:trixie", "RabbitMQ", "4.0.5", "Erlang/OTP")


def test_two_files_of_one_broker_each_are_compared_whatever_brokers_those_are(tmp_path: Path) -> None:
    old = results(tmp_path / "old", head(), cell(), cell("b/b"))
    new = results(tmp_path / "new", head(broker=OTHER), narrowed(), cell("b/b"))
    assert diff_files(old, new).count(Direction.WORSE) == 1
    assert diff_files(old, new).same == 1


def test_of_a_file_with_several_brokers_each_is_compared_with_its_own(tmp_path: Path) -> None:
    both = head(more_brokers=(OTHER,))
    first, second = head().broker.spec, OTHER.spec
    old = results(tmp_path / "old", both, on(first, cell()), on(second, narrowed()))
    new = results(tmp_path / "new", both, on(second, cell()), on(first, cell()))
    assert [one.direction for one in diff_files(old, new).changes] == [Direction.BETTER]
    alone = results(tmp_path / "alone", head(broker=OTHER), narrowed())
    assert [one.direction for one in diff_files(old, alone).changes] == [Direction.VANISHED]
