"""A producer whose library raises at the one message, as its contract provides."""

from __future__ import annotations

from collections.abc import Iterable

from honest import Fake, Json, is_sin, serve


class Refuses(Fake):
    def hear(self, request: Json) -> Iterable[Json]:
        if is_sin(request):
            self.declined = request["id"]
            return [{"op": "describe", "id": request["id"]}]
        return [request]

    declined: int | None = None

    def say(self, line: Json) -> Iterable[Json]:
        if line.get("id") != self.declined:
            return [line]
        return [{"type": "error", "id": line["id"], "kind": "refused", "message": "ValueError: too long"}]


serve(Refuses())
