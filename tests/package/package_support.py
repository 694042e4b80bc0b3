"""What the tests of the installed package share."""

from __future__ import annotations

import subprocess
from collections.abc import Callable

Command = Callable[..., subprocess.CompletedProcess[str]]
"""A program of the installed environment, its arguments, and by name the variables that it gets."""
