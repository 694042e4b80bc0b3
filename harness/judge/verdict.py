"""Combine the steps of one message's way into a verdict: what is the worst, and where did it first appear?

Rules: a step is judged only where both its ends were seen; nobody's word stands for bytes. Where no message
came out of a step, that is the verdict, whatever else differs.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Literal, TypeAlias

import msgspec

from harness.amqp.message import Routed
from harness.cases import Rejected
from harness.judge.compare import compare
from harness.judge.difference import Kind, Shown

Scope: TypeAlias = Literal["message", "channel", "connection", "process"]


class Step(StrEnum):
    """The three places where a message can change."""

    PRODUCER = "producer"
    BROKER = "broker"
    CONSUMER = "consumer"


class Stop(StrEnum):
    """Why no message came out of a step. ``PROTOCOL`` and ``BUG`` are errors, not results about a library."""

    UNSUPPORTED = "unsupported"
    REFUSED = "refused"
    REJECTED = "rejected"
    UNROUTED = "unrouted"
    UNDELIVERED = "undelivered"
    UNDECODABLE = "undecodable"
    DISCONNECTED = "disconnected"
    HUNG = "hung"
    CRASHED = "crashed"
    UNKNOWN = "unknown"
    PROTOCOL = "protocol"
    BUG = "bug"

    @property
    def is_error(self) -> bool:
        """Whether the set-up is at fault rather than a library or the broker."""
        return self in (Stop.PROTOCOL, Stop.BUG)


class Failure(msgspec.Struct, frozen=True, omit_defaults=True):
    """No message came out of ``step``.

    ``scope``: what was lost with it. ``next_arrived``: whether the message after it on the same queue still
    came out at the same consumer; None where that was not tried.
    """

    stop: Stop
    step: Step | None
    text: str
    scope: Scope = "message"
    code: int | None = None
    next_arrived: bool | None = None


class StepDifference(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """A difference and the step that made it; no step where nobody watched the wire."""

    step: Step | None
    kind: Kind
    path: str
    expected: Shown
    got: Shown


class Wire(msgspec.Struct, frozen=True, gc=False):
    """The payloads of the message's content header frame on both wires; None where nobody saw one."""

    sent: bytes | None
    delivered: bytes | None


class Evidence(msgspec.Struct, frozen=True, gc=False):
    """The four messages of one cell, None where there was none or nobody watched, and why it ended early.

    ``surplus``: deliveries beyond the one; ``surplus_step`` is where they were first seen. ``by_producer``:
    the differences of asked and sent where somebody worked them out before: one publish serves many cells.
    ``wire`` is not judged: it is kept for whoever wants to see the octets.
    """

    asked: Routed
    sent: Routed | None = None
    delivered: Routed | None = None
    reported: Routed | None = None
    failure: Failure | None = None
    surplus: int = 0
    surplus_step: Step | None = None
    by_producer: tuple[StepDifference, ...] | None = None
    wire: Wire = Wire(None, None)


class Verdict(msgspec.Struct, frozen=True, gc=False):
    """``verdict`` is a Kind or a Stop; path, expected and got are those of the worst difference."""

    verdict: str
    step: Step | None
    path: str | None
    expected: Shown
    got: Shown
    differences: tuple[StepDifference, ...]
    failure: Failure | None
    as_asked: bool = False

    @property
    def passes(self) -> bool:
        """Whether what the case asks for happened, and nothing worse than another type to the message."""
        return self.as_asked or (self.failure is None and Kind(self.verdict).passes)


def stopped_by(failure: Failure) -> Verdict:
    """The verdict where all that is known is what it ended with."""
    return Verdict(failure.stop, failure.step, None, None, failure.text, (), failure)


def differences(evidence: Evidence, *, header_order: bool = False) -> tuple[StepDifference, ...]:
    """Every difference with its step, in the order of the message's way."""
    if evidence.sent is None and evidence.delivered is None:
        found = [*step_differences(None, evidence.asked, evidence.reported, header_order)]
    else:
        known = evidence.by_producer
        if known is None:
            known = step_differences(Step.PRODUCER, evidence.asked, evidence.sent, header_order)
        found = [
            *known,
            *step_differences(Step.BROKER, evidence.sent, evidence.delivered, header_order),
            *step_differences(Step.CONSUMER, evidence.delivered, evidence.reported, header_order),
        ]
    if evidence.surplus:
        found.append(
            StepDifference(evidence.surplus_step, Kind.ADDED, "deliveries", "1", str(1 + evidence.surplus))
        )
    return tuple(found)


def step_differences(
    step: Step | None, before: Routed | None, after: Routed | None, header_order: bool
) -> tuple[StepDifference, ...]:
    """What one step changed; nothing where a message is missing at one of its ends."""
    if before is None or after is None:
        return ()
    found = compare(before, after, header_order=header_order)
    return tuple([StepDifference(step, one.kind, one.path, one.expected, one.got) for one in found])


def judge(evidence: Evidence, *, header_order: bool = False, rejected: Rejected | None = None) -> Verdict:
    """The verdict about one cell. ``rejected`` is how the broker must refuse the message, if it must."""
    found = differences(evidence, header_order=header_order)
    if evidence.failure is not None:
        stopped = evidence.failure
        refused = (stopped.stop, stopped.code, stopped.scope)
        as_asked = rejected is not None and refused == (Stop.REJECTED, rejected.code, rejected.scope)
        return Verdict(stopped.stop, stopped.step, None, None, stopped.text, found, stopped, as_asked)
    if rejected is not None:
        wanted = f"rejected with {rejected.code}, closing the {rejected.scope}"
        changed = any(each.step is Step.PRODUCER and not each.kind.passes for each in found)
        step = Step.PRODUCER if changed else Step.BROKER  # who sent something else gave no reason to refuse
        found = (*found, StepDifference(step, Kind.ALTERED, "outcome", wanted, "delivered"))
    elif evidence.reported is None:
        raise ValueError("no report and no failure: the engine lost a cell")
    if not found:
        return Verdict(Kind.SAME, None, None, None, None, (), None)
    worst = max(found, key=lambda difference: difference.kind.severity)  # the first of equals
    return Verdict(worst.kind, worst.step, worst.path, worst.expected, worst.got, found, None)
