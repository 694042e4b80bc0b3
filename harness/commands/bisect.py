"""``bisect``: which release of a library is the first with which a cell comes out otherwise."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import click
import msgspec

from harness import matrix
from harness.bisect import Found, Trial, search
from harness.broker import Broker, running
from harness.commands.options import broker_option, json_option, say
from harness.diff import direction
from harness.engine.session import plain_tap
from harness.errors import SetupError, UsageError
from harness.peers.build import make_ready
from harness.peers.manifest import PeerSpec
from harness.peers.protocol import Role
from harness.peers.releases import between, releases
from harness.report.failure import cell_sentence
from harness.report.values import inert
from harness.results import CellLine, Head, Line

_PEER = re.compile(r"^(?P<name>[^@\[\]]+)(?P<pins>\[[^\[\]]+\])?$")


@dataclass(frozen=True, slots=True)
class Question:
    """A cell in which one peer's release is left open; ``role`` is that peer's."""

    case: str
    other: str
    role: Role
    name: str
    pins: str

    def label(self, release: str) -> str:
        """The open peer at ``release``."""
        return f"{self.name}@{release}{self.pins}"

    def chosen(self, release: str, broker: str | None) -> matrix.Chosen:
        """The plan of that one cell. UsageError for a name that is not known."""
        pair = (self.label(release), self.other)
        producer, consumer = pair if self.role == "producer" else reversed(pair)
        return matrix.choose((producer,), (consumer,), (self.case,), broker)

    def __str__(self) -> str:
        pair = (self.name + self.pins, self.other)
        producer, consumer = pair if self.role == "producer" else reversed(pair)
        return f"{self.case}[{producer}->{consumer}]"


def question(peer: str, cell: str) -> Question:
    """Which peer of ``cell`` is ``peer``, whatever release the cell names. UsageError if none or both are."""
    match = _PEER.match(peer)
    if match is None:
        raise UsageError(
            f"{peer!r} names no library", "the releases are for --good and --bad: NAME, NAME[PINS]"
        )
    case, producer, consumer = matrix.parse_cell(cell)
    is_producer, is_consumer = (_name(label) == match["name"] for label in (producer, consumer))
    if is_producer == is_consumer:
        how = "both sides" if is_producer else "neither side"
        raise UsageError(
            f"{match['name']} is on {how} of {cell}", "it has to be on one, and can be any release"
        )
    role: Role = "producer" if is_producer else "consumer"
    return Question(case, consumer if is_producer else producer, role, match["name"], match["pins"] or "")


def _name(label: str) -> str:
    return re.split(r"[@\[]", label)[0]


class Proving:
    """Runs the question's cell with a release, on one broker; tells each result as it comes."""

    def __init__(self, asked: Question, spec: str | None, broker: Broker) -> None:
        self._asked, self._spec, self._broker = asked, spec, broker

    def __call__(self, release: str) -> Trial:
        tested = self._test(release)
        say(f"{self._asked.label(release)}: {tested.told}")
        return tested

    def _test(self, release: str) -> Trial:
        plan = self._asked.chosen(release, self._spec).plan
        try:
            make_ready(_open_peer(self._asked.role, plan.producers, plan.consumers), say)
        except SetupError as error:
            return Trial(release, None, f"can't be had: {error.problem}")
        lines: list[Line] = []
        matrix.carry_out(self._broker, plan, plain_tap, say, lines.append)
        head = next(line for line in lines if isinstance(line, Head))
        cell = next(line for line in lines if isinstance(line, CellLine))
        told = cell_sentence(head, cell)
        if cell.outcome in ("error", "unsupported"):
            return Trial(release, None, f"can't be judged: {told}")
        return Trial(release, cell, told)


def _open_peer(role: Role, producers: tuple[PeerSpec, ...], consumers: tuple[PeerSpec, ...]) -> PeerSpec:
    return (producers if role == "producer" else consumers)[0]


@click.command()
@click.argument("peer")
@click.option(
    "--good", required=True, metavar="VERSION", help="a release with which the cell is as it should be"
)
@click.option("--bad", required=True, metavar="VERSION", help="one with which it is not, newer or older")
@click.option(
    "--cell", required=True, metavar="CELL", help="CASE[PRODUCER->CONSUMER]; PEER is one of the two"
)
@broker_option
@json_option
def bisect(peer: str, good: str, bad: str, cell: str, broker: str | None, as_json: bool) -> None:
    """Name the first release of PEER with which CELL comes out otherwise, with as few tests as can be.

    Status 1 if the cell comes out the same at both ends.
    """
    asked = question(peer, cell)
    chosen = asked.chosen(good, broker)
    asked.chosen(bad, broker)
    spec = _open_peer(asked.role, chosen.plan.producers, chosen.plan.consumers)
    line = between(releases(spec), good, bad)
    if len(line) < 2:
        raise UsageError(f"--good and --bad are both {good}", "name two releases")
    say(f"{len(line)} releases from {good} to {bad}")
    with running(chosen.spec, say=say) as started:
        found = _search(Proving(asked, broker, started), line)
        place = f"{started.info.product} {started.info.version}"
    if as_json:
        click.echo(msgspec.json.encode(found))
    else:
        for text in _told(asked, place, line, found):
            click.echo(text)
    raise SystemExit(0 if isinstance(found, Found) else 1)


def _search(test: Proving, line: Sequence[str]) -> Found | Trial:
    """What was found; the good end alone if the bad one is the same."""
    ends = test(line[0]), test(line[-1])
    for end in ends:
        if end.cell is None:
            raise SetupError(f"{end.release} {end.told}", "name another release as the end")
    good, bad = ends
    assert good.cell is not None
    assert bad.cell is not None
    if direction(good.cell, bad.cell) is None:
        return good
    return search(line, good, bad, test)


def _told(asked: Question, place: str, line: Sequence[str], found: Found | Trial) -> Iterator[str]:
    yield f"{inert(str(asked))} on {place}"
    if isinstance(found, Trial):
        yield f"{asked.name} {line[0]} and {line[-1]} do not differ: {found.told}"
        return
    yield f"the first that differs is {asked.label(found.first.release)}"
    yield f"  {found.last.release}: {found.last.told}"
    yield f"  {found.first.release}: {found.first.told}"
    for one in found.untested:
        yield f"  or it came with {one.release}, which could not be tested: {inert(one.told)}"
    yield f"{found.tests} of {len(line)} releases tested"
