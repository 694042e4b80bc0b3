"""The results file: written as the run goes, read whole, and never taken for what it is not."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from harness.amqp import values as v
from harness.amqp.message import Inline
from harness.errors import UsageError
from harness.judge.difference import Kind
from harness.judge.expect import Stale
from harness.judge.verdict import Step, StepDifference
from harness.results import (
    FORMAT,
    Broker,
    CellLine,
    Foot,
    Head,
    PeerInfo,
    Results,
    ResultsWriter,
    cell_id,
    read_lines,
    read_results,
)

HEAD = Head(
    format=FORMAT,
    suite="0.1.0",
    date="2026-11-24T12:00:00+00:00",
    broker=Broker("debian:bookworm", "RabbitMQ", "3.10.8", "Erlang/OTP"),
    peers=(
        PeerInfo(
            "raw", "raw", "0.1.0", "python", "CPython 3.11", ("producer", "consumer"), stated="raw 0.1.0"
        ),
    ),
    cases=2,
    cases_sha256="ab" * 32,
    cells=2,
    tap=True,
    full=False,
)
PASSED = CellLine("a/b[raw->raw]", "a/b", "raw", "raw", "RabbitMQ 3.10.8", "same", "pass")
LONE_KEY = 'headers["\u2028\x1b"]'
FAILED = CellLine(
    id="a/c[raw->raw]",
    case="a/c",
    producer="raw",
    consumer="raw",
    broker="RabbitMQ 3.10.8",
    verdict="altered",
    outcome="fail",
    step=Step.BROKER,
    path=LONE_KEY,
    expected=v.Double("7ff8000000000001"),
    got=Inline(v.Base64("/w==")),
    differences=(
        StepDifference(
            Step.BROKER, Kind.ALTERED, LONE_KEY, v.Double("7ff8000000000001"), Inline(v.Base64("/w=="))
        ),
        StepDifference(None, Kind.LOST, "redelivered", True, None),
        StepDifference(Step.CONSUMER, Kind.ADDED, "deliveries", "1", "2"),
        StepDifference(
            Step.CONSUMER, Kind.LOST, "headers.t", v.Table((("k", v.Void()), ("k", v.Int8("1")))), None
        ),
    ),
    scope="connection",
    code=541,
    next_arrived=False,
    expectation=7,
    first_pass="same",
)
FOOT = Foot(
    outcomes={"pass": 1, "fail": 1},
    verdicts={"same": 1, "altered": 1},
    seconds={"first pass": 0.5},
    first_pass_cells=1,
    stale=(Stale("list.yaml:3", "why"),),
    strays=("what",),
)


def written(path: Path, *lines: Head | CellLine | Foot) -> Path:
    with ResultsWriter(path) as writer:
        for line in lines:
            writer.write(line)
    return path


def whole(results: Results) -> tuple[Head, list[CellLine], Foot | None]:
    return results.head, list(results.cells()), results.foot


def test_what_is_written_is_read_again(tmp_path: Path) -> None:
    path = written(tmp_path / "r.jsonl", HEAD, PASSED, FAILED, FOOT)
    assert whole(read_results(path)) == (HEAD, [PASSED, FAILED], FOOT)
    assert read_results(path).outcomes == {"pass": 1, "fail": 1}


def test_cells_can_be_read_again_and_are_not_kept(tmp_path: Path) -> None:
    results = read_results(written(tmp_path / "r.jsonl", HEAD, PASSED, FAILED, FOOT))
    assert list(results.cells()) == list(results.cells()) == [PASSED, FAILED]
    assert PASSED not in msgspec.structs.astuple(results)


def test_every_line_is_one_json_object_that_says_what_it_is(tmp_path: Path) -> None:
    lines = written(tmp_path / "r.jsonl", HEAD, PASSED, FAILED, FOOT).read_bytes().splitlines()
    assert [msgspec.json.decode(line)["line"] for line in lines] == ["head", "cell", "cell", "foot"]


def test_a_file_without_a_foot_is_of_a_run_that_was_cut(tmp_path: Path) -> None:
    assert whole(read_results(written(tmp_path / "r.jsonl", HEAD, PASSED))) == (HEAD, [PASSED], None)


@pytest.mark.parametrize("kept", [1, 40, -1])
def test_a_last_line_that_was_cut_is_left_out(tmp_path: Path, kept: int) -> None:
    octets = written(tmp_path / "whole.jsonl", HEAD, PASSED, FAILED).read_bytes()
    start = octets.rindex(b"\n", 0, len(octets) - 1) + 1
    path = tmp_path / "cut.jsonl"
    path.write_bytes(octets[:start] + octets[start:][:kept])
    assert whole(read_results(path)) == (HEAD, [PASSED], None)


def test_cells_can_be_read_one_by_one_before_the_end_is_written(tmp_path: Path) -> None:
    path = written(tmp_path / "r.jsonl", HEAD, PASSED)
    assert list(read_lines(path)) == [HEAD, PASSED]


@pytest.mark.parametrize(
    "foreign",
    [
        b"not JSON\n",
        b"{}\n",
        b"[]\n",
        b'{"line": "cell"}\n',
        b'{"line": "belly"}\n',
        b'{"line": "foot", "outcomes": {"pass": "1"}, "verdicts": {}, "seconds": {}}\n',
        b"\xff\n",
        b"\n",
    ],
)
def test_a_line_of_something_else_is_named_by_file_and_number(tmp_path: Path, foreign: bytes) -> None:
    path = written(tmp_path / "r.jsonl", HEAD, PASSED)
    path.write_bytes(path.read_bytes() + foreign)
    with pytest.raises(UsageError, match=r"r\.jsonl:3: not a line of a results file"):
        read_results(path)


def test_an_outcome_that_there_is_not_is_refused(tmp_path: Path) -> None:
    path = written(tmp_path / "r.jsonl", HEAD, PASSED)
    path.write_bytes(path.read_bytes().replace(b'"pass"', b'"fine"'))
    with pytest.raises(UsageError, match=":2: "):
        read_results(path)


@pytest.mark.parametrize("lines", [(), (PASSED, FOOT)], ids=["empty", "no-head"])
def test_a_file_without_a_head_is_no_results_file(tmp_path: Path, lines: tuple[CellLine | Foot, ...]) -> None:
    with pytest.raises(UsageError, match="has no head"):
        read_results(written(tmp_path / "r.jsonl", *lines))


def test_a_later_format_is_refused_and_this_one_is_not(tmp_path: Path) -> None:
    later = msgspec.structs.replace(HEAD, format=FORMAT + 1)
    with pytest.raises(UsageError, match=f"format {FORMAT + 1}, this suite reads up to {FORMAT}"):
        read_results(written(tmp_path / "later.jsonl", later, PASSED))
    assert read_results(written(tmp_path / "this.jsonl", HEAD)).head.format == FORMAT


def test_a_later_format_is_refused_by_its_number_even_if_its_lines_cannot_be_read(tmp_path: Path) -> None:
    later = msgspec.structs.replace(HEAD, format=FORMAT + 1)
    path = written(tmp_path / "later.jsonl", later)
    path.write_bytes(path.read_bytes() + b'{"line": "novelty"}\n')
    with pytest.raises(UsageError, match=f"format {FORMAT + 1}, this suite reads up to {FORMAT}"):
        read_results(path)


def test_results_that_cannot_be_written_fail_before_the_run(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"cannot write results to .*: No such file or directory"):
        ResultsWriter(tmp_path / "gone" / "r.jsonl")
    with pytest.raises(UsageError, match="Is a directory"):
        ResultsWriter(tmp_path)


def test_results_that_are_not_there_are_an_error_of_usage(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"cannot read results from .*: No such file or directory"):
        read_results(tmp_path / "gone.jsonl")


def test_lines_reach_the_file_even_if_the_run_raises(tmp_path: Path) -> None:
    path = tmp_path / "r.jsonl"
    with pytest.raises(KeyboardInterrupt), ResultsWriter(path) as writer:
        writer.write(HEAD)
        writer.write(PASSED)
        raise KeyboardInterrupt
    assert whole(read_results(path)) == (HEAD, [PASSED], None)


def test_a_file_that_lacks_a_cell_is_taken_for_cut_though_its_foot_is_there(tmp_path: Path) -> None:
    results = read_results(written(tmp_path / "r.jsonl", HEAD, PASSED, FOOT))
    assert results.foot is None
    assert results.outcomes == {"pass": 1}


def test_two_files_that_were_put_together_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="has two heads\namqp-interop merge"):
        read_results(written(tmp_path / "r.jsonl", HEAD, PASSED, FAILED, FOOT, HEAD, PASSED, FAILED, FOOT))


def test_a_file_of_the_first_format_is_read(tmp_path: Path) -> None:
    old = msgspec.structs.replace(HEAD, format=1)
    results = read_results(written(tmp_path / "r.jsonl", old, PASSED, FAILED, FOOT))
    assert whole(results) == (old, [PASSED, FAILED], FOOT)
    assert results.head.brokers == (HEAD.broker,)
    assert results.head.shard is None


@pytest.mark.parametrize("spec", ["debian:trixie", "amqp://u@[::1]:5672/%2F"])
def test_a_cell_of_one_of_several_brokers_is_known_by_its_name(spec: str) -> None:
    other = Broker(spec, "RabbitMQ", "4.0.5", "Erlang/OTP")
    head = msgspec.structs.replace(HEAD, more_brokers=(other,))
    first, second = (
        msgspec.structs.replace(PASSED, id=cell_id("a/b", "raw", "raw", broker.spec))
        for broker in head.brokers
    )
    assert (head.broker_of(first), head.broker_of(second)) == (HEAD.broker, other)
    assert HEAD.broker_of(PASSED) == HEAD.broker
