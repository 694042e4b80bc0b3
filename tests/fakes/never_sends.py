"""A producer that says ok to everything and never sends anything."""

from __future__ import annotations

from collections.abc import Iterable

from honest import Fake, Json, serve


class NeverSends(Fake):
    """To the honest peer the publish is a request that it answers with described: it becomes the ok."""

    def __init__(self) -> None:
        self.unsent: set[int] = set()

    def hear(self, request: Json) -> Iterable[Json]:
        if request["op"] == "publish":
            self.unsent.add(request["id"])
            return [{"op": "describe", "id": request["id"]}]
        return [request]

    def say(self, line: Json) -> Iterable[Json]:
        return [{"type": "ok", "id": line["id"]} if line.get("id") in self.unsent else line]


serve(NeverSends())
