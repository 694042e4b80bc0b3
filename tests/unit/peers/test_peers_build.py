"""Making peers ready: once, whole or not at all, and one run at a time."""

from __future__ import annotations

import multiprocessing
import shutil
import sys
import threading
from pathlib import Path

import msgspec
import pytest

from harness.errors import SetupError
from harness.peers import build
from harness.peers.build import make_ready, missing_toolchain
from harness.peers.cached import Say, fingerprint, made_once, run
from harness.peers.manifest import ROOT, Entry, PeerSpec, Wire
from harness.peers.toolchains import Made, Toolchain


def quiet(line: str) -> None:
    """Say nothing."""


def spec(
    folder: Path, toolchain: str = "fake", command: tuple[str, ...] = ("{program}", "{schema}")
) -> PeerSpec:
    entry = Entry("lib", "lib", ("1.0",), ("producer",), command, Wire("lib", "{version}"))
    return PeerSpec("lib", "lib", "1.0", "none", toolchain, folder, entry)


@pytest.fixture
def toolchain(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """``fake``, which makes a script; the list grows by one for each that it made."""
    made: list[str] = []

    def fake(wanted: PeerSpec, say: Say) -> Made:
        target = tmp_path / "cache" / wanted.label
        with made_once(target, wanted.label, say) as half:
            if half is not None:
                made.append(wanted.label)
                shutil.copy("/bin/true", half / "program")
        return Made({"program": str(target / "program")}, {"lib": "1.1.dev0", "codec": "7"})

    monkeypatch.setitem(build.TOOLCHAINS, "fake", Toolchain(fake))
    return made


# --- how it is started ---------------------------------------------------------------------------------


def test_the_names_in_a_command_stand_for_what_was_made(tmp_path: Path, toolchain: list[str]) -> None:
    launch = make_ready(
        spec(tmp_path, command=("{program}", "{schema}", "{harness_python}", "{folder}")), quiet
    )
    schema = str(ROOT / "contract" / "schema")
    assert launch.command == (str(tmp_path / "cache/lib/program"), schema, sys.executable, str(tmp_path))
    assert launch.folder == ROOT


def test_an_unknown_name_in_a_command_names_the_manifest(tmp_path: Path, toolchain: list[str]) -> None:
    with pytest.raises(SetupError, match=r"peer\.toml: command has an unknown \{libary\}"):
        make_ready(spec(tmp_path, command=("{program}", "{libary}")), quiet)


def test_a_command_that_names_no_program_is_said_before_it_is_started(
    tmp_path: Path, toolchain: list[str]
) -> None:
    with pytest.raises(SetupError, match=r"peer\.toml: lib names no program: '/nowhere/at/all' is not there"):
        make_ready(spec(tmp_path, command=("/nowhere/at/all",)), quiet)


def test_an_unknown_toolchain_lists_the_known_ones(tmp_path: Path) -> None:
    with pytest.raises(SetupError, match=r"unknown toolchain 'cobol' \(known: go, python"):
        make_ready(spec(tmp_path, toolchain="cobol"), quiet)


def test_a_toolchain_that_is_not_installed_says_how_to_get_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    lacking = missing_toolchain(spec(tmp_path, toolchain="go"))
    assert lacking == "go is not on PATH: install Go 1.23 or later"
    with pytest.raises(SetupError, match="cannot make lib ready: go is not on PATH"):
        make_ready(spec(tmp_path, toolchain="go"), quiet)
    assert missing_toolchain(spec(tmp_path, toolchain="python")) is None


# --- what it must state ---------------------------------------------------------------------------------


def stating(version: str, tmp_path: Path, path: Path | None = None) -> PeerSpec:
    plain = spec(tmp_path)
    entry = msgspec.structs.replace(plain.entry, wire=Wire("Lib", version))
    return msgspec.structs.replace(plain, entry=entry, path=path)


def test_what_it_must_state_is_its_release_or_that_of_what_it_stands_on(
    tmp_path: Path, toolchain: list[str]
) -> None:
    launch = make_ready(stating("v{version} on {codec}", tmp_path), quiet)
    assert (launch.release, launch.stated) == ("1.0", Wire("Lib", "v1.0 on 7"))


def test_the_release_of_a_checkout_is_what_was_found_in_it(tmp_path: Path, toolchain: list[str]) -> None:
    launch = make_ready(stating("{version}", tmp_path, tmp_path), quiet)
    assert (launch.release, launch.stated) == ("1.1.dev0", Wire("Lib", "1.1.dev0"))


def test_a_manifest_whose_statement_names_an_unknown_package_is_said(
    tmp_path: Path, toolchain: list[str]
) -> None:
    with pytest.raises(SetupError, match=r"peer\.toml: wire\.version has an unknown \{codex\}"):
        make_ready(stating("{codex}", tmp_path), quiet)


# --- once, and whole -----------------------------------------------------------------------------------


def test_what_is_in_the_cache_is_not_made_again_and_nothing_is_said(
    tmp_path: Path, toolchain: list[str]
) -> None:
    said: list[str] = []
    for _ in range(3):
        make_ready(spec(tmp_path), said.append)
    assert toolchain == ["lib"]
    assert len(said) == 1
    assert said[0].startswith("made lib in ")


def test_a_build_that_fails_leaves_nothing_half_done(tmp_path: Path) -> None:
    target = tmp_path / "cache" / "thing"
    with pytest.raises(RuntimeError), made_once(target, "thing", quiet) as half:
        assert half is not None
        (half / "some").write_text("part")
        raise RuntimeError
    assert [path.name for path in target.parent.iterdir()] == ["thing.lock"]


def test_a_failed_build_is_tried_again(tmp_path: Path) -> None:
    target = tmp_path / "thing"
    with pytest.raises(RuntimeError), made_once(target, "thing", quiet):
        raise RuntimeError
    with made_once(target, "thing", quiet) as half:
        assert half is not None
    assert target.is_dir()


def test_what_a_killed_run_left_half_done_is_made_anew(tmp_path: Path) -> None:
    target = tmp_path / "thing"
    half_done = tmp_path / "thing.half"
    half_done.mkdir()
    (half_done / "stale").touch()
    with made_once(target, "thing", quiet) as half:
        assert half == half_done
        assert list(half_done.iterdir()) == []
        (half_done / "fresh").touch()
    assert [path.name for path in target.iterdir()] == ["fresh"]
    assert not half_done.exists()


def test_of_two_at_once_one_makes_it_and_the_other_waits(tmp_path: Path) -> None:
    target = tmp_path / "thing"
    inside, go_on = threading.Event(), threading.Event()
    halves: list[Path | None] = []

    def first() -> None:
        with made_once(target, "thing", quiet) as half:
            halves.append(half)
            inside.set()
            assert go_on.wait(10)

    def second() -> None:
        with made_once(target, "thing", quiet) as half:
            halves.append(half)

    threads = [threading.Thread(target=first), threading.Thread(target=second)]
    threads[0].start()
    assert inside.wait(10)
    threads[1].start()
    threads[1].join(0.1)
    assert threads[1].is_alive()
    assert len(halves) == 1
    go_on.set()
    for thread in threads:
        thread.join(10)
    assert halves == [tmp_path / "thing.half", None]


def _make(target: Path, log: Path) -> None:
    with made_once(target, "thing", quiet) as half:
        if half is not None:
            with log.open("a") as file:
                file.write("made\n")


def test_of_many_processes_one_makes_it(tmp_path: Path) -> None:
    target, log = tmp_path / "thing", tmp_path / "log"
    context = multiprocessing.get_context("fork")
    many = [context.Process(target=_make, args=(target, log)) for _ in range(6)]
    for each in many:
        each.start()
    for each in many:
        each.join(20)
    assert [each.exitcode for each in many] == [0] * 6
    assert log.read_text() == "made\n"


# --- commands and fingerprints -------------------------------------------------------------------------


def test_a_command_that_fails_is_shown_with_the_end_of_what_it_said(tmp_path: Path) -> None:
    script = "import sys; print(*range(100), sep='\\n', file=sys.stderr); sys.exit(3)"
    with pytest.raises(SetupError) as caught:
        run([sys.executable, "-c", script], tmp_path, "building lib")
    lines = caught.value.problem.splitlines()
    assert lines[0].startswith("building lib failed: ")
    assert lines[-15:] == [str(number) for number in range(85, 100)]
    assert "\n84\n" not in caught.value.problem


def test_a_command_that_works_says_nothing(tmp_path: Path) -> None:
    run([sys.executable, "-c", "print('noise')"], tmp_path, "building lib")


def test_a_command_cannot_wait_for_somebody_to_type(tmp_path: Path) -> None:
    run([sys.executable, "-c", "import sys; assert sys.stdin.read() == ''"], tmp_path, "building lib")


def test_a_changed_source_has_another_fingerprint(tmp_path: Path) -> None:
    source = tmp_path / "main.go"
    source.write_text("one")
    one = fingerprint("go1", source)
    assert fingerprint("go1", source) == one
    assert fingerprint("go2", source) != one
    source.write_text("two")
    assert fingerprint("go1", source) != one


def test_parts_of_a_fingerprint_do_not_run_together() -> None:
    assert fingerprint("ab", "c") != fingerprint("a", "bc")
