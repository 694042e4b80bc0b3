"""From what was heard and seen of one cell to the evidence that is judged. Pure.

A message can be missing at a place; then the step before that place is the one that lost it. Where nobody
watched the wire only the ends of the way are places, and a loss has no step.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import msgspec

from harness.amqp.message import Routed
from harness.cases import Rejected
from harness.judge.compare import compare
from harness.judge.difference import Kind
from harness.judge.verdict import Evidence, Failure, Step, Stop, Wire
from harness.peers.protocol import Closed, Described, Failed
from harness.tap.events import Broken, ClosedOnWire, Cut, Stray


@dataclass(slots=True)
class Place:
    """A place on the way: what passed it before the sentinel, whether that passed, and what came too late.

    ``unreadable`` are messages whose content header no decoder can read. ``headers`` are the payloads of the
    content headers of ``messages``, in their order, ``broken`` those of the unreadable; both are empty where
    only a peer's word was heard.
    """

    messages: list[Routed] = field(default_factory=list)
    unreadable: int = 0
    headers: list[bytes] = field(default_factory=list)
    broken: list[bytes] = field(default_factory=list)
    sentinel: bool = False
    late: int = 0

    @property
    def passed(self) -> int:
        """How many messages passed before the sentinel."""
        return len(self.messages) + self.unreadable

    @property
    def header(self) -> bytes | None:
        """The payload of the first message's content header: of one that can be read, if there is any."""
        return next(iter((*self.headers, *self.broken)), None)

    def add(self, routed: Routed | None, is_sentinel: bool, header: bytes | None = None) -> None:
        """Something passed; None if it could not be read. ``header`` is as it was on the wire."""
        if is_sentinel:
            self.sentinel = True
        elif self.sentinel:
            self.late += 1
        elif routed is None:
            self.unreadable += 1
            self.broken += () if header is None else (header,)
        else:
            self.messages.append(routed)
            self.headers += () if header is None else (header,)


@dataclass(slots=True)
class Way:
    """All that is known of one cell: the places, what failed at which step, and what could not be decoded."""

    tapped: bool
    sent: Place = field(default_factory=Place)
    delivered: Place = field(default_factory=Place)
    reported: Place = field(default_factory=Place)
    failures: dict[Step, Failure] = field(default_factory=dict)
    misframed: dict[Step, str] = field(default_factory=dict)
    """Who put frames on a wire that make no message, or another than announced, and how."""
    undecodable: str | None = None
    timed_out: bool = False

    @property
    def wire(self) -> Wire:
        """The octets of what was sent and of what was delivered."""
        return Wire(self.sent.header, self.delivered.header)

    @property
    def over(self) -> bool:
        """Whether nothing more is to be waited for."""
        return self.reported.sentinel or bool(self.failures) or self.timed_out

    @property
    def waits_for_consumer(self) -> bool:
        """Whether all is on the consumer's wire and only its report is missing."""
        return self.delivered.sentinel and not self.reported.sentinel

    def fail(self, failure: Failure) -> None:
        """Note the first failure of a step: a closing is seen on the wire before the peer tells of it."""
        if failure.step is not None:
            self.failures.setdefault(failure.step, failure)

    def misframe(self, step: Step, problem: str) -> None:
        """Note frames that are wrong, unless it failed already: what a closing cuts off is no lie."""
        if not self.failures:
            self.misframed.setdefault(step, problem)


def frames_problem(event: Cut | Stray | Broken) -> str:
    """What is wrong with frames, in words."""
    match event:
        case Cut(arrived=arrived, announced=announced):
            return f"a message was cut after {arrived} of {announced} body octets"
        case Stray(frame_type=kind):
            return f"a {'header' if kind == 2 else 'body'} frame came that belongs to no message"
        case Broken(text=text):
            return text


def closed_on_wire(step: Step, event: ClosedOnWire) -> Failure:
    """A close method: of the broker, which then would not have it, or of the peer."""
    text = event.text if isinstance(event.text, str) else event.text.base64
    if event.by == "peer":
        return Failure(
            Stop.DISCONNECTED, step, f"closed by the library: {event.code} {text}", event.scope, event.code
        )
    stop = Stop.REJECTED if step is Step.PRODUCER else Stop.DISCONNECTED
    return Failure(stop, step, f"{event.code} {text}", event.scope, event.code)


def closed_by_word(step: Step, event: Closed) -> Failure:
    """The same, as the peer tells it: all there is with the tap off."""
    rejected = step is Step.PRODUCER and event.code is not None
    return Failure(
        Stop.REJECTED if rejected else Stop.DISCONNECTED, step, event.message, event.scope, event.code
    )


def publish_failed(reply: Failed, described: Described | None) -> Failure:
    """An error reply to a publish. Unsupported counts only where it was declared."""
    match reply.kind:
        case "unsupported":
            if described is None or reply.what not in described.unsupported:
                text = f"unsupported {reply.what!r} was not declared: {reply.message}"
                return Failure(Stop.BUG, Step.PRODUCER, text)
            return Failure(Stop.UNSUPPORTED, Step.PRODUCER, reply.what or "")
        case "refused":
            return Failure(Stop.REFUSED, Step.PRODUCER, reply.message)
        case "disconnected":
            stop = Stop.DISCONNECTED if reply.code is None else Stop.REJECTED
            return Failure(stop, Step.PRODUCER, reply.message, reply.scope or "connection", reply.code)
        case "bug":
            return Failure(Stop.BUG, Step.PRODUCER, reply.message)


