"""What CI runs is make or the suite itself: no workflow has a program of its own, no input becomes code."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import pytest
import yaml

from harness.cli import main
from harness.peers.manifest import ROOT

FILES = (
    ROOT / "action.yml",
    ROOT / "examples" / "gitlab-ci.yml",
    *sorted((ROOT / ".github" / "workflows").glob("*.yml")),
)
TOLERATED = re.compile(r"\|\| test \$\? -eq 1$")
"""A cell that differs (status 1) is no reason to stop before the comparison; all else is."""


def scripts(node: Any) -> Iterator[str]:
    """Every ``run:`` of GitHub's, every line of a ``script:`` of GitLab's, at any depth."""
    if isinstance(node, dict):
        for key, value in node.items():
            if key == "run" and isinstance(value, str):
                yield value
            elif key == "script":
                yield from value
            else:
                yield from scripts(value)
    elif isinstance(node, list):
        for item in node:
            yield from scripts(item)


def uses(node: Any) -> Iterator[str]:
    """Every action that is used."""
    if isinstance(node, dict):
        yield from (value for key, value in node.items() if key == "uses")
        for value in node.values():
            yield from uses(value)
    elif isinstance(node, list):
        for item in node:
            yield from uses(item)


def check(script: str) -> None:
    """One command a script, which make, amqp-interop or the installer of the suite understands."""
    assert "${{" not in script, f"an input becomes code: {script}"
    command = TOLERATED.sub("", script.strip())
    assert not re.search(r"[;&|`<>]|\$\(", command), f"more than a command: {script}"
    words = shlex.split(command.replace("\\\n", " "))
    match words:
        case ["make", *targets]:
            makefile = (ROOT / "Makefile").read_text("utf-8")
            assert targets
            assert all(f"\n{target}:" in makefile for target in targets), script
        case ["amqp-interop", name, *arguments]:
            known = [word.replace("--$ROLE", "--producer") for word in arguments]
            main.commands[name].make_context(name, known)
        case ["pip", "install", "--quiet", "$GITHUB_ACTION_PATH" | "$SUITE"]:
            pass
        case _:
            raise AssertionError(f"neither make nor amqp-interop: {script}")


def content(path: Path) -> Any:
    return yaml.safe_load(path.read_text("utf-8"))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_a_workflow_runs_make_or_the_suite_and_nothing_else(path: Path) -> None:
    found = list(scripts(content(path)))
    assert found or "uses: ./" in path.read_text("utf-8")
    for script in found:
        check(script)


@pytest.mark.parametrize(
    "script",
    [
        "curl example.org",
        "make coffee",
        "amqp-interop run --colour",
        "make check; reboot",
        'make "${{ inputs.target }}"',
        "amqp-interop doctor || true",
        "pip install something-else",
    ],
)
def test_anything_else_is_noticed(script: str) -> None:
    with pytest.raises((AssertionError, click.UsageError)):
        check(script)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_actions_and_images_are_of_a_version(path: Path) -> None:
    for action in uses(content(path)):
        assert action.startswith("./") or re.fullmatch(r"[\w./-]+@(v\d+\.\d+\.\d+|[0-9a-f]{40})", action), (
            action
        )
    assert "latest" not in path.read_text("utf-8")
