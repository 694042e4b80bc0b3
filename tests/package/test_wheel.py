"""The wheel alone does what the tree does, from any folder, and stays as it is."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness import listing, matrix
from harness.results import read_results
from package.package_support import Command

pytestmark = pytest.mark.timeout(400)  # the first test waits for the wheel and its environment

CELL = "article/message[streadway->pika]"


def test_the_installed_suite_lists_what_the_tree_has(run_installed: Command) -> None:
    chosen = matrix.choose((), (), ())
    for what, lines in (
        ("cases", listing.case_lines(chosen)),
        ("peers", listing.peer_lines(chosen)),
        ("cells", listing.cell_lines(chosen)),
    ):
        done = run_installed("amqp-interop", "list", what)
        assert (done.returncode, done.stdout.splitlines()) == (0, list(lines)), done.stderr


def test_the_installed_doctor_looks_at_its_own_environment(run_installed: Command, installed: Path) -> None:
    done = run_installed("amqp-interop", "doctor")
    assert done.returncode == 0, done.stdout
    (line,) = (line for line in done.stdout.splitlines() if line.startswith("ok      uv: "))
    assert line.endswith(f"at {installed / 'bin' / 'uv'}")


def test_the_installed_suite_runs_the_article_and_leaves_its_package_as_it_was(
    run_installed: Command, installed: Path, tmp_path: Path
) -> None:
    (data,) = installed.glob("lib/python*/site-packages/harness/_data")
    before = sorted(data.rglob("*"))
    done = run_installed(
        *("amqp-interop", "run", "--broker", "debian:bookworm", "--results", "r.jsonl"),
        *("--producer", "streadway", "--consumer", "pika", "--case", "article/*"),
        INTEROP_CACHE=str(tmp_path / "cache"),
    )
    assert done.returncode == 0, done.stderr
    results = read_results(tmp_path / "r.jsonl")
    cells = list(results.cells())
    assert results.foot is not None
    assert {cell.case for cell in cells} == {
        case.id for case in matrix.all_cases() if case.id.startswith("article/")
    }
    assert {(cell.producer, cell.consumer) for cell in cells} == {("streadway", "pika")}
    assert results.outcomes["pass"] > 0
    assert (tmp_path / "cache" / "bytecode").is_dir()
    assert sorted(data.rglob("*")) == before


def test_the_installed_suite_explains_a_cell_and_says_how_to_repeat_it_as_installed(
    run_installed: Command,
) -> None:
    done = run_installed("amqp-interop", "explain", CELL, "--broker", "debian:bookworm")
    assert done.returncode == 0, done.stderr
    assert f"  amqp-interop explain '{CELL}' --broker debian:bookworm" in done.stdout
