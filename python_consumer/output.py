"""Lines out: checked, encoded, and joined into few writes.

A rim that knows when its library's input is drained sends and then flushes. One that does not know sends
``soon``: the first after a quiet time goes out at once, one in a flood waits :data:`WINDOW` seconds at most.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from contextlib import AbstractContextManager

from python_consumer import threads
from python_consumer.values import Json

WINDOW = 0.0005
"""Seconds that a line in a flood may wait for others."""
LATEST = 0.002
"""Seconds after which a line does not wait for the end of the library's input any more."""


class Output:
    """All that goes to standard output, from any thread.

    ``encode`` makes a line, newline included; ``check`` raises Invalid for one that breaks the contract.
    """

    def __init__(
        self,
        write: Callable[[bytes], None],
        encode: Callable[[Json], bytes],
        check: Callable[[Json], None],
    ) -> None:
        self._write, self._encode, self._check = write, encode, check
        self._lock = threading.Lock()
        self._lines: list[bytes] = []
        self._oldest = self._written_soon = 0.0
        self._tail = threading.Event()
        self._flusher: threading.Thread | None = None

    def send(self, line: Json) -> None:
        """Buffer ``line``; write all if the oldest has waited for :data:`LATEST`."""
        self._check(line)
        data = self._encode(line)
        now = time.monotonic()
        with self._lock:
            if not self._lines:
                self._oldest = now
            self._lines.append(data)
            if now - self._oldest >= LATEST:
                self._flush()

    def soon(self, line: Json) -> None:
        """Buffer ``line`` and write it within :data:`WINDOW`, at once if none was sent so for that long."""
        self.send(line)
        now = time.monotonic()
        with self._lock:
            if now - self._written_soon >= WINDOW:
                self._written_soon = now
                self._flush()
                return
        if self._flusher is None:
            self._flusher = threads.start("flusher", self._flush_tails)
        self._tail.set()

    def flush(self) -> None:
        """Write what is buffered."""
        with self._lock:
            self._flush()

    def _flush(self) -> None:
        # Written under the lock: lines leave in the order in which they were sent.
        if self._lines:
            self._write(b"".join(self._lines))
            self._lines.clear()

    def _flush_tails(self) -> None:
        pause = threading.Event()  # never set: a wait of WINDOW that costs no spinning
        while self._tail.wait():
            self._tail.clear()
            pause.wait(WINDOW)
            self.flush()


class Answers:
    """Replies and events of a rim: each request is answered once.

    ``guard`` is entered around all that a rim calls here, which may be deep inside a library's own frames.
    """

    def __init__(self, output: Output, guard: AbstractContextManager[None]) -> None:
        self._output, self._guard = output, guard
        self._open: set[int] = set()

    def expect(self, request_id: int) -> bool:
        """Note a request; False if one of that id waits for its answer already."""
        if request_id in self._open:
            return False
        self._open.add(request_id)
        return True

    def reply(self, line: Json) -> None:
        """Answer a request. KeyError if it was answered before, which would be a bug of the rim."""
        with self._guard:
            self._open.remove(line["id"])
            self._output.send(line)

    def stray(self, line: Json) -> None:
        """Answer a request that was never noted."""
        self._output.send(line)

    def event(self, line: Json) -> None:
        """An event, to be flushed by the rim."""
        with self._guard:
            self._output.send(line)

    def event_soon(self, line: Json) -> None:
        """An event from a thread that does not know whether more will follow."""
        with self._guard:
            self._output.soon(line)

    def flush(self) -> None:
        """Write what is buffered."""
        with self._guard:
            self._output.flush()
