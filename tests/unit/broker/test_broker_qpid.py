"""The broker ``qpid``: what it is told and what is fetched for it."""

from __future__ import annotations

import json
import xml.etree.ElementTree as Xml
from pathlib import Path

import pytest

from harness.broker import qpid
from harness.broker.config import Credentials
from harness.errors import SetupError


def test_it_is_told_one_user_one_port_of_loopback_and_a_store_in_memory() -> None:
    told = json.loads(qpid.configuration(Credentials("me", "secret"), 4711))
    (port,), (node,) = told["ports"], told["virtualhostnodes"]
    assert (port["bindingAddress"], port["port"], port["protocols"]) == ("127.0.0.1", "4711", ["AMQP_0_9_1"])
    assert node["type"] == "Memory"
    ((user,),) = (one["users"] for one in told["authenticationproviders"])
    assert (user["name"], user["password"]) == ("me", "secret")


def test_only_the_parts_that_it_needs_are_fetched_each_of_its_release() -> None:
    space = {"m": "http://maven.apache.org/POM/4.0.0"}
    found = Xml.fromstring(qpid.project("9.2.0")).findall(".//m:dependency", space)
    parts = {one.findtext("m:artifactId", "", space): one.findtext("m:version", "", space) for one in found}
    assert parts == dict.fromkeys(("qpid-broker", *qpid.PARTS), "9.2.0")
    assert len(found[0].findall("m:exclusions/m:exclusion", space)) == 1


def test_without_java_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(SetupError, match="needs java") as caught, qpid.running_qpid("9.2.0", print):
        pass
    assert "openjdk-17-jre-headless" in caught.value.next_step


def test_without_maven_it_says_so_only_where_its_jars_are_not_there(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    monkeypatch.setenv("INTEROP_CACHE", str(tmp_path))
    with pytest.raises(SetupError, match="needs mvn"):
        qpid.obtain("9.2.0", print)
    (tmp_path / "qpid-9.2.0").mkdir()
    assert qpid.obtain("9.2.0", print) == tmp_path / "qpid-9.2.0"
