"""``qpid:VERSION``: a private Apache Qpid Broker-J, in memory, with a configuration of its own.

Its jars come from Maven Central once and stay in the cache. It speaks AMQP 0-9-1 on 127.0.0.1 only, has a
user and a password of its own, no management, and no store on disk. It shows what in a verdict is RabbitMQ's.
"""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from harness.broker.cache import cache_folder, locked
from harness.broker.child import free_ports, running_child
from harness.broker.config import MEMORY_LIMIT, Credentials, fresh_credentials
from harness.broker.machine import Say, run, this_machine, timed
from harness.broker.probe import Hello
from harness.errors import SetupError

MAIN = "org.apache.qpid.server.Main"
PARTS = (
    "qpid-broker-core",
    "qpid-broker-plugins-amqp-0-8-protocol",
    "qpid-broker-plugins-memory-store",
    "qpid-broker-plugins-logging-logback",
)
"""What of it is needed; the whole would draw in stores whose jars Maven Central does not have."""
# Broker-J deletes a message that it can't read whenever it looks at it: every 30 seconds, and as it comes in
# once memory gets short. A cell would come out by when it runs, so neither happens here.
HOUSEKEEPING, SELDOM = "housekeepingCheckPeriod", 24 * 3600 * 1000
"""Milliseconds between two rounds of housekeeping, as good as never."""
FLOW_TO_DISK, PLENTY = "broker.flowToDiskThreshold", MEMORY_LIMIT * 1024
"""Bytes of direct memory from which on it is short, more than there can be."""
SETTINGS = (f"{HOUSEKEEPING} = {SELDOM}", f"{FLOW_TO_DISK} = {PLENTY}")
MODEL = "9.0"
"""The version of the configuration's own format that Broker-J 9 reads."""


@contextmanager
def running_qpid(version: str, say: Say) -> Iterator[tuple[str, Hello]]:
    """Start a broker, yield its URL and greeting once a message goes round, and end it in any case."""
    java, credentials = _program("java", "openjdk-17-jre-headless"), fresh_credentials()
    (port,) = free_ports(1)
    jars = obtain(version, say)
    with ExitStack() as stack:
        folder = Path(tempfile.mkdtemp(prefix="amqp-interop-"))
        stack.callback(shutil.rmtree, folder, ignore_errors=True)
        file = folder / "initial.json"
        file.touch(mode=0o600)
        file.write_text(configuration(credentials, port), "utf-8")
        command = (
            java,
            f"-Xmx{MEMORY_LIMIT // 4}",
            f"-XX:MaxDirectMemorySize={MEMORY_LIMIT}",
            f"-D{FLOW_TO_DISK}={PLENTY}",
            "-cp",
            f"{jars}/*",
            MAIN,
            *("--store-type", "Memory", "--initial-config-path", str(file)),
        )
        variables = dict(os.environ) | {"QPID_WORK": str(folder), "HOME": str(folder)}
        # an exception that none of its handlers expects ends Broker-J, and some messages lead to one
        yield stack.enter_context(
            running_child(folder, (command,), variables, port, credentials, say, again=True)
        )


def configuration(credentials: Credentials, port: int) -> str:
    """The text of the initial configuration: one user, one port, one virtual host in memory, which is what
    a URL's ``/`` comes to, and a log on the console."""
    rule = {"name": "all", "type": "NameAndLevel", "level": "INFO", "loggerName": "ROOT"}
    user = {"name": credentials.user, "type": "managed", "password": credentials.password}
    return json.dumps(
        {
            "name": "interop",
            "modelVersion": MODEL,
            "authenticationproviders": [
                {"name": "users", "type": "Plain", "secureOnlyMechanisms": [], "users": [user]}
            ],
            "brokerloggers": [{"name": "console", "type": "Console", "brokerloginclusionrules": [rule]}],
            "ports": [
                {
                    "name": "AMQP",
                    "type": "AMQP",
                    "port": str(port),
                    "bindingAddress": "127.0.0.1",
                    "protocols": ["AMQP_0_9_1"],
                    "authenticationProvider": "users",
                    "virtualhostaliases": [{"name": "default", "type": "defaultAlias"}],
                }
            ],
            "virtualhostnodes": [
                {
                    "name": "default",
                    "type": "Memory",
                    "defaultVirtualHostNode": "true",
                    "virtualHostInitialConfiguration": json.dumps(
                        {"type": "Memory", "modelVersion": MODEL, HOUSEKEEPING: str(SELDOM)}
                    ),
                }
            ],
        }
    )


def obtain(version: str, say: Say) -> Path:
    """The folder of the jars, fetched from Maven Central if they are not there yet."""
    folder = cache_folder() / f"qpid-{version}"
    with locked(f"qpid-{version}"):
        if not folder.exists():
            maven = _program("mvn", "maven")
            with (
                tempfile.TemporaryDirectory(prefix="qpid-", dir=cache_folder()) as half,
                timed(say, f"fetched Qpid Broker-J {version} from Maven Central"),
            ):
                Path(half, "pom.xml").write_text(project(version), "utf-8")
                jars = Path(half, "jars")
                run(_copy(maven, half, jars))
                jars.rename(folder)
    return folder


def _copy(maven: str, half: str, jars: Path) -> tuple[str, ...]:
    goal = ("dependency:copy-dependencies", "-DincludeScope=runtime", f"-DoutputDirectory={jars}")
    return (maven, "-B", "-q", "-f", f"{half}/pom.xml", *goal)


def project(version: str) -> str:
    """The text of a pom.xml that depends on the parts of that version, and on no other of its plugins."""
    other = "<exclusion><groupId>org.apache.qpid</groupId><artifactId>*</artifactId></exclusion>"
    needed = (("qpid-broker", f"<exclusions>{other}</exclusions>"), *((part, "") for part in PARTS))
    dependencies = "".join(
        f"<dependency><groupId>org.apache.qpid</groupId><artifactId>{part}</artifactId>"
        f"<version>{version}</version>{without}</dependency>"
        for part, without in needed
    )
    return (
        '<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion>'
        "<groupId>amqp-interop</groupId><artifactId>qpid</artifactId><version>1</version>"
        f"<packaging>pom</packaging><dependencies>{dependencies}</dependencies></project>\n"
    )


def _program(name: str, package: str) -> str:
    """Where the program is. SetupError, with the command that gets it, if it is not here."""
    found = shutil.which(name)
    if found is None:
        raise SetupError(
            f"the broker qpid needs {name}, which is not installed", this_machine().command((package,))
        )
    return found
