"""Tools of other origin. One that is missing is a failure that names the Debian package, never a skip."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest


def tool(name: str, package: str) -> str:
    """The path of a program; the test fails if it is not installed."""
    found = shutil.which(name)
    if found is None:
        pytest.fail(f"{name} is not installed; type: apt-get install {package}", pytrace=False)
    return found


def compiled(source: Path, into: Path, library: str, package: str) -> Path:
    """``source`` built with cc against ``library``; the test fails if compiler or library is missing."""
    program = into / source.stem
    command = [
        tool("cc", "gcc libc6-dev"),
        "-Wall",
        "-Wextra",
        "-Werror",
        "-O1",
        "-o",
        str(program),
        str(source),
        f"-l{library}",
    ]
    built = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    if built.returncode:
        pytest.fail(
            f"{source.name} cannot be built; is {package} installed? If not: apt-get install {package}\n"
            f"{built.stderr}",
            pytrace=False,
        )
    return program
