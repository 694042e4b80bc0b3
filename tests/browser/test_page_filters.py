"""Filters, and the address that holds them: a link shows what its sender saw."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from browser import runs
from harness.report.html import write_html
from harness.results import read_results

Open = Callable[..., Page]
pytestmark = pytest.mark.browser


@pytest.mark.parametrize(
    ("name", "value", "left"),
    [
        ("peer", "pika", "18 cells of 36"),
        ("verdict", "narrowed", "6 cells of 36"),
        ("step", "producer", "2 cells of 36"),
        ("topic", "bodies", "4 cells of 36"),
        ("outcome", "expected", "2 cells of 36"),
    ],
)
def test_each_filter_stands_in_the_address_and_a_link_shows_the_same(
    opened: Open, name: str, value: str, left: str
) -> None:
    page = opened()
    page.locator(f"select[name={name}]").select_option(value)
    expect(page.locator("#status")).to_have_text(left)
    assert f"{name}={value}" in page.url
    another = opened(f"#{page.url.partition('#')[2]}")
    expect(another.locator("#status")).to_have_text(left)
    expect(another.locator(f"select[name={name}]")).to_have_value(value)
    assert another.locator("main").inner_text() == page.locator("main").inner_text()


def test_text_is_looked_for_in_cases_peers_and_sentences(opened: Open) -> None:
    page = opened()
    search = page.locator("input[name=q]")
    search.fill("double 3.14 PIKA")
    expect(page.locator("#status")).to_have_text("2 cells of 36")
    assert "q=double+3.14+PIKA" in page.url
    expect(search).to_be_focused()
    search.fill("nothing has this")
    expect(page.locator("main")).to_contain_text("No cell is left.")
    page.get_by_role("link", name="Take all filters away").click()
    expect(page.locator("#status")).to_have_text("36 cells")
    expect(search).to_have_value("")


def test_filters_add_up_and_are_cleared_at_once(opened: Open) -> None:
    page = opened("#peer=pika&verdict=narrowed&topic=headers&q=float")
    expect(page.locator("#status")).to_have_text("2 cells of 36")
    page.get_by_role("link", name="Clear all").click()
    expect(page.locator("#status")).to_have_text("36 cells")


def test_one_click_leaves_only_where_producers_or_consumers_disagree(opened: Open) -> None:
    page = opened()
    button = page.get_by_role("button", name="Only where producers or consumers disagree")
    button.click()
    expect(button).to_have_attribute("aria-pressed", "true")
    # double, float, huge and timestamp-late: consumers do; uint8-200: producers do
    expect(page.locator("#status")).to_have_text("20 cells of 36")
    assert "disagree=1" in page.url
    button.click()
    expect(page.locator("#status")).to_have_text("36 cells")


def test_a_finding_leads_to_the_cells_that_bear_witness_of_it(opened: Open) -> None:
    page = opened("#consumer=pika")
    page.locator("#findings").get_by_role("link", name="narrowed").first.click()
    expect(page.locator("#cells caption")).to_have_text("6 cells")
    expect(page.locator("#cells")).to_contain_text("headers/double")
    expect(page.locator("#cells")).not_to_contain_text("uint8")


def test_what_the_address_holds_that_is_not_known_breaks_nothing(opened: Open) -> None:
    page = opened("#peer=nobody&constructor=1&step=__proto__&%ZZ=%")
    expect(page.locator("main")).to_contain_text("No cell is left.")


def test_a_long_list_is_made_as_it_comes_into_view(opened: Open, tmp_path: Path) -> None:
    lines = [
        runs.line(f"headers/double-{number:04}", "streadway", "pika", seen)
        for seen in [runs.evidence("streadway", "pika", runs.CASES["headers/double"])]
        for number in range(1000)
    ]
    write_html(tmp_path / "long.html", read_results(runs.write(tmp_path / "long.jsonl", lines)))
    page = opened("#list=1", path=tmp_path / "long.html")
    expect(page.locator("#cells caption")).to_have_text("1,000 cells")
    assert page.locator("#cells tbody tr").count() < 400
    rows = page.locator("#cells tbody tr")
    for _ in range(3):
        before = rows.count()
        page.locator("footer").scroll_into_view_if_needed()
        expect(rows.nth(before)).to_be_attached()
