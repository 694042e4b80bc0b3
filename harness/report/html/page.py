"""Writes the page: the template, the script and style in it, and the data as JSON that can't end its element.

The page asks for nothing from anywhere: its policy allows no request, and only the script and the style that
were put in here by their hashes. Whatever a message holds is data, is made inert, and is shown as text only.
"""

from __future__ import annotations

import base64
import hashlib
import os
import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator
from importlib import resources
from pathlib import Path
from typing import Any

import jinja2
import msgspec
from markupsafe import Markup

from harness.errors import UsageError
from harness.judge.listed import Listed
from harness.report.html.compared import BECAME, GONE_LIMIT, Older, heads, older
from harness.report.html.index import PACK, Packs, filled
from harness.report.names import PROGRAM, password_note, peer_name
from harness.report.tally import OUTCOMES, Tally, tally
from harness.report.values import inert
from harness.results import Head, Results

SCRIPTS = ("data", "state", "filter", "dom", "matrix", "findings", "list", "hex", "cell", "main")
"""The parts of the script, in their order: each uses only what stands before it."""
_FOLDER = resources.files("harness.report.html") / "assets"
_encode = msgspec.json.Encoder().encode


def write_html(
    path: Path, results: Results, other: Results | None = None, listed: Iterable[Listed] = ()
) -> None:
    """Write ``results`` to ``path``; with ``other``, the older ones, what changed since. ``listed`` gives the
    reasons of what is expected. UsageError if the file can't be written; it is whole or not there."""
    before = None if other is None else older(other, results.head)
    with tempfile.TemporaryFile("w+", encoding="ascii") as waiting:
        packs = Packs(waiting)
        index = filled(results.head, results.cases(), results.cells(), packs, before)
        waiting.seek(0)
        about = _about(results, listed, before)
        blocks = {"about": about, **dict(index.parts())}
        text = _template().stream(
            policy=_policy(),
            script=Markup(_script()),  # noqa: S704 - our own files
            style=Markup(_style()),  # noqa: S704
            blocks={name: _json(block) for name, block in blocks.items()},
            packs=(line.rstrip("\n") for line in waiting),
            title=about["title"],
            tally=_static(results),
            outcomes=OUTCOMES,
        )
        _write(path, text)


def _write(path: Path, text: Iterable[str]) -> None:
    """By way of a file beside it, so that nobody ever opens half a page."""
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with beside.open("w", encoding="utf-8") as file:
            file.writelines(text)
        beside.replace(path)
    except OSError as error:
        beside.unlink(missing_ok=True)
        raise UsageError(f"cannot write HTML to {path}: {error.strerror}") from error


def _template() -> jinja2.Template:
    environment = jinja2.Environment(
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        loader=jinja2.FunctionLoader(_text),
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template("page.html.j2")


def _text(name: str) -> str:
    return (_FOLDER / name).read_text(encoding="utf-8")


def _script() -> str:
    parts = "\n".join(_text(f"{name}.js") for name in SCRIPTS)
    return f'"use strict";\n(() => {{\n{parts}}})();\n'


def _style() -> str:
    return _text("page.css")


def _policy() -> str:
    """Nothing may be loaded, and no script or style runs but those of this page."""
    script, style = (
        base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() for text in (_script(), _style())
    )
    return (
        f"default-src 'none'; script-src 'sha256-{script}'; style-src 'sha256-{style}'; "
        "base-uri 'none'; form-action 'none'"
    )


def _json(block: Any) -> Markup:
    """JSON in which nothing can end a script element or begin a comment."""
    text = _encode(block).decode()
    for letter in ("<", ">", "&", "\u2028", "\u2029"):
        text = text.replace(letter, f"\\u{ord(letter):04x}")
    return Markup(text)  # noqa: S704 - no letter of HTML's is left in it


# --- about the run ---------------------------------------------------------------------------------------


def _about(results: Results, listed: Iterable[Listed], before: Older | None) -> dict[str, Any]:
    head, foot = results.head, results.foot
    broker = head.broker
    named = f"{broker.product} {broker.version}"
    return {
        "title": inert(f"amqp-interop: {head.cases} cases on {named}"),
        "broker": inert(named),
        "spec": inert(broker.spec),
        "build": inert(broker.build),
        "platform": inert(broker.platform),
        "suite": inert(head.suite),
        "date": inert(head.date),
        "cells": head.cells,
        "tap": head.tap,
        "cut": foot is None,
        "seconds": round(sum(foot.seconds.values()), 1) if foot else None,
        "stale": [f"{inert(one.where)}: {inert(one.problem)}" for one in foot.stale] if foot else [],
        "strays": list(map(inert, foot.strays)) if foot else [],
        "producers": _peers(head, "producer"),
        "consumers": _peers(head, "consumer"),
        "outcomes": OUTCOMES,
        "pack": PACK,
        "program": PROGRAM,
        "note": password_note(broker.spec),
        "reasons": {one.line: _reason(one) for one in listed},
        "comparison": None if before is None else _comparison(head, before),
    }


def _peers(head: Head, role: str) -> list[tuple[str, str, str]]:
    """Label, library and release, and what it says of itself on the wire."""
    return [
        (inert(peer.label), peer_name(head, peer.label), inert(f"{peer.runtime}; {peer.stated or ''}"))
        for peer in head.peers
        if role in peer.roles
    ]


def _reason(one: Listed) -> dict[str, str]:
    said = one.expectation
    return {"what": said.what, "reason": inert(said.reason), "link": inert(said.link)}


def _comparison(head: Head, before: Older) -> dict[str, Any]:
    old, gone = before.head, before.gone
    return {
        "date": inert(old.date),
        "heads": heads(old, head),
        "became": BECAME,
        "counts": dict(before.counts),
        "gone": len(gone),
        "gone_cells": list(map(inert, gone[:GONE_LIMIT])),
    }


def _static(results: Results) -> Iterator[tuple[str, list[tuple[str, str]]]]:
    """The matrix for who reads the page without its script: a producer, and what came of each consumer."""
    counted: Tally = tally(results.head, results.cells())
    for producer in counted.producers:
        row = []
        for consumer in counted.consumers:
            counts = counted.pairs.get((producer, consumer), Counter())
            row.append(
                (inert(consumer), ", ".join(f"{counts[name]} {name}" for name in OUTCOMES if counts[name]))
            )
        yield inert(producer), row
