"""Rust's toolchain, with a stand-in for Cargo on PATH; and the lock file's template that is kept."""

from __future__ import annotations

import json
import os
import re
import sys
import tomllib
from pathlib import Path

import msgspec
import pytest

from harness.errors import SetupError
from harness.peers import build
from harness.peers.manifest import ROOT, Entry, PeerSpec, Wire, read_manifest
from harness.peers.toolchains import cargo_lock, rust
from harness.peers.toolchains.cargo_lock import PLACEHOLDER, TEMPLATE, compatible, fill, locked, strip

PEER = ROOT / "peers" / "rust"
REGISTRY = "registry+a://registry.example/index"
CARGO = '''\
"""As much of Cargo as the toolchain asks for. It logs its words, and fails where the test wants it to."""
import json, os, pathlib, re, sys

log = pathlib.Path(os.environ["LOG"])
words = sys.argv[1:]
with (log / "cargo").open("a") as file:
    file.write(" ".join(words) + "\\n")
patched = None
while words[:1] == ["--config"]:
    patched, words = re.match(r"patch\\.crates-io\\.(.+)\\.path=", words[1])[1], words[2:]
name = words[0]
if (log / "fail").exists() and name == "build":
    sys.exit("error[E0432]: unresolved import")
lock = pathlib.Path("Cargo.lock")
if name == "version":
    print("cargo 1.95.0")
elif name == "generate-lockfile":
    leaf = re.search(r'^(.+) = "=(.+)"$', pathlib.Path("Cargo.toml").read_text(), re.M)
    lock.write_text(f'[[package]]\\nname = "{leaf[1]}"\\nversion = "{leaf[2]}"\\nsource = "REGISTRY"\\n')
elif name == "update":
    of, old = words[words.index("-p") + 1].split("@")
    new = words[words.index("--precise") + 1]
    if new == "1.9.9":
        sys.exit(f"error: no matching package named `{of}` found")
    entry = f'name = "{of}"\\nversion = "{old}"\\n'
    text, changed = lock.read_text(), f'name = "{of}"\\nversion = "{new}"\\n'
    assert entry in text
    text = text.replace(entry, changed)
    if of == patched and not (log / "patch-unused").exists():
        text = text.replace(changed + 'source = "REGISTRY"\\n', changed)
    lock.write_text(text)
elif name == "tree":
    only = words[words.index("--features") + 1][4:].replace("-", ".") if "--features" in words else ""
    for of, version in re.findall(r'name = "(.+)"\\nversion = "(.+)"', lock.read_text()):
        if of != "lib" or version.startswith(only):
            print(f"{of} v{version} (somewhere)")
elif name == "build":
    target = pathlib.Path(os.environ["CARGO_TARGET_DIR"], "release")
    target.mkdir(parents=True, exist_ok=True)
    (target / "adapter").write_text(lock.read_text())
elif name == "metadata":
    print((pathlib.Path.cwd() / "metadata.json").read_text())
'''.replace("REGISTRY", REGISTRY)
MANIFEST = """\
[package]
name = "adapter"
[dependencies]
lib-1 = { package = "lib", version = "1", optional = true }
lib-0-3 = { package = "lib", version = "0.3", optional = true }
codec = "7"
"""
LOCK = f"""\
[[package]]
name = "adapter"
version = "0.0.0"
dependencies = [
 "lib 0.3.1",
 "lib 1.2.0",
]

[[package]]
name = "codec"
version = "7.0.1"
source = "{REGISTRY}"
checksum = "c0"

[[package]]
name = "lib"
version = "0.3.1"
source = "{REGISTRY}"
checksum = "11"
dependencies = [
 "codec",
]

[[package]]
name = "lib"
version = "1.2.0"
source = "{REGISTRY}"
checksum = "12"
dependencies = [
 "codec",
]
"""


