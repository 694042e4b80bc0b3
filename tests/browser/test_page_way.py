"""The way through the page: from the matrix to a pair, a topic, a case, its messages and octets."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest
from playwright.sync_api import Page, expect

from browser import runs
from harness.judge.difference import Kind
from harness.judge.verdict import Step, StepDifference
from harness.report.html import write_html
from harness.report.names import commands_of
from harness.results import CaseLine, ResultsWriter, read_results
from harness.steps import DeclareQueue, DeleteQueue

Open = Callable[..., Page]
pytestmark = pytest.mark.browser


def test_the_matrix_comes_first_and_counts_every_cell(opened: Open) -> None:
    page = opened()
    expect(page.locator("#matrix thead th")).to_have_text(
        ["producer \\ consumer", "pika 1.4.4", "rabbitpy 3.0.2"]
    )
    expect(page.locator("#matrix tbody tr")).to_have_count(2)
    label = page.locator("#matrix tbody tr").nth(0).locator("td a").nth(0)
    expect(label).to_have_attribute("aria-label", "streadway 1.1.0 to pika 1.4.4: 5 pass, 1 expected, 3 fail")
    expect(page.locator("#status")).to_have_text("36 cells")


def test_clicks_lead_from_a_pair_to_its_topics_cases_and_the_four_messages(opened: Open) -> None:
    page = opened()
    page.get_by_role("link", name="amqp091-go 1.16.0 to pika 1.4.4").click()
    expect(page.locator("#topics tbody th")).to_have_text(["bodies", "headers", "properties"])
    page.locator("#topics").get_by_role("link", name="headers", exact=True).click()
    expect(page.locator("#cells tbody tr")).to_have_count(7)
    page.locator("#cells").get_by_role("link", name="headers/double").click()
    expect(page.locator("main h2")).to_have_text("headers/double[amqp091-go->pika]")
    expect(page.locator("#messages thead th")).to_have_text(
        [
            "mark",
            "field",
            "asked of amqp091-go 1.16.0",
            "sent on its wire",
            "delivered by RabbitMQ 3.10.8",
            "reported by pika 1.4.4",
        ]
    )
    expect(page.locator("#trail")).to_contain_text("pika 1.4.4")


def test_the_changed_field_is_marked_in_words_too_and_only_where_it_changed(opened: Open) -> None:
    page = opened("#cell=headers%2Fdouble%5Bamqp091-go-%3Epika%5D")
    changed = page.locator("#messages tr.changed")
    expect(changed).to_have_count(1)
    expect(changed.locator("th")).to_have_text("headers.k")
    expect(changed.locator("td").first).to_contain_text("changed")
    expect(changed.locator("td.moved")).to_have_text(["int 3"])


def test_a_value_that_was_wrong_before_is_not_marked_again_where_it_is_handed_over(opened: Open) -> None:
    page = opened("#cell=headers%2Fuint8-200%5Bstreadway-%3Epika%5D")
    row = page.locator("#messages tr.changed")
    expect(row.locator("td.moved")).to_have_text(["int8 -56"])
    expect(row.locator("td").last).to_have_text("int -56")


def test_a_consumers_misreading_names_the_octets_that_it_was_given_on_both_wires(opened: Open) -> None:
    page = opened("#cell=headers%2Fdouble%5Bamqp091-go-%3Epika%5D")
    for side in (0, 1):
        dump = page.locator(".side").nth(side)
        hexadecimal = "".join(dump.locator("pre mark").all_text_contents())
        assert "64 40 09 1e b8 51 eb 85 1f".replace(" ", "") in hexadecimal.replace(" ", "")
        expect(dump.locator("table").first.locator("tbody th")).to_have_text("headers.k")
        expect(dump.locator("table").first).to_contain_text("20 to 28")
        expect(dump.locator("table").first).to_contain_text("double 3.14")
        expect(dump.locator("mark.other")).to_have_count(0)


def test_a_producers_fault_marks_the_octet_that_is_not_as_asked(opened: Open) -> None:
    page = opened("#cell=headers%2Fuint8-200%5Bstreadway-%3Epika%5D")
    sent = page.locator(".side").nth(0)
    expect(sent.locator("pre mark.other").first).to_have_text("62")
    expect(sent.locator("table").first).to_contain_text("int8 -56")
    expect(page.locator(".side").nth(1).locator("mark.other")).to_have_count(0)


def test_a_message_that_hung_its_consumer_has_the_octets_it_is_about_marked(opened: Open) -> None:
    page = opened("#cell=headers%2Ftimestamp-late%5Bstreadway-%3Erabbitpy%5D")
    expect(page.locator("#sentence")).to_contain_text("rabbitpy 3.0.2 hung over header k, timestamp 25340230")
    expect(page.locator(".side").nth(1).locator("table").first.locator("tbody th")).to_have_text("headers.k")
    expect(page.locator("#messages thead th").last).to_have_text("reported: no message seen")


def test_the_sentence_the_reason_and_the_commands_stand_in_the_page(opened: Open) -> None:
    page = opened("#cell=headers%2Fdouble%5Bamqp091-go-%3Epika%5D")
    expect(page.locator("#sentence")).to_have_text(
        "pika 1.4.4 read header k, sent and delivered as double 3.14, as int 3"
    )
    expect(page.locator("[data-command=run]")).to_have_text(
        ".venv/bin/amqp-interop run --broker debian:bookworm --producer amqp091-go --consumer pika "
        "--case headers/double"
    )
    expect(page.locator("[data-command=explain]")).to_have_text(
        ".venv/bin/amqp-interop explain 'headers/double[amqp091-go->pika]' --broker debian:bookworm"
    )


def test_copy_buttons_copy_and_say_so(opened: Open) -> None:
    page = opened("#cell=headers%2Fdouble%5Bamqp091-go-%3Epika%5D")

    def clipboard() -> str:
        return str(page.evaluate("navigator.clipboard.readText()"))

    page.get_by_role("button", name="Copy the sentence").click()
    expect(page.locator("#status")).to_have_text("Copied the sentence.")
    assert clipboard() == "pika 1.4.4 read header k, sent and delivered as double 3.14, as int 3"
    page.get_by_role("button", name="Copy the run command").click()
    expect(page.locator("#status")).to_have_text("Copied the run command.")
    assert clipboard().startswith(".venv/bin/amqp-interop run")
    page.get_by_role("button", name="Copy the link").click()
    expect(page.locator("#status")).to_have_text("Copied the link.")
    assert clipboard() == page.url
    page.get_by_role("button", name="Copy the report").click()
    expect(page.locator("#status")).to_have_text("Copied the report.")
    assert "reported   int 3" in clipboard()
    page.get_by_role("button", name="Copy the octets as hex").first.click()
    expect(page.locator("#status")).to_have_text("Copied the octets as hex.")
    assert clipboard().endswith("016b6440091eb851eb851f")


def test_a_clean_cell_shows_what_was_asked_for_and_that_no_octets_are_kept(opened: Open) -> None:
    page = opened("#cell=properties%2Fapp-id%5Bstreadway-%3Erabbitpy%5D")
    row = page.locator("#messages tbody tr", has_text="app_id")
    expect(row.locator("td").nth(1)).to_contain_text('"shop"')
    expect(row.locator("td").nth(4)).to_contain_text("as before")
    expect(page.get_by_text("are not kept")).to_be_visible()
    page.get_by_text("The content header as it was asked for").click()
    expect(page.locator("pre.hex")).to_contain_text("04 73")
    expect(page.locator("pre.hex")).to_contain_text("68 6f 70")


def test_the_same_case_between_all_others_is_one_click_away(opened: Open) -> None:
    page = opened("#cell=headers%2Fdouble%5Bamqp091-go-%3Epika%5D")
    others = page.get_by_label("The same case between others")
    expect(others.locator("a[aria-current=page]")).to_have_text("narrowed")
    others.locator("tbody tr").nth(1).locator("a").nth(1).click()
    expect(page.locator("main h2")).to_have_text("headers/double[amqp091-go->rabbitpy]")
    page.go_back()
    expect(page.locator("main h2")).to_have_text("headers/double[amqp091-go->pika]")


def test_a_cell_that_is_not_there_is_said_not_to_be(opened: Open) -> None:
    page = opened("#cell=headers%2Fnone%5Ba-%3Eb%5D")
    expect(page.locator("main")).to_contain_text("There is no such cell in this file: headers/none[a->b]")


def test_one_click_says_which_header_types_pika_misreads_and_who_sends_them(opened: Open) -> None:
    page = opened()
    page.locator("#matrix thead").get_by_role("link", name="pika 1.4.4").click()
    first = page.locator("#findings table").first
    expect(first.locator("caption")).to_have_text("What pika 1.4.4 did")
    row = first.locator("tbody tr", has_text="narrowed").first
    expect(row.locator("td").nth(0)).to_have_text("headers.*")
    expect(row.locator("td").nth(1)).to_have_text("double, float")
    expect(row.locator("td").nth(2)).to_have_text("int")
    expect(row.locator("td").nth(4)).to_have_text("amqp091-go 1.16.0, streadway 1.1.0")


def test_commands_are_quoted_as_the_terminals_are(opened: Open, tmp_path: Path) -> None:
    seen = runs.evidence("streadway", "pika", runs.CASES["headers/double"])
    for producer in ("aio-pika@9.4.0[pamqp@3.2.1,python@3.12]", "it's $HOME `x`; \u202e"):
        lines = [runs.line("headers/double", producer, "pika", seen)]
        results = read_results(runs.write(tmp_path / "q.jsonl", lines))
        write_html(tmp_path / "q.html", results)
        page = opened("#list=1", path=tmp_path / "q.html")
        page.locator("#cells a").first.click()
        run, explain = commands_of(results.head, lines[0])
        expect(page.locator("[data-command=run]")).to_have_text(run)
        expect(page.locator("[data-command=explain]")).to_have_text(explain)


def test_a_scenario_is_shown_step_by_step_with_the_one_that_came_out_otherwise(
    opened: Open, tmp_path: Path
) -> None:
    path = "steps[2].delete_queue.told"
    one = StepDifference(Step.CONSUMER, Kind.LOST, path, "cancelled", None)
    cell = msgspec.structs.replace(
        runs.line("queues/deleted", "streadway", "pika", runs.evidence("streadway", "pika", runs.message())),
        verdict="lost",
        outcome="fail",
        step=Step.CONSUMER,
        path=path,
        expected="cancelled",
        differences=(one,),
    )
    steps = (DeclareQueue(by="consumer", queue="q"), DeleteQueue("q"))
    with ResultsWriter(tmp_path / "s.jsonl") as writer:
        writer.write(runs.head(cells=1))
        writer.write(CaseLine("queues/deleted", "Who is told?", "a page", steps=steps))
        writer.write(cell)
    write_html(tmp_path / "s.html", read_results(tmp_path / "s.jsonl"))
    page = opened("#cell=queues%2Fdeleted%5Bstreadway-%3Epika%5D", path=tmp_path / "s.html")
    expect(page.locator("#steps li")).to_have_count(2)
    expect(page.locator("#steps li.otherwise")).to_have_text("Otherwise: delete_queue queue=q")
    expect(page.locator("#messages")).to_have_count(0)
    expect(page.locator("#differences")).to_contain_text("cancelled")
