"""A consumer whose process ends when it is handed the one message."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable

from honest import Fake, Json, is_sin, serve


class Dies(Fake):
    def say(self, line: Json) -> Iterable[Json]:
        if is_sin(line):
            print("fake: segmentation fault", file=sys.stderr, flush=True)
            os._exit(7)
        return [line]


serve(Dies())
