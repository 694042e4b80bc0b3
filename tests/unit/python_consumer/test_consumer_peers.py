"""Which libraries there are: the command line, the rims, the manifest and the locks agree."""

from __future__ import annotations

import importlib
import re
from pathlib import Path
from typing import Any

import pytest
from consumer_fakes import Said, fresh, install, module

from harness.peers.manifest import read_manifest
from python_consumer import cli

FOLDER = Path(cli.__file__).parent


@pytest.fixture
def peer(monkeypatch: pytest.MonkeyPatch) -> Any:
    install(monkeypatch, module("jsonschema_rs"), module("orjson"))
    fresh(monkeypatch, "peer", "kombu_rim", "amqp_losses", "amqp_session")
    return importlib.import_module("python_consumer.peer")


def test_every_peer_of_the_manifest_has_a_rim_and_the_other_way_round(peer: Any) -> None:
    entries = read_manifest(FOLDER / "peer.toml").peer
    assert {entry.name for entry in entries} == set(peer.RIMS) == set(cli.PEERS)
    for entry in entries:
        assert entry.command[entry.command.index("--library") + 1] == entry.name
        assert (FOLDER / f"{peer.RIMS[entry.name][0]}.py").exists()


def test_every_default_release_is_locked_by_hash_and_names_no_place_to_get_it() -> None:
    for entry in read_manifest(FOLDER / "peer.toml").peer:
        for release in entry.releases:
            lock = (FOLDER / "requirements" / f"{entry.name}-{release}.txt").read_text("utf-8")
            assert re.search(rf"^{re.escape(entry.package)}=={re.escape(release)} ", lock, re.MULTILINE)
            assert len(re.findall(r"^\S+==", lock, re.MULTILINE)) <= lock.count("--hash=sha256:")
            assert "://" not in lock


def test_a_library_that_is_not_there_is_named_by_the_import(peer: Any) -> None:
    with pytest.raises(ModuleNotFoundError) as error:
        peer._rim("kombu", Said().answers)
    assert error.value.name in cli.MODULES


@pytest.mark.parametrize(
    "error",
    [
        ImportError("cannot import name 'formatargspec' from 'inspect'"),
        ModuleNotFoundError("No module named 'vine.five'", name="vine.five"),
        SyntaxError("invalid syntax"),
    ],
    ids=["import", "module", "syntax"],
)
def test_a_release_that_this_interpreter_cannot_import_is_unusable_and_says_why(
    peer: Any, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    def fails(_name: str) -> None:
        raise error

    monkeypatch.setattr(peer.importlib, "import_module", fails)
    with pytest.raises(peer.Unusable, match=re.escape(str(error))):
        peer._rim("kombu", Said().answers)
