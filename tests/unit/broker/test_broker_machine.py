"""Installing packages, and being told not to."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from harness.broker.machine import Machine, install, is_debian, may_install, run, tail, timed
from harness.errors import SetupError


class Recorder:
    """A runner that only notes what it is told to run."""

    def __init__(self) -> None:
        self.ran: list[tuple[str, ...]] = []

    def __call__(self, command: Sequence[str]) -> None:
        self.ran.append(tuple(command))


def test_root_on_debian_installs_with_apt_get_and_says_how_long_it_took() -> None:
    runner, said = Recorder(), list[str]()
    machine = Machine(root=True, debian=True, installs=True, systemd=False)
    install(("mmdebstrap", "keys"), "reason", said.append, machine, runner)
    assert runner.ran[-1] == ("apt-get", "install", "-q", "-y", "mmdebstrap", "keys")
    assert [line[: line.rindex(" in ")] for line in said] == ["installed mmdebstrap and keys with apt-get"]


@pytest.mark.parametrize(
    ("machine", "command"),
    [
        (Machine(root=True, debian=True, installs=False, systemd=False), "apt-get install p"),
        (Machine(root=False, debian=True, installs=True, systemd=False), "sudo apt-get install p"),
        (Machine(root=True, debian=False, installs=True, systemd=False), "package manager"),
    ],
)
def test_where_nothing_may_be_installed_nothing_runs_and_the_command_is_told(
    machine: Machine, command: str
) -> None:
    runner, said = Recorder(), list[str]()
    with pytest.raises(SetupError, match="p is missing") as caught:
        install(("p",), "p is missing", said.append, machine, runner)
    assert command in caught.value.next_step
    assert (runner.ran, said) == ([], [])


@pytest.mark.parametrize(("value", "may"), [("1", False), ("yes", False), ("0", True), ("", True)])
def test_interop_no_install_is_any_word_but_0(value: str, may: bool) -> None:
    assert may_install({"INTEROP_NO_INSTALL": value}) is may
    assert may_install({}) is True


@pytest.mark.parametrize(
    ("text", "debian"),
    [
        ("ID=debian\n", True),
        ('NAME="Ubuntu"\nID=ubuntu\nID_LIKE=debian\n', True),
        ('ID=linuxmint\nID_LIKE="ubuntu debian"\n', True),
        ("ID=fedora\nID_LIKE=rhel\nVERSION=debian\n", False),
        ("", False),
    ],
)
def test_debian_and_its_children_are_told_from_others(text: str, debian: bool) -> None:
    assert is_debian(text) is debian


def test_a_command_that_fails_is_an_error_with_its_last_words() -> None:
    with pytest.raises(SetupError, match=r"status 7") as caught:
        run(("sh", "-c", "echo nothing works; exit 7"))
    assert "nothing works" in caught.value.problem


def test_a_command_that_is_not_there_is_an_error() -> None:
    with pytest.raises(SetupError, match="cannot start /no/such/program"):
        run(("/no/such/program",))


def test_a_step_that_fails_is_not_said_to_be_done() -> None:
    said = list[str]()
    with pytest.raises(SetupError), timed(said.append, "did it"):
        raise SetupError("no")
    assert said == []


def test_the_tail_of_a_log_has_its_last_lines_without_colours() -> None:
    assert tail(b"1\n2\n\x1b[38;5;214m3\x1b[0m\n", lines=2) == "  2\n  3"
    assert tail(b"") == "  (it printed nothing)"
