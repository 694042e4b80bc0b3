"""Which RabbitMQ can be started on the data of which, and the path where it can't. Pure.

The source is the table of RabbitMQ's upgrade guide ("Release Series Upgradability") and the release notes of
4.3.0, which take data of 4.2 only. What was measured beside it stands in :data:`MEASURED`.
"""

from __future__ import annotations

from collections import deque
from enum import Enum
from typing import TypeAlias

import msgspec
from packaging.version import InvalidVersion, Version

Series: TypeAlias = tuple[int, int]
GUIDE = "https://www.rabbitmq.com/docs/upgrade#rabbitmq-version-upgradability"
RABBITMQ = "RabbitMQ"
DOCUMENTED: dict[Series, tuple[Series, ...]] = {
    (3, 7): ((3, 8),),
    (3, 8): ((3, 9),),
    (3, 9): ((3, 10),),
    (3, 10): ((3, 11),),
    (3, 11): ((3, 12),),
    (3, 12): ((3, 13),),
    (3, 13): ((4, 0), (4, 1), (4, 2)),
    (4, 0): ((4, 1), (4, 2)),
    (4, 1): ((4, 2),),
    (4, 2): ((4, 3),),
}
"""Of a series, those that may be started on its data."""
MEASURED: frozenset[tuple[Series, Series]] = frozenset({((3, 8), (3, 10)), ((4, 0), (4, 3))})
"""Jumps outside of the table whose new broker was seen to start on one node's data (3.8.9 to 3.10.8, 4.0.5 to
4.3.6, all feature flags enabled). 3.10.8 to 4.0.5 was seen not to: its feature flags don't suffice."""


class Way(Enum):
    """Whether a broker can follow another on its data."""

    DOCUMENTED = "documented"
    MEASURED = "not documented, but measured"
    REFUSED = "refused"


class Jump(msgspec.Struct, frozen=True):
    """From one version to another: ``reason`` says why so, ``path`` which series to take instead."""

    way: Way
    reason: str = ""
    path: tuple[Series, ...] = ()

    @property
    def path_text(self) -> str:
        """``3.10 -> 3.11 -> 3.12``; "" where there is none."""
        return " -> ".join(f"{major}.{minor}" for major, minor in self.path)


def jump(old: tuple[str, str], new: tuple[str, str]) -> Jump:
    """What is known of starting ``new`` on the data of ``old``, each a product and its version."""
    if (old[0], new[0]) != (RABBITMQ, RABBITMQ):
        return Jump(Way.REFUSED, f"{new[0]} {new[1]} can't read the data of {old[0]} {old[1]}")
    before, after = _series(old[1]), _series(new[1])
    if before is None or after is None:
        return Jump(Way.REFUSED, f"{old[1]} and {new[1]} are not both versions of a release")
    if before == after:
        if Version(old[1]) > Version(new[1]):
            return Jump(Way.REFUSED, _down(old[1], new[1]))
        return Jump(Way.DOCUMENTED)
    if after < before:
        return Jump(Way.REFUSED, _down(old[1], new[1]))
    if after in DOCUMENTED.get(before, ()):
        return Jump(Way.DOCUMENTED)
    path = shortest(before, after)
    reason = f"RabbitMQ does not support to start {new[1]} on the data of {old[1]} ({GUIDE})"
    return Jump(Way.MEASURED if (before, after) in MEASURED else Way.REFUSED, reason, path)


def _down(old: str, new: str) -> str:
    return f"RabbitMQ supports no downgrade, as from {old} to {new} ({GUIDE})"


def _series(version: str) -> Series | None:
    try:
        parsed = Version(version)
    except InvalidVersion:
        return None
    return parsed.major, parsed.minor


def shortest(old: Series, new: Series) -> tuple[Series, ...]:
    """The documented path of the fewest steps, its ends included; () if the table knows none."""
    ways: deque[tuple[Series, ...]] = deque([(old,)])
    seen = {old}
    while ways:
        way = ways.popleft()
        if way[-1] == new:
            return way
        for following in DOCUMENTED.get(way[-1], ()):
            if following not in seen:
                seen.add(following)
                ways.append((*way, following))
    return ()
