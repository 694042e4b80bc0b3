"""A producer that says ok and sends the one message where nobody waits for it."""

from __future__ import annotations

from collections.abc import Iterable

from honest import Fake, Json, is_sin, serve


class SendsElsewhere(Fake):
    def hear(self, request: Json) -> Iterable[Json]:
        return [{**request, "exchange": "amq.fanout"} if is_sin(request) else request]


serve(SendsElsewhere())
