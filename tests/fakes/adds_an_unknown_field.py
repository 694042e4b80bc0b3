"""A consumer that says more of a delivery than the contract has words for."""

from __future__ import annotations

from collections.abc import Iterable

from honest import Fake, Json, is_sin, serve


class SaysMore(Fake):
    def say(self, line: Json) -> Iterable[Json]:
        return [{**line, "colour": "red"} if is_sin(line) else line]


serve(SaysMore())
