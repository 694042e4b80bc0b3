"""Python: an environment a release, made by uv. From its hashed lock for a default release, by name else."""

from __future__ import annotations

import json
import os
import re
import shutil
import sys
from pathlib import Path

from uv import find_uv_bin

from harness.broker.cache import cache_folder
from harness.errors import SetupError
from harness.peers.cached import Say, fingerprint, fingerprint_of_tree, made_once, run
from harness.peers.manifest import ROOT, PeerSpec
from harness.peers.toolchains import Made, Toolchain


def make(spec: PeerSpec, say: Say) -> Made:
    """The environment of ``spec``: library, pins (if need be against its metadata), the adapter's needs."""
    if not spec.entry.package:
        return Made({"python": sys.executable})  # part of the suite
    pins = dict(spec.pins)
    interpreter = _interpreter(pins.pop("python", None))
    wanted = _wanted(spec)
    overrides = [f"{name}=={of}" for name, of in pins.items()]
    parts: list[str | Path] = [str(interpreter), sys.version, *map(str, wanted), *overrides]
    parts += [word for word in wanted if isinstance(word, Path) and word.is_file()]
    if spec.path is not None:
        parts.append(fingerprint_of_tree(spec.path, (".py", ".toml", ".cfg", ".pyx", ".c")))
    target = cache_folder() / "python" / f"{spec.name}-{spec.release}-{fingerprint(*parts)}"
    python = Path("env", "bin", "python")
    with made_once(target, f"the environment of {spec.label} for {spec.folder.name}", say) as half:
        if half is not None:
            uv, what = find_uv_bin(), f"installing {spec.label}"
            run([uv, "venv", "-q", "--relocatable", "-p", interpreter, half / "env"], ROOT, what)
            if overrides:
                (half / "overrides.txt").write_text("\n".join(overrides) + "\n", "utf-8")
                wanted = [*wanted, *overrides, "--override", half / "overrides.txt"]
            run([uv, "pip", "install", "-q", "-p", half / python, *wanted], ROOT, what)
            listed = run([uv, "pip", "list", "-q", "--format", "json", "-p", half / python], ROOT, what)
            versions = {_normal(each["name"]): each["version"] for each in json.loads(listed)}
            (half / "versions.json").write_text(json.dumps(versions), "utf-8")
    versions = json.loads((target / "versions.json").read_text("utf-8"))
    return Made({"python": str(target / python)}, versions)


def _wanted(spec: PeerSpec) -> list[str | Path]:
    """What uv shall install: the lock file with its hashes if there is one for exactly this, else names."""
    lock = spec.folder / "requirements" / f"{spec.name}-{spec.release}.txt"
    if lock.exists() and not spec.pins and spec.path is None:
        return ["--require-hashes", "-r", lock]
    library: str | Path = f"{spec.entry.package}=={spec.release}" if spec.path is None else spec.path
    return [library, *spec.entry.requirements]


def _interpreter(wanted: str | None) -> str:
    """The interpreter of that version, found on PATH or among pyenv's; the suite's own if none is named."""
    if wanted is None:
        return sys.executable
    if (found := shutil.which(f"python{wanted}", path=_without_shims())) is not None:
        return found
    versions = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv") / "versions"
    fitting = [
        path
        for path in versions.glob(f"{wanted}*")
        if re.fullmatch(rf"{re.escape(wanted)}(\..*)?", path.name)
    ]
    programs = [path / "bin" / "python" for path in sorted(fitting) if (path / "bin" / "python").exists()]
    if not programs:
        raise SetupError(
            f"there is no Python {wanted} on this machine", f"install it so that python{wanted} is on PATH"
        )
    return str(programs[-1])


def _without_shims() -> str:
    """PATH without pyenv's shims, which are there for versions that can't be started by that name."""
    return os.pathsep.join(
        part for part in os.environ.get("PATH", "").split(os.pathsep) if Path(part).name != "shims"
    )


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


TOOLCHAIN = Toolchain(make)
