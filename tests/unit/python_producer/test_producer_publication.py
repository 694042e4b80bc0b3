"""What a library is asked to publish: its properties, its body, and what it can't express."""

from __future__ import annotations

import json
from typing import Any

import pytest
from producer_fakes import PAMQP

from harness.amqp.message import Framing, Inline, Message, Pattern, pattern_body
from harness.amqp.values import Base64, Octet, Shortstr, Table, Timestamp, Value, Void
from harness.peers import protocol
from peers.python_producer.publication import Form, Publication, milliseconds, publication
from python_consumer.arguments import Unsupported

BYTES = PAMQP._replace(bytes_names=True, bytes_properties=True, cluster_id=True)


def asked(form: Form, message: Message, exchange: Any = "e", routing_key: Any = "k") -> Publication:
    request = protocol.encode_request(protocol.Publish(1, exchange, routing_key, message))
    return publication(json.loads(request), form)


def of(properties: dict[str, Value]) -> Message:
    return Message(properties, Inline("x"))  # type: ignore[arg-type] # names that the tests spell


def test_properties_keep_their_names_and_take_python_values() -> None:
    made = asked(
        PAMQP,
        of(
            {
                "type": Shortstr("t"),
                "headers": Table((("k", Void()),)),
                "priority": Octet("0"),
                "timestamp": Timestamp("7"),
                "app_id": Shortstr(""),
            }
        ),
    )
    assert made.properties == {
        "headers": {"k": None},
        "priority": 0,
        "timestamp": 7,
        "type": "t",
        "app_id": "",
    }
    assert (made.exchange, made.routing_key, made.body) == ("e", "k", b"x")


@pytest.mark.parametrize(
    ("message", "exchange", "routing_key", "what"),
    [
        (of({"cluster_id": Shortstr("c")}), "e", "k", "property:cluster_id"),
        (of({"app_id": Shortstr(Base64("/w=="))}), "e", "k", "shortstr:non-utf8"),
        (of({}), Base64("/w=="), "k", "exchange:non-utf8"),
        (of({}), "e", Base64("/w=="), "routing_key:non-utf8"),
    ],
)
def test_what_a_library_of_str_cannot_say_is_declared(
    message: Message, exchange: Any, routing_key: Any, what: str
) -> None:
    with pytest.raises(Unsupported) as caught:
        asked(PAMQP, message, exchange, routing_key)
    assert caught.value.what == what
    assert what in PAMQP.unsupported
    assert what not in BYTES.unsupported
    asked(BYTES, message, exchange, routing_key)


def test_frames_are_nobodys_choice() -> None:
    with pytest.raises(Unsupported) as caught:
        asked(PAMQP, Message({}, Inline("x"), Framing(frames=(1,))))
    assert caught.value.what == "framing" in PAMQP.unsupported


def test_a_pattern_is_repeated_and_checked_against_its_digest() -> None:
    good = pattern_body(b"abc", 10_000)
    assert asked(PAMQP, Message({}, good)).body == (b"abc" * 3334)[:10_000]
    with pytest.raises(ValueError, match="SHA-256"):
        asked(PAMQP, Message({}, Pattern("abd", good.length, good.sha256)))
    with pytest.raises(ValueError, match="empty pattern"):
        asked(PAMQP, Message({}, Pattern("", 1, good.sha256)))


def test_a_property_of_another_type_is_the_askers_fault() -> None:
    with pytest.raises(ValueError, match="priority"):
        asked(PAMQP, of({"priority": Shortstr("1")}))


@pytest.mark.parametrize("text", ["0", "-1", "60000", "315360000000"])
def test_an_expiration_can_be_a_number_of_milliseconds(text: str) -> None:
    assert milliseconds(text) == int(text)


@pytest.mark.parametrize("text", ["", "-", "+60000", "00100", "1500.5", "60s", "-0", "٣"])
def test_an_expiration_that_is_no_such_number_is_unsupported(text: str) -> None:
    form = PAMQP._replace(expiration=milliseconds)
    with pytest.raises(Unsupported) as caught:
        asked(form, of({"expiration": Shortstr(text)}))
    assert caught.value.what in form.unsupported
    assert asked(PAMQP, of({"expiration": Shortstr(text)})).properties == {"expiration": text}
