"""Go's toolchain: what a program was built from, and what beside its own folder it is built of."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from harness.peers.build import make_ready
from harness.peers.manifest import ROOT, PeerSpec, find_peers, resolve
from harness.peers.toolchains import go

LIBRARY = "package greeting\n\nfunc Word() string { return %r }\n"
PROGRAM = """package main

import (
\t"fmt"

\t"greeting"
)

func main() { fmt.Println(greeting.Word()) }
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A program that stands on a folder beside it."""
    monkeypatch.setenv("INTEROP_CACHE", str(tmp_path / "cache"))
    for name, source in (("greeting", LIBRARY.replace("%r", '"one"')), ("program", PROGRAM)):
        (tmp_path / name).mkdir()
        (tmp_path / name / "source.go").write_text(source)
    (tmp_path / "greeting" / "go.mod").write_text("module greeting\n\ngo 1.24\n")
    (tmp_path / "program" / "go.mod").write_text(
        "module program\n\ngo 1.24\n\nrequire greeting v0.0.0\n\nreplace greeting => ../greeting\n"
    )
    (tmp_path / "program" / "go.sum").touch()
    return tmp_path / "program"


def spec(folder: Path) -> PeerSpec:
    (some,) = resolve(["streadway"], "producer", find_peers(ROOT))
    entry = msgspec.structs.replace(some.entry, package="greeting", command=("{program}",))
    return msgspec.structs.replace(some, folder=folder, entry=entry, release="0.0.0")


def test_a_change_in_a_folder_that_go_mod_names_makes_the_program_anew(folder: Path) -> None:
    made: list[str] = []
    first = go.make(spec(folder), made.append).names["program"]
    assert go.make(spec(folder), made.append).names["program"] == first
    assert len(made) == 1
    (folder.parent / "greeting" / "source.go").write_text(LIBRARY.replace("%r", '"two"'))
    assert go.make(spec(folder), made.append).names["program"] != first
    assert len(made) == 2


def test_a_folder_in_go_mod_is_found_from_a_modfile_in_the_cache(folder: Path) -> None:
    checkout = msgspec.structs.replace(spec(folder), path=folder.parent / "greeting")
    made = go.make(checkout, lambda line: None)
    assert Path(made.names["program"]).exists()
    assert made.versions == {"greeting": "devel"}


def test_nothing_is_known_of_what_a_checkout_must_state_on_the_wire(folder: Path) -> None:
    checkout = msgspec.structs.replace(spec(folder), path=folder.parent / "greeting")
    launch = make_ready(checkout, lambda line: None)
    assert (launch.release, launch.stated) == ("devel", None)
    plain = make_ready(spec(folder), lambda line: None)
    assert plain.stated is not None
    assert plain.release == "0.0.0"
