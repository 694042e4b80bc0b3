"""Values by their paths: the same paths that differences have."""

from __future__ import annotations

from harness.amqp import values as v
from harness.amqp.message import Inline, Message, Routed
from harness.judge.compare import compare
from harness.judge.places import places

ONE = v.Int8("1")
HEADERS = v.Table(
    (("a", ONE), ("a", ONE), ("b.c", v.Array((ONE, v.Table((("d", ONE),))))), (v.Base64("/w=="), ONE))
)


def routed(headers: v.Table) -> Routed:
    return Routed("", "", Message({"headers": headers}, Inline("")))


def test_an_absent_property_has_a_place_too() -> None:
    found = dict(places({"priority": v.Octet("0")}))
    assert found["priority"] == v.Octet("0")
    assert found["app_id"] is None
    assert len(found) == 14


def test_every_place_in_the_headers_has_the_path_of_its_loss() -> None:
    nested = [path for path, _ in places(routed(HEADERS).message.properties) if path.startswith("headers")]
    assert nested == [
        "headers",
        "headers.a",
        "headers.a#2",
        'headers["b.c"]',
        'headers["b.c"][0]',
        'headers["b.c"][1]',
        'headers["b.c"][1].d',
        "headers[hex:ff]",
    ]
    lost = {each.path for each in compare(routed(HEADERS), routed(v.Table(())))}
    assert lost <= set(nested)
    assert len(lost) == 4
