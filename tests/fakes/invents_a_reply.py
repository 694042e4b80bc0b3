"""A producer that also answers a request which nobody made."""

from __future__ import annotations

from collections.abc import Iterable

from honest import Fake, Json, is_sin, serve


class Invents(Fake):
    sin: int | None = None

    def hear(self, request: Json) -> Iterable[Json]:
        if is_sin(request):
            self.sin = request["id"]
        return [request]

    def say(self, line: Json) -> Iterable[Json]:
        invented = {"type": "ok", "id": line.get("id", 0) + 1000}
        return [line, invented] if line.get("id") == self.sin else [line]


serve(Invents())
