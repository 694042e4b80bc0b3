"""A broker that refuses the suite's own client, and one that only hangs up on it."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import cast

import pytest

from harness.engine.connecting import NOBODY
from harness.engine.play import Play
from harness.engine.station import Station
from harness.judge.verdict import Failure, Step, Stop
from harness.raw.errors import ChannelClosed, ConnectionClosed, RawError
from harness.scenarios import parse_scenario
from harness.tap.events import HungUp

TEXT = "why: Something to be seen.\nsource: nowhere\nabout: broker\nsteps:\n- {do: gone, queue: q}\n"


def refused(error: ChannelClosed | ConnectionClosed, monkeypatch: pytest.MonkeyPatch, lost: bool) -> Failure:
    """What it comes to where the broker can be reached again, or is ``lost``."""
    nobody = cast(Station, None)
    scenario = parse_scenario(Path("a/b.yaml"), "a/b", TEXT)
    play = Play(scenario, nobody, nobody, "amqp://guest:guest@localhost/", "token", NOBODY)

    async def connection() -> None:
        if lost:
            raise RawError("connection refused")

    monkeypatch.setattr(play._stagehand, "connection", connection)
    return asyncio.run(play._refused(error))


def test_a_refusal_has_its_code_and_scope(monkeypatch: pytest.MonkeyPatch) -> None:
    failure = refused(ChannelClosed(406, "no"), monkeypatch, lost=False)
    assert (failure.stop, failure.step, failure.code, failure.scope) == (
        Stop.REJECTED,
        Step.BROKER,
        406,
        "channel",
    )
    failure = refused(ConnectionClosed(541, "no"), monkeypatch, lost=False)
    assert (failure.stop, failure.code, failure.scope) == (Stop.REJECTED, 541, "connection")


def test_a_broker_that_only_hangs_up_did_so_and_is_not_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    failure = refused(ConnectionClosed(None, "the broker closed the socket"), monkeypatch, lost=False)
    assert (failure.stop, failure.step, failure.code) == (Stop.DISCONNECTED, Step.BROKER, None)


def test_a_broker_that_does_not_answer_again_is_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(RawError):
        refused(ConnectionClosed(None, "the broker closed the socket"), monkeypatch, lost=True)


def test_a_connection_that_ends_before_the_first_step_is_no_trouble() -> None:
    nobody, other = cast(Station, object()), cast(Station, object())
    scenario = parse_scenario(Path("a/b.yaml"), "a/b", TEXT)
    play = Play(scenario, nobody, other, "amqp://guest:guest@localhost/", "token", NOBODY)
    play.saw(nobody, HungUp(1, "broker", "eof"))
    assert play._passed["producer"].ended == HungUp(1, "broker", "eof")
