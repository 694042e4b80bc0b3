"""Every output that a document shows is what its command prints today."""

from __future__ import annotations

import os
import subprocess

import pytest
from shown import DOCUMENTS, Shown, all_shown, difference

from harness.peers.manifest import ROOT

SHOWN = tuple(all_shown())


def test_there_are_outputs_to_check() -> None:
    assert len(SHOWN) >= 2
    assert all(shown.document in DOCUMENTS for shown in SHOWN)


@pytest.mark.timeout(600)
@pytest.mark.parametrize("shown", SHOWN, ids=lambda shown: shown.id)
def test_a_document_shows_what_its_command_prints(shown: Shown) -> None:
    done = subprocess.run(
        ["bash", "-c", shown.command],
        cwd=ROOT,
        env={**os.environ, "NO_COLOR": "1"},
        stdout=subprocess.PIPE,
        text=True,
        check=False,
    )
    missing = difference(shown.text, done.stdout)
    assert missing is None, f"not printed by {shown.command}:\n{missing}\n\nprinted:\n{done.stdout}"


@pytest.mark.parametrize(
    "real, true",
    [
        ("a 1.5 s\nb\nx\ny\nc", True),
        ("a 99 s\nb\nc", True),
        ("a 1.5 s\nx\nc", False),
        ("z\na 1.5 s\nb\nc", False),
        ("a 1.5 s\nb\n", False),
    ],
)
def test_only_times_and_what_is_left_out_may_differ(real: str, true: bool) -> None:
    assert (difference("a 2.0 s\nb\n\n[... more]\n\nc\n", real) is None) is true
