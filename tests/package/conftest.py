"""The suite as a wheel in an environment of its own, made once for these tests."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from uv import find_uv_bin

from harness.peers.manifest import ROOT
from package.package_support import Command


def _uv(*words: str | Path) -> None:
    subprocess.run([find_uv_bin(), *map(str, words)], cwd=ROOT, check=True, capture_output=True, text=True)


@pytest.fixture(scope="session")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An environment that has the wheel, what it needs at the locked releases, and nothing of this folder."""
    folder = tmp_path_factory.mktemp("package")
    lock, python = ROOT / "requirements" / "dev.txt", folder / "env" / "bin" / "python"
    _uv("build", "-q", "--no-build-isolation", "-p", sys.executable, "-o", folder / "dist")
    (wheel,) = (folder / "dist").glob("*.whl")
    _uv("venv", "-q", "-p", sys.executable, folder / "env")
    _uv("pip", "install", "-q", "-p", python, "-c", lock, wheel, "pytest", "pytest-xdist")
    return folder / "env"


@pytest.fixture
def run_installed(installed: Path, tmp_path: Path) -> Command:
    """Run a program of that environment from a folder that has nothing to do with the suite."""

    def run(program: str, *words: str, **variables: str) -> subprocess.CompletedProcess[str]:
        kept = {name: text for name, text in os.environ.items() if not name.startswith(("PYTHON", "PYTEST"))}
        return subprocess.run(
            [installed / "bin" / program, *words],
            cwd=tmp_path,
            env=kept | variables,
            capture_output=True,
            text=True,
            timeout=240,
            check=False,
        )

    return run
