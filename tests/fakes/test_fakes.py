"""Every fake ends in its own verdict, within a deadline, and takes no other cell along."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TypeAlias

import pytest
from fake_runs import CASES, HERE, SIN, Fake, Outcome, carry_out

from harness.broker import Broker
from harness.cases import Case
from harness.engine import alone, run, second_pass, station
from harness.engine.first_pass import FirstPass
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
    Sin("invents_a_reply", "protocol", "producer", "error", "no request", "process", breach="invented reply"),
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
    Sin("sends_to_another_exchange", "undelivered", "producer", "fail", "sent something else", "message"),
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


HANGING = {"stops_reading", "reorders_replies"}
"""Producers that keep the consumer of a cell waiting: they have a run each, so as not to queue for one."""


def fakes(sins: tuple[Sin, ...], role: Role) -> tuple[Fake, ...]:
    return tuple(Fake(sin.file, role, sin.arguments) for sin in sins)


@pytest.fixture(scope="module")
def impatient() -> Iterator[None]:
    """Deadlines for fakes, which never get better by being waited for."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(alone, "CELL_DEADLINE", 2.5)
        patch.setattr(second_pass, "QUIET", 1.0)
        patch.setattr(run, "FirstPass", partial(FirstPass, stall=0.5))
        patch.setattr(station, "CLOSE_DEADLINE", 0.5)
        yield


async def in_time(broker: Broker, runs: Iterable[tuple[Fake, ...]]) -> list[Outcome]:
    """The runs, side by side."""
    async with asyncio.timeout(RUN_DEADLINE):
        return await asyncio.gather(*(carry_out(broker, CASES, chosen) for chosen in runs))


@pytest.fixture(scope="module")
def outcomes(broker: Broker, impatient: None) -> list[Outcome]:
    """The run with all consumers, the one with most producers, and one for each that hangs."""
    quick = tuple(sin for sin in PRODUCERS if sin.file not in HANGING)
    hanging = [fakes((sin,), "producer") for sin in PRODUCERS if sin.file in HANGING]
    runs = (fakes(CONSUMERS, "consumer"), fakes(quick, "producer"), *hanging)
    return asyncio.run(in_time(broker, runs))


@pytest.fixture(scope="module")
def unfit(broker: Broker, impatient: None) -> Outcome:
    """The run with those that do not even get as far as a message."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(station, "START_DEADLINE", 4.0)
        (outcome,) = asyncio.run(in_time(broker, [fakes(WHOLLY_UNFIT, "consumer")]))
    return outcome


Pair: TypeAlias = tuple[str, str]


def line_of(outcomes: list[Outcome], case: Case, pair: Pair) -> CellLine:
    (line,) = (each.lines[case.id, *pair] for each in outcomes if (case.id, *pair) in each.lines)
    return line


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


def check(sin: Sin, outcomes: list[Outcome], pair: Pair) -> None:
    """The one message has the verdict of the table; all others of the same pair pass."""
    line = line_of(outcomes, SIN, pair)
    assert is_as_listed(sin, line), line
    others = [line_of(outcomes, case, pair) for case in CASES if case is not SIN]
    assert [other.verdict for other in others] == ["same", "same"], others


@pytest.mark.parametrize("sin", CONSUMERS, ids=names)
def test_a_consumer_that_goes_wrong_has_its_own_verdict(sin: Sin, outcomes: list[Outcome]) -> None:
    (fake,) = fakes((sin,), "consumer")
    check(sin, outcomes, ("raw", fake.label))


@pytest.mark.parametrize("sin", PRODUCERS, ids=names)
def test_a_producer_that_goes_wrong_has_its_own_verdict(sin: Sin, outcomes: list[Outcome]) -> None:
    (fake,) = fakes((sin,), "producer")
    check(sin, outcomes, (fake.label, "raw"))


@pytest.mark.parametrize("sin", WHOLLY_UNFIT, ids=names)
def test_a_peer_that_is_unfit_fails_each_of_its_cells(sin: Sin, unfit: Outcome) -> None:
    (fake,) = fakes((sin,), "consumer")
    for case in CASES:
        line = line_of([unfit], case, ("raw", fake.label))
        assert is_as_listed(sin, line), line


def test_no_fake_takes_a_cell_of_honest_peers_along(outcomes: list[Outcome], unfit: Outcome) -> None:
    for outcome in (*outcomes, unfit):
        honest = [line_of([outcome], case, ("raw", "raw")) for case in CASES]
        assert [line.verdict for line in honest] == ["same"] * len(CASES), honest


def test_a_breach_of_the_contract_is_told_even_where_the_messages_arrived(outcomes: list[Outcome]) -> None:
    told = [stray for outcome in outcomes for stray in outcome.summary.strays]
    breaches = {sin.file: sin.breach for sin in (*CONSUMERS, *PRODUCERS) if sin.breach}
    for file, breach in breaches.items():
        assert any(stray.startswith(f"{file} broke the peer protocol ({breach})") for stray in told), told
    assert {stray.split()[0] for stray in told} == set(breaches)


def test_every_fake_is_in_a_table() -> None:
    helpers = {"honest", "fake_runs", *(path.stem for path in HERE.glob("test_*.py"))}
    helpers.add("never_sends")  # has a test of its own
    tabled = {sin.file for sin in (*CONSUMERS, *PRODUCERS, *WHOLLY_UNFIT)}
    assert {path.stem for path in HERE.glob("*.py")} - helpers - tabled == set()


def test_no_process_of_a_fake_is_left(outcomes: list[Outcome], unfit: Outcome) -> None:
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
