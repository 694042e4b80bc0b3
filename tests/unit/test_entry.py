"""A scenario's URL: parts are percent-encoded once, and what has to be made beforehand follows from it."""

from __future__ import annotations

import pytest

from harness.broker.guests import closed_to, definitions
from harness.broker.info import Broker, BrokerInfo
from harness.entry import Guest, Url
from harness.raw.url import parse_url


def test_every_delimiter_is_encoded_and_comes_back() -> None:
    url = Url(user="a@b:c/d%2F?é", password="p@:/%#[ ]", vhost="x/y %")
    text = url.text("own", "secret", "127.0.0.1:5")
    assert text == ("amqp://a%40b%3Ac%2Fd%252F%3F%C3%A9:p%40%3A%2F%25%23%5B%20%5D@127.0.0.1:5/x%2Fy%20%25")
    back = parse_url(text)
    assert (back.user, back.password, back.vhost) == (url.user, url.password, url.vhost)


@pytest.mark.parametrize(
    "url, text",
    [
        (Url(), "amqp://own:secret@h:1/%2F"),
        (Url(password=""), "amqp://own:@h:1/%2F"),
        (Url(spelled="amqp://{place}"), "amqp://h:1"),
        (Url(vhost="v-{unique}", spelled="AMQP://{place}/v-{unique}"), "AMQP://h:1/v-t0"),
    ],
)
def test_a_url_is_spelled_as_the_scenario_has_it(url: Url, text: str) -> None:
    assert url.of_run("t0").text("own", "secret", "h:1") == text


@pytest.mark.parametrize(
    "url, guest",
    [
        (Url(), None),
        (Url(password="wrong"), None),
        (Url(vhost="none", lacking="vhost"), None),
        (Url(vhost=""), Guest(None, None, "", True)),
        (Url(user="u", password="p"), Guest("u", "p", "/", True)),
        (Url(user="u", password="p", vhost="v", lacking="permission"), Guest("u", "p", "v", False)),
    ],
)
def test_who_has_to_be_made_follows_from_the_url(url: Url, guest: Guest | None) -> None:
    assert url.guest == guest


def test_definitions_permit_those_who_may_enter_and_no_others() -> None:
    guests = [Guest("u", "p", "v", False), Guest(None, None, "w", True), Guest("u", "p", "/", True)]
    made = definitions(guests, "own")
    assert made["users"] == [{"name": "u", "password": "p", "tags": ""}]
    assert [one["name"] for one in made["vhosts"]] == ["/", "v", "w"]
    assert [(one["user"], one["vhost"]) for one in made["permissions"]] == [("own", "w"), ("u", "/")]


@pytest.mark.parametrize(
    "product, container, closed",
    [("RabbitMQ", "c", False), ("RabbitMQ", None, True), ("qpid", "c", True)],
)
def test_only_a_container_of_ours_takes_guests(product: str, container: str | None, closed: bool) -> None:
    broker = Broker("amqp://u:p@h/", BrokerInfo("s", product, "4", "", "", ""), container)
    assert (closed_to(broker) is not None) is closed
