"""A producer that says ok to the one message and does not send it."""

from __future__ import annotations

from collections.abc import Iterable

from honest import Fake, Json, is_sin, serve


class SendsNothing(Fake):
    """To the honest peer the publish is a request that it answers with described: it becomes the ok."""

    unsent: int | None = None

    def hear(self, request: Json) -> Iterable[Json]:
        if is_sin(request):
            self.unsent = request["id"]
            return [{"op": "describe", "id": request["id"]}]
        return [request]

    def say(self, line: Json) -> Iterable[Json]:
        return [{"type": "ok", "id": line["id"]} if line.get("id") == self.unsent else line]


serve(SendsNothing())
