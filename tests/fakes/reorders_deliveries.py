"""A consumer that reports the one message only after the next."""

from __future__ import annotations

from collections.abc import Iterable

from honest import Fake, Json, is_sin, serve


class Reorders(Fake):
    held: Json | None = None

    def say(self, line: Json) -> Iterable[Json]:
        if is_sin(line):
            self.held = line
            return []
        if line["type"] != "delivery" or self.held is None:
            return [line]
        held, self.held = self.held, None
        return [line, held]


serve(Reorders())
