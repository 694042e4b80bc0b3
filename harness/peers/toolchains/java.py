"""Java: jars from Maven, the adapter compiled against them by javac. What runtime starts it can be pinned."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

from harness.broker.cache import cache_folder
from harness.errors import SetupError
from harness.peers.cached import Say, fingerprint, fingerprint_of_tree, made_once, run
from harness.peers.manifest import ROOT, PeerSpec
from harness.peers.protocol import Close, Connect, Describe, encode_request
from harness.peers.toolchains import Made, Toolchain
from harness.peers.toolchains.maven import Jar, build_checkout, check_lock, fetch, jars_in, lock_of, wanted_by

OLDEST = 17
"""The Java that adapters are written in."""
MACHINES = Path("/usr/lib/jvm")
"""Where Linux distributions put Java runtimes."""
SOURCES = Path("src", "main", "java")
PROGRAM = "program.jar"
NOBODY = "amqp://nobody:nobody@127.0.0.1:1/%2f"
FIRST_WORDS = encode_request(Describe(1)) + encode_request(Connect(2, NOBODY)) + encode_request(Close(3))
"""What a program is asked at its first start. Nobody listens there: what is needed to connect is loaded."""
CHECKOUT = (".java", ".xml", ".properties", ".py", ".groovy")
"""What a checkout is built from."""


def make(spec: PeerSpec, say: Say) -> Made:
    """The adapter's classes and all jars, for the release, the pins, or the checkout that ``spec`` names."""
    pins = dict(spec.pins)
    java = _runtime(pins.pop("java", None))
    lock = lock_of(spec)
    parts: list[str | Path] = [*wanted_by(spec), *(f"{name}@{of}" for name, of in pins.items())]
    parts += [fingerprint_of_tree(spec.folder / SOURCES, (".java",)), main_class(spec)]
    own = not pins and spec.path is None and lock.exists()
    if own:
        parts.append(lock)
    if spec.path is not None:
        parts += [str(spec.path), fingerprint_of_tree(spec.path, CHECKOUT)]
    target = cache_folder() / "java" / f"{spec.name}-{spec.release}-{fingerprint(*parts)}"
    with made_once(target, f"the Java program of {spec.label}", say) as half:
        if half is not None:
            jars = _jars(spec, pins, half)
            if own:
                check_lock(lock, jars)
            _compile(spec, half)
            (half / "versions.json").write_text(json.dumps(_versions(jars)), "utf-8")
    versions = json.loads((target / "versions.json").read_text("utf-8"))
    classpath = _classpath(target)
    archive = _archive(spec, java, classpath, target, say)
    return Made({"java": str(java), "classpath": classpath, "archive": str(archive)}, versions)


def main_class(spec: PeerSpec) -> str:
    """The class that the manifest's command starts: the word that a source file of the folder is named by."""
    for word in spec.entry.command:
        if (spec.folder / SOURCES / f"{word.replace('.', '/')}.java").is_file():
            return word
    raise SetupError(f"{spec.folder}/peer.toml: {spec.name}'s command names no class of {SOURCES}")


def _jars(spec: PeerSpec, pins: dict[str, str], half: Path) -> tuple[Jar, ...]:
    what, folder = f"fetching what {spec.label} stands on", half / "jars"
    if spec.path is None:
        return fetch(wanted_by(spec), pins, folder, what)
    if pins:
        raise SetupError(f"{spec.label}: a checkout has its own pom.xml to pin things in")
    jars = build_checkout(spec, half, folder, f"building {spec.label}")
    shutil.rmtree(half / "checkout")
    with_needs = half / "needs"
    fetch(spec.entry.requirements, {}, with_needs, what)
    shutil.copytree(with_needs, folder, dirs_exist_ok=True)
    shutil.rmtree(with_needs)
    return (*jars, *(jar for jar in jars_in(folder) if jar not in jars))


