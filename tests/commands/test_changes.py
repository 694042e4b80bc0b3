"""The commands that hold results against each other, as their users type them."""

from __future__ import annotations

import json
from pathlib import Path

import msgspec
import pytest
from doors_support import amqp_interop, own_vhost

from harness.broker import Broker
from harness.results import Foot, Line, read_lines, read_results

CHOICE = ("--producer", "raw", "--consumer", "pika", "--case", "headers/int*")


def run(url: str, file: Path, *more: str) -> None:
    done = amqp_interop("run", "--broker", url, "--results", str(file), *more)
    assert done.returncode in (0, 1), done.stderr


def lasting(line: Line) -> Line:
    """A line without what differs between two runs of the same: times, and names made up for the run."""
    if isinstance(line, Foot):
        return msgspec.structs.replace(line, seconds={})
    return msgspec.structs.replace(line, date="") if hasattr(line, "date") else line


def lines(file: Path) -> list[bytes]:
    """The lines of a file in an order of their own."""
    return sorted(msgspec.json.encode(lasting(line), order="deterministic") for line in read_lines(file))


def test_the_parts_of_a_run_merge_into_what_one_run_writes(broker: Broker, tmp_path: Path) -> None:
    whole, joined = tmp_path / "whole", tmp_path / "joined"
    parts = [tmp_path / str(number) for number in (1, 2, 3)]
    run(broker.url, whole, *CHOICE)
    for number, part in enumerate(parts, 1):
        run(broker.url, part, *CHOICE, "--shard", f"{number}/3")
    done = amqp_interop("merge", str(joined), *map(str, reversed(parts)))
    assert done.returncode == 0, done.stderr
    assert lines(joined) == lines(whole)
    sizes = [read_results(part).head.cells for part in parts]
    assert max(sizes) - min(sizes) <= 1
    missing = amqp_interop("merge", str(tmp_path / "no"), *map(str, parts[1:]))
    assert (missing.returncode, missing.stdout) == (2, "")
    assert "missing: 1/3" in missing.stderr


def test_list_shows_the_cells_of_a_part_as_its_run_has_them(broker: Broker, tmp_path: Path) -> None:
    part = tmp_path / "part"
    run(broker.url, part, *CHOICE, "--shard", "2/4")
    listed = amqp_interop("list", "cells", *CHOICE, "--shard", "2/4").stdout.split()
    assert sorted(cell.id for cell in read_results(part).cells()) == sorted(listed)


def test_diff_tells_two_releases_apart_and_closes_the_gate(broker: Broker, tmp_path: Path) -> None:
    old, new = tmp_path / "old", tmp_path / "new"
    case = ("--producer", "raw", "--case", "headers/int64-min")
    for file, release in ((old, "pika@1.4.4"), (new, "pika@1.3.2")):
        run(broker.url, file, *case, "--consumer", release)
        text = file.read_text().replace(f'consumer":"{release}"', 'consumer":"pika"')
        file.write_text(text.replace(f"->{release}]", "->pika]"))  # as it would be under the same name
    worse = amqp_interop("diff", str(old), str(new))
    assert worse.returncode == 1
    assert "Worse: 1 cell\n  1 × new:" in worse.stdout
    assert amqp_interop("diff", str(new), str(old)).returncode == 0
    data = json.loads(amqp_interop("diff", str(old), str(new), "--json").stdout)
    assert (data["worse"], data["counts"]["worse"]) == (True, 1)
    assert amqp_interop("diff", str(old), str(old)).stdout.endswith("1 cell the same, 0 worse\n")


def test_compare_holds_two_releases_against_each_other_in_the_same_place(broker: Broker) -> None:
    others = ("--producer", "raw", "--broker", broker.url, "--case", "headers/int64-*")
    better = amqp_interop("compare", "pika@1.3.2", "pika@1.4.4", *others)
    assert better.returncode == 0, better.stdout + better.stderr
    assert "gone: pika 1.3.2: altered headers.*, int64 became int" in better.stdout
    worse = amqp_interop("compare", "pika@1.4.4", "pika@1.3.2", *others)
    assert worse.returncode == 1
    assert "new: pika 1.3.2: altered" in worse.stdout


