"""How an image is made from a Debian release, without making one."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from harness.broker.image import DEFAULT, bootstrap, changes, package_version, tag
from harness.broker.spec import Release, parse_spec
from harness.errors import SetupError

STATUS = """Package: rabbitmq-server-extras
Version: 9

Package: rabbitmq-server
Status: install ok installed
Version: 3.10.8-1.1+deb12u1
Depends: erlang-base
"""


def test_the_package_version_is_that_of_the_package_and_no_other() -> None:
    assert package_version(STATUS, "rabbitmq-server") == "3.10.8-1.1+deb12u1"


def test_a_root_file_system_without_the_package_is_an_error() -> None:
    with pytest.raises(SetupError, match="rabbitmq-server is not in the image"):
        package_version("Package: dash\nVersion: 1\n", "rabbitmq-server")


@pytest.mark.parametrize("version", ["1:3.8.9-3~bpo10+1", "3.10.8-1.1+deb12u1", "4.3.6-1"])
def test_a_tag_is_one_that_an_engine_takes_whatever_the_version_holds(version: str) -> None:
    assert re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}", tag(Release.TRIXIE, version))


def test_only_the_release_in_the_making_may_be_past_its_date() -> None:
    for release in Release:
        command = " ".join(bootstrap(release, Path("root.tar"), Path("status")))
        assert ("Check-Valid-Until" in command) is (release is Release.FORKY)
        assert "--variant=minbase" in command


def test_an_image_says_what_it_was_made_from_and_does_not_run_as_root() -> None:
    said = "\n".join(changes(Release.BOOKWORM, "3.10.8-1.1+deb12u1"))
    assert "amqp-interop.release=bookworm" in said
    assert "amqp-interop.package=3.10.8-1.1+deb12u1" in said
    assert "USER rabbitmq" in said


def test_the_default_image_is_pinned() -> None:
    assert parse_spec(str(DEFAULT)) == DEFAULT
    assert re.fullmatch(r"rabbitmq:\d+\.\d+\.\d+", str(DEFAULT))
