"""A fault of the adapter is never taken for one of the library: it ends the process with its own status."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from python_consumer.threads import FAULT

ROOT = Path(__file__).parents[3]
FAIL = "def fail(): raise ValueError('ours')"


def run(*statements: str) -> subprocess.CompletedProcess[str]:
    program = "\n".join(("import threading", "from python_consumer import threads", FAIL, *statements))
    command = [sys.executable, "-c", program]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=30, check=False)


@pytest.mark.parametrize(
    "statements",
    [
        ("threads.watch()", "threads.start('x', fail).join(20)"),
        ("try:", "    with threads.OURS: fail()", "except ValueError: pass"),
    ],
    ids=["in-a-thread", "inside-a-library-that-catches-it"],
)
def test_the_adapters_own_exception_ends_the_process(statements: tuple[str, ...]) -> None:
    ended = run(*statements, "print('went on')")
    assert (ended.returncode, ended.stdout) == (FAULT, "")
    assert "ValueError: ours" in ended.stderr


def test_a_thread_of_the_library_may_die_without_the_process() -> None:
    ended = run(
        "threads.watch()", "t = threading.Thread(target=fail)", "t.start()", "t.join()", "print('went on')"
    )
    assert (ended.returncode, ended.stdout) == (0, "went on\n")
    assert "ValueError: ours" in ended.stderr


def test_nothing_happens_where_nothing_is_raised() -> None:
    assert run("with threads.OURS: pass", "print('went on')").stdout == "went on\n"
