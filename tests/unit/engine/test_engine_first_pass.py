"""A cell of the first pass is settled once its producer has answered, however fast the message was."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from pathlib import Path

import pytest

from harness.amqp.header import encode_header
from harness.amqp.message import Inline, Message, PropertyName, Routed
from harness.amqp.values import Shortstr, Value
from harness.cases import parse_case
from harness.engine.first_pass import FirstPass, Publication
from harness.engine.plan import Cell, Route
from harness.engine.station import Station
from harness.judge.verdict import Evidence
from harness.peers.build import Launch
from harness.peers.manifest import Entry, PeerSpec, Wire
from harness.peers.process import PeerBroken
from harness.peers.protocol import Delivery, Failed, Ok, Reply, Request, Role
from harness.tap import Tap
from harness.tap.events import Delivered, Sent

PROPERTIES: dict[PropertyName, Value] = {"message_id": Shortstr("m")}
HEADER = encode_header(PROPERTIES, 1)
BODY = Inline("b")
CASE = """
why: A message that is as fast as can be.
properties: {message_id: m}
body: b
"""


def no_tap(*_: object) -> Tap:
    raise AssertionError("nothing is started here")


class Silent(Station):
    """A station without a process: the test answers for it."""

    def __init__(self, label: str, role: Role) -> None:
        entry = Entry(label, "", ("1",), (role,), ("x",), Wire(label, "1"))
        spec = PeerSpec(label, label, "1", "none", "none", Path("/nowhere"), entry)
        super().__init__(spec, role, Launch(("x",), Path("/")), "amqp://nowhere", no_tap)
        self.asked: list[asyncio.Future[Reply]] = []

    def next_id(self) -> int:
        return len(self.asked) + 1

    def send(self, request: Request) -> asyncio.Future[Reply]:
        self.asked.append(asyncio.get_running_loop().create_future())
        return self.asked[-1]


class Rig:
    """Two messages have gone from a producer to a consumer before the producer's answers are read."""

    def __init__(self) -> None:
        self.producer, self.consumer = Silent("p", "producer"), Silent("c", "consumer")
        self.settled: list[str] = []
        self.left: list[str] = []
        topology = None  # what is looked at here declares nothing
        self.first = FirstPass([self.consumer], topology, "t", self._settle, self._leave)  # type: ignore[arg-type]
        (self.lane,) = self.first.lanes.values()
        self.lane.owed[self.producer] = deque()
        for tag, name in enumerate(("one", "two"), 1):
            self._publish(name)
            self._arrives(name, tag)

    def _settle(self, cell: Cell, evidence: Evidence) -> None:
        assert evidence.reported == evidence.asked
        self.settled.append(cell.case.id)

    def _leave(self, cell: Cell) -> None:
        self.left.append(cell.case.id)

    def _publish(self, name: str) -> None:
        asked = Routed("x", name, Message(PROPERTIES, BODY), redelivered=False)
        case = parse_case(Path("case.yaml"), f"a/{name}", CASE)
        route = Route("x", name, None, name)
        self.first.producers.publish(Publication(case, self.producer, route, asked, (self.lane,)), [])

    def _arrives(self, name: str, tag: int) -> None:
        queue = self.lane.queue
        self.first.saw(self.producer, Sent(1, 1, "x", name, False, HEADER, BODY))
        delivered = Delivered(1, 1, queue, "ctag", tag, False, "x", name, HEADER, BODY)
        self.first.saw(self.consumer, delivered)
        self.first.said(self.consumer, Delivery(queue, tag, False, "x", name, PROPERTIES, BODY))


def breaks(rig: Rig) -> None:
    """The answer, and in the same breath what nobody asked for."""
    rig.producer.asked[0].set_result(Ok(1))
    rig.first.ended(rig.producer, PeerBroken("p", "invented reply", "there was no request 9"))


@pytest.mark.parametrize(
    ("answer", "settled", "left"),
    [
        (lambda rig: None, [], []),
        (lambda rig: rig.producer.asked[0].set_result(Ok(1)), ["a/one"], []),
        (lambda rig: rig.producer.asked[0].set_result(Failed(1, "refused", "no")), [], ["a/one"]),
        (breaks, [], ["a/one"]),
    ],
    ids=["no answer yet", "ok", "refused what it sent", "ok and a breach"],
)
def test_what_was_reported_waits_for_its_producer_s_answer(
    answer: Callable[[Rig], None], settled: list[str], left: list[str]
) -> None:
    async def play() -> Rig:
        rig = Rig()
        answer(rig)
        await asyncio.sleep(0)
        return rig

    rig = asyncio.run(play())
    assert (rig.settled, rig.left) == (settled, left)
