"""A producer whose process ends when it is asked to publish the one message."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterable

from honest import Fake, Json, is_sin, serve


class Dies(Fake):
    def hear(self, request: Json) -> Iterable[Json]:
        if is_sin(request):
            os.kill(os.getpid(), signal.SIGKILL)
        return [request]


serve(Dies())
