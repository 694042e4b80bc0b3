"""A producer that stands still for ever, its input unread, when it is asked for the one message."""

from __future__ import annotations

import signal
from collections.abc import Iterable

from honest import Fake, Json, is_sin, serve


class StopsReading(Fake):
    def hear(self, request: Json) -> Iterable[Json]:
        if is_sin(request):
            signal.pause()
        return [request]


serve(StopsReading())
