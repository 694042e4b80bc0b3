"""Tests of the bench: what it feeds the first pass with, what it counts, and that what it prints follows."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness import matrix, usage
from harness.amqp import values as v
from harness.bench import Figures, Round, by_broker, groups, table
from harness.feed import Meter, Pace
from harness.judge.difference import Kind
from harness.judge.values import compare_scalars, unchanged

WAITS = (sys.executable, "-c", "import sys; sys.stdin.read()")


def figures(judged: Pace, memory: tuple[float, ...]) -> Figures:
    """Rounds that differ in memory alone: relaying 8,000 cells a second, the floor 40,000."""
    relayed, floor, alone = Pace(8000, 1.0), Pace(40_000, 1.0), Pace(250, 1.0)
    return Figures("a -> b", 3, tuple(Round(judged, relayed, floor, alone, each) for each in memory))


def line(figures: Figures, name: str) -> str:
    return next(row for row in table(figures, 9) if row.strip().startswith(name))


def test_the_ratios_are_of_rates_of_the_same_round() -> None:
    shown = figures(Pace(6000, 1.0), (50.0, 50.0))
    assert " 0.15 " in line(shown, "first pass / floor")
    assert " 0.75 " in line(shown, "first pass / relaying")


def test_the_cost_of_a_cell_is_processor_time_not_time() -> None:
    assert Pace(1000, 9.0, used={"the harness": 0.5}, wall=0.2).cost == pytest.approx(100.0)


def test_brokers_are_parts_of_the_first_in_the_same_round() -> None:
    def rounds(*rates: float) -> list[tuple[Pace, Pace]]:
        return [(Pace(int(rate), 1.0), Pace(10_000, 1.0)) for rate in rates]

    beside = {"debian:bookworm": rounds(1000, 2000, 4000), "debian:forky": rounds(500, 1500, 1000)}
    *_, first, other = by_broker(beside)
    assert first.split() == ["debian:bookworm", "2,000", "1.00", "10,000", "1.00"]
    assert other.split() == ["debian:forky", "1,000", "0.50", "10,000", "1.00"]
    assert list(by_broker({})) == []


def test_memory_that_grows_with_the_cells_is_shown() -> None:
    assert "62 MiB, 12.0 of them in the last 6,000 cells" in line(
        figures(Pace(6000, 1.0), (50.0, 62.0)), "memory"
    )


def test_cells_that_were_not_settled_are_told() -> None:
    assert any("14 cells were not settled" in row for row in table(figures(Pace(9, 1.0, 7), (1.0, 1.0)), 9))
    assert not any("not settled" in row for row in table(figures(Pace(9, 1.0), (1.0, 1.0)), 9))


def test_a_meter_measures_from_its_first_tick_to_its_last() -> None:
    meter = Meter()
    before = time.perf_counter()
    meter.tick()
    meter.tick()
    assert meter.count == 2
    assert before <= meter.first <= meter.last <= time.perf_counter()


def test_the_suite_s_own_client_is_measured_apart_from_the_libraries() -> None:
    libraries, own = groups(matrix.choose((), (), (), None).plan)
    assert {spec.label for spec in (*own.producers, *own.consumers)} == {"raw"}
    assert "raw" not in {spec.label for spec in (*libraries.producers, *libraries.consumers)}


@pytest.fixture
def child() -> Iterator[subprocess.Popen[bytes]]:
    with subprocess.Popen(WAITS, stdin=subprocess.PIPE) as process:
        yield process
        process.communicate()


def test_a_child_is_found_by_its_command_and_nobody_else_s_is(child: subprocess.Popen[bytes]) -> None:
    assert usage.children([WAITS, ("true",)]) == {WAITS: (child.pid,), ("true",): ()}


def test_processor_time_grows_with_work_and_ends_with_the_process() -> None:
    before = usage.seconds_of(os.getpid())
    assert before is not None
    while (usage.seconds_of(os.getpid()) or 0.0) < before + 0.02:
        sum(range(10_000))
    assert usage.seconds_of(2**22 + 1) is None  # above the largest process id of Linux


_INTS = st.integers(0, 127).map(str)
_VALUES = st.one_of(
    *(st.builds(kind, _INTS) for kind in (v.Int8, v.Octet, v.Timestamp, v.NativeInt, v.NativeTime)),
    *(st.builds(kind, st.text(max_size=2)) for kind in (v.Longstr, v.NativeStr, v.NativeBytes, v.Binary)),
    st.sampled_from([v.Boolean("true"), v.NativeBool("true"), v.Boolean("false"), v.Void(), v.NativeNone()]),
)


@given(_VALUES, _VALUES)
def test_what_is_unchanged_at_sight_is_the_same_on_a_closer_look(one: v.Value, two: v.Value) -> None:
    if unchanged(one, two):
        assert compare_scalars(one, two) is Kind.SAME


@pytest.mark.parametrize(
    ("one", "two"),
    [
        (v.Int64("4000000000000000"), v.NativeNumber("4000000000000000")),  # the hex of 2.0
        (v.Longstr("a"), v.NativeBytes("a")),
        (v.Table((("a", v.Void()), ("a", v.Void()))), v.NativeMap((("a", v.Void()), ("b", v.Void())))),
        (v.Table((("a", v.Int8("1")),)), v.NativeMap((("a", v.NativeInt("2")),))),
        (v.Table((("a", v.Int8("1")),)), v.NativeMap(())),
        (v.Array((v.Int8("1"),)), v.NativeList(())),
    ],
)
def test_what_is_not_plain_is_looked_at_closely(one: v.Value, two: v.Value) -> None:
    assert not unchanged(one, two)


def test_the_order_of_a_table_is_no_change() -> None:
    one = v.Table((("a", v.Int8("1")), ("b", v.Longstr("x"))))
    two = v.NativeMap((("b", v.NativeStr("x")), ("a", v.NativeInt("1"))))
    assert unchanged(one, two)
