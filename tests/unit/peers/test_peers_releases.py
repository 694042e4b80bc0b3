"""Releases: what each client prints is read right, put in order, and cut to what lies between two of them."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from harness.errors import SetupError, UsageError
from harness.peers import releases as module
from harness.peers.manifest import PeerSpec, find_peers, resolve
from harness.peers.releases import (
    between,
    in_order,
    read_apt,
    read_cargo,
    read_go,
    read_maven,
    read_npm,
    read_pip,
    releases,
)

PIP = "pika (1.5.0rc1)\nAvailable versions: 1.5.0rc1, 1.4.4, 1.3.2\n  INSTALLED: 1.4.4\n"
MAVEN = """<?xml version="1.0"?><metadata><versioning><latest>9</latest>
<versions><version>5.7.0</version><version>5.8.0.RC1</version></versions></versioning></metadata>"""
CARGO = b'\x03\x02etag\x000.0.1\x00{"name":"a","vers":"0.0.1"}\x000.0.2\x00{"name":"a","vers":"0.0.2"}\x00'
APT = "x | 0.11.0-1+deb12u3 | mirror main\nx | 1:0.15.0-1 | mirror main\nN: words\n"


@pytest.mark.parametrize(
    ("read", "versions"),
    [
        (read_pip(PIP), ("1.5.0rc1", "1.4.4", "1.3.2")),
        (read_pip("ERROR: none\n"), ()),
        (read_go("example.org/a v1.2.0 v1.10.0\n"), ("1.2.0", "1.10.0")),
        (read_go("example.org/a\n"), ()),
        (read_npm('["0.1.0", "0.10.4"]'), ("0.1.0", "0.10.4")),
        (read_npm('"1.0.0"'), ("1.0.0",)),
        (read_maven(MAVEN), ("5.7.0", "5.8.0.RC1")),
        (read_cargo(CARGO), ("0.0.1", "0.0.2")),
        (read_apt(APT), ("0.11.0", "0.15.0")),
    ],
)
def test_what_a_client_prints_is_read(read: tuple[str, ...], versions: tuple[str, ...]) -> None:
    assert read == versions


def test_releases_are_in_the_order_of_their_numbers_whatever_language_they_are_of() -> None:
    wrong = ["1.10.0", "1.9.0", "4.2.0-M1", "4.2.0", "2.0.0.RELEASE", "1.0.0-rc.1", "1.0.0", "1.9.0"]
    assert in_order([*wrong, "next", "3.0-SNAPSHOT"]) == (
        "1.0.0-rc.1",
        "1.0.0",
        "1.9.0",
        "1.10.0",
        "2.0.0.RELEASE",
        "4.2.0-M1",
        "4.2.0",
    )


FOUND = ("1.0.0", "1.1.0rc1", "1.1.0", "1.2.0", "1.3.0")


def test_between_goes_from_the_good_one_to_the_bad_one_whichever_is_newer() -> None:
    assert between(FOUND, "1.0.0", "1.2.0") == ("1.0.0", "1.1.0", "1.2.0")
    assert between(FOUND, "1.2.0", "1.0.0") == ("1.2.0", "1.1.0", "1.0.0")


def test_pre_releases_count_only_if_an_end_is_one() -> None:
    assert between(FOUND, "1.1.0rc1", "1.2.0") == ("1.1.0rc1", "1.1.0", "1.2.0")


def test_an_end_that_is_no_release_is_refused_with_those_there_are() -> None:
    with pytest.raises(UsageError, match=r"'9' is no release\nknown: 1\.0\.0, "):
        between(FOUND, "1.0.0", "9")


def peer(name: str) -> PeerSpec:
    return resolve([name], "producer" if name == "streadway" else "consumer", find_peers())[0]


def test_a_library_without_a_package_has_no_releases_to_ask_for() -> None:
    with pytest.raises(UsageError, match="which releases of raw"):
        releases(peer("raw"))


def test_a_client_that_is_missing_or_finds_nothing_is_an_error_of_the_machine(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setitem(module.CLIENTS, "go", lambda spec: ())
    with pytest.raises(SetupError, match=r"no releases of github\.com/streadway/amqp"):
        releases(peer("streadway"))
    monkeypatch.undo()
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(SetupError, match="go is not on PATH"):
        releases(peer("streadway"))


@pytest.mark.parametrize(("client", "variable"), [("rust", "CARGO_HOME")])
def test_cargo_s_own_list_is_found_where_cargo_keeps_it(
    client: str, variable: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    kept = tmp_path / "registry" / "index" / "somewhere" / ".cache" / "la" / "pi" / "lapin"
    kept.parent.mkdir(parents=True)
    kept.write_bytes(CARGO)
    monkeypatch.setenv(variable, str(tmp_path))
    monkeypatch.setattr(module, "_ask", lambda spec, words: "")
    spec = peer("pika")
    entry = msgspec.structs.replace(spec.entry, package="lapin")
    assert releases(msgspec.structs.replace(spec, toolchain=client, entry=entry)) == ("0.0.1", "0.0.2")
