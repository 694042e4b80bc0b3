"""Recipes of reproductions, as they are made of cells that ran."""

from __future__ import annotations

from pathlib import Path

from harness.amqp.header import encode_header
from harness.amqp.message import Message, Routed
from harness.cases import Case, load_cases
from harness.judge.verdict import Evidence, Failure, Wire, judge
from harness.peers.manifest import find_peers, resolve
from harness.peers.protocol import Role
from harness.report.explain import Exhibit
from harness.report.names import Names, party
from harness.repro.render import Recipe, Side

CASES = {case.id: case for case in load_cases(Path(__file__).parents[3] / "contract" / "cases")}
PEERS = find_peers()


def asked_of(case: Case) -> Routed:
    """What the producer is asked for."""
    message = Message(case.message.properties, case.message.body)
    return Routed("e", case.id if case.routing_key is None else case.routing_key, message, redelivered=False)


def side(label: str, role: Role) -> Side:
    """A peer as it ran."""
    (spec,) = resolve((label,), role, PEERS)
    versions = {spec.entry.package: spec.release, "jsonschema-rs": "9", "beside": "7"}
    return Side(spec, role, "Language 1.2", versions, ("double", "int8", "decimal", "timestamp"))


def recipe(
    case_id: str,
    producer: str,
    consumer: str,
    reported: Routed | None = None,
    sent: Routed | None = None,
    failure: Failure | None = None,
    image: str = "rabbitmq:3.10.8",
) -> Recipe:
    """That cell; all of it unchanged where nothing else is said."""
    case = CASES[case_id]
    asked = asked_of(case)
    sent = sent or asked
    evidence = Evidence(asked, sent, sent, reported if failure else reported or sent, failure)
    sides = side(producer, "producer"), side(consumer, "consumer")
    names = [party(each.spec.name, each.spec.release, each.spec.label) for each in sides]
    octets = encode_header(sent.message.properties, 1)
    exhibit = Exhibit(
        cell=f"{case_id}[{producer}->{consumer}]",
        why=case.why,
        names=Names(names[0], "RabbitMQ 3.10.8", names[1]),
        evidence=evidence,
        verdict=judge(evidence, header_order=case.header_order),
        wire=Wire(octets, octets),
        outcome="fail",
        known="It is wrapped in long(). https://example.org/issues/1",
    )
    return Recipe(case, sides[0], sides[1], exhibit, image)
