"""Maven: which jars a library at a release stands on, fetched into a folder and checked against a lock.

A lock is a text file: a jar a line, its SHA-256 and ``group:artifact:version``. It holds no address: where
jars come from is the machine's affair. ``python -m harness.peers.toolchains.maven`` writes the locks of the
default releases anew.
"""

from __future__ import annotations

import hashlib
import re
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterable, Mapping
from fnmatch import fnmatch
from pathlib import Path
from xml.sax.saxutils import escape

import msgspec

from harness.broker.cache import locked
from harness.errors import SetupError
from harness.peers.manifest import PeerSpec, find_peers

COPY = "org.apache.maven.plugins:maven-dependency-plugin:3.11.0:copy-dependencies"
MAVEN = ("mvn", "-q", "-B", "-ntp", "-Dstyle.color=never")
_ADVICE = re.compile(r"\[ERROR\]( \[Help| For more| Re-run| To see| After correcting|$)")
_COLOUR = re.compile(r"\x1b\[[0-9;]*m")


class Jar(msgspec.Struct, frozen=True, order=True):
    """A jar in a folder laid out as Maven's repositories are: ``group/artifact/version/file``."""

    name: str
    """``group:artifact``"""
    version: str
    path: Path

    @property
    def artifact(self) -> str:
        """The name without its group."""
        return self.name.partition(":")[2]

    @property
    def sha256(self) -> str:
        """Of its content."""
        return hashlib.sha256(self.path.read_bytes()).hexdigest()


def jars_in(folder: Path) -> tuple[Jar, ...]:
    """All jars of a folder, by name."""
    found = []
    for path in folder.rglob("*.jar"):
        *group, artifact, version, _ = path.relative_to(folder).parts
        found.append(Jar(f"{'.'.join(group)}:{artifact}", version, path))
    return tuple(sorted(found))


def fetch(wanted: Iterable[str], pins: Mapping[str, str], folder: Path, what: str) -> tuple[Jar, ...]:
    """The jars of ``wanted`` (``group:artifact@version``) and of all that they stand on, put into ``folder``.

    ``pins`` say what version is taken, whatever the others' own metadata ask for. A pin may lack its group.
    """
    wanted = tuple(wanted)
    if any(":" not in name for name in pins):
        pins = _with_groups(wanted, pins, what)
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch:
        pom = Path(scratch) / "pom.xml"
        pom.write_text(pom_of(wanted, pins), "utf-8")
        copy_dependencies(pom, folder, what)
    jars = jars_in(folder)
    taken = {jar.name: jar.version for jar in jars}
    for name, version in pins.items():
        if taken.get(name) != version:
            raise SetupError(f"{what}: it does not stand on {name}, so there is nothing to pin")
    return jars


def _with_groups(wanted: Iterable[str], pins: Mapping[str, str], what: str) -> dict[str, str]:
    with tempfile.TemporaryDirectory() as scratch:
        jars = fetch(wanted, {}, Path(scratch), what)
    return {_with_group(name, jars, what): version for name, version in pins.items()}


def _with_group(name: str, jars: Iterable[Jar], what: str) -> str:
    if ":" in name:
        return name
    fitting = [jar.name for jar in jars if jar.artifact == name]
    if len(fitting) != 1:
        known = ", ".join(jar.artifact for jar in jars)
        raise SetupError(f"{what}: it stands on no {name}, or on several", f"it stands on {known}")
    return fitting[0]


def copy_dependencies(pom: Path, folder: Path, what: str) -> None:
    """What the project at ``pom`` needs at run time, copied to ``folder``."""
    where = f"-DoutputDirectory={folder.absolute()}"
    maven(pom, what, COPY, where, "-Dmdep.useRepositoryLayout=true", "-DincludeScope=runtime")


