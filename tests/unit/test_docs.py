"""What the documents say is tried: every command parses, every link to a file leads somewhere."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import click
import pytest

from harness import matrix
from harness.cases import select
from harness.cli import main
from harness.judge.listed import read_expectations
from harness.peers.manifest import ROOT
from harness.scenarios import Scenario

DOCUMENTS = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")])
LINK = re.compile(r"\]\((?!https?:|#)([^)#]+)")


def commands(document: Path) -> list[list[str]]:
    """The command lines of a document: those after ``$`` in console blocks."""
    blocks = re.findall(r"```console\n(.*?)```", document.read_text(encoding="utf-8"), re.DOTALL)
    lines = [line[2:] for block in blocks for line in block.splitlines() if line.startswith("$ ")]
    return [shlex.split(line) for line in lines]


def parsed(words: list[str]) -> click.Context:
    """The command line's own reading of ``words``; nothing is run."""
    if words[0] not in main.commands:
        raise click.UsageError(f"no such command: {words[0]}")
    return main.commands[words[0]].make_context(words[0], words[1:])


def check(words: list[str]) -> None:
    """Whether the command could be typed as it stands."""
    if words[0].endswith("amqp-interop"):
        values = parsed(words[1:]).params
        if values.get("cell"):
            matrix.parse_cell(values["cell"])
        cases = [matrix.parse_cell(values["cell"])[0]] if values.get("cell") else values.get("cases", ())
        brokers = values.get("brokers") or (values.get("broker"),)
        peers = values.get("producers", ()), values.get("consumers", ())
        matrix.choose(*peers, cases, *brokers, shard=values.get("shard"))
    elif words[0] == "make":
        makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
        assert all(f"\n{target}:" in makefile for target in words[1:])


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_every_command_in_a_document_can_be_typed(document: Path) -> None:
    for words in commands(document):
        check(words)


def test_a_command_that_cannot_be_typed_is_noticed() -> None:
    with pytest.raises(click.UsageError):
        check([".venv/bin/amqp-interop", "run", "--colour"])
    with pytest.raises(AssertionError):
        check(["make", "coffee"])


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_every_link_to_a_file_leads_somewhere(document: Path) -> None:
    for target in LINK.findall(document.read_text(encoding="utf-8")):
        assert (document.parent / target).exists(), target


def test_every_expectation_can_be_read_and_names_cases_that_exist() -> None:
    cases = matrix.all_cases()
    for item in read_expectations(matrix.EXPECTATIONS):
        select(cases, (*item.expectation.globs, *item.expectation.unless))


def test_the_readme_states_the_number_of_cases_and_scenarios() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    scenarios = sum(isinstance(case, Scenario) for case in matrix.all_cases())
    assert f"{len(matrix.all_cases()) - scenarios} messages" in text
    assert f"{scenarios} scenarios" in text
