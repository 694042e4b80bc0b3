"""The badge: green only for a whole run in which nothing is wrong."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from report_samples import foot

from harness.errors import UsageError
from harness.judge.expect import Stale
from harness.report.badge import badge, write_badge
from harness.results import Foot


@pytest.mark.parametrize(
    ("outcomes", "last", "message", "color"),
    [
        ({"pass": 5}, foot(), "5 pass", "brightgreen"),
        ({"pass": 5, "expected": 2, "unsupported": 3}, foot(), "5 pass, 2 known", "brightgreen"),
        ({"pass": 5, "fail": 2}, foot(), "2 of 7 failed", "red"),
        ({"pass": 5, "fail": 2, "error": 1}, foot(), "1 errors, 2 failed", "red"),
        ({"pass": 5}, foot(strays=("x",)), "0 of 5 failed", "red"),
        ({"pass": 5}, foot(stale=(Stale("a", "b"),)), "1 expectations stale", "orange"),
        ({"pass": 5}, None, "cut off", "lightgrey"),
    ],
)
def test_each_end_of_a_run_has_its_words_and_colour(
    outcomes: dict[str, int], last: Foot | None, message: str, color: str, tmp_path: Path
) -> None:
    made = badge(outcomes, last)
    assert (made.message, made.color) == (message, color)
    write_badge(tmp_path / "b.json", outcomes, last)
    assert json.loads((tmp_path / "b.json").read_text()) == {
        "schemaVersion": 1,
        "label": "AMQP interop",
        "message": message,
        "color": color,
    }


def test_a_badge_that_cannot_be_written_is_an_error_of_usage(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot write the badge"):
        write_badge(tmp_path, {}, foot())
