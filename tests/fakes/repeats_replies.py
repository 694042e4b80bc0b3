"""A producer that answers the publish of the one message twice."""

from __future__ import annotations

from collections.abc import Iterable

from honest import Fake, Json, is_sin, serve


class Repeats(Fake):
    twice: int | None = None

    def hear(self, request: Json) -> Iterable[Json]:
        if is_sin(request):
            self.twice = request["id"]
        return [request]

    def say(self, line: Json) -> Iterable[Json]:
        return [line, line] if line.get("id") == self.twice else [line]


serve(Repeats())
