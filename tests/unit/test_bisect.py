"""The search for the first release that differs: right for every place of it, and few tests."""

from __future__ import annotations

import math

import pytest
from report_samples import cell, narrowed, stopped

from harness.bisect import Found, Trial, alike, search
from harness.judge.verdict import Step
from harness.results import CellLine

RELEASES = [f"1.{number}" for number in range(16)]


def trial(release: str, line: CellLine | None) -> Trial:
    return Trial(release, line, "told" if line else "can't be had")


def searched(lines: dict[str, CellLine | None]) -> tuple[Found, list[str]]:
    """The search over these releases, and what it tested between the ends."""
    asked: list[str] = []

    def test(release: str) -> Trial:
        asked.append(release)
        return trial(release, lines[release])

    names = list(lines)
    good, bad = (trial(name, lines[name]) for name in (names[0], names[-1]))
    return search(names, good, bad, test), asked


@pytest.mark.parametrize("place", range(1, len(RELEASES)))
def test_wherever_the_change_is_it_is_found_in_logarithmic_time(place: int) -> None:
    lines: dict[str, CellLine | None] = {
        name: cell() if number < place else narrowed() for number, name in enumerate(RELEASES)
    }
    found, asked = searched(lines)
    assert (found.last.release, found.first.release) == (RELEASES[place - 1], RELEASES[place])
    assert len(asked) == len(set(asked)) <= math.ceil(math.log2(len(RELEASES)))
    assert found.tests == len(asked) + 2
    assert found.untested == ()


def test_releases_that_cannot_be_tested_are_stepped_over_and_named_if_it_may_be_them() -> None:
    lines = {"1": cell(), "2": cell(), "3": None, "4": None, "5": narrowed(), "6": None, "7": narrowed()}
    found, asked = searched(lines)
    assert (found.last.release, found.first.release) == ("2", "5")
    assert [one.release for one in found.untested] == ["3", "4"]
    assert len(asked) == len(set(asked))


def test_ends_that_are_neighbours_need_no_test() -> None:
    found, asked = searched({"1": narrowed(), "2": cell()})
    assert (found.last.release, found.first.release, asked) == ("1", "2", [])


def test_between_a_pass_and_a_failure_any_other_failure_counts_as_one() -> None:
    hung = stopped("hung", Step.CONSUMER, "x")
    assert not alike(cell(), narrowed(), hung)
    assert alike(narrowed(), cell(), hung)
    assert alike(cell(), narrowed(), cell(verdict="retyped"))


def test_between_two_failures_the_good_one_is_what_counts() -> None:
    hung = stopped("hung", Step.CONSUMER, "x")
    assert alike(narrowed(), hung, narrowed())
    assert not alike(narrowed(), hung, cell())
