"""The example is about ten lines, runs as it stands, and is what docs/ci.md shows."""

from __future__ import annotations

from harness.peers.manifest import ROOT

EXAMPLE = ROOT / "examples" / "test_orders.py"


def test_the_document_shows_the_example_as_it_is() -> None:
    document = (ROOT / "docs" / "ci.md").read_text("utf-8")
    assert f"```python\n{EXAMPLE.read_text('utf-8')}```" in document
