"""With a keyboard, with a screen reader, in the dark, on paper, without a script, from files of all kinds."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest
from playwright.sync_api import Browser, Page, expect

from browser import runs
from harness.report.html import write_html
from harness.results import read_results

Open = Callable[..., Page]
pytestmark = pytest.mark.browser
FOCUSED = "document.activeElement.getAttribute('aria-label') ?? ''"
UNNAMED = """
[...document.querySelectorAll("a, button, select, input, summary")].filter((one) =>
    !(one.getAttribute("aria-label") || one.textContent.trim() || one.closest("label")?.textContent.trim())
).length
"""
CELL = "#cell=headers%2Fdouble%5Bamqp091-go-%3Epika%5D"


def test_the_keyboard_alone_leads_to_a_message(opened: Open) -> None:
    page = opened()
    page.keyboard.press("Tab")
    expect(page.locator(".skip")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#main")).to_be_focused()
    for _ in range(40):
        page.keyboard.press("Tab")
        if page.evaluate(FOCUSED).startswith("amqp091-go 1.16.0 to pika"):
            break
    page.keyboard.press("Enter")
    expect(page.locator("#topics")).to_be_visible()
    expect(page.locator("#main")).to_be_focused()
    page.locator("#topics a").nth(2).focus()
    page.keyboard.press("Enter")
    page.locator("#cells a").nth(1).focus()
    page.keyboard.press("Enter")
    expect(page.locator("main h2")).to_contain_text("headers/")


def test_every_table_has_a_caption_and_heads_and_every_field_and_button_a_name(opened: Open) -> None:
    for fragment in ("", "#consumer=pika", "#producer=streadway&consumer=pika", "#list=1", CELL):
        page = opened(fragment)
        assert page.locator("table:not(:has(caption))").count() == 0
        assert page.locator("thead th:not([scope=col]), tbody th:not([scope=row])").count() == 0
        unnamed = page.evaluate(UNNAMED)
        assert unnamed == 0
        assert page.locator("h1").count() == 1


def test_what_is_shown_is_said_aloud(opened: Open) -> None:
    page = opened()
    status = page.locator("#status")
    expect(status).to_have_attribute("aria-live", "polite")
    page.locator("select[name=topic]").select_option("bodies")
    expect(status).to_have_text("4 cells of 36")


CONTRASTS = """
() => {
  const shades = (colour) => colour.match(/[\\d.]+/g).map(Number);
  const light = ([r, g, b]) => [r, g, b].map((v) => v / 255)
    .map((v) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4))
    .reduce((sum, v, at) => sum + v * [0.2126, 0.7152, 0.0722][at], 0);
  const ground = (one) => {
    for (let at = one; at; at = at.parentElement) {
      const colour = shades(getComputedStyle(at).backgroundColor);
      if (colour.length < 4 || colour[3] > 0) return colour;
    }
    return [255, 255, 255];
  };
  return [...document.querySelectorAll("body *")].filter((one) =>
    [...one.childNodes].some((node) => node.nodeType === 3 && node.data.trim()) && one.getClientRects().length
    && !one.closest("script, style, .unseen, .skip, option"))
    .map((one) => {
      const [a, b] = [light(shades(getComputedStyle(one).color)), light(ground(one))].sort((x, y) => y - x);
      return [(a + 0.05) / (b + 0.05), one.outerHTML.slice(0, 90)];
    }).filter(([ratio]) => ratio < 4.5);
}
"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_text_stands_out_from_its_ground(chromium: Browser, report: Path, scheme: str) -> None:
    context = chromium.new_context(color_scheme="dark" if scheme == "dark" else "light")
    page = context.new_page()
    for fragment in ("#consumer=pika", "#list=1", CELL, "#cell=headers%2Fuint8-200%5Bstreadway-%3Epika%5D"):
        page.goto("about:blank")
        page.goto(f"{report.as_uri()}{fragment}")
        page.wait_for_selector("main > section")
        assert page.evaluate(CONTRASTS) == []
    dark = page.evaluate("getComputedStyle(document.body).backgroundColor") != "rgb(255, 255, 255)"
    assert dark == (scheme == "dark")
    context.close()


def test_on_paper_there_are_no_filters_or_buttons_and_all_rows(opened: Open, tmp_path: Path) -> None:
    seen = runs.evidence("streadway", "pika", runs.CASES["headers/double"])
    lines = [runs.line(f"headers/double-{number:04}", "streadway", "pika", seen) for number in range(600)]
    write_html(tmp_path / "p.html", read_results(runs.write(tmp_path / "p.jsonl", lines)))
    page = opened("#list=1", path=tmp_path / "p.html")
    page.evaluate("window.dispatchEvent(new Event('beforeprint'))")
    page.emulate_media(media="print", color_scheme="dark")
    expect(page.locator("#filters")).to_be_hidden()
    expect(page.locator("button:visible")).to_have_count(0)
    expect(page.locator("#cells tbody tr")).to_have_count(600)
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert page.pdf().startswith(b"%PDF")


def test_on_a_narrow_screen_nothing_makes_the_page_wider_than_it(opened: Open) -> None:
    for fragment in ("", "#list=1", CELL):
        page = opened(fragment)
        page.set_viewport_size({"width": 360, "height": 700})
        assert page.evaluate("document.documentElement.scrollWidth") <= 360


def test_without_a_script_the_counts_are_there(chromium: Browser, report: Path) -> None:
    context = chromium.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(report.as_uri())
    row = page.locator("noscript tr", has_text="streadway")
    expect(row).to_contain_text("pika: 5 pass, 1 expected, 3 fail")
    context.close()


def test_a_run_that_was_cut_says_so(opened: Open, tmp_path: Path) -> None:
    results = runs.write(tmp_path / "cut.jsonl", list(runs.cells()), cut=True, cells=99)
    write_html(tmp_path / "cut.html", read_results(results))
    page = opened(path=tmp_path / "cut.html")
    expect(page.get_by_role("alert")).to_have_text("The run was cut: 36 of 99 cells were judged.")


def test_a_file_of_the_first_format_is_shown_with_what_it_has(opened: Open, tmp_path: Path) -> None:
    lines = [msgspec.structs.replace(cell, evidence=None) for cell in runs.cells()]
    results = runs.write(tmp_path / "old.jsonl", lines, cases=False, format=1)
    write_html(tmp_path / "old.html", read_results(results))
    page = opened(CELL, path=tmp_path / "old.html")
    changed = page.locator("#messages tr.changed")
    expect(changed).to_contain_text("double 3.14")
    expect(changed).to_contain_text("int 3")
    expect(page.get_by_text("are not kept")).to_be_visible()
