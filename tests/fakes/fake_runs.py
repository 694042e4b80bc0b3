"""Runs of the engine with fakes among its peers: made by hand, as no manifest knows a fake."""

from __future__ import annotations

import sys
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import harness
from harness.amqp.message import Inline, Message
from harness.amqp.values import Octet, Shortstr
from harness.broker import Broker
from harness.cases import Case, CaseBinding, CaseExchange
from harness.engine.plan import AnyCase, Plan
from harness.engine.run import Summary
from harness.engine.session import session
from harness.judge.expect import Expectations
from harness.peers.build import Launch, make_ready
from harness.peers.manifest import ROOT, Entry, PeerSpec, Wire, find_peers, resolve
from harness.peers.protocol import Role
from harness.results import CellLine

HERE = Path(__file__).parent


def case(name: str, message: Message) -> Case:
    """A case of the tests' own; its id is also its routing key."""
    return Case(name, "made for a fake", None, CaseExchange(), CaseBinding(), None, message, False, None)


PLAIN = Message({"content_type": Shortstr("text/plain")}, Inline("honest"))
ONE_FIELD = Message({"content_type": Shortstr("text/plain"), "priority": Octet("4")}, Inline("the one"))
BEFORE, SIN, AFTER = case("fakes/before", PLAIN), case("fakes/sin", ONE_FIELD), case("fakes/then", PLAIN)
CASES = (BEFORE, SIN, AFTER)
"""One before, the one at which fakes go wrong, and one after it."""


@dataclass(frozen=True, slots=True)
class Fake:
    """A file of this folder and its arguments, as a peer that claims to be the release ``raw``."""

    file: str
    role: Role
    arguments: tuple[str, ...] = ()

    @property
    def label(self) -> str:
        return "-".join((self.file, *self.arguments))

    @property
    def spec(self) -> PeerSpec:
        wire = Wire("amqp-interop raw", "{version}")
        entry = Entry("raw", "", (harness.__version__,), (self.role,), ("by hand",), wire)
        return PeerSpec(self.label, "raw", harness.__version__, "python", "python", HERE, entry)

    @property
    def launch(self) -> Launch:
        command = (sys.executable, str(HERE / f"{self.file}.py"), *self.arguments)
        wire = Wire("amqp-interop raw", harness.__version__)
        return Launch(
            command,
            ROOT,
            (("PYTHONPATH", str(ROOT)), ("PYTHONDONTWRITEBYTECODE", "1")),
            harness.__version__,
            wire,
        )


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a run came to: a line a cell, by (case, producer, consumer)."""

    lines: dict[tuple[str, str, str], CellLine]
    summary: Summary
    starts: dict[str, int]
    """How often the consumers were started."""

    def red(self, producer: str, consumer: str) -> set[str]:
        """The cases of a pair that did not pass."""
        return {
            line.case
            for line in self.lines.values()
            if (line.producer, line.consumer) == (producer, consumer) and line.outcome != "pass"
        }


def raw_peer() -> PeerSpec:
    """The honest one, by its manifest."""
    (spec,) = resolve(["raw"], "producer", find_peers())
    return spec


async def carry_out(broker: Broker, cases: tuple[AnyCase, ...], fakes: tuple[Fake, ...]) -> Outcome:
    """All cases from ``raw`` and each fake producer to ``raw`` and each fake consumer."""
    raw = raw_peer()
    producers = tuple(fake.spec for fake in fakes if fake.role == "producer")
    consumers = tuple(fake.spec for fake in fakes if fake.role == "consumer")
    plan = Plan(cases, (raw, *producers), (raw, *consumers), full=False)
    ready = {raw: make_ready(raw, lambda line: None), **{fake.spec: fake.launch for fake in fakes}}
    told: list[CellLine] = []
    async with session(plan, broker, ready) as running:
        summary = await running.run(Expectations(None, ()), told.append)
        starts = {label: station.starts for label, station in running.consumers.items()}
    lines = {(line.case, line.producer, line.consumer): line for line in told}
    told_once = Counter(line.id for line in told)
    planned = Counter(cell.id for cell in plan.cells())
    assert told_once == planned, "a cell has one verdict, and only one"
    return Outcome(lines, summary, starts)
