"""What a message holds must not do anything, and must be readable all the same."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest
from playwright.sync_api import Page, expect

from browser import runs
from harness.judge.verdict import Failure, Step, Stop
from harness.report.html import write_html
from harness.results import read_results

Open = Callable[..., Page]
pytestmark = pytest.mark.browser


@pytest.fixture
def hostile(tmp_path: Path) -> Path:
    """Everything that a peer or a file can choose says what it should not."""
    lines = []
    for cell in runs.cells():
        evidence = cell.evidence
        if cell.case == "headers/hostile":
            seen = runs.evidence(cell.producer, cell.consumer, runs.CASES[cell.case])
            spoilt = msgspec.structs.replace(
                seen,
                reported=None,
                failure=Failure(Stop.UNDECODABLE, Step.CONSUMER, runs.HOSTILE + runs.BIDI),
            )
            lines.append(runs.line(cell.case, cell.producer, cell.consumer, spoilt))
        else:
            lines.append(msgspec.structs.replace(cell, evidence=evidence))
    broker = msgspec.structs.replace(runs.head().broker, build=runs.HOSTILE + runs.BIDI)
    results = runs.write(tmp_path / "h.jsonl", lines, broker=broker)
    write_html(tmp_path / "h.html", read_results(results))
    return tmp_path / "h.html"


CELL = "#cell=headers%2Fhostile%5Bstreadway-%3Epika%5D"


def test_markup_in_a_message_is_text_and_runs_nowhere(opened: Open, hostile: Path) -> None:
    page = opened(CELL, path=hostile)
    expect(page.locator("#messages")).to_contain_text("<script>document.title='owned'</script>")
    expect(page.locator("#sentence")).to_contain_text("<script>")
    expect(page.locator("#facts")).to_contain_text("<script>")
    page.goto(f"{hostile.as_uri()}#list=1")
    expect(page.locator("#cells")).to_contain_text("onerror")
    assert page.locator("main script, main img, header img").count() == 0
    assert "owned" not in page.title().replace("'owned'", "")


def test_marks_that_turn_text_and_control_characters_are_shown_as_escapes(
    opened: Open, hostile: Path
) -> None:
    page = opened(CELL, path=hostile)
    text = page.locator("body").inner_text()
    assert "\\u202edesrever\\u2066 \\x1b[31m\\x00\\u2028" in text
    assert not set(text) & set("\u202e\u2066\x1b\x00\u2028")


def test_a_megabyte_is_cut_and_its_size_is_told(opened: Open, report: Path) -> None:
    page = opened("#cell=headers%2Fhuge%5Bstreadway-%3Epika%5D")
    expect(page.locator("#messages")).to_contain_text("mmm")
    expect(page.locator("main")).to_contain_text("asked.headers.k (1,048,576)")
    expect(page.locator("main")).to_contain_text("are kept")
    assert len(page.locator("main").inner_text()) < 20_000
    assert report.stat().st_size < 400_000


def test_a_script_that_is_not_the_pages_own_does_not_run(opened: Open, report: Path, tmp_path: Path) -> None:
    text = report.read_text(encoding="utf-8").replace(
        "</body>", "<script>document.title = 'owned'</script></body>"
    )
    (tmp_path / "p.html").write_text(text, encoding="utf-8")
    context = opened().context
    page = context.new_page()
    page.goto((tmp_path / "p.html").as_uri())
    page.wait_for_selector("#matrix")
    assert page.title() != "owned"
