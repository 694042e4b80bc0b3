"""A consumer whose library raises at the one message, as its contract provides."""

from __future__ import annotations

from collections.abc import Iterable

from honest import Fake, Json, is_sin, serve


class CannotDecode(Fake):
    def say(self, line: Json) -> Iterable[Json]:
        if is_sin(line):
            return [{"type": "undecodable", "queue": line["queue"], "message": "ValueError: month is 13"}]
        return [line]


serve(CannotDecode())
