"""Whose doing an unexpected answer of a scenario is."""

from __future__ import annotations

import pytest

from harness.engine.answers import OnWire, by_whom, said_words, told_words
from harness.judge.verdict import Step
from harness.peers.protocol import Confirmed, Failed, Ok, Reply
from harness.steps import Refused
from harness.tap.events import ClosedOnWire, HungUp

P, B = Step.PRODUCER, Step.BROKER
NO = Refused(403, "channel")


def closed(code: int) -> ClosedOnWire:
    return ClosedOnWire(1, 1, "channel", code, "", "broker")


@pytest.mark.parametrize(
    ("wanted", "reply", "seen", "wire", "whose"),
    [
        (NO, Failed(1, "refused", "no"), closed(403), OnWire(), P),
        (NO, Failed(1, "disconnected", "no", code=404, scope="channel"), closed(404), OnWire(), B),
        ("ok", Failed(1, "refused", "by itself"), None, OnWire(), P),
        ("ok", Failed(1, "disconnected", "gone"), None, OnWire(ended=HungUp(1, "broker", "eof")), B),
        ("ok", Failed(1, "refused", "by itself"), None, OnWire(ended=HungUp(1, "peer", "eof")), P),
        ("ok", Failed(1, "refused", "?"), None, OnWire(ended=HungUp(1, "broker", "eof"), came=False), P),
        (NO, Failed(1, "disconnected", "gone"), None, OnWire(ended=HungUp(1, "broker", "eof")), P),
        ("returned", Confirmed(1), None, OnWire(returned=1), P),
        ("returned", Confirmed(1), None, OnWire(), B),
        ("returned", Confirmed(1), None, None, None),
        (NO, Ok(1), None, OnWire(declares=0), P),
        (NO, Ok(1), None, OnWire(declares=1), None),
        (NO, Ok(1), None, OnWire(), None),
        (NO, Ok(1), None, None, None),
    ],
)
def test_an_unexpected_answer_is_blamed_on_whom_the_wire_shows(
    wanted: object, reply: Reply, seen: ClosedOnWire | None, wire: OnWire | None, whose: Step | None
) -> None:
    assert by_whom(P, wanted, reply, seen, wire) is whose


def test_who_ended_the_latest_connection_is_who_did_so_first() -> None:
    wire = OnWire()
    for event in (HungUp(1, "peer", "eof"), HungUp(2, "broker", "eof"), HungUp(2, "peer", "eof")):
        wire.end(event)
    assert wire.ended == HungUp(2, "broker", "eof")


def test_a_refusal_without_a_code_keeps_the_librarys_words() -> None:
    gone = Failed(1, "disconnected", "StreamLostError: eof", scope="connection")
    assert said_words(gone) == "? connection"
    assert told_words(gone) == "? connection: StreamLostError: eof"
    assert told_words(Failed(1, "disconnected", "no", code=404, scope="channel")) == "404 channel"
    assert told_words(Ok(1)) == said_words(Ok(1)) == "ok"
