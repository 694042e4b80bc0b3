"""What stops a run before or beside its results. None of these is a difference: differences are results.

InteropError
├── UsageError        the user's: an unknown name, a filter that selects nothing        exit status 2
└── SetupError        the machine's: no broker, no engine, no toolchain                 exit status 3
"""

from __future__ import annotations

from collections.abc import Iterable


class InteropError(Exception):
    """``problem`` says what was attempted and what came of it, ``next_step`` what to do about it."""

    exit_status = 1

    def __init__(self, problem: str, next_step: str = "") -> None:
        self.problem, self.next_step = problem, next_step
        super().__init__(f"{problem}\n{next_step}".rstrip())


class UsageError(InteropError):
    """The request itself is wrong; nothing was started."""

    exit_status = 2


class SetupError(InteropError):
    """The machine lacks something, or something on it does not work."""

    exit_status = 3


def unknown(what: str, name: str, known: Iterable[str]) -> UsageError:
    """The error for a name that is not known, with the names that are."""
    return UsageError(f"unknown {what} {name!r}", f"known: {', '.join(sorted(known))}")
