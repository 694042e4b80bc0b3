"""Java's toolchain, with stand-ins for java, javac and mvn on PATH; and what is kept of the real jars."""

from __future__ import annotations

import os
import re
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from harness.errors import SetupError
from harness.peers import build
from harness.peers.manifest import ROOT, Entry, PeerSpec, Wire, read_manifest
from harness.peers.toolchains import java, maven

PEERS = ROOT / "peers" / "java"
COMMAND = (
    "{java}",
    "-XX:SharedArchiveFile={archive}",
    "-cp",
    "{classpath}",
    "a.Main",
    "--schema",
    "{schema}",
)
JAVA = """#!/bin/sh
[ "$1" = -version ] && echo 'openjdk version "17.0.1"' >&2 && exit 0
echo "$*" >> "$LOG/java"
cat > "$LOG/stdin"
[ -e "$LOG/unstartable" ] && echo 'Error: Could not find or load main class' >&2 && exit 1
for word in "$@"; do
  case "$word" in -XX:ArchiveClassesAtExit=*) echo archive > "${word#*=}" ;; esac
done
"""
JAVAC = """#!/bin/sh
echo "$*" >> "$LOG/javac"
[ -e "$LOG/uncompilable" ] && echo 'error: cannot find symbol' >&2 && exit 1
while [ "$1" != -d ]; do shift; done
mkdir -p "$2" && echo class > "$2/Main.class"
"""
MVN = f"""#!{sys.executable}
import os, re, sys, zipfile
from pathlib import Path

def jar(path, group, artifact, version):
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w") as made:
        said = f"groupId={{group}}\\nartifactId={{artifact}}\\nversion={{version}}\\n"
        made.writestr(zipfile.ZipInfo(f"META-INF/maven/{{group}}/{{artifact}}/pom.properties"), said)
        made.writestr(zipfile.ZipInfo("a/Lib.class"), "")

log, words = Path(os.environ["LOG"]), sys.argv[1:]
with (log / "mvn").open("a") as calls:
    calls.write(" ".join(words) + "\\n")
pom = Path(words[words.index("-f") + 1]).read_text()
managed, _, needed = pom.partition("</dependencyManagement>")
(log / "pom.xml").write_text(pom)
one = "<groupId>(.*?)</groupId><artifactId>(.*?)</artifactId><version>(.*?)</version>"
if (log / "fail").exists():
    print("\\x1b[0m[ERROR] Could not find artifact org.lib:lib:jar:9.9.9")
    print("[ERROR] \\n[ERROR] Re-run Maven with -X")
    sys.exit(1)
if "package" in words:
    jar(Path("target/lib.jar"), "org.lib", "lib", "2.0-SNAPSHOT")
    zipfile.ZipFile("target/lib-sources.jar", "w").close()
    sys.exit()
versions = {{(group, artifact): version for group, artifact, version in re.findall(one, needed)}}
versions |= {{("org.codec", "codec"): "1.1"}} if ("org.lib", "lib") in versions or "checkout" in pom else {{}}
pins = {{(group, artifact): version for group, artifact, version in re.findall(one, managed)}}
target = Path(next(word for word in words if word.startswith("-DoutputDirectory=")).split("=", 1)[1])
for (group, artifact), version in versions.items():
    version = pins.get((group, artifact), version)
    jar(target.joinpath(*group.split("."), artifact, version, "file.jar"), group, artifact, version)
"""
Make = Callable[[PeerSpec], dict[str, str]]