class Log:
    """What Cargo was told."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @property
    def calls(self) -> list[str]:
        """The words of each call."""
        return (self.folder / "cargo").read_text("utf-8").splitlines()

    def of(self, command: str) -> list[str]:
        """The words of each call of one command."""
        return [call for call in self.calls if f" {command} " in f" {call} "]

    def want(self, name: str) -> None:
        """Make the stand-in misbehave: ``fail`` or ``patch-unused``."""
        (self.folder / name).touch()


@pytest.fixture
def log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Log:
    for folder in ("bin", "log"):
        (tmp_path / folder).mkdir()
    program = tmp_path / "bin" / "cargo"
    program.write_text(f"#!{sys.executable}\n{CARGO}", "utf-8")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("LOG", str(tmp_path / "log"))
    monkeypatch.setenv("INTEROP_CACHE", str(tmp_path / "cache"))
    return Log(tmp_path / "log")


@pytest.fixture
def spec(tmp_path: Path) -> PeerSpec:
    folder = tmp_path / "peer"
    (folder / "src").mkdir(parents=True)
    (folder / "src" / "main.rs").write_text("fn main() {}", "utf-8")
    (folder / "Cargo.toml").write_text(MANIFEST, "utf-8")
    (folder / TEMPLATE).write_text(strip(LOCK), "utf-8")
    entry = Entry("lib", "lib", ("1.2.0",), ("producer",), ("{program}",), Wire("lib", "{version}"))
    return PeerSpec("lib", "lib", "1.2.0", "rust", "rust", folder, entry)


@pytest.fixture
def checkout(tmp_path: Path, spec: PeerSpec) -> PeerSpec:
    """A working tree that is a workspace, with the library in a folder of its own, at 1.3.0."""
    tree = tmp_path / "tree"
    tree.mkdir()
    packages = [
        {"name": "tools", "version": "0.1.0", "manifest_path": str(tree / "tools" / "Cargo.toml")},
        {"name": "lib", "version": "1.3.0", "manifest_path": str(tree / "lib" / "Cargo.toml")},
    ]
    (tree / "metadata.json").write_text(json.dumps({"packages": packages}), "utf-8")
    return msgspec.structs.replace(spec, label="lib@path:tree", release="path", path=tree)


def quiet(line: str) -> None:
    """Say nothing."""


def at(spec: PeerSpec, release: str) -> PeerSpec:
    return msgspec.structs.replace(spec, label=f"lib@{release}", release=release)


def built_from(spec: PeerSpec) -> dict[tuple[str, str], str | None]:
    """Where what the program was built from comes from: the stand-in's program is its lock file."""
    program = rust.make(spec, quiet).names["program"]
    packages = locked(Path(program).read_text("utf-8"))
    return {(one.name, one.version): one.source for one in packages if one.name != "adapter"}


# --- a release -----------------------------------------------------------------------------------------


def test_the_default_release_is_built_from_the_lock_file_as_it_is(spec: PeerSpec, log: Log) -> None:
    made = rust.make(spec, quiet)
    assert Path(made.names["program"]).read_text("utf-8") == LOCK
    assert not log.of("update")
    assert log.of("build") == ["build -q --release --locked --no-default-features --features lib-1"]
    assert made.versions["lib"] == "1.2.0"


def test_another_release_takes_the_place_of_the_one_with_the_same_interface(spec: PeerSpec, log: Log) -> None:
    assert ("lib", "1.0.4") in built_from(at(spec, "1.0.4"))
    assert log.of("update") == ["update -q -p lib@1.2.0 --precise 1.0.4"]


def test_the_feature_is_that_of_the_release(spec: PeerSpec, log: Log) -> None:
    made = rust.make(at(spec, "0.3.0"), quiet)
    assert log.of("update") == ["update -q -p lib@0.3.1 --precise 0.3.0"]
    assert log.of("build")[0].endswith("--features lib-0-3")
    assert made.versions["lib"] == "0.3.0"