def test_bisect_names_the_release_in_either_direction(broker: Broker) -> None:
    cell = ("--cell", "headers/int64-min[raw->pika]", "--broker", broker.url)
    found = amqp_interop("bisect", "pika", "--good", "1.4.4", "--bad", "1.3.0", *cell)
    assert found.returncode == 0, found.stderr
    assert "the first that differs is pika@1.3.2\n" in found.stdout
    found = amqp_interop("bisect", "pika", "--good", "1.3.1", "--bad", "1.4.4", *cell, "--json")
    assert json.loads(found.stdout)["first"]["release"] == "1.4.0"
    same = amqp_interop("bisect", "pika", "--good", "1.3.2", "--bad", "1.3.0", *cell)
    assert same.returncode == 1
    assert "1.3.2 and 1.3.0 do not differ" in same.stdout


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (
            ("bisect", "pika@1.3.2", "--good", "1", "--bad", "2", "--cell", "a/b[raw->pika]"),
            "names no library",
        ),
        (("bisect", "pika", "--good", "1", "--bad", "2", "--cell", "a/b[raw->raw]"), "on neither side"),
        (("bisect", "raw", "--good", "1", "--bad", "2", "--cell", "a/b[raw->raw]"), "on both sides"),
        (("bisect", "pika", "--good", "1", "--bad", "2", "--cell", "a/b[raw->pika]"), "no case matches"),
        (("compare", "pika@1.4.4", "pika"), "are the same peer"),
        (("compare", "nobody", "pika"), "have no role in common"),
        (("compare", "nobody", "pika", "--producer", "raw"), "unknown consumer 'nobody'"),
        (("run", "--shard", "3/2"), "'3/2' is no part of a run"),
        (("run", "--shard", "1/9", "--case", "headers/double"), "1 cases can't be cut into 9 parts"),
        (("run", "--badge", "/nowhere/b.json"), "cannot write the badge"),
        (("merge", "/nowhere/r.jsonl", "/nowhere/1"), "cannot read results"),
        (("diff", "/nowhere/1", "/nowhere/2"), "cannot read results"),
    ],
)
def test_a_bad_request_is_refused_before_anything_starts(arguments: tuple[str, ...], words: str) -> None:
    done = amqp_interop(*arguments)
    assert (done.returncode, done.stdout) == (2, ""), done.stderr
    assert words in done.stderr
    assert "started" not in done.stderr


def test_cells_of_several_brokers_say_whose_they_are(broker: Broker, tmp_path: Path) -> None:
    file = tmp_path / "r"
    with own_vhost(broker) as (other, _):
        choice = ("--producer", "raw", "--consumer", "raw", "--case", "headers/double")
        run(broker.url, file, "--broker", other, *choice)
    results = read_results(file)
    specs = [each.spec for each in results.head.brokers]
    assert len(specs) == results.head.cells == 2
    assert sorted(cell.id for cell in results.cells()) == sorted(
        f"headers/double[raw->raw]@{one}" for one in specs
    )
    assert [results.head.broker_of(cell).spec for cell in results.cells()] == specs
    shown = amqp_interop("report", str(file)).stdout
    assert shown.count("producer / consumer") == 2


def test_a_file_that_was_cut_off_is_shown_and_never_taken_for_whole(broker: Broker, tmp_path: Path) -> None:
    file, cut, md = tmp_path / "r", tmp_path / "cut", tmp_path / "r.md"
    run(broker.url, file, *CHOICE)
    text = file.read_bytes().splitlines(keepends=True)
    cell = next(index for index, line in enumerate(text) if line.startswith(b'{"line":"cell"'))
    ways = {
        "no foot": text[:-1],
        "a cell is missing": [*text[:cell], *text[cell + 1 :]],
        "half a line": [*text[:-1], text[-1][:9]],
    }
    for kept in ways.values():
        cut.write_bytes(b"".join(kept))
        done = amqp_interop("report", str(cut), "--markdown", str(md))
        assert done.returncode == 1
        assert "The run was cut" in done.stdout
        assert "CUT OFF" in md.read_text(encoding="utf-8")
        assert amqp_interop("diff", str(file), str(cut)).returncode == 1
    as_json = amqp_interop("report", str(file), "--json")
    assert (as_json.returncode, as_json.stdout) == (0, file.read_text())
