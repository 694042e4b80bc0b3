"""A consumer that prints a warning on standard output, where only JSON may stand."""

from __future__ import annotations

from collections.abc import Iterable

from honest import Fake, Json, is_sin, serve


class PrintsJunk(Fake):
    def say(self, line: Json) -> Iterable[Json | bytes]:
        return [b"DeprecationWarning: use something else\n", line] if is_sin(line) else [line]


serve(PrintsJunk())