class Log:
    """What the stand-ins were told."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def calls(self, program: str) -> list[str]:
        """The words of each call."""
        file = self.folder / program
        return file.read_text("utf-8").splitlines() if file.exists() else []


@pytest.fixture
def log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Log:
    """Stand-ins first on PATH, a cache of its own, and what they were told."""
    folder, programs = tmp_path / "log", tmp_path / "bin"
    folder.mkdir()
    programs.mkdir()
    for name, text in {"java": JAVA, "javac": JAVAC, "mvn": MVN}.items():
        (programs / name).write_text(text, "utf-8")
        (programs / name).chmod(0o755)
    monkeypatch.setenv("LOG", str(folder))
    monkeypatch.setenv("PATH", f"{programs}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("INTEROP_CACHE", str(tmp_path / "cache"))
    return Log(folder)


@pytest.fixture
def spec(tmp_path: Path) -> PeerSpec:
    """A library of Java, at its default release."""
    source = tmp_path / "peer" / java.SOURCES / "a"
    source.mkdir(parents=True)
    (source / "Main.java").write_text("class Main {}", "utf-8")
    wire = Wire("lib", "{version} {codec}")
    entry = Entry("lib", "org.lib:lib", ("1.0",), ("producer",), COMMAND, wire, ("org.json:json@7",))
    return PeerSpec("lib", "lib", "1.0", "java", "java", tmp_path / "peer", entry)


def quiet(line: str) -> None:
    """Say nothing."""


def lock(spec: PeerSpec, *lines: str) -> Path:
    """Write the lock of a default release."""
    file = maven.lock_of(spec)
    file.parent.mkdir(exist_ok=True)
    file.write_text("\n".join(lines) + "\n", "utf-8")
    return file


def lines_now(spec: PeerSpec, tmp_path: Path) -> list[str]:
    """The lock as it would be written now."""
    return maven.lines_of(maven.fetch(maven.wanted_by(spec), {}, tmp_path / "fetched", "it"))


# --- what is made --------------------------------------------------------------------------------------


def test_a_release_is_fetched_compiled_and_started_once(log: Log, spec: PeerSpec) -> None:
    made = [java.make(spec, quiet) for _ in range(2)]
    assert made[0] == made[1]
    assert [len(log.calls(program)) for program in ("mvn", "javac", "java")] == [1, 1, 1]
    assert Path(made[0].names["archive"]).read_text("utf-8") == "archive\n"


def test_versions_are_told_by_artifact_with_and_without_its_group(log: Log, spec: PeerSpec) -> None:
    versions = java.make(spec, quiet).versions
    assert versions["org.lib:lib"] == versions["lib"] == "1.0"
    assert versions["org.codec:codec"] == versions["codec"] == "1.1"


def test_the_wire_may_state_what_the_library_stands_on(log: Log, spec: PeerSpec) -> None:
    stated = build.make_ready(spec, quiet).stated
    assert stated is not None
    assert stated.version == "1.0 1.1"


def test_the_class_path_is_the_program_and_every_jar(log: Log, spec: PeerSpec) -> None:
    program, *jars = java.make(spec, quiet).names["classpath"].split(os.pathsep)
    assert zipfile.ZipFile(program).namelist() == ["Main.class"]
    assert [Path(jar).parent.name for jar in jars] == ["1.1", "7", "1.0"]


def test_the_first_start_says_what_a_run_would(log: Log, spec: PeerSpec) -> None:
    java.make(spec, quiet)
    assert [line.split('"')[3] for line in log.calls("stdin")] == ["describe", "connect", "close"]
    assert "-XX:ArchiveClassesAtExit=" in log.calls("java")[0]


def test_another_source_is_compiled_anew(log: Log, spec: PeerSpec) -> None:
    java.make(spec, quiet)
    (spec.folder / java.SOURCES / "a" / "Main.java").write_text("class Main { }", "utf-8")
    java.make(spec, quiet)
    assert len(log.calls("javac")) == 2


def test_another_release_is_asked_for_by_name(log: Log, spec: PeerSpec) -> None:
    java.make(msgspec.structs.replace(spec, release="2.0", label="lib@2.0"), quiet)
    assert "<artifactId>lib</artifactId><version>2.0</version>" in "".join(log.calls("pom.xml"))


def test_the_main_class_is_the_word_of_the_command_that_a_source_is_named_by(spec: PeerSpec) -> None:
    assert java.main_class(spec) == "a.Main"
    nameless = msgspec.structs.replace(spec, entry=msgspec.structs.replace(spec.entry, command=("{java}",)))
    with pytest.raises(SetupError, match=r"peer\.toml: lib's command names no class"):
        java.main_class(nameless)


# --- what fails ----------------------------------------------------------------------------------------


def test_a_release_that_is_not_there_says_what_maven_said_and_nothing_else(log: Log, spec: PeerSpec) -> None:
    (log.folder / "fail").touch()
    with pytest.raises(SetupError) as failed:
        java.make(spec, quiet)
    first, *rest = str(failed.value).splitlines()
    assert first.startswith("fetching what lib stands on failed: mvn")
    assert rest == ["[ERROR] Could not find artifact org.lib:lib:jar:9.9.9"]


def test_an_adapter_that_does_not_compile_against_a_release_says_why(log: Log, spec: PeerSpec) -> None:
    (log.folder / "uncompilable").touch()
    with pytest.raises(SetupError, match=r"compiling peer against lib failed[^\0]*cannot find symbol"):
        java.make(spec, quiet)


def test_a_program_that_does_not_start_says_why_and_is_tried_again(log: Log, spec: PeerSpec) -> None:
    (log.folder / "unstartable").touch()
    with pytest.raises(SetupError, match=r"the first start of lib failed[^\0]*Could not find or load main"):
        java.make(spec, quiet)
    (log.folder / "unstartable").unlink()
    assert Path(java.make(spec, quiet).names["archive"]).exists()


# --- locks ---------------------------------------------------------------------------------------------


def test_jars_that_are_as_locked_are_taken(log: Log, spec: PeerSpec, tmp_path: Path) -> None:
    lock(spec, *lines_now(spec, tmp_path))
    assert java.make(spec, quiet).versions["lib"] == "1.0"


@pytest.mark.parametrize("change", ["another content", "one too many", "one too few"])
def test_jars_that_are_not_as_locked_are_refused(
    log: Log, spec: PeerSpec, tmp_path: Path, change: str
) -> None:
    lines = lines_now(spec, tmp_path)
    changed = {
        "another content": ["0" * 64 + lines[0][64:], *lines[1:]],
        "one too many": lines[1:],
        "one too few": [*lines, f"{'0' * 64}  org.more:more:1"],
    }
    file = lock(spec, *changed[change])
    with pytest.raises(SetupError, match=f"what was fetched is not what {re.escape(str(file))} lists"):
        java.make(spec, quiet)


def test_a_lock_is_of_the_default_alone(log: Log, spec: PeerSpec, tmp_path: Path) -> None:
    lock(spec, "nothing")
    java.make(msgspec.structs.replace(spec, release="2.0"), quiet)
    java.make(msgspec.structs.replace(spec, pins=(("codec", "9"),)), quiet)


@pytest.mark.parametrize("entry", read_manifest(PEERS / "peer.toml").peer, ids=lambda entry: str(entry.name))
def test_every_default_release_has_a_lock_of_hashes_without_addresses(entry: Entry) -> None:
    for release in entry.releases:
        lines = (PEERS / "requirements" / f"{entry.name}-{release}.txt").read_text("utf-8").splitlines()
        assert all(re.fullmatch(r"[0-9a-f]{64}  [\w.-]+:[\w.-]+:[\w.-]+", line) for line in lines)
        assert any(line.endswith(f"  {entry.package}:{release}") for line in lines)


def test_the_tests_of_the_adapter_run_on_what_its_peers_run_on() -> None:
    pom = (PEERS / "pom.xml").read_text("utf-8")
    stated = dict(re.findall(r"<([\w-]+)\.version>(.*?)</", pom))
    for entry in read_manifest(PEERS / "peer.toml").peer:
        for name in (f"{entry.package}@{entry.releases[0]}", *entry.requirements):
            artifact, _, version = name.partition(":")[2].partition("@")
            assert stated[artifact] == version


# --- pins ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["codec", "org.codec:codec"])
def test_a_pin_overrides_what_the_library_asks_for(log: Log, spec: PeerSpec, name: str) -> None:
    made = java.make(msgspec.structs.replace(spec, pins=((name, "0.9"),)), quiet)
    assert made.versions["codec"] == "0.9"


def test_a_pin_of_what_the_library_does_not_stand_on_is_said(log: Log, spec: PeerSpec) -> None:
    for name, problem in (("other", "it stands on no other"), ("org:other", "nothing to pin")):
        with pytest.raises(SetupError, match=problem):
            java.make(msgspec.structs.replace(spec, pins=((name, "1"),)), quiet)


def runtime(machines: Path, version: str) -> Path:
    """A runtime of that version."""
    home = machines / f"jdk-{version}"
    (home / "bin").mkdir(parents=True)
    (home / "bin" / "java").write_text(JAVA, "utf-8")
    (home / "bin" / "java").chmod(0o755)
    (home / "release").write_text(f'IMPLEMENTOR="X"\nJAVA_VERSION="{version}"\n', "utf-8")
    return home


@pytest.mark.parametrize("wanted", ["21", "21.0", "21.0.4"])
def test_a_runtime_is_taken_by_its_version(
    log: Log, spec: PeerSpec, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, wanted: str
) -> None:
    monkeypatch.setattr(java, "MACHINES", tmp_path / "jvm")
    homes = [runtime(tmp_path / "jvm", version) for version in ("17.0.15", "2.1", "21.0.4", "210.0")]
    made = java.make(msgspec.structs.replace(spec, pins=(("java", wanted),)), quiet)
    assert made.names["java"] == str(homes[2] / "bin" / "java")


def test_runtimes_share_the_program_but_no_archive(
    log: Log, spec: PeerSpec, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(java, "MACHINES", tmp_path / "jvm")
    runtime(tmp_path / "jvm", "21.0.4")
    usual, pinned = (
        java.make(msgspec.structs.replace(spec, pins=pins), quiet).names for pins in ((), (("java", "21"),))
    )
    assert usual["classpath"] == pinned["classpath"]
    assert usual["archive"] != pinned["archive"]


def test_a_runtime_that_is_not_there_lists_those_that_are(
    log: Log, spec: PeerSpec, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(java, "MACHINES", tmp_path / "jvm")
    monkeypatch.delenv("JAVA_HOME", raising=False)
    runtime(tmp_path / "jvm", "11.0.2")
    with pytest.raises(SetupError, match="there is no Java 21 on this machine") as failed:
        java.make(msgspec.structs.replace(spec, pins=(("java", "21"),)), quiet)
    assert "there is 11.0.2" in str(failed.value)
    with pytest.raises(SetupError, match=r"Java 11\.0\.2 is too old"):
        java.make(msgspec.structs.replace(spec, pins=(("java", "11"),)), quiet)


def test_a_folder_without_java_is_no_runtime(tmp_path: Path) -> None:
    assert java.runtime_version(tmp_path) is None
    assert java.runtime_version(runtime(tmp_path, "21.0.4")) == "21.0.4"


# --- a checkout ----------------------------------------------------------------------------------------


@pytest.fixture
def checkout(tmp_path: Path, spec: PeerSpec) -> PeerSpec:
    """The library as a working tree."""
    folder = tmp_path / "checkout-of-lib"
    (folder / "target").mkdir(parents=True)
    (folder / "target" / "old.jar").touch()
    (folder / "pom.xml").write_text("<project><!-- checkout --></project>", "utf-8")
    return msgspec.structs.replace(spec, path=folder, release="path", label=f"lib@path:{folder}")


def test_a_checkout_is_built_from_a_copy(log: Log, checkout: PeerSpec) -> None:
    made = java.make(checkout, quiet)
    assert made.versions["org.lib:lib"] == "2.0-SNAPSHOT"
    assert made.versions["codec"] == "1.1"
    assert made.versions["json"] == "7"
    assert checkout.path is not None
    assert sorted(path.name for path in checkout.path.rglob("*")) == ["old.jar", "pom.xml", "target"]


def test_a_changed_checkout_is_built_anew(log: Log, checkout: PeerSpec) -> None:
    java.make(checkout, quiet)
    assert checkout.path is not None
    (checkout.path / "More.java").touch()
    java.make(checkout, quiet)
    assert len(log.calls("javac")) == 2


def test_a_checkout_that_maven_does_not_build_is_said(log: Log, checkout: PeerSpec) -> None:
    assert checkout.path is not None
    (checkout.path / "pom.xml").unlink()
    with pytest.raises(SetupError, match=r"has no pom\.xml, and only a checkout that Maven builds"):
        java.make(checkout, quiet)


def test_a_checkout_of_something_else_is_said(log: Log, checkout: PeerSpec) -> None:
    other = msgspec.structs.replace(checkout.entry, package="org.lib:other")
    with pytest.raises(SetupError, match=r"Maven made no jar of org\.lib:other"):
        java.make(msgspec.structs.replace(checkout, entry=other), quiet)


def test_nothing_is_pinned_in_a_checkout(log: Log, checkout: PeerSpec) -> None:
    with pytest.raises(SetupError, match=r"a checkout has its own pom\.xml"):
        java.make(msgspec.structs.replace(checkout, pins=(("codec", "1"),)), quiet)
