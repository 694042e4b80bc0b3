"""A producer that sends the one message twice and says ok once."""

from __future__ import annotations

from collections.abc import Iterable

from honest import Fake, Json, is_sin, serve

EXTRA = 1_000_000


class SendsTwice(Fake):
    def hear(self, request: Json) -> Iterable[Json]:
        return [{**request, "id": request["id"] + EXTRA}, request] if is_sin(request) else [request]

    def say(self, line: Json) -> Iterable[Json]:
        return [] if line.get("id", 0) > EXTRA else [line]


serve(SendsTwice())