def maven(pom: Path, what: str, *words: str) -> None:
    """Run Maven on the project at ``pom``, one at a time: its local repository is not made for two.

    SetupError says what Maven said, which it does on standard output, without its advice to run it again.
    """
    command = [*MAVEN, "-f", str(pom), *words]
    with locked("maven"):
        done = subprocess.run(
            command,
            cwd=pom.parent,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
    if done.returncode:
        lines = [_COLOUR.sub("", line).rstrip() for line in done.stdout.splitlines()]
        tail = "\n".join([line for line in lines if line and not _ADVICE.match(line)][-15:])
        raise SetupError(f"{what} failed: {' '.join(command)}\n{tail}")


def pom_of(wanted: Iterable[str], pins: Mapping[str, str]) -> str:
    """A project that needs ``wanted``, and takes ``pins`` wherever they are needed."""
    managed = "".join(_dependency(name, version) for name, version in pins.items())
    needed = "".join(_dependency(*one.rsplit("@", 1)) for one in wanted)
    return (
        '<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion>'
        "<groupId>interop</groupId><artifactId>peer</artifactId><version>1</version>"
        f"<dependencyManagement><dependencies>{managed}</dependencies></dependencyManagement>"
        f"<dependencies>{needed}</dependencies></project>\n"
    )


def _dependency(name: str, version: str) -> str:
    group, _, artifact = name.partition(":")
    return (
        f"<dependency><groupId>{escape(group)}</groupId><artifactId>{escape(artifact)}</artifactId>"
        f"<version>{escape(version)}</version></dependency>"
    )


# --- a checkout ----------------------------------------------------------------------------------------


def build_checkout(spec: PeerSpec, scratch: Path, folder: Path, what: str) -> tuple[Jar, ...]:
    """Build a copy of the working tree of ``spec``: its jar, and those that it needs, put into ``folder``."""
    assert spec.path is not None
    if not (spec.path / "pom.xml").is_file():
        raise SetupError(
            f"{what}: {spec.path} has no pom.xml, and only a checkout that Maven builds can be taken",
            f"name a release, {spec.name}@VERSION",
        )
    copy = scratch / "checkout"
    shutil.copytree(spec.path, copy, ignore=shutil.ignore_patterns(".git", "target"), symlinks=True)
    maven(copy / "pom.xml", what, "package", "-DskipTests", "-Dmaven.test.skip=true")
    built = [jar for path in (copy / "target").glob("*.jar") if (jar := described_jar(path)) is not None]
    own = [jar for jar in built if jar.name == spec.entry.package]
    if len(own) != 1:
        raise SetupError(f"{what}: Maven made no jar of {spec.entry.package} in {spec.path}")
    copy_dependencies(copy / "pom.xml", folder, what)
    place = folder.joinpath(*own[0].name.partition(":")[0].split("."), own[0].artifact, own[0].version)
    place.mkdir(parents=True)
    shutil.copy(own[0].path, place / own[0].path.name)
    return jars_in(folder)


def described_jar(path: Path) -> Jar | None:
    """A jar by what Maven wrote into it; None for one of sources, tests or documentation."""
    with zipfile.ZipFile(path) as jar:
        names = jar.namelist()
        found = [name for name in names if fnmatch(name, "META-INF/maven/*/pom.properties")]
        if len(found) != 1 or not any(name.endswith(".class") for name in names):
            return None
        lines = jar.read(found[0]).decode("utf-8").splitlines()
    said = dict(line.split("=", 1) for line in lines if "=" in line)
    return Jar(f"{said['groupId']}:{said['artifactId']}", said["version"], path)


# --- locks ---------------------------------------------------------------------------------------------


def lock_of(spec: PeerSpec) -> Path:
    """Where the lock of a default release lies."""
    return spec.folder / "requirements" / f"{spec.name}-{spec.release}.txt"


def check_lock(lock: Path, jars: Iterable[Jar]) -> None:
    """SetupError unless exactly the jars of ``lock`` are there, with exactly these contents."""
    wanted = set(lock.read_text("utf-8").splitlines())
    found = set(lines_of(jars))
    if wanted != found:
        lines = [f"- {line}" for line in sorted(wanted - found)]
        lines += [f"+ {line}" for line in sorted(found - wanted)]
        raise SetupError("\n".join([f"what was fetched is not what {lock} lists:", *lines]))


def lines_of(jars: Iterable[Jar]) -> list[str]:
    """The lines of a lock."""
    return [f"{jar.sha256}  {jar.name}:{jar.version}" for jar in jars]


def wanted_by(spec: PeerSpec) -> tuple[str, ...]:
    """The library at the release of ``spec``, and what its adapter needs."""
    return (f"{spec.entry.package}@{spec.release}", *spec.entry.requirements)


def main() -> None:
    """Write the locks of all default releases anew."""
    for spec in find_peers():
        if spec.toolchain == "java":
            with tempfile.TemporaryDirectory() as scratch:
                jars = fetch(wanted_by(spec), {}, Path(scratch), f"resolving {spec.label}")
                lock_of(spec).parent.mkdir(exist_ok=True)
                lock_of(spec).write_text("\n".join(lines_of(jars)) + "\n", "utf-8")
            sys.stderr.write(f"wrote {lock_of(spec)}\n")


if __name__ == "__main__":
    main()
