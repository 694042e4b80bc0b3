"""What is done about a container engine that does not answer."""

from __future__ import annotations

import gc
import socket
from pathlib import Path

import pytest
from docker.errors import DockerException

from harness.broker.engine import Facts, Step, client, plan, spawn
from harness.broker.machine import Machine
from harness.broker.owner import start_of
from harness.errors import SetupError

ROOT_ON_DEBIAN = Machine(root=True, debian=True, installs=True, systemd=False)


def test_an_engine_that_answers_is_left_alone() -> None:
    assert plan(Facts(answers=True), ROOT_ON_DEBIAN) == ()


def test_without_an_engine_root_on_debian_installs_and_starts_one() -> None:
    assert plan(Facts(answers=False), ROOT_ON_DEBIAN) == (Step.INSTALL, Step.START)


def test_an_installed_engine_is_only_started() -> None:
    assert plan(Facts(answers=False, daemon=True), ROOT_ON_DEBIAN) == (Step.START,)


@pytest.mark.parametrize("daemon", [True, False])
def test_interop_no_install_forbids_both(daemon: bool) -> None:
    machine = Machine(root=True, debian=True, installs=False, systemd=False)
    with pytest.raises(SetupError, match="INTEROP_NO_INSTALL") as caught:
        plan(Facts(answers=False, daemon=daemon), machine)
    assert caught.value.exit_status == 3
    assert ("apt-get install docker.io" in caught.value.next_step) is not daemon
    assert "dockerd &" in caught.value.next_step


def test_who_is_not_root_gets_the_command_with_sudo() -> None:
    machine = Machine(root=False, debian=True, installs=True, systemd=True)
    with pytest.raises(SetupError) as caught:
        plan(Facts(answers=False), machine)
    assert "sudo apt-get install docker.io && sudo systemctl start docker" in caught.value.next_step
    assert "--broker local" in caught.value.next_step


def test_another_system_is_told_to_use_its_own_package_manager() -> None:
    machine = Machine(root=True, debian=False, installs=True, systemd=False)
    with pytest.raises(SetupError, match="package manager"):
        plan(Facts(answers=False), machine)


def test_who_may_not_speak_to_the_engine_is_told_the_group() -> None:
    with pytest.raises(SetupError, match="usermod -aG docker"):
        plan(Facts(answers=False, denied=True, daemon=True), ROOT_ON_DEBIAN)


def test_an_engine_elsewhere_that_does_not_answer_is_not_replaced_by_one_here() -> None:
    with pytest.raises(SetupError, match=r"tcp://build\.example:2375 does not answer"):
        plan(Facts(answers=False, host="tcp://build.example:2375"), ROOT_ON_DEBIAN)


def test_what_is_spawned_runs_in_a_session_of_its_own_and_logs_to_a_file(tmp_path: Path) -> None:
    log, fifo = tmp_path / "log", tmp_path / "fifo"
    fifo_made = spawn(("sh", "-c", f'echo words; mkfifo "{fifo}"; echo "$$" > "{fifo}"'), log)
    while not fifo.exists():
        assert start_of(fifo_made) is not None
    session = Path(f"/proc/{fifo_made}/stat").read_text().rpartition(")")[2].split()[3]
    assert int(session) == fifo_made
    assert int(fifo.read_text()) == fifo_made
    assert log.read_text() == "words\n"


@pytest.mark.parametrize("there", [True, False])
def test_a_client_of_an_engine_that_does_not_listen_says_so_and_leaves_no_socket_open(
    tmp_path: Path, there: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    door = tmp_path / "docker.sock"
    if there:
        with socket.socket(socket.AF_UNIX) as gone:
            gone.bind(str(door))
    monkeypatch.setenv("DOCKER_HOST", f"unix://{door}")
    with pytest.raises(DockerException, match="refused" if there else "No such file"):
        client()
    gc.collect()  # a socket left open would be a warning here, and so a failure
