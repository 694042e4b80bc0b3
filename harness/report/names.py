"""Who took part in a cell, by library and release, and how the cell is repeated. Pure.

A bug report names releases, not labels: ``pika`` becomes ``pika 1.4.4``.
"""

from __future__ import annotations

import re
import shlex

import msgspec

from harness.judge.verdict import Failure, Step, Stop, Verdict
from harness.peers.manifest import PACKAGED
from harness.report.values import inert
from harness.results import CellLine, Head, cell_id

PROGRAM = "amqp-interop" if PACKAGED else ".venv/bin/amqp-interop"
_BRACKETS = re.compile(r"\[(?P<inside>.*)\]$")


class Names(msgspec.Struct, frozen=True):
    """The three parties of a cell as a bug report names them: library or product, and release."""

    producer: str
    broker: str
    consumer: str

    def at(self, step: Step | None) -> str:
        """Who acts at a step; all of them where the step is not known."""
        match step:
            case Step.PRODUCER:
                return self.producer
            case Step.BROKER:
                return self.broker
            case Step.CONSUMER:
                return self.consumer
            case None:
                return f"{self.producer}, {self.broker} or {self.consumer}"


def party(name: str, release: str, label: str = "") -> str:
    """``pika 1.4.4``; what the label pins beside it is added: ``aio-pika 9.4.0 with pamqp 3.2.1``."""
    brackets = _BRACKETS.search(label)
    beside = brackets["inside"].replace(",", ", ").replace("@", " ") if brackets else ""
    return inert(f"{name} {release}".strip() + (f" with {beside}" if beside else ""))


def peer_name(head: Head, label: str) -> str:
    """The peer of this label by library and release; the label itself if the head does not know it."""
    for peer in head.peers:
        if peer.label == label:
            return party(peer.name, peer.release, label)
    return inert(label)


def names_of(head: Head, cell: CellLine) -> Names:
    """The parties of a line of a results file."""
    return Names(peer_name(head, cell.producer), inert(cell.broker), peer_name(head, cell.consumer))


def verdict_of(cell: CellLine) -> Verdict:
    """The verdict that the line was made from."""
    failure = None
    if cell.verdict in set(Stop):
        text = cell.got if isinstance(cell.got, str) else ""
        failure = Failure(
            Stop(cell.verdict), cell.step, text, cell.scope or "message", cell.code, cell.next_arrived
        )
    as_asked = failure is not None and (cell.as_asked or cell.outcome == "pass")  # older files only imply it
    return Verdict(
        cell.verdict, cell.step, cell.path, cell.expected, cell.got, cell.differences, failure, as_asked
    )


def run_command(broker: str, producer: str, consumer: str, case: str) -> str:
    """The command that runs one cell again, as it is typed. ``broker`` is a spec."""
    arguments = ("--broker", broker, "--producer", producer, "--consumer", consumer, "--case", case)
    return shlex.join((PROGRAM, "run", *map(inert, arguments)))


def explain_command(broker: str, cell: str) -> str:
    """The command that shows one cell's messages and octets, as it is typed."""
    return shlex.join((PROGRAM, "explain", inert(cell), "--broker", inert(broker)))


def password_note(broker: str) -> str:
    """What a person has to add to a command that names a broker by URL: passwords are kept nowhere."""
    named = broker.startswith("amqp") and "@" in broker
    return "(the broker's password is not kept: add it to its URL)" if named else ""


def commands_of(head: Head, cell: CellLine) -> tuple[str, str]:
    """Both, for a line of a results file."""
    return (
        run_command(head.broker_of(cell).spec, cell.producer, cell.consumer, cell.case),
        explain_command(head.broker_of(cell).spec, cell_id(cell.case, cell.producer, cell.consumer)),
    )
