"""The files of a reproduction, from what was seen of a cell. Pure but for reading templates.

A library's templates lie in ``templates/TOOLCHAIN/NAME/``, or, where libraries of one origin are used alike,
in ``templates/TOOLCHAIN/``.
"""

from __future__ import annotations

import functools
import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import jinja2
import msgspec

from harness.amqp.fields import encode_table
from harness.amqp.header import encode_header
from harness.amqp.message import PROPERTY_NAMES, Framing, size_of
from harness.amqp.values import Table, Text
from harness.cases import UNIQUE, Case
from harness.errors import UsageError
from harness.peers.manifest import PeerSpec
from harness.peers.protocol import Role
from harness.report.explain import Exhibit
from harness.report.names import party
from harness.repro.builds import Build, build_of
from harness.repro.languages import LANGUAGES
from harness.repro.literals import Inexpressible
from harness.repro.rows import octets_of, rows
from harness.repro.words import Words, deciding, words_of

TEMPLATES = Path(__file__).parent / "templates"
BODY_LIMIT = 16 * 1024
"""Octets of a body up to which it is written out."""
_HEX_WIDTH = 64


class Side(msgspec.Struct, frozen=True):
    """One peer as it ran: ``versions`` of what it stands on, ``types`` that it can be told to send."""

    spec: PeerSpec
    role: Role
    runtime: str
    versions: Mapping[str, str] = {}
    types: tuple[str, ...] = ()

    @property
    def build(self) -> Build:
        """How its program is built."""
        return build_of(self.spec, self.role, self.versions)


class Recipe(msgspec.Struct, frozen=True):
    """All that a reproduction is made from. ``image`` is of the broker, "" if there is none to be had."""

    case: Case
    producer: Side
    consumer: Side
    exhibit: Exhibit
    image: str = ""


def template_of(spec: PeerSpec, role: Role) -> str:
    """The template of a library in a role. UsageError if nobody wrote one."""
    for folder in (Path(spec.toolchain, spec.name), Path(spec.toolchain)):
        for path in (TEMPLATES / folder).glob(f"{role}.*.j2"):
            return path.relative_to(TEMPLATES).as_posix()
    known = sorted({path.parent.name for path in TEMPLATES.glob(f"*/*/{role}.*.j2")})
    raise UsageError(
        f"no reproduction can be written with {spec.name} as {role}", f"known: {', '.join(known)}"
    )


def refuse(case: Case) -> None:
    """UsageError for a case of which no reproduction is written."""
    if size_of(case.message.body) > BODY_LIMIT:
        raise UsageError(f"a body over {BODY_LIMIT} octets is not written out")
    if case.rejected is not None:
        raise UsageError(f"{case.id} asks the broker to refuse: there is no message to compare")


def files(recipe: Recipe) -> dict[str, str]:
    """The text of every file, by its path. UsageError for a cell that two programs can't reproduce."""
    producer, consumer = recipe.producer, recipe.consumer
    refuse(recipe.case)
    decisive = deciding(recipe.exhibit)
    asked = recipe.exhibit.evidence.asked
    default = recipe.case.exchange.kind == "default"
    builds = (producer.build, consumer.build)
    context = {
        "builds": builds,
        "kind": recipe.case.exchange.kind,
        "image": recipe.image,
        **msgspec.structs.asdict(_words(recipe)),
    }
    made = {
        "run.sh": _environment()
        .get_template("run.sh.j2")
        .render(
            **context,
            broker=recipe.exhibit.names.broker,
            needs=[f'"{need}"' for need in dict.fromkeys((*builds[0].needs, *builds[1].needs))],
            exchange=_exchange(recipe.case),
        ),
        "README.md": _environment()
        .get_template("README.md.j2")
        .render(**context, runtimes=(producer.runtime, consumer.runtime)),
        "asked.tsv": "".join(row.line() + "\n" for row in rows(asked, decisive, routing_key=not default)),
    }
    for side in (producer, consumer):
        made[side.build.source] = program(recipe, side)
        made.update(side.build.files)
    return made


def _words(recipe: Recipe) -> Words:
    return words_of(recipe.exhibit, recipe.case.why)


def program(recipe: Recipe, side: Side) -> str:
    """The source of one of the two programs."""
    template = _environment().get_template(template_of(side.spec, side.role))
    case, spec, language = recipe.case, side.spec, LANGUAGES[side.spec.toolchain]
    message, key = case.message, _routing_key(case)
    arguments = Table(case.binding.arguments)
    given = {
        "party": party(spec.name, spec.release, spec.label),
        "package": spec.entry.package,
        "release": spec.release,
        "types": side.types,
        "kind": case.exchange.kind,
        "routing_key": key,
        "binding_key": key if case.binding.routing_key is None else case.binding.routing_key,
        "arguments": arguments,
        "properties": [
            (name, message.properties[name]) for name in PROPERTY_NAMES if name in message.properties
        ],
        **language.helpers(),
    }
    try:
        given["body"] = language.body(octets_of(message.body))
        if not spec.entry.package:
            given.update(_octets(recipe, arguments))
        return _tidy(template.render(**given))
    except Inexpressible as error:
        raise UsageError(f"{spec.name} can't be made to send it: {error}") from error


def _octets(recipe: Recipe, arguments: Table) -> dict[str, Any]:
    """What a producer without a library sends: the content header as it was on the wire."""
    message, framing = recipe.case.message, recipe.case.message.framing or Framing()
    sent = recipe.exhibit.wire.sent
    payload = encode_header(message.properties, size_of(message.body)) if sent is None else sent
    text = payload.hex()
    return {
        "header": [text[at : at + _HEX_WIDTH] for at in range(0, len(text), _HEX_WIDTH)],
        "frames": framing.frames,
        "arguments_octets": encode_table(arguments).hex(),
    }


def _routing_key(case: Case) -> Text:
    return case.id if case.routing_key is None else case.routing_key


def _exchange(case: Case) -> str:
    """A word of the shell: the exchange's name, with what makes it this run's own."""
    if case.exchange.kind == "default":
        return '""'
    before, _, after = (case.exchange.name or f"repro.{UNIQUE}").partition(UNIQUE)
    return "".join((shlex.quote(before) if before else "", '"$unique"', shlex.quote(after) if after else ""))


def _tidy(text: str) -> str:
    """Without the lines that a template leaves empty at the top."""
    return text.lstrip("\n").rstrip("\n") + "\n"


@functools.cache
def _environment() -> jinja2.Environment:
    return jinja2.Environment(  # noqa: S701 - programs and Markdown, no HTML
        undefined=jinja2.StrictUndefined,
        loader=jinja2.FileSystemLoader(TEMPLATES),
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
