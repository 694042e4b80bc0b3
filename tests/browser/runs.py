"""Made-up runs for the page: messages, who changes them how, and the results file that a run would write."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TypeAlias

import msgspec

from harness.amqp.header import encode_header
from harness.amqp.message import Inline, Message, PropertyName, Routed, size_of
from harness.amqp.values import (
    Double,
    Float,
    Int8,
    Longstr,
    NativeFloat,
    NativeInt,
    NativeMap,
    NativeStr,
    Shortstr,
    Table,
    Timestamp,
    Uint8,
    Value,
    double_bits,
    float_bits,
)
from harness.evidence import kept
from harness.judge.expect import Outcome
from harness.judge.verdict import Evidence, Failure, Step, Stop, Verdict, Wire, judge
from harness.results import Broker, CaseLine, CellLine, Foot, Head, PeerInfo, ResultsWriter

BROKER = "RabbitMQ 3.10.8"
PRODUCERS = {"streadway": "1.1.0", "amqp091-go": "1.16.0"}
CONSUMERS = {"pika": "1.4.4", "rabbitpy": "3.0.2"}
HOSTILE = (
    "<script>document.title='owned'</script><img src=x onerror=\"document.title='owned'\">&amp;</script>"
)
BIDI = "\u202edesrever\u2066 \x1b[31m\x00\u2028"
MEGABYTE = "m" * (1 << 20)
Change: TypeAlias = Callable[[Value], Value]


def message(*headers: tuple[str, Value], body: str = "x", **properties: str) -> Message:
    made: dict[PropertyName, Value] = {}
    for name, value in properties.items():
        made[msgspec.convert(name, PropertyName)] = Shortstr(value)
    if headers:
        made["headers"] = Table(headers)
    return Message(made, Inline(body))


CASES: Mapping[str, Message] = {
    "bodies/text": message(body="LA DEE DA"),
    "headers/double": message(("k", Double(double_bits(3.14)))),
    "headers/float": message(("k", Float(float_bits(0.5)))),
    "headers/hostile": message((HOSTILE, Longstr(HOSTILE)), (BIDI, Longstr(BIDI)), body=HOSTILE),
    "headers/huge": message(("k", Longstr(MEGABYTE)), ("d", Double(double_bits(0.1)))),
    "headers/longstr": message(("k", Longstr("text"))),
    "headers/timestamp-late": message(("k", Timestamp("253402300800"))),
    "headers/uint8-200": message(("k", Uint8("200"))),
    "properties/app-id": message(app_id="shop"),
}


def reported_by(consumer: str, value: Value) -> Value:
    """What the library hands over: pika cuts reals to integers, as the true one does."""
    match value:
        case Double() | Float() if consumer == "pika":
            return NativeInt("3" if value == Double(double_bits(3.14)) else "0")
        case Double(bits):
            return NativeFloat(bits)
        case Float():
            return NativeFloat(double_bits(0.5))
        case Longstr(text) | Shortstr(text):
            return NativeStr(text)
        case Int8(number) | Uint8(number):
            return NativeInt(number)
        case Table(pairs):
            return NativeMap(tuple((key, reported_by(consumer, item)) for key, item in pairs))
    return value


def sent_by(producer: str, value: Value) -> Value:
    """What the library puts on the wire: streadway writes octets under a signed tag, as the true one does."""
    match value:
        case Uint8(number) if producer == "streadway":
            return Int8(str(int(number) - 256 if int(number) > 127 else int(number)))
        case Table(pairs):
            return Table(tuple((key, sent_by(producer, item)) for key, item in pairs))
    return value


def _changed(of: Message, change: Change) -> Message:
    return Message({name: change(value) for name, value in of.properties.items()}, of.body)


def evidence(producer: str, consumer: str, asked: Message, *, mended: bool = False) -> Evidence:
    """What is seen of one cell. ``mended``: pika does not cut reals any more."""
    sent = _changed(asked, lambda value: sent_by(producer, value))
    reader = "rabbitpy" if mended else consumer
    reported = _changed(sent, lambda value: reported_by(reader, value))
    octets = encode_header(sent.properties, size_of(sent.body))
    wire = Wire(octets, octets)
    before = (_routed(asked), _routed(sent), _routed(sent))
    if consumer == "rabbitpy" and any(
        isinstance(value, Table) and any(isinstance(item, Timestamp) for _, item in value.value)
        for value in asked.properties.values()
    ):
        text = "delivered; neither it nor the message after it was reported"
        failure = Failure(Stop.HUNG, Step.CONSUMER, text, "process", next_arrived=False)
        return Evidence(*before, failure=failure, wire=wire)
    return Evidence(*before, _routed(reported), wire=wire)


def _routed(of: Message) -> Routed:
    return Routed("interop.0123456789ab", "key", of, redelivered=False)


def line(case: str, producer: str, consumer: str, seen: Evidence, outcome: Outcome | None = None) -> CellLine:
    """As the engine writes it: evidence of what is not clean only."""
    verdict = judge(seen)
    clean = verdict.passes
    return CellLine(
        id=f"{case}[{producer}->{consumer}]",
        case=case,
        producer=producer,
        consumer=consumer,
        broker=BROKER,
        verdict=verdict.verdict,
        outcome=outcome or ("pass" if clean else _failing(verdict)),
        step=verdict.step,
        path=verdict.path,
        expected=verdict.expected,
        got=verdict.got,
        differences=verdict.differences,
        scope=verdict.failure.scope if verdict.failure else None,
        next_arrived=verdict.failure.next_arrived if verdict.failure else None,
        expectation=None if clean or _failing(verdict) == "fail" else 64,
        evidence=None if clean else kept(seen, [one.path for one in verdict.differences]),
    )


def _failing(verdict: Verdict) -> Outcome:
    """What a producer does is known here, and so expected; all else fails."""
    return "expected" if verdict.step is Step.PRODUCER else "fail"


def head(**changes: object) -> Head:
    peers = [
        PeerInfo(label, label, release, language, "1", (role,))
        for releases, role, language in ((PRODUCERS, "producer", "go"), (CONSUMERS, "consumer", "python"))
        for label, release in releases.items()
    ]
    broker = Broker("debian:bookworm", "RabbitMQ", "3.10.8", "Erlang/OTP 25", "3.10.8-1.1")
    made = Head(
        format=2,
        suite="0.1.0",
        date="2026-11-24T12:00:00+00:00",
        broker=broker,
        peers=tuple(peers),
        cases=len(CASES),
        cases_sha256="ab" * 32,
        cells=0,
        tap=True,
        full=True,
    )
    return msgspec.structs.replace(made, **changes)


def case_lines(cases: Mapping[str, Message] = CASES) -> Iterator[CaseLine]:
    for name, asked in cases.items():
        yield CaseLine(name, f"What is to be learnt from {name}.", "section 3", asked)


def cells(*, mended: bool = False, cases: Mapping[str, Message] = CASES) -> Iterator[CellLine]:
    for name, asked in cases.items():
        for producer in PRODUCERS:
            for consumer in CONSUMERS:
                yield line(name, producer, consumer, evidence(producer, consumer, asked, mended=mended))


def write(
    path: Path, lines: list[CellLine], *, cut: bool = False, cases: bool = True, **changes: object
) -> Path:
    """A results file of these cells."""
    with ResultsWriter(path) as writer:
        writer.write(head(**{"cells": len(lines), **changes}))
        for case in case_lines() if cases else ():
            writer.write(case)
        for cell in lines:
            writer.write(cell)
        if not cut:
            writer.write(Foot({}, {}, {"first pass": 1.5}))
    return path
