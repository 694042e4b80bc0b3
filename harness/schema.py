"""The JSON Schemas of ``contract/schema``, made from the types that the harness itself decodes with.

``python -m harness.schema`` writes them; with ``--check`` it only says which are out of date (status 1).
"""

from __future__ import annotations

import json
import sys
from typing import Any

import msgspec

from harness import cases, results, scenarios
from harness.amqp.message import PROPERTY_NAMES
from harness.peers import protocol
from harness.peers.manifest import ROOT

CONTRACT = ROOT / "contract"
SCHEMAS: dict[str, tuple[str, Any]] = {
    "peer-request.schema.json": ("A request to a peer: one line of its standard input", protocol.Request),
    "peer-line.schema.json": (
        "A reply or event of a peer: one line of its standard output",
        protocol.Line,
    ),
    "results.schema.json": ("A line of a results file: a head, a line a cell, a foot", results.Line),
    "scenario.schema.json": ("A scenario: contract/scenarios/<topic>/<name>.yaml", scenarios.ScenarioFile),
    "case.schema.json": ("A case: contract/cases/<topic>/<name>.yaml", cases.CaseFile),
}


def schema(title: str, kind: Any) -> dict[str, Any]:
    """The JSON Schema (2020-12) of ``kind``, with the long unions of values named once."""
    made = msgspec.json.schema(kind)
    defs = made["$defs"]
    unions: dict[str, dict[str, Any]] = {}

    def fold(node: Any) -> Any:
        if isinstance(node, list):
            return [fold(item) for item in node]
        if not isinstance(node, dict):
            return node
        folded = {key: fold(value) for key, value in node.items() if key != "discriminator"}
        if {"$ref": "#/$defs/NativeMap"} in folded.get("anyOf", ()):
            name = "ValueOrBody" if {"$ref": "#/$defs/Inline"} in folded["anyOf"] else "Value"
            unions[name] = {"anyOf": folded["anyOf"]}
            return {"$ref": f"#/$defs/{name}"}
        if folded.get("properties", {}).get("properties", {}).get("type") == "object":
            folded["properties"]["properties"]["propertyNames"] = {"enum": list(PROPERTY_NAMES)}
        return folded

    named = {name: fold(definition) for name, definition in defs.items()}
    top = {key: fold(value) for key, value in made.items() if key != "$defs"}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": title,
        **top,
        "$defs": dict(sorted({**named, **unions}.items())),
    }


def main(arguments: list[str]) -> int:
    """Write the schemas, or compare them with what is there."""
    stale = []
    for name, (title, kind) in SCHEMAS.items():
        path = CONTRACT / "schema" / name
        text = json.dumps(schema(title, kind), indent=1, ensure_ascii=False) + "\n"
        if "--check" not in arguments:
            path.write_text(text, encoding="utf-8")
        elif not path.exists() or path.read_text(encoding="utf-8") != text:
            stale.append(name)
    if stale:
        print(f"out of date: {', '.join(stale)}; run: python -m harness.schema", file=sys.stderr)
    return 1 if stale else 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
