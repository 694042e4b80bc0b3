"""Manifests: what is wrong with one is said with its path, and names resolve to peers or to an error."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.errors import SetupError, UsageError
from harness.peers.manifest import ROOT, PeerSpec, Wire, WireOf, find_peers, read_manifest, resolve
from harness.peers.protocol import Role

GOOD = """\
language = "python"
toolchain = "python"

[[peer]]
name = "pika"
package = "pika"
releases = ["1.4.4", "1.3.2"]
roles = ["consumer"]
command = ["{python}", "-m", "x"]
requirements = ["orjson"]

[peer.wire]
product = "Pika"
version = "v{version}"
"""


def manifest(folder: Path, text: str = GOOD) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "peer.toml"
    path.write_text(text, encoding="utf-8")
    return path


def peers(tmp_path: Path) -> tuple[PeerSpec, ...]:
    """pika in two releases as consumer, rabbitpy as consumer, raw as both."""
    manifest(tmp_path / "one")
    manifest(tmp_path / "two", GOOD.replace('"pika"', '"rabbitpy"').replace(', "1.3.2"', ""))
    raw = (
        GOOD.replace('"pika"', '"raw"')
        .replace(', "1.3.2"', "")
        .replace('["consumer"]', '["producer", "consumer"]')
    )
    manifest(tmp_path / "three", raw)
    return find_peers(tmp_path, ["one", "two", "three"])


def labels(found: tuple[PeerSpec, ...]) -> list[str]:
    return [spec.label for spec in found]


# --- a manifest ----------------------------------------------------------------------------------------


def test_a_manifest_is_read_as_it_is_written(tmp_path: Path) -> None:
    (entry,) = read_manifest(manifest(tmp_path)).peer
    assert (entry.name, entry.releases, entry.requirements) == ("pika", ("1.4.4", "1.3.2"), ("orjson",))


@pytest.mark.parametrize(
    "before, after, says",
    [
        ('language = "python"', 'language = "python"\ncolour = "red"', "`colour`"),
        ('package = "pika"', 'package = "pika"\ncolour = "red"', "`colour`"),
        ('product = "Pika"', 'product = "Pika"\ncolour = "red"', "`colour`"),
        ('command = ["{python}", "-m", "x"]\n', "", "`command`"),
        ('command = ["{python}", "-m", "x"]', "command = []", "command"),
        ('command = ["{python}", "-m", "x"]', 'command = "x"', "command"),
        ('releases = ["1.4.4", "1.3.2"]', "releases = []", "releases"),
        ('releases = ["1.4.4", "1.3.2"]', "releases = [1.4]", "releases"),
        ('roles = ["consumer"]', "roles = []", "roles"),
        ('roles = ["consumer"]', 'roles = ["broker"]', "broker"),
        ('name = "pika"', 'name = "Pi ka"', "name"),
        ('name = "pika"', 'name = "pika@1"', "name"),
        ('toolchain = "python"\n', "", "`toolchain`"),
        ('version = "v{version}"\n', "", "`version`"),
        ("[[peer]]", "[[peers]]", "peer"),
        ("[[peer]]", "[[peer]", "line 4"),
    ],
)
def test_a_broken_manifest_names_its_path_and_what_is_wrong(
    tmp_path: Path, before: str, after: str, says: str
) -> None:
    path = manifest(tmp_path, GOOD.replace(before, after))
    with pytest.raises(SetupError) as caught:
        read_manifest(path)
    assert caught.value.problem.startswith(f"{path}: ")
    assert says in caught.value.problem
    assert "docs/adding_a_peer.md" in caught.value.next_step


def test_a_manifest_that_is_no_utf8_names_its_path(tmp_path: Path) -> None:
    path = manifest(tmp_path)
    path.write_bytes(GOOD.encode() + b"# \xff\n")
    with pytest.raises(SetupError, match=r"peer\.toml: "):
        read_manifest(path)


# --- all of them ---------------------------------------------------------------------------------------


def test_every_release_is_a_peer_and_the_first_has_the_bare_name(tmp_path: Path) -> None:
    assert labels(peers(tmp_path)) == ["pika", "pika@1.3.2", "rabbitpy", "raw"]


@pytest.mark.parametrize("release, stated", [("1.2.9", "old"), ("1.3.0", "usual"), ("path", "usual")])
def test_a_range_of_releases_can_state_something_else(release: str, stated: str) -> None:
    wire = Wire("usual", "{version}", (WireOf("<1.3", "old", "one"), WireOf("<1.2", "never", "two")))
    assert wire.of(release).product == stated


def test_a_range_that_is_none_names_its_manifest(tmp_path: Path) -> None:
    text = GOOD + '[[peer.wire.releases]]\nrange = "older"\nproduct = "P"\nversion = "1"\n'
    with pytest.raises(SetupError, match=r"peer\.toml: .*older"):
        read_manifest(manifest(tmp_path, text))


def test_two_manifests_with_one_peer_in_one_role_are_an_error_that_names_both(tmp_path: Path) -> None:
    manifest(tmp_path / "one")
    manifest(tmp_path / "two")
    with pytest.raises(SetupError) as caught:
        find_peers(tmp_path, ["one", "two"])
    assert "a consumer pika" in caught.value.problem
    assert all(str(tmp_path / name) in caught.value.problem for name in ("one", "two"))


def test_one_peer_in_two_roles_may_have_two_manifests(tmp_path: Path) -> None:
    manifest(tmp_path / "one")
    manifest(tmp_path / "two", GOOD.replace('["consumer"]', '["producer"]'))
    assert len(find_peers(tmp_path, ["one", "two"])) == 4


def test_the_manifests_of_the_suite_are_sound() -> None:
    assert {"streadway", "amqp091-go", "rabbitpy", "pika", "raw"} <= set(labels(find_peers()))
    assert all(spec.folder.is_relative_to(ROOT) for spec in find_peers())


# --- names ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "wanted, role, chosen",
    [
        ([], "consumer", ["pika", "pika@1.3.2", "rabbitpy", "raw"]),
        ([], "producer", ["raw"]),
        (["pika"], "consumer", ["pika"]),
        (["pika@1.4.4"], "consumer", ["pika"]),
        (["pika@1.3.2"], "consumer", ["pika@1.3.2"]),
        (["pika@1.2.0"], "consumer", ["pika@1.2.0"]),
        (["pika@1.0.0b2"], "consumer", ["pika@1.0.0b2"]),
        (["raw", "pika"], "consumer", ["raw", "pika"]),
        (["pika", "pika@1.4.4", "pika"], "consumer", ["pika"]),
    ],
)
def test_names_resolve_to_peers(tmp_path: Path, wanted: list[str], role: Role, chosen: list[str]) -> None:
    assert labels(resolve(wanted, role, peers(tmp_path))) == chosen


def test_a_release_of_no_manifest_is_made_from_that_of_its_name(tmp_path: Path) -> None:
    (spec,) = resolve(["pika@1.2.0"], "consumer", peers(tmp_path))
    assert (spec.name, spec.release) == ("pika", "1.2.0")
    assert spec.folder == tmp_path / "one"


def test_brackets_pin_what_a_peer_stands_on(tmp_path: Path) -> None:
    label = "pika@1.2.0[pamqp@3.2.1,python@3.12,github.com/x/y@v1.2.0]"
    (spec,) = resolve([label], "consumer", peers(tmp_path))
    assert (spec.label, spec.release) == (label, "1.2.0")
    assert spec.pins == (("pamqp", "3.2.1"), ("python", "3.12"), ("github.com/x/y", "1.2.0"))


def test_brackets_alone_are_of_the_default_release(tmp_path: Path) -> None:
    (spec,) = resolve(["pika[python@3.12]"], "consumer", peers(tmp_path))
    assert (spec.label, spec.release, spec.pins) == ("pika[python@3.12]", "1.4.4", (("python", "3.12"),))


def test_a_checkout_is_named_by_its_path(tmp_path: Path) -> None:
    (tmp_path / "checkout").mkdir()
    label = f"pika@path:{tmp_path}/checkout"
    (spec,) = resolve([label], "consumer", peers(tmp_path))
    assert (spec.label, spec.release, spec.path) == (label, "path", tmp_path / "checkout")


@pytest.mark.parametrize(
    "wanted, role, says",
    [
        ("pika@path:/nowhere/at/all", "consumer", "there is no folder /nowhere/at/all"),
        ("pika[]", "consumer", "names no release"),
        ("pika[pamqp]", "consumer", "pins nothing"),
        ("pika[pamqp@3,other]", "consumer", "pins nothing"),
        ("pika[pamqp@3", "consumer", "names no release"),
        ("picka", "consumer", "unknown consumer 'picka'"),
        ("pika", "producer", "unknown producer 'pika'"),
        ("pika@1.3.2", "producer", "unknown producer 'pika@1.3.2'"),
        ("pika@", "consumer", "'pika@' names no release"),
        ("pika@latest", "consumer", "'pika@latest' names no release"),
        ("pika@1.3 2", "consumer", "names no release"),
        ("@1.3", "consumer", "unknown consumer '@1.3'"),
        ("", "consumer", "unknown consumer ''"),
        ("PIKA", "consumer", "unknown consumer 'PIKA'"),
    ],
)
def test_a_name_that_no_manifest_has_is_an_error_of_usage(
    tmp_path: Path, wanted: str, role: Role, says: str
) -> None:
    with pytest.raises(UsageError) as caught:
        resolve([wanted], role, peers(tmp_path))
    assert says in caught.value.problem
    assert caught.value.exit_status == 2


def test_an_unknown_name_lists_the_known_ones(tmp_path: Path) -> None:
    with pytest.raises(UsageError) as caught:
        resolve(["picka"], "consumer", peers(tmp_path))
    assert caught.value.next_step == "known: pika, pika@1.3.2, rabbitpy, raw"
