"""AMQP URIs."""

from __future__ import annotations

import pytest

from harness.raw.url import Address, parse_url


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("amqp://", Address()),
        ("amqp://h", Address("h")),
        ("AMQP://h", Address("h")),
        ("amqp://h/", Address("h")),
        ("amqp://:5673", Address(port=5673)),
        ("amqp://h:", Address("h")),
        ("amqp://u@h", Address("h", user="u")),
        ("amqp://u:@h", Address("h", user="u", password="")),
        ("amqp://:@h", Address("h", user="", password="")),
        ("amqp://u:p:q@h", Address("h", user="u", password="p:q")),
        ("amqp://u:p@h:1/v", Address("h", 1, "u", "p", "v")),
        ("amqp://u%3a%40:p%2F%25@h/%2f", Address("h", user="u:@", password="p/%")),
        ("amqp://h/a%2Fb%3F", Address("h", vhost="a/b?")),
        ("amqp://h/%C3%A9", Address("h", vhost="é")),
        ("amqp://é@h", Address("h", user="é")),
        ("amqp://[::1]", Address("::1")),
        ("amqp://u:p@[fe80::1%25eth0]:65535/v", Address("fe80::1%eth0", 65535, "u", "p", "v")),
        ("amqps://h", Address("h", 5671, tls=True)),
        ("amqps://h:5672", Address("h", 5672, tls=True)),
    ],
)
def test_missing_parts_have_defaults_and_percent_codes_are_read(text: str, address: Address) -> None:
    assert parse_url(text) == address


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "starts with amqp"),
        ("h:5672", "starts with amqp"),
        ("http://h", "starts with amqp"),
        ("amqp:/h", "starts with amqp"),
        ("amqp://h:0", "1 to 65535"),
        ("amqp://h:65536", "1 to 65535"),
        ("amqp://h:-1", "1 to 65535"),
        ("amqp://h:٣", "1 to 65535"),
        ("amqp://h:x", "1 to 65535"),
        ("amqp://::1", "more than one colon"),
        ("amqp://[::1", "brackets"),
        ("amqp://[]", "brackets"),
        ("amqp://[::1]x", "brackets"),
        ("amqp://h/a/b", "%2F"),
        ("amqp://h?heartbeat=1", "query"),
        ("amqp://h/v#x", "%23"),
        ("amqp://u:p@q@h", "%40"),
        ("amqp://u:p q@h", "percent-encoded"),
        ("amqp://h\n", "percent-encoded"),
        ("amqp://u:p%4@h", "two hex digits"),
        ("amqp://u:p%zz@h", "two hex digits"),
        ("amqp://u:%ff@h", "UTF-8"),
    ],
)
def test_a_url_that_is_none_is_refused_in_words(text: str, problem: str) -> None:
    with pytest.raises(ValueError, match=problem):
        parse_url(text)


@pytest.mark.parametrize(
    "text", ["amqp://u:s3cret@h:x", "amqp://u:s3cret%@h", "amqp://u:s3cret@x@h", "u:s3cret@h"]
)
def test_no_refusal_repeats_the_password(text: str) -> None:
    with pytest.raises(ValueError, match="AMQP") as caught:
        parse_url(text)
    assert "s3cret" not in str(caught.value)


def test_an_address_shows_all_but_its_password() -> None:
    address = parse_url("amqps://u%40:s3cret@[::1]:1/a%2Fb")
    assert str(address) == "amqps://u%40@[::1]:1/a%2Fb"
    assert "s3cret" not in repr(address)
