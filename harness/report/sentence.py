"""The verdict in one sentence that can be pasted into a bug report.

``pika 1.4.4 read header k, sent and delivered as double 3.14, as int 3``. It names who is blamed first, by
library and release, then the field, then what it was and what it became. It says no more than the verdict
does: where nobody watched the wire it blames nobody.
"""

from __future__ import annotations

import re
from typing import assert_never

from harness.amqp.message import Message
from harness.amqp.values import Table, bytes_of
from harness.judge.compare import key_path
from harness.judge.difference import Kind, Shown
from harness.judge.verdict import Failure, Step, StepDifference, Stop, Verdict
from harness.report.names import Names
from harness.report.values import clipped, inert, show, shown

PATH_LIMIT = 80
REASON_LIMIT = 300
"""Characters of what a library, a broker or a peer said that are repeated."""
STEP = re.compile(r"steps\[(?P<number>[0-9]+)\]\.(?P<what>.*)", re.DOTALL)
"""The path of a difference in a scenario: the step's number from 1, and the place in what it does."""
_WHOLE = {
    "exchange": "the exchange",
    "routing_key": "the routing key",
    "body": "the body",
    "redelivered": "the redelivered flag",
    "headers": "the headers",
    "headers:order": "the order of the headers",
}


def sentence(names: Names, verdict: Verdict, subject: str = "the message") -> str:
    """What happened and who did it. ``subject`` says what a stop was over: the field, or the case."""
    if verdict.failure is not None:
        return _stopped(names, verdict.failure, subject, verdict.as_asked) + _blast(verdict.failure)
    if verdict.path is None:
        return f"all that {names.producer} was asked to send arrived at {names.consumer} unchanged"
    worst = StepDifference(verdict.step, Kind(verdict.verdict), verdict.path, verdict.expected, verdict.got)
    return told(names, worst, verdict.differences)


def told(names: Names, one: StepDifference, all_of_it: tuple[StepDifference, ...] = ()) -> str:
    """One difference; ``all_of_it`` tells whether its field had changed before."""
    if one.path == "deliveries":
        return _repeated(names, one)
    if one.path == "outcome":
        return f"{names.broker} delivered what it should have {_plain(one.expected)}"
    if step := STEP.fullmatch(one.path):
        return _played(names, one, *step.groups())
    who, field = names.at(one.step), field_name(one.path)
    before, after = _side(one, one.expected), _side(one, one.got)
    match one.step:
        case Step.PRODUCER:
            return _produced(who, field, before, after)
        case Step.BROKER:
            return _brokered(who, field, before, after)
        case Step.CONSUMER:
            return _consumed(who, field, before, after, _way_to_consumer(one, all_of_it))
        case None:
            end = f"as {after}" if after else "not at all"
            asked = f"asked for as {before}" if before else "not asked for"
            way = f"{field}, {asked} of {names.producer}, reached {names.consumer} {end}"
            return f"{way}; nobody watched the wire"
    assert_never(one.step)


def _played(names: Names, one: StepDifference, number: str, what: str) -> str:
    place = clipped(inert(what), PATH_LIMIT)
    expected, got = (_plain(value) if value is not None else "nothing" for value in (one.expected, one.got))
    return f"{names.at(one.step)} at step {number}, {place}: expected {expected}, got {got}"


def _produced(who: str, field: str, before: str, after: str) -> str:
    if not before:
        return f"{who}, not asked for {field}, sent it as {after}"
    return f"{who}, asked for {field} as {before}, " + (f"sent {after}" if after else "left it out")


def _brokered(who: str, field: str, before: str, after: str) -> str:
    if not before:
        return f"{who} added {field}, which was not sent, as {after}"
    if not after:
        return f"{who} delivered the message without {field}, sent as {before}"
    return f"{who} delivered {field}, sent as {before}, as {after}"


def _consumed(who: str, field: str, before: str, after: str, way: str) -> str:
    if not before:
        return f"{who} reported {field}, which was not {way}, as {after}"
    if not after:
        return f"{who} did not hand over {field}, {way} as {before}"
    return f"{who} read {field}, {way} as {before}, as {after}"


def _way_to_consumer(one: StepDifference, all_of_it: tuple[StepDifference, ...]) -> str:
    """``sent and delivered`` unless the broker had its hand in that field too."""
    touched = any(other.step is Step.BROKER and other.path == one.path for other in all_of_it)
    if touched:
        return "delivered"
    return "sent and delivered" if one.expected is not None else "sent or delivered"


