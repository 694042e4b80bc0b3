"""Heads, cells and messages for the tests of reports, and texts that a hostile peer could send."""

from __future__ import annotations

from typing import Any

from harness.amqp.message import Inline, Message, PropertyName, Routed
from harness.amqp.values import Double, NativeInt, NativeMap, Table, Value, double_bits
from harness.judge.difference import Kind, Shown
from harness.judge.verdict import Step, StepDifference
from harness.report.names import Names
from harness.results import Broker, CellLine, Foot, Head, PeerInfo

PI = Double(double_bits(3.14))
THREE = NativeInt("3")
HOSTILE = "\x1b[31m\x07\r\n]]>\0<&\"'\u202e\u2028\ud800\ufffe\x9b[bold]"
"""Escape sequences of two kinds, line ends of two kinds, XML, text direction, and what no encoder takes."""
NAMES = Names("go 1", "MQ 4", "pika 1")


def head(**changes: Any) -> Head:
    peers = (
        PeerInfo("amqp091-go", "amqp091-go", "1.16.0", "go", "go1.26", ("producer",)),
        PeerInfo("streadway", "streadway", "1.1.0", "go", "go1.26", ("producer",)),
        PeerInfo("pika", "pika", "1.4.4", "python", "CPython 3.11.7", ("consumer",)),
        PeerInfo("rabbitpy@2.0.1", "rabbitpy", "2.0.1", "python", "CPython 3.11.7", ("consumer",)),
    )
    values: dict[str, Any] = {
        "format": 1,
        "suite": "0.1.0",
        "date": "2026-11-24T12:00:00+00:00",
        "broker": Broker("debian:bookworm", "RabbitMQ", "3.10.8", "Erlang/OTP", "3.10.8-1.1"),
        "peers": peers,
        "cases": 2,
        "cases_sha256": "ab" * 32,
        "cells": 4,
        "tap": True,
        "full": False,
    }
    return Head(**(values | changes))


def foot(**changes: Any) -> Foot:
    values: dict[str, Any] = {
        "outcomes": {},
        "verdicts": {},
        "seconds": {"first pass": 1.5, "second pass": 0.5},
    }
    return Foot(**(values | changes))


def cell(case: str = "headers/double", **changes: Any) -> CellLine:
    """A cell that passes unless it is told otherwise."""
    producer, consumer = changes.pop("producer", "amqp091-go"), changes.pop("consumer", "pika")
    values: dict[str, Any] = {
        "id": f"{case}[{producer}->{consumer}]",
        "case": case,
        "producer": producer,
        "consumer": consumer,
        "broker": "RabbitMQ 3.10.8",
        "verdict": "same",
        "outcome": "pass",
    }
    return CellLine(**(values | changes))


def differing(
    step: Step | None,
    kind: Kind,
    path: str,
    expected: Shown,
    got: Shown,
    case: str = "headers/double",
    **changes: Any,
) -> CellLine:
    """A cell that fails of one difference."""
    one = StepDifference(step, kind, path, expected, got)
    values: dict[str, Any] = {
        "verdict": str(kind),
        "outcome": "fail",
        "step": step,
        "path": path,
        "expected": expected,
        "got": got,
        "differences": (one,),
    }
    return cell(case, **(values | changes))


def narrowed(case: str = "headers/double", **changes: Any) -> CellLine:
    """pika reads 3.14 as 3."""
    return differing(Step.CONSUMER, Kind.NARROWED, "headers.k", PI, THREE, case, **changes)


def stopped(stop: str, step: Step | None, text: str, **changes: Any) -> CellLine:
    """A cell in which no message came out."""
    return cell(
        **({"verdict": stop, "outcome": "fail", "step": step, "got": text, "scope": "message"} | changes)
    )


def routed(properties: dict[PropertyName, Value] | None = None, body: str = "x", **changes: Any) -> Routed:
    values: dict[str, Any] = {"exchange": "e", "routing_key": "r", "redelivered": False}
    return Routed(message=Message(properties or {}, Inline(body)), **(values | changes))


def headers(*pairs: tuple[str, Value]) -> dict[PropertyName, Value]:
    return {"headers": Table(pairs)}


def native_headers(*pairs: tuple[str, Value]) -> dict[PropertyName, Value]:
    return {"headers": NativeMap(pairs)}
