"""A producer that calls something unsupported which it never declared to be."""

from __future__ import annotations

from collections.abc import Iterable

from honest import Fake, Json, is_sin, serve


class Undeclared(Fake):
    def hear(self, request: Json) -> Iterable[Json]:
        if is_sin(request):
            self.declined = request["id"]
            return [{"op": "describe", "id": request["id"]}]
        return [request]

    declined: int | None = None

    def say(self, line: Json) -> Iterable[Json]:
        if line.get("id") != self.declined:
            return [line]
        return [
            {"type": "error", "id": line["id"], "kind": "unsupported", "what": "empty:body", "message": "no"}
        ]


serve(Undeclared())
