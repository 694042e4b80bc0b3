"""Cargo's lock files without the addresses in them: pure text, but for asking Cargo what an address is here.

The tree has a template in which every ``source`` is :data:`PLACEHOLDER`; versions and checksums are in it.
``python -m harness.peers.toolchains.cargo_lock fill FOLDER`` makes ``Cargo.lock`` of it, and ``strip`` makes
the template anew.
"""

from __future__ import annotations

import re
import sys
import tempfile
import tomllib
from pathlib import Path

import msgspec

from harness.errors import SetupError
from harness.peers.cached import run

LOCK, TEMPLATE = "Cargo.lock", "Cargo.lock.template"
PLACEHOLDER = "{registry}"
_SOURCE = re.compile(r'^source = "(?P<source>[^"]*)"$', re.MULTILINE)


class Locked(msgspec.Struct, frozen=True):
    """One package of a lock file. ``source`` is None for one that lies in a folder."""

    name: str
    version: str
    source: str | None = None
    dependencies: tuple[str, ...] = ()


def locked(text: str) -> tuple[Locked, ...]:
    """The packages of a lock file."""
    return msgspec.convert(tomllib.loads(text).get("package", []), tuple[Locked, ...])


def strip(lock: str) -> str:
    """The template of a lock file. SetupError if it takes packages from more than one place."""
    sources = sorted({found["source"] for found in _SOURCE.finditer(lock)})
    if len(sources) > 1:
        raise SetupError(
            f"{LOCK} takes packages from {len(sources)} places, which one placeholder cannot say"
        )
    return _SOURCE.sub(f'source = "{PLACEHOLDER}"', lock)


def fill(template: str, registry: str) -> str:
    """The lock file of a template, for a registry that Cargo writes as ``registry``."""
    return template.replace(f'source = "{PLACEHOLDER}"', f'source = "{registry}"')


def registry_of(template: str) -> str:
    """How Cargo writes the registry here: from a lock file that it makes for a package of the template."""
    leaf = next(one for one in locked(template) if one.source is not None and not one.dependencies)
    with tempfile.TemporaryDirectory(prefix="amqp-interop-") as scratch:
        folder = Path(scratch)
        (folder / "src").mkdir()
        (folder / "src" / "lib.rs").touch()
        manifest = f'[package]\nname = "asks"\n[dependencies]\n{leaf.name} = "={leaf.version}"\n'
        (folder / "Cargo.toml").write_text(manifest, "utf-8")
        run(["cargo", "generate-lockfile", "-q"], folder, f"asking Cargo where {leaf.name} comes from")
        made = locked((folder / LOCK).read_text("utf-8"))
    return next(one.source for one in made if one.source is not None)


def compatible(version: str) -> tuple[str, ...]:
    """What of a version Cargo holds to be one interface: up to its first number that is not 0."""
    numbers = re.split(r"[.+-]", version)
    zeros = next((at for at, number in enumerate(numbers) if number != "0"), len(numbers) - 1)
    return tuple(numbers[: zeros + 1])


def main(words: list[str]) -> None:
    """``fill FOLDER`` or ``strip FOLDER``."""
    match words:
        case ["fill", folder]:
            template = (Path(folder) / TEMPLATE).read_text("utf-8")
            (Path(folder) / LOCK).write_text(fill(template, registry_of(template)), "utf-8")
        case ["strip", folder]:
            (Path(folder) / TEMPLATE).write_text(strip((Path(folder) / LOCK).read_text("utf-8")), "utf-8")
        case _:
            raise SystemExit("usage: python -m harness.peers.toolchains.cargo_lock fill|strip FOLDER")


if __name__ == "__main__":
    main(sys.argv[1:])
