"""Parts of a run become the whole, and only parts that belong together do."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest
from report_samples import cell, foot, head, narrowed

from harness.errors import UsageError
from harness.judge.expect import Expectations, Stale
from harness.judge.listed import Expectation, Listed
from harness.judge.verdict import Step
from harness.merge import merge
from harness.results import CellLine, Foot, Head, PeerInfo, ResultsWriter, Shard, read_results

LIST = "ef" * 32
CASES = ("a/1", "a/2", "b/1", "b/2")
REASON = "it has been so for years"


def part(number: int, of: int = 2, cells: int = 4, full: bool = True) -> Shard:
    return Shard(number, of, len(CASES), cells, "cd" * 32, full)


def top(number: int, count: int, **changes: Any) -> Head:
    values: dict[str, Any] = {"shard": part(number), "cells": count, "expectations_sha256": LIST}
    return head(**(values | changes))


def written(path: Path, first: Head, cells: tuple[CellLine, ...], last: Foot | None) -> Path:
    with ResultsWriter(path) as writer:
        writer.write(first)
        for line in cells:
            writer.write(line)
        if last is not None:
            writer.write(last)
    return path


FIRST = (cell("a/1"), narrowed("b/1"))
SECOND = (cell("a/2"), cell("b/2"))


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path]:
    feet = [foot(outcomes={"pass": 1, "fail": 1}, verdicts={"same": 1, "narrowed": 1}, first_pass_cells=1)]
    feet.append(foot(outcomes={"pass": 2}, verdicts={"same": 2}, first_pass_cells=2, strays=("one",)))
    date = "2026-11-24T11:00:00+00:00"
    return (
        written(tmp_path / "1", top(1, 2), FIRST, feet[0]),
        written(tmp_path / "2", top(2, 2, date=date), SECOND, feet[1]),
    )


def merged(out: Path, *paths: Path, listed: tuple[Listed, ...] = (), sha256: str = LIST) -> Head:
    return merge(out, paths, Expectations(Path("list"), listed), sha256, frozenset())


@pytest.mark.parametrize("backwards", [False, True])
def test_the_parts_in_any_order_make_the_whole(
    files: tuple[Path, Path], tmp_path: Path, backwards: bool
) -> None:
    paths = reversed(files) if backwards else files
    merged(tmp_path / "whole", *paths)
    whole = read_results(tmp_path / "whole")
    assert whole.head == head(
        date="2026-11-24T11:00:00+00:00",
        cases=4,
        cells=4,
        cases_sha256="cd" * 32,
        full=True,
        expectations_sha256=LIST,
    )
    assert sorted(one.id for one in whole.cells()) == sorted(one.id for one in (*FIRST, *SECOND))
    assert whole.foot == foot(
        outcomes={"pass": 3, "fail": 1},
        verdicts={"same": 3, "narrowed": 1},
        seconds={"first pass": 3.0, "second pass": 1.0},
        first_pass_cells=3,
        strays=("one",),
    )


def entry(line: int, **changes: Any) -> Listed:
    values: dict[str, Any] = {"cases": ("b/*",), "step": Step.CONSUMER, "difference": "narrowed"}
    values |= {"what": "bug", "reason": REASON, "link": "a link"}
    return Listed(line, Expectation(**(values | changes)))


def test_what_no_part_bears_out_alone_is_judged_on_the_whole(
    files: tuple[Path, Path], tmp_path: Path
) -> None:
    listed = (entry(1, cases=("b/1",)), entry(2, cases=("a/2",)), entry(3, cases=("z/*",)))
    merged(tmp_path / "whole", *files, listed=listed)
    found = read_results(tmp_path / "whole").foot
    assert found is not None
    assert found.stale == (
        Stale("list:2", "narrowed did not show in a/2[amqp091-go->pika]"),
        Stale("list:3", "no cell of this run bears out 'z/*'"),
    )


def test_in_a_plan_that_is_not_full_what_matches_no_cell_is_not_stale(tmp_path: Path) -> None:
    paths = [
        written(tmp_path / str(number), top(number, 2, shard=part(number, full=False)), cells, foot())
        for number, cells in ((1, FIRST), (2, SECOND))
    ]
    merged(tmp_path / "whole", *paths, listed=(entry(3, cases=("z/*",)),))
    found = read_results(tmp_path / "whole").foot
    assert found is not None
    assert found.stale == ()


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"suite": "9"}, "have not the same release of the suite"),
        ({"format": 2}, "have not the same file format"),
        ({"tap": False}, "have not the same use of the tap"),
        ({"expectations_sha256": "00"}, "have not the same list of expectations"),
        ({"broker": msgspec.structs.replace(head().broker, version="4")}, "have not the same broker"),
        ({"more_brokers": (head().broker,)}, "have not the same broker"),
        ({"peers": head().peers[1:]}, "have not the same list of peers"),
        ({"shard": part(2, of=3)}, "is one of 2 parts, .* one of 3"),
        ({"shard": part(2, cells=5)}, "are parts of different plans"),
        ({"shard": msgspec.structs.replace(part(2), cases_sha256="x")}, "are parts of different plans"),
        ({"shard": part(1)}, "part 1/2 is there 2 times"),
        ({"shard": None}, "is no part: it is of a run without --shard"),
    ],
)
def test_a_part_that_does_not_belong_is_refused_and_nothing_written(
    files: tuple[Path, Path], tmp_path: Path, changes: dict[str, Any], words: str
) -> None:
    other = written(tmp_path / "other", top(2, 2, **changes), SECOND, foot())
    with pytest.raises(UsageError, match=words):
        merged(tmp_path / "whole", files[0], other)
    assert not (tmp_path / "whole").exists()


def test_another_release_of_a_peer_is_refused(files: tuple[Path, Path], tmp_path: Path) -> None:
    pika = PeerInfo("pika", "pika", "1.3.2", "python", "CPython 3.11.7", ("consumer",))
    peers = (*head().peers[:2], pika, head().peers[3])
    other = written(tmp_path / "other", top(2, 2, peers=peers), SECOND, foot())
    with pytest.raises(UsageError, match="have not the same list of peers"):
        merged(tmp_path / "whole", files[0], other)


def test_a_part_that_is_missing_is_named(files: tuple[Path, Path], tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="missing: 2/2"):
        merged(tmp_path / "whole", files[0])


@pytest.mark.parametrize(
    ("cells", "last"), [(SECOND, None), (SECOND[:1], foot())], ids=["no foot", "a cell is missing"]
)
def test_a_part_that_was_cut_off_is_refused(
    files: tuple[Path, Path], tmp_path: Path, cells: tuple[CellLine, ...], last: Foot | None
) -> None:
    other = written(tmp_path / "other", top(2, 2), cells, last)
    with pytest.raises(UsageError, match=r"other was cut off: it has [12] of 2 cells"):
        merged(tmp_path / "whole", files[0], other)


def test_a_cell_that_two_parts_have_is_refused(files: tuple[Path, Path], tmp_path: Path) -> None:
    other = written(tmp_path / "other", top(2, 2), (cell("a/1"), cell("b/2")), foot())
    with pytest.raises(UsageError, match=r"a/1\[amqp091-go->pika\] is in more than one part"):
        merged(tmp_path / "whole", files[0], other)


def test_cells_that_the_plan_has_and_no_part_are_missed(files: tuple[Path, Path], tmp_path: Path) -> None:
    paths = [
        written(tmp_path / f"n{number}", top(number, 2, shard=part(number, cells=9)), cells, foot())
        for number, cells in ((1, FIRST), (2, SECOND))
    ]
    with pytest.raises(UsageError, match="the parts have 4 cells, their plan has 9"):
        merged(tmp_path / "whole", *paths)


def test_another_list_of_expectations_than_the_parts_were_judged_by_is_refused(
    files: tuple[Path, Path], tmp_path: Path
) -> None:
    with pytest.raises(UsageError, match="another list of expectations"):
        merged(tmp_path / "whole", *files, sha256="00")


def test_a_part_is_not_written_over(files: tuple[Path, Path]) -> None:
    with pytest.raises(UsageError, match="is one of the parts"):
        merged(files[0], *files)
    assert read_results(files[0]).foot is not None
