"""Every output that a document shows is what the command prints today."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest
from shown import Shown, differs, shown

from harness.peers.manifest import ROOT

DEADLINE = 600.0
DOCUMENTS = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")])
SHOWN = [each for document in DOCUMENTS for each in shown(document)]

AS_TYPED = {
    name: value for name, value in os.environ.items() if name not in ("MAKEFLAGS", "MAKELEVEL", "MFLAGS")
}
"""A make within make would say which folder it enters; nobody who types the command sees that."""


@pytest.mark.timeout(DEADLINE)
@pytest.mark.parametrize("each", SHOWN, ids=lambda each: f"{each.document}: {each.command[:60]}")
def test_an_output_that_is_shown_is_printed(each: Shown) -> None:
    done = subprocess.run(
        each.command,
        shell=True,
        cwd=ROOT,
        env=AS_TYPED,
        capture_output=True,
        text=True,
        timeout=DEADLINE,
        check=False,
    )
    difference = differs(each.lines, done.stdout.splitlines())
    assert difference is None, f"$ {each.command}\n{difference}\n\nall of it:\n{done.stdout}\n{done.stderr}"


def test_the_readme_and_the_pages_about_verdicts_releases_and_brokers_show_outputs() -> None:
    of = {each.document for each in SHOWN}
    assert of >= {"README.md", "reading_a_verdict.md", "comparing.md", "upgrading.md"}


def test_what_a_run_makes_up_may_differ_and_nothing_else() -> None:
    printed = ["12 cells in 0.5 s", "name interop.0123456789ab", "a", "b", "end"]
    assert differs(["12 cells in 7.1 s", "name interop.ba9876543210", "[... more:]", "end"], printed) is None
    assert (
        differs(["13 cells in 0.5 s", "[...]"], printed)
        == "shown:   13 cells in SECONDS\nprinted: 12 cells in SECONDS"
    )
    assert differs(["12 cells in 0.5 s"], printed) == "shown:   nothing more\nprinted: name interop.NAME"
    assert differs([*printed, "more"], printed) == "shown:   more\nprinted: nothing more"
    assert differs(["[...]", "c"], printed) == "shown:   c\nprinted: 12 cells in SECONDS"


def test_an_output_is_below_its_command_or_in_the_next_block_of_text(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(
        "```console\n$ one\n$ two\nhere\n```\n```console\n$ three\n```\nthat is\n```text\nthere\n```\n"
    )
    assert list(shown(page)) == [
        Shown("page.md", "two", ["here"]),
        Shown("page.md", "three", ["there"]),
    ]
