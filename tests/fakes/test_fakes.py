"""Every fake ends in its own verdict, within a deadline, and takes no other cell along."""

from __future__ import annotations

import asyncio
import os
import signal
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from fake_runs import CASES, HERE, SIN, Fake, Outcome, carry_out

from harness.broker import Broker
from harness.engine import alone, first_pass, run, station
from harness.peers.protocol import Role
from harness.results import CellLine

RUN_DEADLINE = 30.0
"""Seconds for a run with a dozen fakes on a busy machine; the fakes that hang would hold it up for ever."""


@dataclass(frozen=True, slots=True)
class Sin:
    """What must become of the cell of the one message: ``told`` is part of its text, or its path."""

    file: str
    verdict: str
    step: str | None
    outcome: str
    told: str = ""
    scope: str | None = None
    arguments: tuple[str, ...] = ()
    breach: str = ""
    """How the contract was broken in the first pass, as the summary tells it."""


CONSUMERS = (
    Sin("dies_mid_cell", "crashed", "consumer", "fail", "status 7: fake: segmentation fault", "process"),
    Sin("hangs_mid_cell", "hung", "consumer", "fail", "neither it nor the message after it", "process"),
    Sin("prints_junk", "protocol", "consumer", "error", "(junk)", "process", breach="junk"),
    Sin("adds_an_unknown_field", "protocol", "consumer", "error", "`colour`", "process", breach="junk"),
    Sin("invents_a_delivery", "added", "consumer", "fail", "deliveries"),
    Sin("hides_a_delivery", "undelivered", "consumer", "fail", "delivered, never reported", "message"),
    Sin("reorders_deliveries", "undelivered", "consumer", "fail", "reported after the message", "message"),
    Sin("cannot_decode", "undecodable", "consumer", "fail", "month is 13", "message"),
    Sin("hangs_up", "disconnected", "consumer", "fail", "bad frame", "connection"),
    Sin("changes_one_field", "altered", "consumer", "fail", "priority", arguments=("priority", "alter")),
    Sin("floods_stderr", "same", None, "pass"),
    Sin("does_not_end", "same", None, "pass"),
)
PRODUCERS = (
    Sin("dies_at_publish", "crashed", "producer", "fail", "signal SIGKILL", "process"),
    Sin("stops_reading", "hung", "producer", "fail", "no reply to publish", "process"),
    Sin(
        "repeats_replies",
        "protocol",
        "producer",
        "error",
        "answered already",
        "process",
        (),
        "repeated reply",
    ),
    Sin("invents_a_reply", "protocol", "producer", "error", "no request", "process", (), "invented reply"),
    # Alone there is no later request whose reply could overtake the one that it holds back.
    Sin(
        "reorders_replies",
        "hung",
        "producer",
        "fail",
        "no reply to publish",
        "process",
        (),
        "reordered reply",
    ),
    Sin("lies_about_what_it_sent", "altered", "producer", "fail", "body"),
    Sin("sends_nothing", "undelivered", "producer", "fail", "never sent it", "message"),
    Sin("sends_twice", "added", "producer", "fail", "deliveries"),
    Sin("sends_to_another_exchange", "undelivered", "producer", "fail", "not send what it was", "message"),
    Sin("undeclared_unsupported", "bug", "producer", "error", "was not declared", "message"),
    Sin("declared_unsupported", "unsupported", "producer", "unsupported", "empty:body", "message"),
    Sin("refuses", "refused", "producer", "fail", "too long", "message"),
    Sin("confesses_a_bug", "bug", "producer", "error", "KeyError", "message"),
    Sin("changes_one_field", "altered", "producer", "fail", "priority", arguments=("priority", "alter")),
)
WHOLLY_UNFIT = (
    Sin("answers_nothing", "bug", "consumer", "error", "did not describe itself", "process"),
    Sin("never_reads", "bug", "consumer", "error", "did not describe itself", "process"),
    Sin("dies_at_start", "bug", "consumer", "error", "no library of that name", "process"),
    Sin("says_it_is_another_release", "bug", "consumer", "error", "it is raw 99.9", "process"),
    Sin("says_it_has_another_role", "bug", "consumer", "error", "as producer", "process"),
    Sin("connects_as_another_release", "bug", "consumer", "error", "on the wire", "process"),
    Sin("cannot_connect", "disconnected", "consumer", "fail", "no route to host", "connection"),
)
"""These go wrong before there is any message: so do all their cells, each by itself."""


def fakes(sins: tuple[Sin, ...], role: Role) -> tuple[Fake, ...]:
    return tuple(Fake(sin.file, role, sin.arguments) for sin in sins)


