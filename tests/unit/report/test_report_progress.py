"""Progress is one line on a terminal, at most five times a second, and nothing anywhere else."""

from __future__ import annotations

import io

import pytest
from report_samples import cell, narrowed

from harness.report.progress import Progress, progress_text

ERASE = "\r\x1b[K"


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


class Clock:
    """Seconds that pass when it is told to."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def updates(stream: io.StringIO) -> list[str]:
    return stream.getvalue().split(ERASE)[1:]


def test_a_pipe_gets_nothing() -> None:
    stream = io.StringIO()
    progress = Progress(2, stream, environment={})
    progress.cell(cell())
    progress.close()
    assert stream.getvalue() == ""


def test_a_dumb_terminal_gets_nothing() -> None:
    stream = Terminal()
    Progress(2, stream, environment={"TERM": "dumb"}).cell(cell())
    assert stream.getvalue() == ""


def test_a_terminal_is_told_rate_done_total_time_left_and_failures() -> None:
    stream, clock = Terminal(), Clock()
    progress = Progress(1000, stream, clock=clock, environment={})
    for number in range(100):
        clock.now += 0.01
        progress.cell(narrowed() if number == 3 else cell())
    assert updates(stream)[-1] == "81/1000 cells (8 %), 100/s, 0:09 left, 1 failed"


def test_there_are_five_updates_a_second_at_the_most() -> None:
    stream, clock = Terminal(), Clock()
    progress = Progress(10_000, stream, clock=clock, environment={})
    for _ in range(10_000):
        clock.now += 0.001
        progress.cell(cell())
    assert 45 <= len(updates(stream)) <= 51


def test_the_rate_is_that_of_the_last_few_seconds() -> None:
    stream, clock = Terminal(), Clock()
    progress = Progress(2000, stream, clock=clock, environment={})
    for step in [0.001] * 1000 + [0.5] * 30:
        clock.now += step
        progress.cell(cell())
    assert ", 2.0/s, " in updates(stream)[-1]


def test_closing_takes_the_line_away() -> None:
    stream = Terminal()
    progress = Progress(2, stream, environment={})
    progress.cell(cell())
    progress.close()
    progress.close()
    progress.cell(cell())
    assert stream.getvalue().endswith(ERASE)
    assert stream.getvalue().count(ERASE) == 2


def test_the_line_is_never_wider_than_the_terminal() -> None:
    stream = Terminal()
    Progress(2, stream, environment={"COLUMNS": "8"}).cell(cell())
    assert updates(stream) == ["1/2 cel"]


@pytest.mark.parametrize(
    ("numbers", "text"),
    [
        ((0, 0, 0, 0.0), "0/0 cells (0 %)"),
        ((1, 10, 0, 0.0), "1/10 cells (10 %)"),
        ((10, 730, 0, 6.0), "10/730 cells (1 %), 6.0/s, 2:00 left"),
        ((12, 10, 2, 50.0), "12/10 cells (120 %), 50/s, 0:00 left, 2 failed"),
    ],
)
def test_progress_in_words(numbers: tuple[int, int, int, float], text: str) -> None:
    assert progress_text(*numbers) == text