def evidence(asked: Routed, way: Way, rejected: Rejected | None) -> Evidence:
    """The evidence of one cell, once its way is over."""
    places = (way.sent, way.delivered, way.reported)
    sent, delivered, reported = (place.messages[0] if place.messages else None for place in places)
    surplus, surplus_step = _surplus(way)
    failure = _failure(asked, way, rejected)
    return Evidence(asked, sent, delivered, reported, failure, surplus, surplus_step, wire=way.wire)


def _surplus(way: Way) -> tuple[int, Step | None]:
    """Messages beyond the one, and the step that made them."""
    if not way.tapped:
        return max(way.reported.passed - 1, 0), None
    before = 1
    for step, place in _places(way):
        if place.passed > max(before, 1):
            return place.passed - before, step
        before = place.passed
    return 0, None


def _places(way: Way) -> tuple[tuple[Step, Place], ...]:
    return (
        (Step.PRODUCER, way.sent),
        (Step.BROKER, way.delivered),
        (Step.CONSUMER, way.reported),
    )


def _failure(asked: Routed, way: Way, rejected: Rejected | None) -> Failure | None:
    if failure := way.failures.get(Step.PRODUCER):
        return _blamed(asked, way, failure, rejected)
    next_arrived = way.reported.sentinel
    if failure := way.failures.get(Step.CONSUMER):
        failure = msgspec.structs.replace(failure, next_arrived=next_arrived)
        return _of_frames(failure, way.misframed.get(Step.BROKER), Step.BROKER)
    if way.reported.messages:
        if next_arrived:
            return None
        text = "it was reported, but the message after it never was"
        return Failure(Stop.HUNG, Step.CONSUMER, text, "process", next_arrived=False)
    if way.undecodable is not None:
        failure = Failure(Stop.UNDECODABLE, Step.CONSUMER, way.undecodable, next_arrived=next_arrived)
        return _of_frames(failure, way.misframed.get(Step.BROKER), Step.BROKER)
    return _missing(asked, way)


def _blamed(asked: Routed, way: Way, failure: Failure, rejected: Rejected | None) -> Failure:
    """The broker's refusal is its own affair only of a message that the producer sent as asked."""
    if problem := way.misframed.get(Step.PRODUCER):
        return _of_frames(failure, problem, Step.PRODUCER)
    if failure.stop is not Stop.REJECTED or rejected is not None or not way.sent.messages:
        return failure
    return failure if _changed(asked, way) else msgspec.structs.replace(failure, step=Step.BROKER)


def _changed(asked: Routed, way: Way) -> bool:
    """Whether the producer sent another value than it was asked for. What a library fills in or empties by
    itself, such as an empty table of headers, is no reason why a broker would not have the message."""
    sent = way.sent.messages
    mild = Kind.EMPTIED.severity
    return bool(sent) and any(difference.kind.severity > mild for difference in compare(asked, sent[0]))


def _of_frames(failure: Failure, problem: str | None, step: Step) -> Failure:
    """A failure over frames that were wrong is of whoever wrote them."""
    if problem is None:
        return failure
    return msgspec.structs.replace(failure, step=step, text=f"{problem}; {failure.text}")


def _missing(asked: Routed, way: Way) -> Failure:
    """No report, and nothing that says why: it is missing since the first place that it did not pass.

    What the broker did not deliver is the producer's doing if it sent something else than asked.
    """
    arrived = way.reported.sentinel
    for step, problem in way.misframed.items():
        stop = Stop.UNDELIVERED if arrived else Stop.HUNG
        return Failure(stop, step, problem, next_arrived=arrived)
    if not way.tapped:
        stop = Stop.UNDELIVERED if arrived else Stop.HUNG
        return Failure(stop, None, "no report of it came, and nobody watched the wire", next_arrived=arrived)
    for step, place, words in (
        (Step.PRODUCER, way.sent, "the library took it and never sent it"),
        (Step.BROKER, way.delivered, "the broker took it and never delivered it"),
    ):
        if not place.passed:
            late = "; it came after the message that was sent after it" if place.late else ""
            stop = Stop.UNDELIVERED if place.sentinel or arrived or step is Step.BROKER else Stop.HUNG
            if step is Step.BROKER and _changed(asked, way):
                text = "the library sent something else than it was asked for, and it never came" + late
                return Failure(stop, Step.PRODUCER, text, next_arrived=arrived)
            return Failure(stop, step, words + late, next_arrived=arrived)
    late = "; it was reported after the message that was sent after it" if way.reported.late else ""
    if arrived:
        return Failure(Stop.UNDELIVERED, Step.CONSUMER, "delivered, never reported" + late, next_arrived=True)
    text = "delivered; neither it nor the message after it was reported"
    return Failure(Stop.HUNG, Step.CONSUMER, text, "process", next_arrived=False)