@pytest.fixture(scope="module")
def impatient() -> Iterator[None]:
    """Deadlines for fakes, which never get better by being waited for."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(alone, "CELL_DEADLINE", 1.5)
        patch.setattr(run, "QUIET", 0.4)
        patch.setattr(first_pass, "STALL", 0.3)
        patch.setattr(station, "CLOSE_DEADLINE", 0.4)
        yield


async def in_time(broker: Broker, chosen: tuple[Fake, ...]) -> Outcome:
    async with asyncio.timeout(RUN_DEADLINE):
        return await carry_out(broker, CASES, chosen)


@pytest.fixture(scope="module")
def with_consumers(broker: Broker, impatient: None) -> Outcome:
    return asyncio.run(in_time(broker, fakes(CONSUMERS, "consumer")))


@pytest.fixture(scope="module")
def with_producers(broker: Broker, impatient: None) -> Outcome:
    return asyncio.run(in_time(broker, fakes(PRODUCERS, "producer")))


@pytest.fixture(scope="module")
def with_unfit(broker: Broker, impatient: None) -> Iterator[Outcome]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(station, "START_DEADLINE", 3.0)
        yield asyncio.run(in_time(broker, fakes(WHOLLY_UNFIT, "consumer")))


def names(sin: Sin) -> str:
    return sin.file


def is_as_listed(sin: Sin, line: CellLine) -> bool:
    listed = (sin.verdict, sin.step, sin.outcome, sin.scope)
    return (
        line.verdict,
        line.step,
        line.outcome,
        line.scope,
    ) == listed and sin.told in f"{line.path} {line.got}"


@pytest.mark.parametrize("sin", CONSUMERS, ids=names)
def test_a_consumer_that_goes_wrong_has_its_own_verdict(sin: Sin, with_consumers: Outcome) -> None:
    (fake,) = fakes((sin,), "consumer")
    line = with_consumers.lines[SIN.id, "raw", fake.label]
    assert is_as_listed(sin, line), line
    others = [with_consumers.lines[case.id, "raw", fake.label] for case in CASES if case is not SIN]
    assert [other.outcome for other in others] == ["pass", "pass"]


@pytest.mark.parametrize("sin", PRODUCERS, ids=names)
def test_a_producer_that_goes_wrong_has_its_own_verdict(sin: Sin, with_producers: Outcome) -> None:
    (fake,) = fakes((sin,), "producer")
    line = with_producers.lines[SIN.id, fake.label, "raw"]
    assert is_as_listed(sin, line), line
    others = [with_producers.lines[case.id, fake.label, "raw"] for case in CASES if case is not SIN]
    assert [other.outcome for other in others] == ["pass", "pass"]


@pytest.mark.parametrize("sin", WHOLLY_UNFIT, ids=names)
def test_a_peer_that_is_unfit_fails_each_of_its_cells(sin: Sin, with_unfit: Outcome) -> None:
    (fake,) = fakes((sin,), "consumer")
    for case in CASES:
        line = with_unfit.lines[case.id, "raw", fake.label]
        assert is_as_listed(sin, line), line


def test_no_fake_takes_a_cell_of_honest_peers_along(
    with_consumers: Outcome, with_producers: Outcome, with_unfit: Outcome
) -> None:
    for outcome in (with_consumers, with_producers, with_unfit):
        honest = [outcome.lines[case.id, "raw", "raw"].verdict for case in CASES]
        assert honest == ["same"] * len(CASES)


def test_a_breach_of_the_contract_is_told_even_where_the_messages_arrived(
    with_consumers: Outcome, with_producers: Outcome
) -> None:
    for sins, outcome in ((CONSUMERS, with_consumers), (PRODUCERS, with_producers)):
        told = Counter(stray.partition(" broke the peer protocol")[0] for stray in outcome.summary.strays)
        assert set(told) == {sin.file for sin in sins if sin.breach}
        for sin in sins:
            if sin.breach:
                assert any(
                    stray.startswith(f"{sin.file} ") and f"({sin.breach})" in stray
                    for stray in outcome.summary.strays
                )


def test_every_fake_is_in_a_table() -> None:
    helpers = {"honest", "fake_runs", "test_fakes", "test_one_field", "test_silent_producers"}
    tabled = {sin.file for sin in (*CONSUMERS, *PRODUCERS, *WHOLLY_UNFIT)}
    assert {path.stem for path in HERE.glob("*.py")} - helpers - tabled == set()


def test_no_process_of_a_fake_is_left(
    with_consumers: Outcome, with_producers: Outcome, with_unfit: Outcome
) -> None:
    left = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            words = (folder / "cmdline").read_bytes().decode().split("\0")
            parent = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
        except (FileNotFoundError, ProcessLookupError):
            continue  # it ended while we looked
        if parent == os.getpid() and any(word.startswith(f"{HERE}/") for word in words):
            left.append(words)
    assert left == []
    assert signal.getsignal(signal.SIGCHLD) is not signal.SIG_IGN  # else nothing could have been left
