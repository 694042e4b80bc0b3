"""Texts by number: what thousands of cells say is said in few words, so each is written once. Pure."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Generic, TypeVar

from harness.report.values import clipped, inert

LIMIT = 2000
"""Characters of one text that the page holds: nobody reads more of it in a table."""
Thing = TypeVar("Thing", bound=Hashable)


class Numbered(Generic[Thing]):
    """A list without doubles, in which a thing is found by its number."""

    def __init__(self) -> None:
        self._numbers: dict[Thing, int] = {}

    def number(self, thing: Thing) -> int:
        """The place of ``thing``; it is put at the end if it is new."""
        return self._numbers.setdefault(thing, len(self._numbers))

    def all(self) -> list[Thing]:
        """The list."""
        return list(self._numbers)


class Strings(Numbered[str]):
    """Texts, all of them inert: they reach a reader's eyes as they are."""

    def number(self, thing: str) -> int:
        """The place of the text, made inert and cut to :data:`LIMIT`."""
        return super().number(clipped(inert(thing), LIMIT))

    def optional(self, text: str | None) -> int:
        """As :meth:`number`; -1 for None."""
        return -1 if text is None else self.number(text)
