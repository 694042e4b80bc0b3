"""Every command that a document shows without its output runs, on a few cells where it would run all."""

from __future__ import annotations

import os
import shlex
import subprocess
from itertools import pairwise
from pathlib import Path

import pytest
from shown import BLOCK, shown

from harness.peers.manifest import ROOT

DEADLINE = 600.0
DOCUMENTS = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")])
FEW = {
    "run": {"--case": "mixed/*", "--producer": "streadway", "--consumer": "pika"},
    "compare": {"--case": "headers/int64-m*", "--producer": "raw"},
}
"""What is asked for in place of all there is, unless the command says itself what it wants."""
HERE = {"rabbitmq:4.1.4": "debian:bookworm"}
"""Images that come from a registry, and what stands for them."""
OF_OTHERS = ("accepted.jsonl", "old.jsonl", "new.jsonl", "r.jsonl")
"""Results files that a reader has already."""
WRITTEN = ("--results", "--html", "--junit", "--markdown", "--badge", "--out")
FAILS = {"run", "pika@1.3.2"}
"""Words of a command that ends with status 1: what an old release does is not listed."""


def unshown(document: Path) -> list[str]:
    """The commands of its console blocks whose output it does not show, in order."""
    with_output = {each.command for each in shown(document)}
    typed = [
        line.removeprefix("$ ")
        for kind, text in BLOCK.findall(document.read_text(encoding="utf-8"))
        if kind == "console"
        for line in text.splitlines()
        if line.startswith("$ ")
    ]
    return [command for command in typed if command not in with_output and "amqp-interop" in command]


def few(command: str) -> list[str]:
    """The command's words, with the options that make it short."""
    program, verb, *words = [HERE.get(word, word) for word in shlex.split(command)]
    asks = FEW.get(verb, {})
    more = [word for option, value in asks.items() if option not in words for word in (option, value)]
    return [str(ROOT / ".venv/bin" / Path(program).name), verb, *words, *more]


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    path = tmp_path_factory.mktemp("made") / "made.jsonl"
    done = subprocess.run(
        few(f"amqp-interop run --broker debian:bookworm --results {path}"),
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=DEADLINE,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return path.read_bytes()


@pytest.mark.timeout(DEADLINE)
@pytest.mark.parametrize(
    "document", [each for each in DOCUMENTS if unshown(each)], ids=lambda document: document.name
)
def test_the_commands_of_a_document_run(document: Path, results: bytes, tmp_path: Path) -> None:
    for name in OF_OTHERS:
        (tmp_path / name).write_bytes(results)
    for command in unshown(document):
        words = few(command)
        done = subprocess.run(
            words,
            cwd=tmp_path,
            env={name: value for name, value in os.environ.items() if name != "GITHUB_STEP_SUMMARY"},
            capture_output=True,
            text=True,
            timeout=DEADLINE,
            check=False,
        )
        expected = int(FAILS.issubset(words))
        assert done.returncode == expected, f"$ {shlex.join(words)}\n{done.stdout}\n{done.stderr}"
        for option, written in pairwise(words):
            if option in WRITTEN:
                assert (tmp_path / written).exists(), f"{command}: {written} was not written"
