"""Node's toolchain, with stand-ins for node and npm on PATH; and the lock files that are kept."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from harness.errors import SetupError
from harness.peers import build
from harness.peers.manifest import ROOT, Entry, PeerSpec, Wire, read_manifest
from harness.peers.toolchains import node

PEERS = ROOT / "peers" / "node"
VERSION = "20.11.1"
NODE = f"""#!/bin/sh
[ "$1" = --version ] && echo v{VERSION} && exit 0
[ "$1" = -e ] && [ -e "$3/../../unloadable" ] && echo "SyntaxError: Unexpected token '?'" >&2 && exit 1
exit 0
"""
NPM = """#!/bin/sh
echo "$*" >> "$LOG/npm"
cp package.json "$LOG/package.json"
[ -e package-lock.json ] && cp package-lock.json "$LOG/package-lock.json"
[ -e "$LOG/fail" ] && echo 'npm error code ETARGET: No matching version found for lib@9.9.9' >&2 && exit 1
for one in lib @scope/codec; do
  mkdir -p node_modules/$one && echo '{"name": "'$one'", "version": "1.2.0"}' > node_modules/$one/package.json
done
"""
Make = Callable[[PeerSpec], dict[str, str]]


class Log:
    """What npm was told."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @property
    def calls(self) -> list[str]:
        """The words of each call."""
        file = self.folder / "npm"
        return file.read_text("utf-8").splitlines() if file.exists() else []

    @property
    def package(self) -> dict[str, dict[str, str]]:
        """The package.json of the last one."""
        read: dict[str, dict[str, str]] = json.loads((self.folder / "package.json").read_text("utf-8"))
        return read

    @property
    def lock(self) -> Path:
        """The lock of the last one."""
        return self.folder / "package-lock.json"


@pytest.fixture
def log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Log:
    for folder in ("bin", "log", "cache", "peer"):
        (tmp_path / folder).mkdir()
    for name, script in (("node", NODE), ("npm", NPM)):
        program = tmp_path / "bin" / name
        program.write_text(script, "utf-8")
        program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("LOG", str(tmp_path / "log"))
    monkeypatch.setattr(node, "cache_folder", lambda: tmp_path / "cache")
    return Log(tmp_path / "log")


@pytest.fixture
def spec(tmp_path: Path) -> PeerSpec:
    requirements = ("ajv@8.20.0", "@scope/codec@1.2.0")
    entry = Entry("lib", "lib", ("1.2.0",), ("producer",), ("node",), Wire("lib", "1"), requirements)
    return PeerSpec("lib", "lib", "1.2.0", "node", "node", tmp_path / "peer", entry)


def keep_lock(spec: PeerSpec) -> None:
    folder = spec.folder / "requirements" / f"{spec.name}-{spec.release}"
    folder.mkdir(parents=True)
    (folder / "package.json").write_text('{"dependencies": {"lib": "1.2.0"}}', "utf-8")
    (folder / "package-lock.json").write_text('{"lockfileVersion": 3}', "utf-8")


def quiet(line: str) -> None:
    """Say nothing."""


def test_a_release_with_a_lock_is_installed_from_it(log: Log, spec: PeerSpec) -> None:
    keep_lock(spec)
    made = node.make(spec, quiet)
    assert log.calls == ["ci --ignore-scripts --no-audit --no-fund --loglevel=error"]
    assert log.lock.read_text("utf-8") == '{"lockfileVersion": 3}'
    assert (Path(made.names["modules"]) / "lib").is_dir()


def test_another_release_is_installed_by_name(log: Log, spec: PeerSpec) -> None:
    keep_lock(spec)
    node.make(msgspec.structs.replace(spec, release="1.1.0"), quiet)
    assert [call.split()[0] for call in log.calls] == ["install"]
    assert log.package["dependencies"] == {"lib": "1.1.0", "ajv": "8.20.0", "@scope/codec": "1.2.0"}
    assert not log.lock.exists()


def test_a_pin_overrides_what_the_library_asks_for(log: Log, spec: PeerSpec) -> None:
    keep_lock(spec)
    node.make(msgspec.structs.replace(spec, pins=(("buffer-more-ints", "1.0.0"),)), quiet)
    assert log.package["overrides"] == {"buffer-more-ints": "1.0.0"}
    assert log.package["dependencies"]["lib"] == "1.2.0"


@pytest.mark.parametrize("wanted", ["20", "20.11", "20.11.1"])
def test_a_pin_of_the_node_that_is_there_is_taken(log: Log, spec: PeerSpec, wanted: str) -> None:
    keep_lock(spec)
    node.make(msgspec.structs.replace(spec, pins=(("node", wanted),)), quiet)
    assert log.calls[0].startswith("ci ")


