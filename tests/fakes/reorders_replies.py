"""A producer that answers the publish of the one message only after it has answered a later request."""

from __future__ import annotations

from collections.abc import Iterable

from honest import Fake, Json, is_sin, serve


class Reorders(Fake):
    late: int | None = None
    held: Json | None = None

    def hear(self, request: Json) -> Iterable[Json]:
        if is_sin(request):
            self.late = request["id"]
        return [request]

    def say(self, line: Json) -> Iterable[Json]:
        if line.get("id") == self.late:
            self.held, self.late = line, None
            return []
        held, self.held = self.held, None
        return [line] if held is None else [line, held]


serve(Reorders())
