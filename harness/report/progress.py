"""How far a run is, on one line of a terminal, and nowhere else: a pipe or a file gets nothing."""

from __future__ import annotations

import os
import sys
import time
from collections import deque
from collections.abc import Callable, Mapping
from typing import TextIO

from harness.report.lines import look_of
from harness.results import CellLine

INTERVAL = 0.2
"""Seconds between two updates, at the least."""
WINDOW = 25
"""Updates over which the rate is taken: the second pass is much slower than the first."""
_CLEAR = "\r\x1b[K"


class Progress:
    """Told every cell; shows rate, done of total and time left. ``clock`` counts seconds."""

    def __init__(
        self,
        total: int,
        stream: TextIO = sys.stderr,
        *,
        clock: Callable[[], float] = time.monotonic,
        environment: Mapping[str, str] = os.environ,
    ) -> None:
        self._total, self._stream, self._clock = total, stream, clock
        self._width = look_of(stream, environment).width
        self._shows = self._width is not None and environment.get("TERM") != "dumb"
        self._done = self._failed = 0
        self._next = float("-inf")
        self._seen: deque[tuple[float, int]] = deque([(clock(), 0)], maxlen=WINDOW)

    def cell(self, line: CellLine) -> None:
        """One more cell is settled."""
        self._done += 1
        self._failed += line.outcome in ("fail", "error")
        if not self._shows:
            return
        now = self._clock()
        if now >= self._next:
            self._next = now + INTERVAL
            self._seen.append((now, self._done))
            self._draw()

    def close(self) -> None:
        """Take the line away again."""
        if self._shows and self._done:
            self._stream.write(_CLEAR)
            self._stream.flush()
        self._shows = False

    def _draw(self) -> None:
        text = progress_text(self._done, self._total, self._failed, self._rate())
        self._stream.write(_CLEAR + text[: (self._width or 1) - 1])
        self._stream.flush()

    def _rate(self) -> float:
        (start, before), (end, after) = self._seen[0], self._seen[-1]
        return (after - before) / (end - start) if end > start else 0.0


def progress_text(done: int, total: int, failed: int, rate: float) -> str:
    """``1200/2340 cells (51 %), 830/s, 0:02 left, 3 failed``. ``rate`` is cells a second, 0 if unknown."""
    parts = [f"{done}/{total} cells ({100 * done // max(total, 1)} %)"]
    if rate > 0:
        minutes, seconds = divmod(round(max(total - done, 0) / rate), 60)
        parts += [f"{rate:.0f}/s" if rate >= 10 else f"{rate:.1f}/s", f"{minutes}:{seconds:02d} left"]
    if failed:
        parts.append(f"{failed} failed")
    return ", ".join(parts)
