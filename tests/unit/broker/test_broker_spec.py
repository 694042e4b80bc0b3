"""Broker specs and passwords in text."""

from __future__ import annotations

import pytest

from harness.broker import Broker, BrokerInfo, redact
from harness.broker.attach import complete_url
from harness.broker.spec import Debian, Image, Local, Qpid, Release, Running, parse_spec
from harness.errors import UsageError
from harness.raw.url import Address, parse_url


@pytest.mark.parametrize("release", list(Release))
def test_every_debian_release_of_the_design_is_a_spec(release: Release) -> None:
    assert parse_spec(f"debian:{release.value}") == Debian(release)


@pytest.mark.parametrize(
    "text",
    [
        "rabbitmq:4.1",
        "rabbitmq:3.13.7-management",
        "registry.example:5000/team/rabbitmq:4.1.4",
        "rabbitmq@sha256:" + "0" * 64,
        "rabbitmq:4.1@sha256:" + "a" * 64,
    ],
)
def test_an_image_reference_with_a_version_is_a_spec(text: str) -> None:
    assert parse_spec(text) == Image(text)


def test_a_url_is_a_broker_that_runs_already() -> None:
    spec = parse_spec("amqp://me:secret@broker.example:5673/orders")
    assert spec == Running(Address("broker.example", 5673, "me", "secret", "orders"))


def test_local_is_a_spec() -> None:
    assert parse_spec("local") == Local()


@pytest.mark.parametrize("text", ["debian:bookworm", "rabbitmq:4.1", "local", "amqp://h/"])
def test_a_spec_is_read_again_from_its_own_text(text: str) -> None:
    spec = parse_spec(text)
    assert str(parse_spec(str(spec))) == str(spec)


def test_the_text_and_the_repr_of_a_spec_leave_the_password_out() -> None:
    spec = parse_spec("amqp://me:secret@h/")
    assert "secret" not in str(spec) + repr(spec)


def test_latest_is_refused_with_the_reason() -> None:
    with pytest.raises(UsageError, match="changes without notice") as caught:
        parse_spec("rabbitmq:latest")
    assert "rabbitmq:VERSION" in caught.value.next_step


@pytest.mark.parametrize("text", ["rabbitmq", "", "team/rabbitmq", "no such thing", "RabbitMQ:4", "a:b:c"])
def test_what_is_no_spec_is_a_usage_error_that_lists_the_forms(text: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse_spec(text)
    assert caught.value.exit_status == 2
    for form in ("debian:RELEASE", "rabbitmq:4.1", "amqp://USER:PASSWORD@HOST", "local"):
        assert form in caught.value.next_step


@pytest.mark.parametrize("text", ["debian:buster", "debian:", "debian:Trixie"])
def test_an_unknown_debian_release_lists_the_known_ones(text: str) -> None:
    with pytest.raises(UsageError, match="bullseye, bookworm, trixie, forky"):
        parse_spec(text)


@pytest.mark.parametrize("text", ["amqp://me:secret@h:port/", "amqps://me:secret@h/v?heartbeat=1"])
def test_a_broken_url_is_a_usage_error_without_its_password(text: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse_spec(text)
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("password", ["secret", "se:cret", "se@cret", "s%40cret", "se/cret", "s?e#c"])
def test_redact_hides_whatever_a_password_may_hold(password: str) -> None:
    hidden = redact(f"cannot reach amqp://me:{password}@h:5672/%2F or amqps://you:{password}@h2/")
    assert hidden == "cannot reach amqp://me:***@h:5672/%2F or amqps://you:***@h2/"


def test_redact_leaves_text_without_a_password_alone() -> None:
    text = "amqp://h:5672/ and amqp://me@h:5672/, see mail@example"
    assert redact(text) == text


def test_a_broker_prints_without_its_password() -> None:
    info = BrokerInfo("local", "RabbitMQ", "4.0.5", "Erlang/OTP 27", "", "amqp://me@h:5672/%2F")
    broker = Broker("amqp://me:secret@h:5672/%2F", info)
    assert "secret" not in f"{broker} {broker!r}"


@pytest.mark.parametrize(
    ("given", "complete"),
    [
        ("amqp://h", "amqp://guest:guest@h:5672/%2F"),
        ("amqps://h", "amqps://guest:guest@h:5671/%2F"),
        ("amqp://a:b%40c@[::1]:1/x%2Fy", "amqp://a:b%40c@[::1]:1/x%2Fy"),
    ],
)
def test_a_url_for_peers_has_every_part_written_out(given: str, complete: str) -> None:
    assert complete_url(parse_url(given)) == complete
    assert parse_url(complete) == parse_url(given)


def test_upstreams_defaults_are_a_spec_of_their_own() -> None:
    spec = parse_spec("debian:forky+upstream")
    assert spec == Debian(Release.FORKY, upstream=True)
    assert str(spec) == "debian:forky+upstream"
    assert spec.settings == ("deprecated_features.permit.transient_nonexcl_queues = false",)
    assert Debian(Release.FORKY).settings == ()


def test_upstreams_defaults_of_a_package_that_changes_none_are_refused() -> None:
    with pytest.raises(UsageError, match="changes no default") as caught:
        parse_spec("debian:trixie+upstream")
    assert "debian:forky+upstream" in caught.value.next_step


def test_qpid_is_a_spec_with_its_release() -> None:
    assert parse_spec("qpid:9.2.0") == Qpid("9.2.0")
    assert str(parse_spec("qpid:9.2.0")) == "qpid:9.2.0"


@pytest.mark.parametrize("text", ["qpid:", "qpid:9", "qpid:latest", "qpid:9.2.0-SNAPSHOT"])
def test_qpid_without_a_release_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="no release"):
        parse_spec(text)
