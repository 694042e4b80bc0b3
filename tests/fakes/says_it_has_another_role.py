"""A peer that says it cannot be what it was started as."""

from __future__ import annotations

from collections.abc import Iterable

from honest import Fake, Json, serve


class AnotherRole(Fake):
    def say(self, line: Json) -> Iterable[Json]:
        return [{**line, "roles": ["producer"]} if line["type"] == "described" else line]


serve(AnotherRole())
