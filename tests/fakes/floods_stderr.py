"""A consumer that writes megabytes to standard error, and does its part all the same."""

from __future__ import annotations

import sys
from collections.abc import Iterable

from honest import Fake, Json, is_sin, serve

LINE = "fake: a line of a trace that nobody will read\n"


class Floods(Fake):
    def say(self, line: Json) -> Iterable[Json]:
        if is_sin(line):
            sys.stderr.write(LINE * 100_000)
            sys.stderr.flush()
        return [line]


serve(Floods())
