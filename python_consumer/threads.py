"""Threads of the adapter: one that fails takes the process with it, so that no bug of ours passes for a hang.

Threads that a library starts are left alone: rabbitpy's IO thread dying is a finding about rabbitpy.
"""

from __future__ import annotations

import os
import sys
import threading
import traceback
from collections.abc import Callable
from types import TracebackType

FAULT = 70
"""Exit status of an adapter whose own code failed (EX_SOFTWARE of sysexits.h)."""


class AdapterThread(threading.Thread):
    """A daemon thread whose uncaught exception ends the process with status :data:`FAULT`."""

    def __init__(self, name: str, target: Callable[[], None]) -> None:
        super().__init__(name=name, target=target, daemon=True)


class _Ours:
    """See :data:`OURS`."""

    def __enter__(self) -> None:
        pass

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if error is not None:
            traceback.print_exception(kind, error, trace)
            _end()


OURS = _Ours()
"""``with OURS:`` around the adapter's own code that a library calls: what it raises ends the process.

Otherwise the library would take it for its own trouble (pika: a lost stream) and be blamed for it.
"""


def watch() -> None:
    """Install the hook that tells our threads from the library's."""
    threading.excepthook = _ended


def start(name: str, target: Callable[[], None]) -> AdapterThread:
    """A started thread."""
    thread = AdapterThread(name, target)
    thread.start()
    return thread


def note(text: str) -> None:
    """A line for people, on standard error."""
    print(f"python_consumer: {text}", file=sys.stderr, flush=True)


_shown = threading.excepthook  # its own name, __excepthook__, is not there before CPython 3.10


def _ended(arguments: threading.ExceptHookArgs) -> None:
    _shown(arguments)
    if isinstance(arguments.thread, AdapterThread):
        _end()


def _end() -> None:
    sys.stderr.flush()
    os._exit(FAULT)
