"""A mutant: one change to one message, where it can stand, and what the suite must say of it. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum

from mutant_edits import Edit

from harness.cases import Case
from harness.judge.difference import Kind
from harness.judge.verdict import Step, Stop
from harness.peers.protocol import Role
from harness.tap.events import Side


class Point(Enum):
    """Where a change is made: at whose tap, on which side of the tap's eye, and whose fault it must be."""

    PRODUCER = ("producer", "peer", Step.PRODUCER)
    BEFORE_BROKER = ("producer", "broker", Step.BROKER)
    AFTER_BROKER = ("consumer", "broker", Step.BROKER)
    CONSUMER = ("consumer", "peer", Step.CONSUMER)

    def __init__(self, role: Role, where: Side, step: Step) -> None:
        self.role, self.where, self.step = role, where, step

    @property
    def label(self) -> str:
        """For names of tests and for people."""
        return self.name.lower().replace("_", "-")


PUBLISHES = (Point.PRODUCER, Point.BEFORE_BROKER)
DELIVERIES = (Point.AFTER_BROKER, Point.CONSUMER)


@dataclass(frozen=True, slots=True)
class Shows:
    """A difference that the point's step must be blamed for. ``type`` is that of the value got, where the
    type is all that is changed."""

    path: str
    kind: Kind
    type: str = ""


@dataclass(frozen=True, slots=True)
class Mutant:
    """``case`` is its own: its id is ``mutants/`` and its name. ``stops``: at which points no message comes
    out of the step, and how that must be told; at all others the change must show as ``shows``."""

    name: str
    case: Case
    edit: Edit
    shows: Shows | None = None
    stops: Mapping[Point, Stop] = field(default_factory=dict)
    points: tuple[Point, ...] = tuple(Point)
    swaps: bool = False
    """The message is held back until the next one has passed."""
    doubles: bool = False
    """The message passes twice."""
    undone_by_4x: bool = False
    """A broker since 4.0 sorts top-level headers and keeps one of a key: before it, this is no change."""
    not_on_4x: bool = False
    """For the same reason the message itself does not outlive such a broker, changed or not."""

    @property
    def disorders(self) -> bool:
        """Whether messages are not as many as before, or in another order."""
        return self.swaps or self.doubles

    def alone(self, point: Point) -> bool:
        """Whether it may take other messages along, so that it needs a run of its own."""
        return point in self.stops or self.disorders

    def stands(self, point: Point, broker_major: int) -> bool:
        """Whether it is a change there at all."""
        lost = self.not_on_4x or (self.undone_by_4x and point is Point.BEFORE_BROKER)
        return point in self.points and not (lost and broker_major >= 4)
