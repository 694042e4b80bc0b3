"""A peer that describes itself as a release that nobody asked for."""

from __future__ import annotations

from collections.abc import Iterable

from honest import Fake, Json, serve


class AnotherRelease(Fake):
    def say(self, line: Json) -> Iterable[Json]:
        return [{**line, "version": "99.9"} if line["type"] == "described" else line]


serve(AnotherRelease())