@pytest.mark.parametrize("wanted", ["18", "2", "20.1", "20.11.2"])
def test_a_pin_of_another_node_is_an_error_of_the_machine(log: Log, spec: PeerSpec, wanted: str) -> None:
    with pytest.raises(SetupError, match=rf"no Node\.js {wanted} on this machine: node is {VERSION}"):
        node.make(msgspec.structs.replace(spec, pins=(("node", wanted),)), quiet)
    assert log.calls == []


def test_the_versions_are_those_of_what_was_installed(log: Log, spec: PeerSpec) -> None:
    assert node.make(spec, quiet).versions == {"lib": "1.2.0", "@scope/codec": "1.2.0"}


def test_what_was_made_is_not_made_again(log: Log, spec: PeerSpec) -> None:
    first = node.make(spec, quiet)
    assert node.make(spec, quiet) == first
    assert len(log.calls) == 1


def test_a_changed_lock_is_installed_anew(log: Log, spec: PeerSpec) -> None:
    keep_lock(spec)
    first = node.make(spec, quiet)
    lock = spec.folder / "requirements" / "lib-1.2.0" / "package-lock.json"
    lock.write_text('{"lockfileVersion": 3, "packages": {}}', "utf-8")
    assert node.make(spec, quiet).names != first.names


def test_a_release_that_npm_does_not_have_is_an_error_in_its_words(log: Log, spec: PeerSpec) -> None:
    (log.folder / "fail").touch()
    with pytest.raises(SetupError, match=r"installing lib failed: npm install [^\n]*\n.*No matching version"):
        node.make(spec, quiet)
    (log.folder / "fail").unlink()
    node.make(spec, quiet)  # nothing half made is left


def test_a_library_that_does_not_load_is_an_error_that_names_the_node(
    log: Log, spec: PeerSpec, tmp_path: Path
) -> None:
    (tmp_path / "cache" / "unloadable").touch()
    with pytest.raises(SetupError, match=rf"loading lib in Node\.js {VERSION} failed.*\n.*SyntaxError"):
        node.make(spec, quiet)


@pytest.fixture
def checkout(spec: PeerSpec, tmp_path: Path) -> PeerSpec:
    path = tmp_path / "work"
    (path / "node_modules" / "old").mkdir(parents=True)
    (path / "index.js").write_text("1", "utf-8")
    return msgspec.structs.replace(spec, label="lib@path:work", release="path", path=path)


def test_a_checkout_is_copied_and_not_linked(log: Log, checkout: PeerSpec) -> None:
    made = node.make(checkout, quiet)
    assert "--install-links" in log.calls[0].split()
    assert log.package["dependencies"]["lib"] == f"file:{checkout.path}"
    assert made.versions["lib"] == "1.2.0"


def test_a_checkout_is_installed_anew_when_its_source_changes(log: Log, checkout: PeerSpec) -> None:
    assert checkout.path is not None
    first = node.make(checkout, quiet)
    (checkout.path / "node_modules" / "old" / "index.js").write_text("2", "utf-8")
    assert node.make(checkout, quiet).names == first.names
    (checkout.path / "index.js").write_text("2", "utf-8")
    assert node.make(checkout, quiet).names != first.names


def test_node_is_a_toolchain_that_needs_node_and_npm() -> None:
    assert build.TOOLCHAINS["node"].programs == ("node", "npm")


# --- the files that are kept -------------------------------------------------------------------------------

ENTRIES = read_manifest(PEERS / "peer.toml").peer
LOCKS = [
    PEERS / "requirements" / f"{entry.name}-{release}" for entry in ENTRIES for release in entry.releases
]


@pytest.mark.parametrize(
    ("entry", "lock"), list(zip(ENTRIES, LOCKS, strict=True)), ids=lambda each: each.name
)
def test_a_default_release_has_a_lock_of_exactly_what_the_manifest_names(entry: Entry, lock: Path) -> None:
    split = (need.rpartition("@") for need in entry.requirements)
    needs = {name: version for name, _, version in split}
    wanted = json.loads((lock / "package.json").read_text("utf-8"))
    assert wanted["dependencies"] == {entry.package: entry.releases[0], **needs}
    packages = json.loads((lock / "package-lock.json").read_text("utf-8"))["packages"]
    assert packages[f"node_modules/{entry.package}"]["version"] == entry.releases[0]


@pytest.mark.parametrize("lock", [PEERS, *LOCKS], ids=lambda each: each.name)
def test_a_lock_has_a_hash_of_each_package_and_no_address(lock: Path) -> None:
    text = (lock / "package-lock.json").read_text("utf-8")
    assert "://" not in text
    assert all("integrity" in entry for name, entry in json.loads(text)["packages"].items() if name)
