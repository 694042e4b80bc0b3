"""The file of the page: whole, inert, complete, and asking for nothing."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import zlib
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from report_samples import HOSTILE, PI, cell, foot, head, narrowed, stopped

from harness.amqp import values as v
from harness.amqp.message import Inline, Message
from harness.errors import UsageError
from harness.judge.verdict import Step
from harness.report.html import write_html
from harness.report.html.index import PACK
from harness.results import CaseLine, CellLine, Results, ResultsWriter, read_results
from harness.steps import DeleteQueue

ASKED = Message({"headers": v.Table((("k", PI),))}, Inline("x"))


def results(tmp_path: Path, *cells: CellLine, **changes: Any) -> Results:
    path = tmp_path / "r.jsonl"
    with ResultsWriter(path) as writer:
        writer.write(head(**({"cells": len(cells)} | changes)))
        writer.write(CaseLine("headers/double", "Why it is there.", None, ASKED))
        writer.write(CaseLine("queues/deleted", "Why.", "a source", steps=(DeleteQueue("q"),)))
        for line in cells:
            writer.write(line)
        writer.write(foot(outcomes=dict(Counter(line.outcome for line in cells))))
    return read_results(path)


def page(tmp_path: Path, *cells: CellLine, **changes: Any) -> str:
    path = tmp_path / "r.html"
    write_html(path, results(tmp_path, *cells, **changes))
    return path.read_text(encoding="utf-8")


def data(text: str, name: str) -> Any:
    found = re.search(rf'<script type="application/json" id="data-{name}">(.*?)</script>', text)
    assert found is not None
    return json.loads(found[1])


def details(text: str) -> list[Any]:
    packs = re.findall(r'<script type="text/plain" id="pack-\d+">(.*?)</script>', text)
    return [detail for pack in packs for detail in json.loads(zlib.decompress(base64.b64decode(pack)))]


def test_every_cell_has_its_row_of_numbers_and_texts_stand_there_once(tmp_path: Path) -> None:
    text = page(tmp_path, narrowed(), narrowed("headers/other"), cell(producer="streadway"))
    columns, strings = data(text, "cells"), data(text, "strings")
    assert {len(column) for name, column in columns.items() if name not in ("became", "was")} == {3}
    assert columns["became"] == []
    assert len(strings) == len(set(strings))
    said = [strings[number] for number in columns["sentence"]]
    assert said[0] == said[1] == "pika 1.4.4 read header k, sent and delivered as double 3.14, as int 3"
    assert [case[0] for case in data(text, "cases")] == ["headers/double", "queues/deleted", "headers/other"]


def test_details_are_packed_and_found_by_their_number(tmp_path: Path) -> None:
    cells = [narrowed(f"headers/n{number}") for number in range(2 * PACK + 3)]
    text = page(tmp_path, *cells)
    every = details(text)
    assert every[0]["rows"] == [
        ["headers", "table of 1"],
        ["headers.k", "double 3.14"],
        ["body", '"x" (1 byte)'],
    ]
    assert every[1]["steps"] == ["delete_queue queue=q"]
    for number in data(text, "cells")["detail"]:
        assert every[number]["changes"] == [
            ["consumer", "narrowed", True, "headers.k", "double 3.14", "int 3"]
        ]


def test_what_a_peer_says_ends_no_element_and_is_escaped(tmp_path: Path) -> None:
    hostile = HOSTILE.replace("\ud800", "") + "</script><!--<script>"  # which no JSON can hold
    line = stopped("undecodable", Step.CONSUMER, hostile, producer=hostile, case="headers/" + hostile)
    text = page(tmp_path, line, suite=hostile)
    assert text.count("<script") == text.count("</script>")
    assert "<!--" not in text
    assert not set(text) & set("\x1b\x07\x00\u202e\u2028\x9b")
    assert "\\u202e" in json.dumps(data(text, "strings")) or "\\\\u202e" in json.dumps(data(text, "strings"))


def test_only_the_pages_own_script_and_style_are_allowed(tmp_path: Path) -> None:
    text = page(tmp_path, cell())
    policy = re.search(r'Content-Security-Policy" content="([^"]*)"', text)
    assert policy is not None
    script = re.search(r"<script>(.*?)</script>", text, re.DOTALL)
    style = re.search(r"<style>(.*?)</style>", text, re.DOTALL)
    assert script is not None
    assert style is not None
    for kind, found in (("script", script), ("style", style)):
        digest = base64.b64encode(hashlib.sha256(found[1].encode()).digest()).decode()
        assert f"{kind}-src &#39;sha256-{digest}&#39;" in policy[1]
    assert policy[1].startswith("default-src &#39;none&#39;")


def test_there_is_no_address_in_it_to_load_anything_from(tmp_path: Path) -> None:
    text = page(tmp_path, cell())
    assert not re.search(r"""(src|href)\s*=\s*["'](?!#)""", text)
    assert not re.search(r"@import|url\(|\bfetch\(|XMLHttpRequest|innerHTML|insertAdjacentHTML|eval\(", text)


def test_a_page_that_cannot_be_written_is_the_users_error_and_leaves_nothing(tmp_path: Path) -> None:
    made = results(tmp_path, cell())
    with pytest.raises(UsageError, match="cannot write HTML"):
        write_html(tmp_path / "none" / "r.html", made)
    (tmp_path / "folder.html").mkdir()
    with pytest.raises(UsageError, match="cannot write HTML"):
        write_html(tmp_path / "folder.html", made)
    assert {path.name for path in tmp_path.iterdir()} == {"r.jsonl", "folder.html"}


def test_a_run_that_was_cut_is_told_from_a_whole_one(tmp_path: Path) -> None:
    whole = results(tmp_path, cell())
    assert data(page(tmp_path, cell()), "about")["cut"] is False
    lines = whole.path.read_bytes().splitlines(keepends=True)
    whole.path.write_bytes(b"".join(lines[:-1]))
    write_html(tmp_path / "cut.html", read_results(whole.path))
    assert data((tmp_path / "cut.html").read_text(encoding="utf-8"), "about")["cut"] is True
