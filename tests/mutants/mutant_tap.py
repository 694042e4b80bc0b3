"""The mutating tap: a tap at one of the four points, whose mutant is exchanged while it runs."""

from __future__ import annotations

from collections.abc import Callable

from mutant import Mutant, Point
from mutant_cases import TARGET

from harness.engine.station import TapMaker
from harness.peers.manifest import PeerSpec
from harness.peers.protocol import Role
from harness.tap.events import Direction
from harness.tap.events import Event as WireEvent
from harness.tap.mutate import Group, Mutation
from harness.tap.tap import Tap

_ACK = b"\x00\x3c\x00\x50"
_START_OK, _START = b"\x00\x0a\x00\x0b", b"\x00\x0a\x00\x0a"


class Mutator:
    """What passes at ``point``. ``mutant`` may be set at any time; ``hits`` counts how often it struck."""

    def __init__(self, point: Point) -> None:
        self.point = point
        self.hits = 0
        self._mutant: Mutant | None = None
        self._held = b""
        publishes = point.role == "producer"
        self._direction = Direction.TO_BROKER if publishes else Direction.TO_PEER

    @property
    def mutant(self) -> Mutant | None:
        """What it does to the one message; None lets all pass."""
        return self._mutant

    @mutant.setter
    def mutant(self, mutant: Mutant | None) -> None:
        self._mutant, self._held, self.hits = mutant, b"", 0

    def make_tap(self) -> TapMaker:
        """For a session: plain taps, but for the one of the point's role."""

        def make(
            spec: PeerSpec, role: Role, host: str, port: int, observer: Callable[[WireEvent], None]
        ) -> Tap:
            mutation = Mutation(self.point.where, self.change) if role == self.point.role else None
            return Tap(host, port, observer, name=f"{spec.label} ({role})", mutation=mutation)

        return make

    def change(self, direction: Direction, group: Group) -> bytes:
        """A :data:`~harness.tap.mutate.Change`."""
        if self._mutant is None:
            return group.octets
        if direction is not self._direction:
            return self._back(self._mutant, group)
        if not group.is_message:
            if group.method[:4] in (_START, _START_OK):
                self._held = b""  # what was held went with its connection
            return group.octets
        held, self._held = self._held, b""
        if not group.body.startswith(TARGET):
            return group.octets + held
        self.hits += 1
        if self._mutant.swaps:
            self._held = group.octets
            return held
        return self._mutant.edit(group) + held

    def _back(self, mutant: Mutant, group: Group) -> bytes:
        """What passes the other way. Acks end here where the broker would count deliveries otherwise than
        the consumer: one that delivers twice, or out of order, numbers them so, and this tap does not."""
        disordered = mutant.swaps or mutant.name == "message-doubled"
        return b"" if disordered and group.method.startswith(_ACK) else group.octets
