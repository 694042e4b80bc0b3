"""``amqp-interop explain CELL``: all that is known of one cell, from what was asked for to the blame.

:func:`explanation` is pure; :func:`explain_cell` runs the cell alone to get something to explain.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import msgspec

from harness.engine.alone import Alone
from harness.engine.plan import Cell, unique
from harness.engine.play import Play
from harness.engine.run import unordered
from harness.engine.session import Session
from harness.errors import SetupError, UsageError
from harness.judge.expect import Expectations, Outcome
from harness.judge.listed import CellKey, Listed, Party, read_expectations
from harness.judge.verdict import Evidence, Verdict, Wire, judge
from harness.peers.manifest import ROOT, PeerSpec
from harness.raw.errors import RawError
from harness.report.columns import wrapped
from harness.report.lines import Line, Look, look_of, plain, rendered
from harness.report.names import Names, explain_command, party, password_note, run_command
from harness.report.octets import changed_fields, dump, field_octets, unreadable
from harness.report.scenario import scenario_lines
from harness.report.sentence import field_name, sentence, subject_of
from harness.report.sheet import sheet
from harness.report.values import inert
from harness.scenarios import Scenario
from harness.tap.pcapng import write_pcapng
from harness.tap.record import Recorder

EXPECTATIONS = "contract/expectations.yaml"
OCTETS_LIMIT = 12
"""Changed fields whose octets are shown."""


class Exhibit(msgspec.Struct, frozen=True):
    """One cell that ran alone: who took part, what was seen, what it amounts to.

    ``reason`` is why it is expected, "" if it is not, and ``known`` the same without where it is listed;
    ``commands`` repeat it.
    """

    cell: str
    why: str
    names: Names
    evidence: Evidence
    verdict: Verdict
    wire: Wire
    outcome: Outcome
    reason: str = ""
    known: str = ""
    commands: tuple[str, ...] = ()


def explanation(exhibit: Exhibit, look: Look) -> str:
    """All of it as text."""
    return rendered(_lines(exhibit, look.width), colour=look.colour)


def _lines(exhibit: Exhibit, width: int | None) -> Iterator[Line]:
    verdict, evidence = exhibit.verdict, exhibit.evidence
    place = f" at the {verdict.step}" if verdict.step else ""
    yield plain(f"{inert(exhibit.cell)} on {exhibit.names.broker}", "bold")
    yield from map(plain, wrapped(inert(exhibit.why), width))
    yield plain("")
    yield plain(f"Verdict: {inert(verdict.verdict)}{place} ({exhibit.outcome})", "bold")
    told = sentence(exhibit.names, verdict, subject_of(evidence.asked.message))
    yield from map(plain, wrapped(told, width, "  ", "  "))
    if exhibit.reason:
        yield from map(plain, wrapped(inert(exhibit.reason), width, "  ", "  "))
    yield plain("")
    yield from sheet(exhibit.names, evidence, exhibit.wire, verdict.differences, width)
    yield from _octets(exhibit)
    yield plain("")
    yield plain("Repeat it", "bold")
    yield from (plain(f"  {command}") for command in exhibit.commands)


def _octets(exhibit: Exhibit) -> Iterator[Line]:
    """The octets of what changed; of the whole content header where no message came out."""
    changed = changed_fields(exhibit.verdict.differences)
    if changed:
        yield plain("")
        yield plain("Octets of what changed (places are in the payload of the content header frame)", "bold")
    for path in changed[:OCTETS_LIMIT]:
        yield plain(f"{field_name(path)}:")
        yield from map(plain, field_octets(path, exhibit.evidence, exhibit.wire))
    if len(changed) > OCTETS_LIMIT:
        yield plain(f"and {len(changed) - OCTETS_LIMIT} more fields")
    if exhibit.verdict.failure is not None:
        yield from _payloads(exhibit.wire)


def _payloads(wire: Wire) -> Iterator[Line]:
    for place, payload in (("sent", wire.sent), ("delivered", wire.delivered)):
        if payload is None:
            continue
        yield plain("")
        if place == "delivered" and payload == wire.sent:
            yield plain("Content header as delivered: the same octets", "bold")
        else:
            yield plain(f"Content header as {place}, {len(payload)} octets{unreadable(payload)}", "bold")
            yield from map(plain, dump(payload))


# --- running it --------------------------------------------------------------------------------------


async def explain_cell(
    session: Session, cell: Cell, pcapng: Path | None = None, *, look: Look | None = None
) -> str:
    """Run ``cell`` alone and explain it, as standard output can show it unless ``look`` says otherwise.

    ``pcapng``: where to write the octets that both peers exchanged with the broker, for Wireshark.
    SetupError if the broker is lost; UsageError if the capture can't be written.
    """
    if isinstance(cell.case, Scenario):
        return await explain_scenario(session, cell, cell.case, look or look_of(sys.stdout))
    recorder = Recorder()
    exhibit = await examine(session, cell, None if pcapng is None else recorder)
    if pcapng is not None:
        _write(pcapng, recorder, exhibit)
    return explanation(exhibit, look or look_of(sys.stdout))


async def examine(session: Session, cell: Cell, recorder: Recorder | None = None) -> Exhibit:
    """Run ``cell``, which is no scenario, alone. SetupError if the broker is lost."""
    producer, consumer = session.producers[cell.producer.label], session.consumers[cell.consumer.label]
    if recorder is not None:
        producer.record(recorder)
        consumer.record(recorder)
    alone = Alone(cell, producer, consumer, session.topology, unique(session.token, "explain"))
    try:
        evidence = await alone.run()
    except RawError as error:
        raise SetupError(f"lost the broker while {cell.id} ran: {error}") from error
    if lacking := unordered(cell.message_case, producer.described, consumer.described):
        evidence = msgspec.structs.replace(evidence, failure=lacking)
    return _exhibit(session, cell, evidence, alone.wire)


async def explain_scenario(session: Session, cell: Cell, scenario: Scenario, look: Look) -> str:
    """Play ``scenario`` and show its steps up to the one that came out otherwise. SetupError as above."""
    producer, consumer = session.producers[cell.producer.label], session.consumers[cell.consumer.label]
    token = unique(session.token, "explain")
    play = Play(scenario, producer, consumer, session.topology.url, token, session.premises)
    try:
        verdict = await play.run()
    except RawError as error:
        raise SetupError(f"lost the broker while {cell.id} ran: {error}") from error
    outcome, listed = _outcome(session, cell, verdict)
    info = session.broker.info
    names = Names(_name(cell.producer), party(info.product, info.version), _name(cell.consumer))
    commands = (run_command(info.spec, cell.producer.label, cell.consumer.label, scenario.id),)
    lines = scenario_lines(cell.id, scenario, verdict, names, play.reached)
    told = [
        f"({outcome}) {_reason(listed)}".strip(),
        "",
        "Repeat it",
        *(f"  {command}" for command in commands),
    ]
    return rendered([*lines, *(plain(inert(line)) for line in told)], colour=look.colour)


def _exhibit(session: Session, cell: Cell, evidence: Evidence, wire: Wire) -> Exhibit:
    case, info = cell.message_case, session.broker.info
    verdict = judge(evidence, header_order=case.header_order, rejected=case.rejected)
    outcome, listed = _outcome(session, cell, verdict)
    return Exhibit(
        cell=cell.id,
        why=case.why,
        names=Names(_name(cell.producer), party(info.product, info.version), _name(cell.consumer)),
        evidence=evidence,
        verdict=verdict,
        wire=wire,
        outcome=outcome,
        reason=_reason(listed),
        known=_known(listed),
        commands=(
            run_command(info.spec, cell.producer.label, cell.consumer.label, case.id),
            explain_command(info.spec, cell.id),
            *filter(None, (password_note(info.spec),)),
        ),
    )


def _name(spec: PeerSpec) -> str:
    return party(spec.name, spec.release, spec.label)


def _outcome(session: Session, cell: Cell, verdict: Verdict) -> tuple[Outcome, Listed | None]:
    listed = read_expectations(ROOT / EXPECTATIONS)
    key = CellKey(
        cell.case.id,
        Party(cell.producer.name, cell.producer.release),
        Party(cell.consumer.name, cell.consumer.release),
        session.party,
        isinstance(cell.case, Scenario),
    )
    outcome, line = Expectations(None, listed).outcome(key, cell.id, verdict, final=False)
    return outcome, next((item for item in listed if item.line == line), None)


def _reason(item: Listed | None) -> str:
    if item is None:
        return ""
    return f"expected, {item.expectation.what}: {_known(item)} ({EXPECTATIONS}:{item.line})"


def _known(item: Listed | None) -> str:
    return "" if item is None else f"{item.expectation.reason} {item.expectation.link}"


def _write(path: Path, recorder: Recorder, exhibit: Exhibit) -> None:
    told = sentence(exhibit.names, exhibit.verdict, subject_of(exhibit.evidence.asked.message))
    try:
        write_pcapng(path, recorder.records, (exhibit.cell, told))
    except OSError as error:
        raise UsageError(f"cannot write the capture to {path}: {error.strerror}") from error
