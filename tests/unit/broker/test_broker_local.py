"""The broker ``local``: what it is told, and what is said where it cannot be."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.broker import child, local
from harness.errors import SetupError


def test_a_missing_server_is_an_error_that_tells_the_command(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(local, "PROGRAMS", ())
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(SetupError, match="needs rabbitmq-server") as caught:
        local.programs()
    assert caught.value.exit_status == 3
    assert "rabbitmq-server" in caught.value.next_step


def test_a_missing_port_mapper_is_an_error_of_its_own(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(local, "PROGRAMS", (tmp_path,))
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(SetupError, match="needs epmd"):
        local.programs()


def test_other_systems_than_linux_are_told_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.platform", "darwin")
    with pytest.raises(SetupError, match="needs Linux"):
        local.programs()


def test_the_server_inherits_nothing_that_would_point_it_at_another_broker(tmp_path: Path) -> None:
    inherited = {"PATH": "/bin", "RABBITMQ_NODENAME": "rabbit@prod", "ERL_FLAGS": "-x", "RABBITMQ_HOME": "/x"}
    variables = local.environment(tmp_path, inherited, distribution=1, epmd=2)
    assert variables["PATH"] == "/bin"
    assert variables["RABBITMQ_NODENAME"] != "rabbit@prod"
    assert not {"ERL_FLAGS", "RABBITMQ_HOME"} & set(variables)
    assert all(str(tmp_path) in text for name, text in variables.items() if name.endswith(("_BASE", "_FILE")))


def test_free_ports_are_different_ones() -> None:
    assert len(set(child.free_ports(3))) == 3
