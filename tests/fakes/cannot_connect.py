"""A consumer whose library never gets a connection."""

from __future__ import annotations

from collections.abc import Iterable

from honest import Fake, Json, serve


class CannotConnect(Fake):
    connecting: int | None = None

    def hear(self, request: Json) -> Iterable[Json]:
        if request["op"] == "connect":
            self.connecting = request["id"]
        return [request]

    def say(self, line: Json) -> Iterable[Json]:
        if line.get("id") == self.connecting:
            return [
                {"type": "error", "id": line["id"], "kind": "disconnected", "message": "no route to host"}
            ]
        return [line]


serve(CannotConnect())