def test_a_release_that_the_adapter_is_not_written_for_is_said(spec: PeerSpec, log: Log) -> None:
    with pytest.raises(SetupError, match=r"lib@2\.0\.0: the adapter is written for lib 1, 0\.3, not 2\.0\.0"):
        rust.make(at(spec, "2.0.0"), quiet)


def test_a_release_that_there_is_not_is_said_in_cargos_words(spec: PeerSpec, log: Log) -> None:
    with pytest.raises(SetupError, match="no matching package named `lib` found"):
        rust.make(at(spec, "1.9.9"), quiet)


def test_a_release_that_does_not_compile_is_said_and_not_kept(spec: PeerSpec, log: Log) -> None:
    log.want("fail")
    for _ in range(2):
        with pytest.raises(SetupError, match=r"building lib@1\.0\.4 failed.*\n.*unresolved import"):
            rust.make(at(spec, "1.0.4"), quiet)
    assert len(log.of("build")) == 2


def test_what_is_in_the_cache_is_not_built_again(spec: PeerSpec, log: Log) -> None:
    programs = {rust.make(spec, quiet).names["program"] for _ in range(3)}
    assert len(programs) == len(log.of("build")) == 1


def test_two_releases_are_two_programs_of_one_target_folder(spec: PeerSpec, log: Log, tmp_path: Path) -> None:
    assert built_from(spec) != built_from(at(spec, "1.0.4"))
    assert (tmp_path / "cache" / "rust" / "target" / "release").is_dir()


@pytest.mark.parametrize("name", ["Cargo.toml", TEMPLATE, "src/main.rs"])
def test_a_changed_adapter_is_built_again(spec: PeerSpec, log: Log, name: str) -> None:
    rust.make(spec, quiet)
    with (spec.folder / name).open("a", encoding="utf-8") as file:
        file.write("\n")
    rust.make(spec, quiet)
    assert len(log.of("build")) == 2


def test_a_library_that_is_always_there_needs_no_feature(spec: PeerSpec, log: Log) -> None:
    (spec.folder / "Cargo.toml").write_text(MANIFEST.replace("optional = true", "optional = false"), "utf-8")
    rust.make(spec, quiet)
    assert log.of("build") == ["build -q --release --locked"]


# --- pins and checkouts --------------------------------------------------------------------------------


def test_a_pin_takes_the_place_of_what_the_library_stands_on(spec: PeerSpec, log: Log) -> None:
    pinned = msgspec.structs.replace(spec, label="lib[codec@7.0.0]", pins=(("codec", "7.0.0"),))
    assert ("codec", "7.0.0") in built_from(pinned)
    assert log.of("update") == ["update -q -p codec@7.0.1 --precise 7.0.0"]


@pytest.mark.parametrize(
    ("pin", "having"),
    [(("codec", "8.0.0"), "7.0.1"), (("other", "1.0.0"), "none"), (("lib", "0.3.0"), "1.2.0")],
)
def test_a_pin_of_what_it_does_not_stand_on_is_said(
    spec: PeerSpec, log: Log, pin: tuple[str, str], having: str
) -> None:
    pinned = msgspec.structs.replace(spec, pins=(pin,))
    with pytest.raises(SetupError, match=rf"does not stand on {pin[0]} {pin[1]}\n.*{having}"):
        rust.make(pinned, quiet)


def test_a_checkout_is_found_in_its_workspace_and_takes_the_place_of_a_release(
    checkout: PeerSpec, log: Log
) -> None:
    assert checkout.path is not None
    assert built_from(checkout)[("lib", "1.3.0")] is None
    patch = f'--config patch.crates-io.lib.path="{checkout.path / "lib"}"'
    assert log.of("update") == [f"{patch} update -q -p lib@1.2.0 --precise 1.3.0"]
    assert log.of("build")[0].startswith(patch)
    assert rust.make(checkout, quiet).versions["lib"] == "1.3.0"


def test_a_checkout_that_cargo_passes_over_is_said(checkout: PeerSpec, log: Log) -> None:
    log.want("patch-unused")
    with pytest.raises(SetupError, match=r"Cargo does not take lib 1\.3\.0 from"):
        rust.make(checkout, quiet)


