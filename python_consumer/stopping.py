"""Ctrl-C and SIGTERM for a program that handles one message after the other.

Either raises KeyboardInterrupt, but not while a message is being handled: raised inside a library's ack it
can leave that half sent. pika 1.4.4 then sent the ack a second time on closing, a 406 from the broker.
"""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType


class Stopping:
    """Armed by :meth:`arm`, in the main thread. It does not know what a message is."""

    def __init__(self) -> None:
        self._handling = False
        self._asked = False

    def arm(self) -> None:
        """Take over both signals."""
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._told)

    @contextmanager
    def handling(self) -> Iterator[None]:
        """A message is being handled: a first signal waits for the block's end, a second one does not."""
        self._handling = True
        try:
            yield
        finally:
            self._handling = False
        if self._asked:
            raise KeyboardInterrupt

    def _told(self, _number: int, _frame: FrameType | None) -> None:
        if self._asked or not self._handling:
            raise KeyboardInterrupt
        self._asked = True
