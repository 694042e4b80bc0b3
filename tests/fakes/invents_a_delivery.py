"""A consumer that reports the one message twice, though it was delivered once."""

from __future__ import annotations

from collections.abc import Iterable

from honest import Fake, Json, is_sin, serve


class Invents(Fake):
    def say(self, line: Json) -> Iterable[Json]:
        return [line, line] if is_sin(line) else [line]


serve(Invents())
