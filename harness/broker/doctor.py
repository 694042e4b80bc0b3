"""What this machine has of what the suite can use, and the command that gets what it has not.

Data only: the command line prints it. Nothing is installed, started or changed by looking.
"""

from __future__ import annotations

import platform
import re
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass

from docker.errors import DockerException
from uv import find_uv_bin

from harness.broker import engine, image
from harness.broker.local import installed_version, programs
from harness.broker.machine import Machine, this_machine
from harness.broker.spec import Release
from harness.errors import SetupError

LOOK_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked for.

    ``detail``: its version, or what is wrong. ``needed_for``: what does not work without it; ``required``:
    the default run is among that. ``mend``: the command that gets it; "" where nothing is to be done.
    """

    name: str
    found: bool
    detail: str
    needed_for: str
    mend: str = ""
    required: bool = False


@dataclass(frozen=True, slots=True)
class Tool:
    """A program to look for: how it says its version, and the Debian package that brings it."""

    name: str
    version: tuple[str, ...]
    package: str
    needed_for: str
    required: bool = False


TOOLS = (
    Tool("go", ("go", "version"), "golang-go", "the Go peers", required=True),
    Tool("mmdebstrap", ("mmdebstrap", "--version"), "mmdebstrap", "making debian:RELEASE images"),
    Tool("tshark", ("tshark", "--version"), "tshark", "the second opinion on the wire (tests)"),
    Tool("node", ("node", "--version"), "nodejs", "the Node.js peers"),
    Tool("npm", ("npm", "--version"), "npm", "the Node.js peers"),
    Tool("java", ("java", "-version"), "default-jdk-headless", "the Java peers"),
    Tool("mvn", ("mvn", "--version"), "maven", "the Java peers"),
    Tool("cargo", ("cargo", "--version"), "cargo", "the Rust peers"),
    Tool("cc", ("cc", "--version"), "gcc", "the C peers"),
)


def checks() -> tuple[Check, ...]:
    """All that was looked for, in the order in which a person would mend it."""
    machine = this_machine()
    tools = tuple(check_tool(tool, machine) for tool in TOOLS)
    return (_python(), _uv(), _engine(machine), *_images(), _server(), *tools)


def check_tool(tool: Tool, machine: Machine) -> Check:
    """Whether ``tool`` is on PATH and can tell its version."""
    if shutil.which(tool.version[0]) is None:
        mend = machine.command((tool.package,))
        return Check(tool.name, False, "not on PATH", tool.needed_for, mend, tool.required)
    said = first_version(tool.version)
    if said is None:
        command = " ".join(tool.version)
        detail = f"{command} fails"
        return Check(tool.name, False, detail, tool.needed_for, f"see what it says: {command}", tool.required)
    return Check(tool.name, True, said, tool.needed_for, required=tool.required)


def first_version(command: Sequence[str]) -> str | None:
    """The first version number that ``command`` prints, or its first line; None if it fails."""
    try:
        done = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=LOOK_SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    if done.returncode:
        return None
    number = re.search(r"\d+(?:\.\d+)+[\w.+~-]*", done.stdout)
    return number[0] if number else done.stdout.strip().partition("\n")[0]


def _python() -> Check:
    words = f"{platform.python_version()} at {sys.executable}"
    recent = sys.version_info >= (3, 11)
    return Check("python", recent, words, "the suite", "" if recent else "make setup", required=True)


def _uv() -> Check:
    what = "the environments of the Python peers"
    try:
        found = find_uv_bin()
    except FileNotFoundError as error:
        mend = f"{sys.executable} -m pip install --force-reinstall uv"
        return Check("uv", False, str(error).partition("\n")[0], what, mend, required=True)
    version = first_version((found, "--version")) or "which tells no version"
    return Check("uv", True, f"{version} at {found}", what, required=True)


def _engine(machine: Machine) -> Check:
    what = "brokers in containers (local and amqp://... need none)"
    version = engine.engine_words()
    if version is not None:
        return Check("container engine", True, version, what)
    return Check("container engine", False, "none answers", what, engine.advice(machine))


def _images() -> tuple[Check, ...]:
    """The images that are there; one that is not is made or pulled by the first run that asks for it."""
    try:
        client = engine.client(timeout=10)
    except DockerException:
        return ()
    try:
        there = tuple((release, image.find(release, client)) for release in Release)
    finally:
        client.close()
    return tuple(
        Check(
            f"image debian:{release.value}",
            ready is not None,
            ready.build if ready else "not made yet",
            f"--broker debian:{release.value}",
            "" if ready else f"nothing to do: the first run with --broker debian:{release.value} makes it",
        )
        for release, ready in there
    )


def _server() -> Check:
    try:
        script, _ = programs()
    except SetupError as error:
        return Check("rabbitmq-server", False, error.problem, "--broker local", error.next_step)
    return Check("rabbitmq-server", True, installed_version() or script, "--broker local")
