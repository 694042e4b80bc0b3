"""A consumer that stands still for ever when it is handed the one message."""

from __future__ import annotations

import signal
from collections.abc import Iterable

from honest import Fake, Json, is_sin, serve


class Hangs(Fake):
    def say(self, line: Json) -> Iterable[Json]:
        if is_sin(line):
            signal.pause()
        return [line]


serve(Hangs())
