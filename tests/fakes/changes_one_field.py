"""``changes_one_field.py PROPERTY drop|add|alter``: a peer that does this to one property of every message.

As a producer it does so before it sends and says ok; as a consumer, before it reports.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable

from honest import Fake, Json, serve

ADDED: Json = {
    "headers": {"type": "table", "value": [["added", {"type": "longstr", "value": "by the fake"}]]},
    "delivery_mode": {"type": "octet", "value": "1"},
    "priority": {"type": "octet", "value": "7"},
    "timestamp": {"type": "timestamp", "value": "1000000000"},
    "expiration": {"type": "shortstr", "value": "86400000"},
}
STRING: Json = {"type": "shortstr", "value": "by the fake"}


def altered(value: Json) -> Json:
    """Another value of the same type."""
    match value["type"]:
        case "table":
            return {"type": "table", "value": [*value["value"], *ADDED["headers"]["value"]]}
        case "octet" | "timestamp":
            return {**value, "value": str(int(value["value"]) ^ 3)}
        case _:
            return {**value, "value": "600000" if value["value"] != "600000" else "700000"}


class ChangesOneField(Fake):
    def __init__(self, name: str, mode: str) -> None:
        self.name, self.mode = name, mode

    def hear(self, request: Json) -> Iterable[Json]:
        if request["op"] == "publish":
            message = request["message"]
            return [{**request, "message": {**message, "properties": self.changed(message["properties"])}}]
        return [request]

    def say(self, line: Json) -> Iterable[Json]:
        if line["type"] == "delivery":
            return [{**line, "properties": self.changed(line["properties"])}]
        return [line]

    def changed(self, properties: Json) -> Json:
        """The properties with the one changed, if it is there to be (or, to be added, is not)."""
        present = self.name in properties
        if self.mode == "drop":
            return {name: value for name, value in properties.items() if name != self.name}
        if self.mode == "add" and not present:
            return {**properties, self.name: ADDED.get(self.name, STRING)}
        if self.mode == "alter" and present:
            return {**properties, self.name: altered(properties[self.name])}
        return properties


serve(ChangesOneField(sys.argv[1], sys.argv[2]))
