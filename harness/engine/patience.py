"""How long a scenario waits: long, as other work on the machine must not make a peer hang, and only briefly
for what is expected not to come. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import NamedTuple

from harness.judge.difference import Kind
from harness.judge.listed import Expectation
from harness.judge.verdict import Stop

BRIEFLY = 1.5
"""Seconds for an answer or a delivery that is expected not to come."""
BRIEFLY_CONNECTED = 5.0
"""The same for a connection: a broker may take three before it refuses one."""
_AT = re.compile(r"steps\[(\d+)\]")


class Patience(NamedTuple):
    """Seconds that a connection, an answer and all else may take; ``lost``: the numbers of the steps, from 1,
    in which something is expected not to come."""

    connect: float = 20.0
    answer: float = 15.0
    step: float = 15.0
    lost: frozenset[int] = frozenset()

    def at(self, step: int) -> float:
        """How long that step may wait for a delivery or an event."""
        return BRIEFLY if step in self.lost else self.step


PATIENCE = Patience()


def patience_with(expected: Iterable[Expectation]) -> Patience:
    """For a scenario of which that is expected."""
    said = tuple(expected)
    kinds = {kind for each in said for kind in each.kinds}
    places = (_AT.match(each.path or "") for each in said if Kind.LOST in each.kinds)
    patience = PATIENCE._replace(lost=frozenset(int(place[1]) for place in places if place))
    if Stop.DISCONNECTED in kinds:
        patience = patience._replace(connect=BRIEFLY_CONNECTED)
    if Stop.HUNG in kinds:
        patience = patience._replace(answer=BRIEFLY, connect=BRIEFLY_CONNECTED)
    return patience
