"""A publish and its copies, and what a consumer's queue owes of them. Pure data: it decides nothing."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import TypeAlias

import msgspec

from harness.amqp.message import Body, Message, Routed
from harness.amqp.values import Text
from harness.cases import Case
from harness.engine.plan import Cell, Route
from harness.engine.station import Station
from harness.judge.verdict import Evidence, Step, StepDifference, Wire, step_differences
from harness.tap.eye import message_of

Key: TypeAlias = tuple[Text, Text]
"""Exchange and routing key, by which a message is recognised on its way."""


@dataclass(slots=True, eq=False)
class Publication:
    """One publish and its copies: ``asked`` and ``sent`` are shared, the rest is a consumer's each."""

    case: Case
    producer: Station
    route: Route
    asked: Routed
    consumers: tuple[Lane, ...]
    sent: Routed | None = None
    header: bytes | None = None
    odd: bool = False
    taken: bool = False
    """The producer said ok."""
    answered: bool = False
    """The producer said something, or is gone."""
    early: list[tuple[Lane, Copy]] = field(default_factory=list)
    """What was reported before the producer's answer was read, which may yet speak against it."""
    open: int = 0
    """Copies that are on their way."""
    by_producer: tuple[StepDifference, ...] | None = None
    """The differences of asked and sent, once they were asked for."""
    key: Key = field(init=False)

    def __post_init__(self) -> None:
        self.key = (self.route.exchange, self.route.routing_key)

    @property
    def due(self) -> bool:
        """Whether its consumers can be expected to have it: the wire says so, or its producer."""
        return self.sent is not None or (self.taken and not self.producer.tapped)

    def begin(self, copies: int) -> None:
        """It is published, perhaps once more: nothing is known yet of so many ``copies``."""
        self.open, self.taken, self.answered = copies, False, False
        self.sent, self.header, self.by_producer = None, None, None


@dataclass(slots=True, eq=False)
class Copy:
    """The copy of a publication in one consumer's queue."""

    publication: Publication
    delivered: Routed | None = None
    header: bytes | None = None
    reported: Routed | None = None
    odd: bool = False
    again: bool = False
    """It may come once more, marked redelivered: its consumer was started anew."""


@dataclass(slots=True, eq=False)
class Lane:
    """One consumer in this pass: its queue, and what it owes of each producer, in order."""

    station: Station
    queue: Text
    owed: dict[Station, deque[Copy]] = field(default_factory=dict)
    held: dict[Station, Copy] = field(default_factory=dict)
    """The last that was reported of each producer, held back to see whether it would come a second time."""
    by_key: dict[Key, Copy] = field(default_factory=dict)
    ends: set[Station] = field(default_factory=set)
    """The producers to whose end it has come."""
    given_up: bool = False
    left: set[Key] = field(default_factory=set)
    """What was left over and may still come, late."""

    @property
    def owes(self) -> bool:
        """Whether reports are due."""
        return any(copy.publication.due for copies in self.owed.values() for copy in copies)

    def cell(self, publication: Publication) -> Cell:
        """The cell that ``publication`` has with this consumer."""
        return Cell(publication.case, publication.producer.spec, self.station.spec)


def on_wire(exchange: Text, routing_key: Text, redelivered: bool, header: bytes, body: Body) -> Routed | None:
    """The message that was seen on a wire, None if its header cannot be read."""
    message = message_of(header, body)
    return Routed(exchange, routing_key, message, redelivered) if isinstance(message, Message) else None


def evidence(publication: Publication, copy: Copy) -> Evidence:
    """All that is known of the cell of this ``copy``."""
    asked, sent = publication.asked, publication.sent
    if publication.by_producer is None:
        order = publication.case.header_order
        publication.by_producer = step_differences(Step.PRODUCER, asked, sent, order)
    known = publication.by_producer
    if copy.again:  # whether it is marked redelivered depends on how far its consumer had come
        asked = msgspec.structs.replace(asked, redelivered=None)
        sent = None if sent is None else msgspec.structs.replace(sent, redelivered=None)
    wire = Wire(publication.header, copy.header)
    return Evidence(asked, sent, copy.delivered, copy.reported, by_producer=known, wire=wire)
