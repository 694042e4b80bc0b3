"""A peer that can't connect to this broker is not asked for every one of its cells."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest

from harness.engine.station import IN_VAIN, NotConnected, Station, how_far
from harness.entry import Terms
from harness.peers.build import Launch
from harness.peers.manifest import Entry, PeerSpec, Wire
from harness.tap.events import Direction
from harness.tap.lane import Traffic
from harness.tap.terms import Door

ENTRY = Entry("x", "", ("1",), ("producer",), ("x",), Wire("x", "1"))
SPEC = PeerSpec("x", "x", "1", "none", "none", Path("/nowhere"), ENTRY)


class Reluctant(Station):
    """It connects once for every ``True``."""

    def __init__(self, *connects: bool) -> None:
        super().__init__(SPEC, "producer", Launch(("x",), Path("/")), "amqp://nowhere", None)
        self.connects = list(connects)
        self.tries = 0

    async def _connect(self, door: Door | None, spelled: Callable[[str], str], seconds: float) -> None:
        self.tries += 1
        if not self.connects.pop(0):
            raise NotConnected("x", None)


def outcomes(station: Station, doors: list[Door | None]) -> list[bool]:
    """Whether it connected, each time."""

    async def connect_all() -> list[bool]:
        came = []
        for door in doors:
            try:
                await station.connect(door)
            except NotConnected:
                came.append(False)
            else:
                came.append(True)
        return came

    return asyncio.run(connect_all())


def test_after_some_attempts_in_vain_it_is_not_asked_again() -> None:
    station = Reluctant(*[False] * IN_VAIN)
    assert outcomes(station, [None] * (IN_VAIN + 5)) == [False] * (IN_VAIN + 5)
    assert station.tries == IN_VAIN


def test_one_that_connects_between_them_is() -> None:
    connects = [*[False] * (IN_VAIN - 1), True, *[False] * (IN_VAIN - 1), True]
    assert outcomes(Reluctant(*connects), [None] * len(connects)) == connects


def test_attempts_while_the_broker_was_gone_do_not_count() -> None:
    station = Reluctant(*[False] * IN_VAIN, True)
    assert outcomes(station, [None] * IN_VAIN) == [False] * IN_VAIN
    assert station.barred is not None
    station.forgive()
    assert outcomes(station, [None]) == [True]


@pytest.mark.parametrize("door", [Door(Terms(), lambda: None)])
def test_what_it_can_not_do_on_terms_of_a_scenario_does_not_count(door: Door) -> None:
    station = Reluctant(*[False] * IN_VAIN, True)
    assert outcomes(station, [door] * IN_VAIN) == [False] * IN_VAIN
    assert outcomes(station, [None]) == [True]


def test_one_that_says_nothing_is_told_by_how_far_it_came() -> None:
    passed = [Traffic(3, way, octets, None) for way, octets in zip(Direction, (8, 519), strict=True)]
    old = [Traffic(2, way, 4711, None) for way in Direction]
    assert how_far(3, [*old, *passed]) == ", 8 octets sent, 519 received"
    assert how_far(3, old) == ", nor the broker"
    assert how_far(None, old) == ", and no connection"
