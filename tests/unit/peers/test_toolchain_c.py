"""C's toolchain: which release of a library the system has, and what to do where it is another or none.

The tools are scripts: a library is a file with the word that its programs print, gcc copies the word.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import msgspec
import pytest

from harness.broker import machine
from harness.broker.machine import Machine, Say
from harness.errors import SetupError
from harness.peers.build import make_ready, missing_toolchain
from harness.peers.manifest import ROOT, PeerSpec, find_peers, resolve
from harness.peers.toolchains import c

INSTALLER = Machine(root=True, debian=True, installs=True, systemd=False)
USER = Machine(root=False, debian=True, installs=True, systemd=False)
TOOLS = {
    "pkg-config": """
        case $1 in
        --modversion) exec cat "$SYSTEM/$2" ;;
        --cflags) shift 2; for each; do printf -- '-l%s ' "$each"; done ;;
        esac""",
    "gcc": """
        if [ "$1" = --version ]; then echo gcc 1; exit; fi
        for each; do
            [ "$before" = -o ] && program=$each
            case $each in *.a) word=$(cat "$each") ;; -lgreeting) word=$(cat "$SYSTEM/greeting") ;; esac
            before=$each
        done
        printf '#!/bin/sh\\necho %s\\n' "$word" >"$program" && chmod +x "$program" """,
    "cmake": """
        case $1 in
        -S) mkdir -p "$4" && echo "$2" >"$4/source" && echo "${5#*=}" >"$4/prefix" ;;
        --install)
            prefix=$(cat "$2/prefix") && mkdir -p "$prefix/lib" &&
            for each in "$(cat "$2/source")"/*.c; do
                cp "$each" "$prefix/lib/lib$(basename "$each" .c).a"
            done ;;
        esac""",
}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A program that needs greeting; the system has its release 1.0."""
    monkeypatch.setenv("INTEROP_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("SYSTEM", str(tmp_path / "system"))
    monkeypatch.setenv("PATH", f"{tmp_path / 'tools'}{os.pathsep}{os.environ['PATH']}")
    for name in ("tools", "system", "program/src", "mine"):
        (tmp_path / name).mkdir(parents=True)
    for name, script in TOOLS.items():
        (tmp_path / "tools" / name).write_text(f"#!/bin/sh{script}\n")
        (tmp_path / "tools" / name).chmod(0o755)
    (tmp_path / "system" / "greeting").write_text("1.0")
    (tmp_path / "program" / "src" / "main.c").write_text("int main(void)")
    (tmp_path / "mine" / "greeting.c").write_text("2.0-mine")
    return tmp_path / "program"


def spec(
    folder: Path, release: str = "1.0", needs: Sequence[str] = ("greeting:libgreeting-dev",)
) -> PeerSpec:
    (some,) = resolve(["rabbitmq-c"], "producer", find_peers(ROOT))
    entry = msgspec.structs.replace(
        some.entry, name="greeting", package="greeting", command=("{program}",), requirements=tuple(needs)
    )
    return msgspec.structs.replace(
        some, name="greeting", label="greeting", folder=folder, entry=entry, release=release
    )


def checkout(folder: Path) -> PeerSpec:
    return msgspec.structs.replace(spec(folder), path=folder.parent / "mine")


def quiet(line: str) -> None:
    """Say nothing."""


def test_the_release_is_what_the_program_itself_says(folder: Path) -> None:
    said: list[str] = []
    launch = make_ready(spec(folder), said.append)
    assert Path(launch.command[0]).exists()
    assert c.make(spec(folder), said.append).versions == {"greeting": "1.0"}
    assert len(said) == 1


def test_a_changed_source_is_compiled_anew(folder: Path) -> None:
    first = c.make(spec(folder), quiet).names
    (folder / "src" / "main.c").write_text("int main(void) {}")
    assert c.make(spec(folder), quiet).names != first


def test_another_release_than_the_installed_one_says_which_can_be_asked_for(folder: Path) -> None:
    assert missing_toolchain(spec(folder, "0.9")) == (
        "greeting 1.0 is installed, not 0.9: ask for greeting@1.0, "
        "or for greeting@path:FOLDER with the source of 0.9"
    )
    with pytest.raises(SetupError, match=r"greeting 1\.0 is installed, not 0\.9"):
        make_ready(spec(folder, "0.9"), quiet)


def test_a_library_that_is_missing_is_lacking_where_the_suite_may_not_install_it(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wanted = spec(folder, needs=("no-such-module:libnone-dev",))
    monkeypatch.setattr(machine, "this_machine", lambda: USER)
    assert missing_toolchain(wanted) == (
        "pkg-config does not find no-such-module: sudo apt-get install libnone-dev"
    )
    monkeypatch.setattr(machine, "this_machine", lambda: INSTALLER)
    assert missing_toolchain(wanted) is None


def test_a_library_that_is_missing_is_installed_where_the_suite_may(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    installed: list[Sequence[str]] = []

    def install(packages: Sequence[str], reason: str, say: Say) -> None:
        installed.append(packages)
        (folder.parent / "system" / "more").write_text("1")

    monkeypatch.setattr(machine, "this_machine", lambda: INSTALLER)
    monkeypatch.setattr(machine, "install", install)
    needs = ("greeting:libgreeting-dev", "more:libmore-dev")
    assert c.make(spec(folder, needs=needs), quiet).versions == {"greeting": "1.0"}
    assert installed == [["libmore-dev"]]


def test_what_was_installed_can_be_another_release_too(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    library = folder.parent / "system" / "greeting"
    library.unlink()
    monkeypatch.setattr(machine, "this_machine", lambda: INSTALLER)
    monkeypatch.setattr(machine, "install", lambda packages, reason, say: library.write_text("1.1"))
    with pytest.raises(SetupError, match=r"cannot make greeting ready: greeting 1\.1 is installed, not 1\.0"):
        make_ready(spec(folder), quiet)


def test_a_checkout_is_built_and_linked_in_place_of_the_systems_library(folder: Path) -> None:
    assert c.make(checkout(folder), quiet).versions == {"greeting": "2.0-mine"}
    (folder.parent / "mine" / "greeting.c").write_text("3.0")
    assert c.make(checkout(folder), quiet).versions == {"greeting": "3.0"}
    (folder.parent / "system" / "greeting").unlink()
    assert missing_toolchain(checkout(folder)) is None


def test_a_checkout_that_makes_not_one_library_is_said(folder: Path) -> None:
    (folder.parent / "mine" / "other.c").write_text("2.0")
    with pytest.raises(SetupError, match=r"2 static libraries in .*prefix/lib, not one"):
        c.make(checkout(folder), quiet)


def test_a_checkout_needs_cmake(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder.parent / "tools" / "cmake").unlink()
    for name in ("cat", "sh", "chmod"):
        (folder.parent / "tools" / name).symlink_to(f"/bin/{name}")
    monkeypatch.setenv("PATH", str(folder.parent / "tools"))
    with pytest.raises(SetupError, match="cmake is not on PATH"):
        c.make(checkout(folder), quiet)


def test_in_c_nothing_can_be_pinned(folder: Path) -> None:
    pinned = msgspec.structs.replace(spec(folder), pins=(("openssl", "3"),))
    with pytest.raises(SetupError, match="in C nothing can be pinned"):
        c.make(pinned, quiet)


def test_a_machine_without_gcc_is_told_what_to_install(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(folder))
    assert missing_toolchain(spec(folder)) == "gcc is not on PATH: apt-get install gcc libc6-dev pkg-config"
