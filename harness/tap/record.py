"""A recorder: the octets of a few connections, kept for a capture file. Pure, and bounded."""

from __future__ import annotations

from typing import NamedTuple

from harness.tap.events import Direction

RECORD_LIMIT = 64 * 1024 * 1024
"""Octets that a recorder keeps unless told otherwise: several bodies of 8 MiB, both ways."""


class Record(NamedTuple):
    """``octets`` as they passed the tap named ``name`` at ``time`` (seconds since the epoch)."""

    time: float
    name: str
    connection: int
    direction: Direction
    octets: bytes


class Recorder:
    """Keeps what it is given until ``limit`` octets are there, and counts what came after: ``left_out``.

    It keeps the beginning, not the end: a stream that lacks its start cannot be cut into frames.
    """

    def __init__(self, limit: int = RECORD_LIMIT) -> None:
        self._limit, self._kept = limit, 0
        self.left_out = 0
        self.records: list[Record] = []

    def add(self, time: float, name: str, connection: int, direction: Direction, octets: bytes) -> None:
        """Keep one piece, or as much of it as there is room for."""
        room = self._limit - self._kept
        if len(octets) > room:
            self.left_out += len(octets) - room
            octets = octets[:room]
        if octets:
            self._kept += len(octets)
            self.records.append(Record(time, name, connection, direction, octets))
