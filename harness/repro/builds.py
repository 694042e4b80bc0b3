"""How a program of a reproduction is built and started, and the file that pins its library. Pure.

One function a toolchain. Folders are those of the role, below that of ``run.sh``, where all commands run.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping

import msgspec

from harness.peers.manifest import PeerSpec
from harness.peers.protocol import Role


class Build(msgspec.Struct, frozen=True):
    """``source`` is where the program's text goes, ``files`` what is beside it.

    ``needs`` are programs that must be on PATH; ``build`` (which may be "") and ``start`` are shell commands.
    """

    source: str
    files: Mapping[str, str]
    needs: tuple[str, ...]
    build: str
    start: str


def build_of(spec: PeerSpec, role: Role, versions: Mapping[str, str]) -> Build:
    """The build of ``spec`` as it ran, on those ``versions`` of packages."""
    return BUILDS[spec.toolchain](spec, role, versions)


def _python(spec: PeerSpec, role: Role, versions: Mapping[str, str]) -> Build:
    """What was installed beside the library and what it stands on is the adapter's."""
    source, python = f"{role}/{role}.py", '"$PYTHON"'
    if not spec.entry.package:
        return Build(source, {}, ("$PYTHON",), "", f"{python} {source}")
    adapters = {name.partition("@")[0] for name in spec.entry.requirements}
    pins = {spec.entry.package: spec.release, **versions}
    lines = [f"{name}=={version}" for name, version in sorted(pins.items()) if name not in adapters]
    own = f"{role}/.venv/bin/python"
    return Build(
        source,
        {f"{role}/requirements.txt": "\n".join(lines) + "\n"},
        ("$PYTHON",),
        f"{python} -m venv {role}/.venv && {own} -m pip install -q -r {role}/requirements.txt",
        f"{own} {source}",
    )


def _go(spec: PeerSpec, role: Role, versions: Mapping[str, str]) -> Build:
    module = f"module {role}\n\ngo 1.21\n\nrequire {spec.entry.package} v{spec.release}\n"
    return Build(
        f"{role}/main.go",
        {f"{role}/go.mod": module},
        ("go",),
        f"(cd {role} && go build -mod=mod -o program .)",
        f"{role}/program",
    )


def _node(spec: PeerSpec, role: Role, versions: Mapping[str, str]) -> Build:
    wanted: dict[str, object] = {"private": True, "dependencies": {spec.entry.package: spec.release}}
    pins = {name: version for name, version in spec.pins if name != "node"}
    if pins:
        wanted["overrides"] = pins
    return Build(
        f"{role}/main.js",
        {f"{role}/package.json": json.dumps(wanted, indent=2) + "\n"},
        ("node", "npm"),
        f"npm install --prefix {role} --no-audit --no-fund --loglevel=error",
        f"node {role}/main.js",
    )


_POM = """<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>repro</groupId>
  <artifactId>{role}</artifactId>
  <version>1</version>
  <properties>
    <maven.compiler.release>17</maven.compiler.release>
    <project.build.sourceEncoding>UTF-8</project.build.sourceEncoding>
  </properties>
  <dependencies>{dependencies}
  </dependencies>
  <build>
    <plugins>
      <plugin>
        <groupId>org.apache.maven.plugins</groupId>
        <artifactId>maven-compiler-plugin</artifactId>
        <version>3.16.0</version>
      </plugin>
    </plugins>
  </build>
</project>
"""
_DEPENDENCY = """
    <dependency>
      <groupId>{}</groupId>
      <artifactId>{}</artifactId>
      <version>{}</version>
    </dependency>"""
_COPY = "org.apache.maven.plugins:maven-dependency-plugin:3.11.0:copy-dependencies"


def _java(spec: PeerSpec, role: Role, versions: Mapping[str, str]) -> Build:
    wanted = [(spec.entry.package, spec.release), *(pin for pin in spec.pins if ":" in pin[0])]
    entries = "".join(_DEPENDENCY.format(*package.split(":"), version) for package, version in wanted)
    name = role.capitalize()
    return Build(
        f"{role}/src/main/java/{name}.java",
        {f"{role}/pom.xml": _POM.format(role=role, dependencies=entries)},
        ("mvn", "java"),
        f"mvn -q -B -f {role} compile {_COPY}",
        f"java -cp '{role}/target/classes:{role}/target/dependency/*' {name}",
    )


_CARGO = """[package]
name = "{role}"
version = "0.0.0"
edition = "2021"

[dependencies]
{package} = {{ version = "={release}", default-features = false{features} }}
futures-lite = "2"
tokio = {{ version = "1", features = ["macros", "rt-multi-thread"] }}
"""


def _rust(spec: PeerSpec, role: Role, versions: Mapping[str, str]) -> Build:
    """The runtime became a feature with the third major release."""
    old = spec.release.startswith(("1.", "2."))
    features = "" if old else ', features = ["default-runtime"]'
    text = _CARGO.format(role=role, package=spec.entry.package, release=spec.release, features=features)
    pins = "".join(f'{name} = "={version}"\n' for name, version in spec.pins)
    target = '"${CARGO_TARGET_DIR:-target}"'
    return Build(
        f"{role}/src/main.rs",
        {f"{role}/Cargo.toml": text + pins},
        ("cargo",),
        f"cargo build -q --manifest-path {role}/Cargo.toml --target-dir {target}",
        f"{target}/debug/{role}",
    )


_MAKEFILE = """# {package} {release} was seen to do this.
program: main.c
	$(CC) -std=gnu11 -O1 -Wall -o $@ $< $$(pkg-config --cflags --libs {package}) -lm
"""


def _c(spec: PeerSpec, role: Role, versions: Mapping[str, str]) -> Build:
    text = _MAKEFILE.format(package=spec.entry.package, release=spec.release)
    return Build(
        f"{role}/main.c",
        {f"{role}/Makefile": text},
        ("make", "cc", "pkg-config"),
        f"make -s -C {role}",
        f"{role}/program",
    )


BUILDS: Mapping[str, Callable[[PeerSpec, Role, Mapping[str, str]], Build]] = {
    "python": _python,
    "go": _go,
    "node": _node,
    "java": _java,
    "rust": _rust,
    "c": _c,
}
"""By the name of a toolchain."""
