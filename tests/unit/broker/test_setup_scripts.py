"""The lock file and the scripts behind ``make setup``."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

ROOT = Path(__file__).parents[3]
LOCK = (ROOT / "requirements" / "dev.txt").read_text("utf-8")


def script(name: str, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run a copy-free script of tools/ with these environment variables instead of the usual ones."""
    environment = {"PATH": os.environ["PATH"], **variables}
    command = (str(ROOT / "tools" / name), *arguments)
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)


def test_the_lock_file_holds_no_address() -> None:
    assert "://" not in LOCK
    assert not re.search(r"^\s*-", LOCK.replace("    --hash=", ""), re.MULTILINE)


def test_every_package_is_pinned_by_version_and_hash() -> None:
    entries = re.split(r"\n(?=\S)", LOCK.strip())
    assert len(entries) > 30
    for entry in entries:
        assert re.match(r"[a-z0-9-]+==\S+", entry), entry
        assert "--hash=sha256:" in entry, entry


def test_the_lock_file_has_uv_and_the_build_backend() -> None:
    assert re.search(r"^uv==", LOCK, re.MULTILINE)
    assert re.search(r"^hatchling==", LOCK, re.MULTILINE)


def test_setup_without_a_recent_python_ends_with_3_and_says_what_to_do(tmp_path: Path) -> None:
    for name in ("tools", "requirements"):
        (tmp_path / name).symlink_to(ROOT / name)
    (tmp_path / "pyproject.toml").symlink_to(ROOT / "pyproject.toml")
    copy = tmp_path / "tools-here"
    copy.mkdir()
    (copy / "setup.sh").write_text((ROOT / "tools" / "setup.sh").read_text())
    done = subprocess.run(
        ("sh", str(copy / "setup.sh")),
        env={"PATH": os.environ["PATH"], "PYTHON": "/no/python"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 3
    assert "no Python 3.11 or newer among: /no/python" in done.stderr
    assert not (tmp_path / ".venv").exists()


def test_a_program_that_is_there_is_not_installed() -> None:
    done = script("install.sh", "sh:no-such-package")
    assert (done.returncode, done.stderr) == (0, "")


def test_interop_no_install_makes_a_missing_program_an_error_with_the_command() -> None:
    done = script("install.sh", "sh:dash", "no-such-program:some-package", INTEROP_NO_INSTALL="1")
    assert done.returncode == 3
    assert "apt-get install some-package" in done.stderr
    assert "dash" not in done.stderr
