"""``local``: a private broker from the rabbitmq-server installed here, with nothing shared with any other.

It has a folder, a node name, ports, a port mapper (epmd), a user and a password of its own, listens on
127.0.0.1 only, and ends with its whole family when the with statement does or this process dies:
:mod:`.warden` sees to it. It does not read the configuration of an installed broker. Linux only.
"""

from __future__ import annotations

import os
import re
import secrets
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import BinaryIO

from harness.broker import warden
from harness.broker.config import Credentials, configuration, fresh_credentials
from harness.broker.machine import Say, tail, this_machine
from harness.broker.probe import Hello, NotReady, greet
from harness.errors import SetupError

PACKAGE = "rabbitmq-server"
PROGRAMS = (Path("/usr/lib/rabbitmq/bin/rabbitmq-server"), Path("/opt/rabbitmq/sbin/rabbitmq-server"))
"""The server's own script, where packages keep it. The one on PATH may insist on being root or rabbitmq."""
READY_SECONDS = 90.0
STOP_SECONDS = 10.0


@contextmanager
def running_local(say: Say) -> Iterator[tuple[str, Hello]]:
    """Start a broker, yield its URL and greeting once a message goes round, and end it in any case."""
    server, mapper = programs()
    start, credentials = time.monotonic(), fresh_credentials()
    amqp, distribution, epmd = free_ports(3)
    with ExitStack() as stack:
        log = stack.enter_context(tempfile.TemporaryFile())
        folder = Path(tempfile.mkdtemp(prefix="amqp-interop-"))
        stack.callback(shutil.rmtree, folder, ignore_errors=True)
        _write_files(folder, configuration(credentials, f"127.0.0.1:{amqp}"))
        command = (sys.executable, warden.__file__, str(folder))
        process = subprocess.Popen(
            (*command, "--", mapper, "-port", str(epmd), "-address", "127.0.0.1", "--", server),
            env=environment(folder, os.environ, distribution, epmd),
            stdin=subprocess.PIPE,
            stdout=log,
            stderr=log,
            cwd=folder,
            start_new_session=True,
        )
        stack.callback(_end, process)
        url = credentials.url("127.0.0.1", amqp)
        hello = _await_ready(process, url, credentials, log)
        say(f"started {hello.product} {hello.version} as a local process in {time.monotonic() - start:.1f} s")
        yield url, hello


def programs() -> tuple[str, str]:
    """The server's script and epmd. SetupError, with the command that gets them, if they are not here."""
    if not sys.platform.startswith("linux"):
        raise SetupError("the broker local needs Linux", "take another: --broker debian:trixie")
    server = next((str(path) for path in PROGRAMS if path.exists()), None) or shutil.which("rabbitmq-server")
    mapper = shutil.which("epmd")
    if server is None or mapper is None:
        missing = "rabbitmq-server" if server is None else "epmd"
        raise SetupError(
            f"the broker local needs {missing}, which is not installed", this_machine().command((PACKAGE,))
        )
    return server, mapper


def installed_version() -> str:
    """The Debian package's version, as ``build`` of a broker; "" where the server comes from elsewhere."""
    if shutil.which("dpkg-query") is None:
        return ""
    command = ("dpkg-query", "--show", "--showformat=${Version}", PACKAGE)
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return f"{PACKAGE} {done.stdout}" if done.returncode == 0 and done.stdout else ""


def free_ports(count: int) -> list[int]:
    """Ports of 127.0.0.1 that were free a moment ago: RabbitMQ cannot be told to choose its own."""
    with ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [int(one.getsockname()[1]) for one in sockets]


def environment(folder: Path, inherited: Mapping[str, str], distribution: int, epmd: int) -> dict[str, str]:
    """The variables of the server: none of the user's that would point it elsewhere."""
    kept = {name: text for name, text in inherited.items() if not re.match("RABBITMQ_|ERL_|ERLANG_", name)}
    return kept | {
        "HOME": str(folder),
        "ERL_EPMD_PORT": str(epmd),
        "ERL_EPMD_ADDRESS": "127.0.0.1",
        "ERL_CRASH_DUMP_SECONDS": "0",
        "RABBITMQ_NODENAME": f"interop-{secrets.token_hex(4)}@localhost",
        "RABBITMQ_CONF_ENV_FILE": str(folder / "rabbitmq-env.conf"),
        "RABBITMQ_CONFIG_FILE": str(folder / "rabbitmq.conf"),
        "RABBITMQ_CONFIG_FILES": str(folder / "conf.d"),
        "RABBITMQ_ADVANCED_CONFIG_FILE": str(folder / "advanced.config"),
        "RABBITMQ_ENABLED_PLUGINS_FILE": str(folder / "enabled_plugins"),
        "RABBITMQ_GENERATED_CONFIG_DIR": str(folder / "config"),
        "RABBITMQ_MNESIA_BASE": str(folder / "data"),
        "RABBITMQ_LOG_BASE": str(folder / "log"),
        "RABBITMQ_PID_FILE": str(folder / "pid"),
        "RABBITMQ_DIST_PORT": str(distribution),
        "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": "-kernel inet_dist_use_interface {127,0,0,1}",
    }


def _write_files(folder: Path, config: str) -> None:
    """The folder is this user's only (mkdtemp), and so is the file that holds the password."""
    (folder / "rabbitmq.conf").touch(mode=0o600)
    (folder / "rabbitmq.conf").write_text(config, "utf-8")
    (folder / "rabbitmq-env.conf").write_text("", "utf-8")
    (folder / "advanced.config").write_text("[].\n", "utf-8")
    (folder / "enabled_plugins").write_text("[].\n", "utf-8")
    for name in ("conf.d", "data", "log"):
        (folder / name).mkdir()


def _await_ready(
    process: subprocess.Popen[bytes], url: str, credentials: Credentials, log: BinaryIO
) -> Hello:
    deadline, why = time.monotonic() + READY_SECONDS, ""
    while time.monotonic() < deadline:
        if (status := process.poll()) is not None:
            raise _not_ready(f"it ended with status {status}", credentials, log)
        try:
            return greet(url)
        except NotReady as error:
            why = error.problem
        time.sleep(0.05)
    raise _not_ready(f"not within {READY_SECONDS:g} s, the last time because {why}", credentials, log)


def _not_ready(why: str, credentials: Credentials, log: BinaryIO) -> SetupError:
    log.seek(0)
    end = tail(log.read(), 30).replace(credentials.password, "***")
    return SetupError(f"the local broker did not get ready: {why}; its log ends:\n{end}")


def _end(process: subprocess.Popen[bytes]) -> None:
    """Closing its input ends the warden, which ends the rest."""
    assert process.stdin is not None
    process.stdin.close()
    try:
        process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.terminate()
        process.wait(STOP_SECONDS)
