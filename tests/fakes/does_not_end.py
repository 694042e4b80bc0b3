"""A consumer that does its part and then takes no notice of close, of SIGTERM or of the end of its input."""

from __future__ import annotations

import signal
from collections.abc import Iterable

from honest import Fake, Json, serve


class DoesNotEnd(Fake):
    def hear(self, request: Json) -> Iterable[Json]:
        if request["op"] == "close":
            while True:
                signal.pause()
        return [request]


signal.signal(signal.SIGTERM, signal.SIG_IGN)
serve(DoesNotEnd())
