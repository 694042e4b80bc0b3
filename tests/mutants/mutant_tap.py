"""The mutating tap: a tap at one of the four points, whose mutants are exchanged while it runs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable

from mutant import Mutant, Point

from harness.amqp.methods import Deliver, Publish, decode_method
from harness.amqp.values import Text
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
    """What changes messages at ``point``: it knows the message of a mutant by its routing key, which is the
    id of the mutant's case. ``hits`` counts how often each mutant struck, by its name."""

    def __init__(self, point: Point) -> None:
        self.point = point
        self.hits: Counter[str] = Counter()
        self._mutants: dict[Text, Mutant] = {}
        self._held = b""
        self._direction = Direction.TO_BROKER if point.role == "producer" else Direction.TO_PEER

    def set(self, mutants: Iterable[Mutant]) -> None:
        """From now on it is these; none lets all pass."""
        self._mutants = {mutant.case.id: mutant for mutant in mutants}
        self._held = b""
        self.hits.clear()

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
        if direction is not self._direction:
            return self._back(group)
        if not group.is_message:
            if group.method[:4] in (_START, _START_OK):
                self._held = b""  # what was held went with its connection
            return group.octets
        held, self._held = self._held, b""
        mutant = self._mutant(group)
        if mutant is None:
            return group.octets + held
        self.hits[mutant.name] += 1
        if mutant.swaps:
            self._held = group.octets
            return held
        return mutant.edit(group) + held

    def _mutant(self, group: Group) -> Mutant | None:
        method = decode_method(group.method)
        return self._mutants.get(method.routing_key) if isinstance(method, Publish | Deliver) else None

    def _back(self, group: Group) -> bytes:
        """What passes the other way. Acks end here while deliveries are doubled or swapped: a broker that did
        so would number them as it sends them, and this tap does not."""
        disordered = any(mutant.disorders for mutant in self._mutants.values())
        return b"" if disordered and group.method.startswith(_ACK) else group.octets
