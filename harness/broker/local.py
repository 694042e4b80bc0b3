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
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path

from harness.broker.child import free_ports, running_child
from harness.broker.config import configuration, fresh_credentials
from harness.broker.machine import Say, this_machine
from harness.broker.probe import Hello
from harness.errors import SetupError

PACKAGE = "rabbitmq-server"
PROGRAMS = (Path("/usr/lib/rabbitmq/bin/rabbitmq-server"), Path("/opt/rabbitmq/sbin/rabbitmq-server"))
"""The server's own script, where packages keep it. The one on PATH may insist on being root or rabbitmq."""


@contextmanager
def running_local(say: Say) -> Iterator[tuple[str, Hello]]:
    """Start a broker, yield its URL and greeting once a message goes round, and end it in any case."""
    server, mapper = programs()
    credentials = fresh_credentials()
    amqp, distribution, epmd = free_ports(3)
    with ExitStack() as stack:
        folder = Path(tempfile.mkdtemp(prefix="amqp-interop-"))
        stack.callback(shutil.rmtree, folder, ignore_errors=True)
        _write_files(folder, configuration(credentials, f"127.0.0.1:{amqp}"))
        commands = ((mapper, "-port", str(epmd), "-address", "127.0.0.1"), (server,))
        variables = environment(folder, os.environ, distribution, epmd)
        yield stack.enter_context(running_child(folder, commands, variables, amqp, credentials, say))


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
