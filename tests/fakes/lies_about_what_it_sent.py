"""A producer that says ok and sends another body than it was asked for."""

from __future__ import annotations

from collections.abc import Iterable

from honest import Fake, Json, is_sin, serve


class Lies(Fake):
    def hear(self, request: Json) -> Iterable[Json]:
        if is_sin(request):
            body = {"type": "inline", "value": "another body"}
            return [{**request, "message": {**request["message"], "body": body}}]
        return [request]


serve(Lies())
