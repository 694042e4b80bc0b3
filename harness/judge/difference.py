"""How two messages can differ, mildest first: the vocabulary of every verdict about a step."""

from __future__ import annotations

from enum import StrEnum
from typing import TypeAlias

import msgspec

from harness.amqp.message import Body
from harness.amqp.values import Value


class Kind(StrEnum):
    """The kinds of difference, in order of severity. Only the first two pass."""

    SAME = "same"
    RETYPED = "retyped"
    DEFAULTED = "defaulted"
    EMPTIED = "emptied"
    NARROWED = "narrowed"
    ALTERED = "altered"
    LOST = "lost"
    ADDED = "added"

    @property
    def severity(self) -> int:
        """0 for the mildest."""
        return _SEVERITY[self]

    @property
    def passes(self) -> bool:
        """Whether a cell with nothing worse is in order."""
        return self in (Kind.SAME, Kind.RETYPED)


_SEVERITY = {kind: number for number, kind in enumerate(Kind)}

Shown: TypeAlias = Value | str | Body | bool | None
"""What stands on one side of a difference; None is an absence."""


class Difference(msgspec.Struct, frozen=True, gc=False):
    """One place where two messages differ: ``path`` is ``headers.k[0]``, ``priority``, ``body`` ..."""

    kind: Kind
    path: str
    expected: Shown
    got: Shown
