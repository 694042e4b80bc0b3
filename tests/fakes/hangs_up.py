"""A consumer whose library closes the connection at the one message."""

from __future__ import annotations

from collections.abc import Iterable

from honest import Fake, Json, is_sin, serve


class HangsUp(Fake):
    def say(self, line: Json) -> Iterable[Json]:
        if is_sin(line):
            return [{"type": "closed", "scope": "connection", "message": "ProtocolError: bad frame"}]
        return [line]


serve(HangsUp())