def test_a_folder_without_the_library_is_no_checkout(checkout: PeerSpec, log: Log) -> None:
    assert checkout.path is not None
    (checkout.path / "metadata.json").write_text('{"packages": []}', "utf-8")
    with pytest.raises(SetupError, match="there is no package lib in"):
        rust.make(checkout, quiet)


def test_a_changed_checkout_is_built_again(checkout: PeerSpec, log: Log) -> None:
    assert checkout.path is not None
    rust.make(checkout, quiet)
    (checkout.path / "lib.rs").write_text("// new", "utf-8")
    rust.make(checkout, quiet)
    assert len(log.of("build")) == 2


# --- lock files ----------------------------------------------------------------------------------------


def test_a_template_has_no_address_and_is_filled_with_it_again() -> None:
    template = strip(LOCK)
    assert "://" not in template
    assert template.count(PLACEHOLDER) == 3
    assert fill(template, REGISTRY) == LOCK


def test_a_lock_file_of_two_registries_has_no_template() -> None:
    with pytest.raises(SetupError, match="from 2 places"):
        strip(LOCK.replace(REGISTRY, "registry+b://other.example", 1))


def test_the_registry_is_what_cargo_writes_for_a_package_without_dependencies(log: Log) -> None:
    assert cargo_lock.registry_of(strip(LOCK)) == REGISTRY
    assert log.calls == ["generate-lockfile -q"]


def test_fill_and_strip_are_commands(spec: PeerSpec, log: Log) -> None:
    cargo_lock.main(["fill", str(spec.folder)])
    assert (spec.folder / "Cargo.lock").read_text("utf-8") == LOCK
    (spec.folder / TEMPLATE).unlink()
    cargo_lock.main(["strip", str(spec.folder)])
    assert (spec.folder / TEMPLATE).read_text("utf-8") == strip(LOCK)
    with pytest.raises(SystemExit, match="usage"):
        cargo_lock.main(["shake", str(spec.folder)])


@pytest.mark.parametrize(
    ("version", "interface"),
    [
        ("4.12.3", "4"),
        ("4", "4"),
        ("0.3.1", "0.3"),
        ("0.0.2", "0.0.2"),
        ("0.3", "0.3"),
        ("1.0.0-beta.1", "1"),
    ],
)
def test_an_interface_is_a_version_up_to_its_first_number(version: str, interface: str) -> None:
    assert ".".join(compatible(version)) == interface


# --- what is kept --------------------------------------------------------------------------------------


def test_the_default_release_of_every_library_is_locked_with_its_checksum() -> None:
    text = (PEER / TEMPLATE).read_text("utf-8")
    packages = {(one["name"], one["version"]): one for one in tomllib.loads(text)["package"]}
    for entry in read_manifest(PEER / "peer.toml").peer:
        assert re.fullmatch("[0-9a-f]{64}", packages[entry.package, entry.releases[0]]["checksum"])
    without = [name for (name, _), one in packages.items() if ("source" in one) != ("checksum" in one)]
    assert not without


def test_no_file_of_the_adapter_has_an_address() -> None:
    kept = [PEER / TEMPLATE, PEER / "Cargo.toml", *PEER.glob("src/*.rs"), *PEER.glob("tests/**/*.rs")]
    assert not [path for path in kept if "registry+" in path.read_text("utf-8")]
    assert "://" not in (PEER / TEMPLATE).read_text("utf-8")


def test_rust_is_a_toolchain_that_needs_cargo(spec: PeerSpec, monkeypatch: pytest.MonkeyPatch) -> None:
    assert build.TOOLCHAINS["rust"] is rust.TOOLCHAIN
    monkeypatch.setenv("PATH", str(spec.folder))
    assert build.missing_toolchain(spec) == "cargo is not on PATH: install Rust 1.88 or later"