def _repeated(names: Names, one: StepDifference) -> str:
    verb = {Step.PRODUCER: "sent", Step.BROKER: "delivered", Step.CONSUMER: "reported"}
    who = names.at(one.step)
    return (
        f"{who} {verb[one.step] if one.step else 'made'} the message {_plain(one.got)} times instead of once"
    )


def _side(one: StepDifference, value: Shown) -> str:
    """One side of a difference; "" where there was nothing. An order of keys is not a quoted name."""
    if value is None:
        return ""
    return _plain(value) if one.path == "headers:order" else shown(value)


def _plain(value: Shown) -> str:
    return clipped(inert(value), REASON_LIMIT) if isinstance(value, str) else shown(value)


def field_name(path: str) -> str:
    """``header k``, ``header k[0]``, ``property priority``, ``the body``."""
    path = clipped(inert(path), PATH_LIMIT)
    if path in _WHOLE:
        return _WHOLE[path]
    if path.startswith(("headers.", "headers[")):
        return "header " + path.removeprefix("headers").removeprefix(".")
    return f"property {path}"


def subject_of(message: Message) -> str:
    """The one field that a message is about, ``header k, timestamp 1 (...)``, or just the message."""
    properties = message.properties
    if len(properties) != 1:
        return "the message"
    name, value = next(iter(properties.items()))
    if not isinstance(value, Table):
        return f"property {name}, {show(value)}"
    if len(value.value) != 1:
        return "the message"
    key, header = value.value[0]
    return f"{field_name(key_path('headers', bytes_of(key)))}, {show(header)}"


# --- no message came out -----------------------------------------------------------------------------


def _stopped(names: Names, failure: Failure, subject: str, as_asked: bool) -> str:
    who, reason = names.at(failure.step), reason_of(failure)
    match failure.stop:
        case Stop.UNSUPPORTED:
            verb = "hand over" if failure.step is Step.CONSUMER else "express"
            return f"{who} cannot {verb} {subject}: {reason}"
        case Stop.REFUSED:
            return f"{who} refused to take {subject}: {reason}"
        case Stop.REJECTED:
            how = ", as it must" if as_asked else ""
            sent = "as asked" if failure.step is Step.BROKER else ""
            what = " ".join(filter(None, (f"what {names.producer} sent", sent)))
            return f"the broker ({names.broker}) refused {what}: {reason}{how}"
        case Stop.UNROUTED:
            return f"{who} found no queue for {subject}: {reason}"
        case Stop.UNDELIVERED:
            return f"{who} lost {subject}: {reason}"
        case Stop.UNDECODABLE:
            return f"{who} could not decode {subject}: {reason}"
        case Stop.DISCONNECTED:
            return f"{who} lost its {_line(failure)} over {subject}: {reason}"
        case Stop.HUNG:
            return f"{who} hung over {subject}: {reason}"
        case Stop.CRASHED:
            return f"the process of {who} ended over {subject}: {reason}"
        case Stop.UNKNOWN:
            return f"what became of {subject} could not be determined: {reason}"
        case Stop.PROTOCOL:
            return f"error of the set-up, no result: the peer of {who} broke the protocol: {reason}"
        case Stop.BUG:
            return f"error of the set-up, no result: the peer of {who} failed: {reason}"
    assert_never(failure.stop)


def _line(failure: Failure) -> str:
    return "channel" if failure.scope == "channel" else "connection"


def reason_of(failure: Failure) -> str:
    """The reason in the words of who gave it, made inert, with the reply code if they do not hold it."""
    words = clipped(inert(failure.text), REASON_LIMIT)
    code = "" if failure.code is None or str(failure.code) in words else f"{failure.code} "
    return code + (words or "no reason given")


def _blast(failure: Failure) -> str:
    """What was lost with the message, and whether the next one came."""
    if failure.stop.is_error or failure.stop is Stop.UNSUPPORTED:
        return ""
    parts = []
    if failure.scope != "message" and not (
        failure.stop is Stop.DISCONNECTED and failure.scope == _line(failure)
    ):
        parts.append(f"the {failure.scope} went with it")
    if failure.next_arrived is not None:
        parts.append(f"the next message {'arrived' if failure.next_arrived else 'did not arrive'}")
    return "".join(f"; {part}" for part in parts)
