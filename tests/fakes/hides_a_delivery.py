"""A consumer that keeps the one message to itself."""

from __future__ import annotations

from collections.abc import Iterable

from honest import Fake, Json, is_sin, serve


class Hides(Fake):
    def say(self, line: Json) -> Iterable[Json]:
        return [] if is_sin(line) else [line]


serve(Hides())
