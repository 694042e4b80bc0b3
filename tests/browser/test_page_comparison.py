"""Two results files: what changed, which way, and what can't be compared."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest
from playwright.sync_api import Page, expect

from browser import runs
from harness.report.html import write_html
from harness.results import read_results

Open = Callable[..., Page]
pytestmark = pytest.mark.browser


@pytest.fixture
def compared(tmp_path: Path) -> Path:
    """pika was mended since; one cell fails otherwise, one is unsupported now, one is gone, one is new."""
    old = list(runs.cells())
    new = {cell.id: cell for cell in runs.cells(mended=True)}
    name = "headers/timestamp-late[streadway->rabbitpy]"
    new[name] = msgspec.structs.replace(new[name], verdict="crashed", got="it ended")
    name = "bodies/text[streadway->rabbitpy]"
    new[name] = msgspec.structs.replace(new[name], verdict="unsupported", outcome="unsupported", got="body")
    del new["properties/app-id[streadway->pika]"]
    del old[0]
    before = runs.write(tmp_path / "old.jsonl", old, date="2026-10-01T00:00:00+00:00")
    after = runs.write(tmp_path / "new.jsonl", list(new.values()))
    write_html(tmp_path / "compared.html", read_results(after), read_results(before))
    return tmp_path / "compared.html"


def test_what_became_of_the_cells_is_counted_and_the_incomparable_apart(opened: Open, compared: Path) -> None:
    page = opened(path=compared)
    rows = page.locator("#comparison table").first.locator("tbody tr").all_inner_texts()
    counts = dict(row.rsplit("\t", 1) for row in rows)
    assert counts["better"] == "6"
    assert counts["worse"] == "0"
    assert counts["other failure"] == "1"
    assert counts["not comparable"] == "1"
    assert counts["new"] == "1"
    assert counts["gone: only in the older file"] == "1"


def test_a_change_leads_to_its_cells_and_these_say_what_they_were(opened: Open, compared: Path) -> None:
    page = opened(path=compared)
    page.locator("#comparison").get_by_role("link", name="better").click()
    expect(page.locator("#cells tbody tr")).to_have_count(6)
    row = page.locator("#cells tbody tr", has_text="headers/double").first
    expect(row).to_contain_text("as int 3")
    row.get_by_role("link").click()
    expect(page.locator("#became")).to_contain_text("better; before: narrowed at the consumer")


def test_from_one_failure_to_another_is_a_change(opened: Open, compared: Path) -> None:
    page = opened("#became=other+failure&list=1", path=compared)
    row = page.locator("#cells tbody tr")
    expect(row).to_have_count(1)
    expect(row).to_contain_text("crashed")
    expect(row).to_contain_text("hung")


def test_a_run_without_an_older_one_has_no_comparison(opened: Open) -> None:
    page = opened()
    expect(page.locator("#comparison")).to_have_count(0)
    expect(page.locator("select[name=became]")).to_have_count(0)