def _compile(spec: PeerSpec, half: Path) -> None:
    """A jar of the main class and, of the sources, whatever it leads to: no peer needs another's library."""
    name = main_class(spec)
    sources = spec.folder / SOURCES
    run(
        [
            *("javac", "--release", str(OLDEST), "-encoding", "UTF-8", "-proc:none", "-nowarn"),
            *("-cp", _classpath(half), "-sourcepath", sources, "-d", half / "classes", "-implicit:class"),
            sources / f"{name.replace('.', '/')}.java",
        ],
        half,
        f"compiling {spec.folder.name} against {spec.label}",
    )
    shutil.make_archive(str(half / PROGRAM), "zip", half / "classes")
    (half / f"{PROGRAM}.zip").rename(half / PROGRAM)


def _classpath(folder: Path) -> str:
    jars = (jar.path for jar in jars_in(folder / "jars"))
    return os.pathsep.join(map(str, (folder / PROGRAM, *jars)))


def _archive(spec: PeerSpec, java: Path, classpath: str, target: Path, say: Say) -> Path:
    """The classes as the runtime keeps them in memory: with them it starts in half the time.

    Made by a first start of the program, which holds for this runtime and these very jars.
    """
    runtime = run([java, "-version"], target, f"asking {java} for its version")
    folder = target.with_name(f"{target.name}-archive-{fingerprint(str(java.resolve()), runtime)}")
    with made_once(folder, f"the first start of {spec.label}", say) as half:
        if half is not None:
            made = half / "classes.jsa"
            schema = str(ROOT / "contract" / "schema")
            names = {"java": str(java), "classpath": classpath, "archive": str(made), "schema": schema}
            command = [word.format_map({**names, "folder": str(spec.folder)}) for word in spec.entry.command]
            first = [word.replace("-XX:SharedArchiveFile=", "-XX:ArchiveClassesAtExit=") for word in command]
            _start(first, f"the first start of {spec.label}")
    return folder / "classes.jsa"


def _start(command: list[str], what: str) -> None:
    done = subprocess.run(command, input=FIRST_WORDS, capture_output=True, check=False)
    if done.returncode:
        tail = "\n".join(done.stderr.decode("utf-8", "replace").strip().splitlines()[-15:])
        raise SetupError(f"{what} failed: {' '.join(command)}\n{tail}")


def _versions(jars: tuple[Jar, ...]) -> dict[str, str]:
    """What was taken, by name with and without the group."""
    return {name: jar.version for jar in jars for name in (jar.name, jar.artifact)}


# --- runtimes ------------------------------------------------------------------------------------------


def _runtime(wanted: str | None) -> Path:
    """The ``java`` of that version; the one on PATH if none is named."""
    if wanted is None:
        return Path(shutil.which("java") or "java")
    found = {home: version for home in _homes() if (version := runtime_version(home)) is not None}
    for home, version in found.items():
        if re.fullmatch(rf"{re.escape(wanted)}([.+_-].*)?", version):
            if int(version.split(".")[0]) < OLDEST:
                raise SetupError(f"Java {version} is too old: the adapter needs {OLDEST} or later")
            return home / "bin" / "java"
    known = ", ".join(sorted(set(found.values()))) or "none"
    raise SetupError(f"there is no Java {wanted} on this machine", f"install it; there is {known}")


def _homes() -> Iterator[Path]:
    """Folders of Java runtimes, the one on PATH first."""
    if (java := shutil.which("java")) is not None:
        yield Path(java).resolve().parent.parent
    if home := os.environ.get("JAVA_HOME"):
        yield Path(home)
    if MACHINES.is_dir():
        yield from sorted(MACHINES.iterdir())


def runtime_version(home: Path) -> str | None:
    """What the file ``release`` of a runtime states; None if it is no runtime."""
    release = home / "release"
    if not release.is_file() or not (home / "bin" / "java").is_file():
        return None
    stated = re.search(r'^JAVA_VERSION="([^"]+)"', release.read_text("utf-8"), re.MULTILINE)
    return stated[1] if stated else None


TOOLCHAIN = Toolchain(make, ("java", "javac", "mvn"), "install a JDK, 17 or later, and Maven")
