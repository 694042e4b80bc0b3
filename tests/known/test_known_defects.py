"""Defects that are published, found through the public command line: red on one release, green on another.

The table is data, ``defects.toml``: a row more is a test more.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tomllib
from pathlib import Path

import msgspec
import pytest

from harness.broker import Broker
from harness.judge.verdict import Step
from harness.peers.protocol import Role
from harness.results import CellLine, read_results

ROOT = Path(__file__).parent.parent.parent
DEADLINE = 600.0
"""Seconds for one row, releases built and all."""
OTHER_ROLE: dict[Role, Role] = {"producer": "consumer", "consumer": "producer"}


class Defect(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One row: ``cases`` are globs, ``verdicts`` the ways in which it may show at the library's step."""

    what: str
    library: str
    role: Role
    red: str
    green: str
    other: str
    cases: tuple[str, ...]
    verdicts: tuple[str, ...]

    def label(self, release: str) -> str:
        """The peer, as it is asked for."""
        return f"{self.library}@{release}"


class Table(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The file."""

    defect: tuple[Defect, ...]


DEFECTS = msgspec.convert(
    tomllib.loads((Path(__file__).parent / "defects.toml").read_text(encoding="utf-8")), Table
).defect


def cells(defect: Defect, url: str, file: Path) -> dict[str, list[CellLine]]:
    """The cells of both releases, run by the command line, by release."""
    words = [f"--{OTHER_ROLE[defect.role]}", defect.other, "--broker", url, "--results", str(file)]
    for release in (defect.red, defect.green):
        words += [f"--{defect.role}", defect.label(release)]
    for case in defect.cases:
        words += ["--case", case]
    done = subprocess.run(
        [sys.executable, "-m", "harness.cli", "run", *words],
        cwd=ROOT,
        env=dict(os.environ),
        capture_output=True,
        text=True,
        timeout=DEADLINE,
        check=False,
    )
    assert done.returncode in (0, 1), done.stderr
    results = read_results(file)
    assert results.foot is not None, "the run was cut"
    releases = {peer.label: peer.release for peer in results.head.peers}
    found: dict[str, list[CellLine]] = {defect.red: [], defect.green: []}
    for cell in results.cells():
        found[releases[cell.producer if defect.role == "producer" else cell.consumer]].append(cell)
    return found


def shows(defect: Defect, cell: CellLine) -> bool:
    """Whether the defect is in the cell, and the library is who is blamed for it."""
    step = Step(defect.role)
    if cell.verdict in defect.verdicts and cell.step is step:
        return True
    return any(one.step is step and one.kind in defect.verdicts for one in cell.differences)


@pytest.mark.timeout(DEADLINE)
@pytest.mark.parametrize("defect", DEFECTS, ids=lambda one: f"{one.library}-{one.role}")
def test_a_published_defect_is_found_and_gone_where_it_was_mended(
    defect: Defect, broker: Broker, tmp_path: Path
) -> None:
    found = cells(defect, broker.url, tmp_path / "r.jsonl")
    red, green = found[defect.red], found[defect.green]
    assert [cell.case for cell in red if not shows(defect, cell)] == []
    assert [cell.case for cell in green if shows(defect, cell) or cell.outcome == "error"] == []
    assert {cell.case for cell in red} == {cell.case for cell in green} != set()


@pytest.mark.parametrize("defect", DEFECTS, ids=lambda one: f"{one.library}-{one.role}")
def test_a_row_names_two_releases(defect: Defect) -> None:
    assert defect.red != defect.green
