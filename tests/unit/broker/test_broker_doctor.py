"""The doctor."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from docker.errors import DockerException

from harness.broker import doctor, engine, local
from harness.broker.doctor import Tool, check_tool, checks, first_version
from harness.broker.machine import Machine

MACHINE = Machine(root=False, debian=True, installs=True, systemd=True)


def test_a_tool_that_is_there_is_found_with_its_version() -> None:
    found = check_tool(Tool("python", (sys.executable, "--version"), "python3", "all"), MACHINE)
    assert found.found
    assert found.detail == sys.version.split()[0]
    assert found.mend == ""


def test_a_tool_that_is_missing_has_the_command_that_gets_it() -> None:
    missing = check_tool(Tool("x", ("no-such-program-at-all", "--version"), "x-tools", "all"), MACHINE)
    assert not missing.found
    assert missing.mend == "sudo apt-get install x-tools"


def test_a_tool_that_fails_is_not_found(tmp_path: Path) -> None:
    broken = tmp_path / "tool"
    broken.write_text("#!/bin/sh\nexit 1\n")
    broken.chmod(0o755)
    assert not check_tool(Tool("x", (str(broken), "--version"), "x", "all"), MACHINE).found


def test_a_tool_that_says_no_number_is_quoted() -> None:
    assert first_version(("echo", "newest of all")) == "newest of all"


def test_every_check_that_failed_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    monkeypatch.setattr(local, "PROGRAMS", ())
    monkeypatch.setattr(engine, "client", _no_client)
    done = checks()
    missing = {check.name for check in done if not check.found}
    assert {"container engine", "rabbitmq-server", "go", "tshark"} <= missing
    assert all(check.mend for check in done if not check.found)
    assert not any(check.mend for check in done if check.found)


def test_names_are_unique() -> None:
    names = [tool.name for tool in doctor.TOOLS]
    assert len(set(names)) == len(names)


def _no_client(timeout: float = 60) -> None:
    raise DockerException("FileNotFoundError(2, 'No such file or directory')")
