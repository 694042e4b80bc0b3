"""Cases: one message and the topology it travels through, read from ``contract/cases/<topic>/<name>.yaml``.

Pure: reads text, makes values. A case's id is its path, ``headers/int64-min``.
"""

from __future__ import annotations

import fnmatch
import hashlib
import re
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, Protocol, TypeAlias, TypeVar

import msgspec
import yaml
from msgspec import Meta

from harness.amqp.message import Body, Framing, Inline, Message, PropertyName, Shared, pattern_body
from harness.amqp.values import (
    Array,
    Base64,
    Base64Text,
    Binary,
    Longstr,
    Octet,
    Shortstr,
    Table,
    Text,
    Timestamp,
    Value,
    bytes_of,
    text_of,
)

UNIQUE = "{unique}"
"""In an exchange name: replaced by 12 characters of the run's own, so that two runs never share a name."""
UNIQUE_LENGTH = 12


class HasId(Protocol):
    """A case, or a scenario."""

    @property
    def id(self) -> str:
        """Its path."""


Named = TypeVar("Named", bound=HasId)
Raw = TypeVar("Raw")
Made = TypeVar("Made")
Pairs: TypeAlias = tuple[tuple[Text, Value], ...]
Scalar: TypeAlias = str | Base64 | Annotated[int, Meta(ge=0)] | Pairs


class CaseExchange(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """The exchange that is published to. Without a name the suite chooses one; ``default`` has none."""

    kind: Literal["fanout", "direct", "topic", "headers", "default"] = "fanout"
    name: str | None = None


class CaseBinding(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """The queue's binding. Without a routing key it is bound with the one of the publish."""

    routing_key: Text | None = None
    arguments: Pairs = ()


class CaseBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """A body that is not plain text: ``base64``, or ``pattern`` repeated up to ``length`` bytes."""

    base64: Base64Text | None = None
    pattern: Annotated[str, Meta(min_length=1)] | None = None
    length: Annotated[int, Meta(ge=0)] | None = None


class Rejected(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The broker must refuse the publish, with this reply code, closing that scope."""

    code: int
    scope: Literal["channel", "connection"]


class CaseExpectation(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is to happen, where it is not a delivery."""

    rejected: Rejected


class CaseFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """What a case file may say.

    Properties are plain values: text (or ``{base64: ...}``) for the short strings, whole numbers for
    delivery_mode, priority and timestamp, a list of ``[key, {type: ..., value: ...}]`` for headers.
    ``routing_key`` is left out where any will do: then the suite chooses one to recognise the message by.
    ``header_order``: the order of the top-level headers is what is tested (tables are else compared by key).
    """

    why: Annotated[str, Meta(min_length=10, max_length=200)]
    source: str | None = None
    exchange: CaseExchange = CaseExchange()
    binding: CaseBinding = CaseBinding()
    routing_key: Text | None = None
    properties: Mapping[PropertyName, Scalar] = {}
    body: str | CaseBody = "x"
    framing: Framing | None = None
    header_order: bool = False
    expect: CaseExpectation | None = None


class Case(msgspec.Struct, frozen=True):
    """A case file, read: ``message`` is what the producer is asked for."""

    id: str
    why: str
    source: str | None
    exchange: CaseExchange
    binding: CaseBinding
    routing_key: Text | None
    message: Message
    header_order: bool
    rejected: Rejected | None

    @property
    def topic(self) -> str:
        """The folder: what the case is about."""
        return self.id.split("/", 1)[0]


class CaseError(Exception):
    """A case file that cannot be read: ``path``, ``line`` (from 1, or None), ``problem``."""

    def __init__(self, path: Path, line: int | None, problem: str) -> None:
        self.path, self.line, self.problem = path, line, problem
        super().__init__(f"{path}{'' if line is None else f':{line}'}: {problem}")


class UnknownCase(Exception):
    """A glob that selects no case: ``glob`` and the ``known`` ids."""

    def __init__(self, glob: str, known: tuple[str, ...]) -> None:
        self.glob, self.known = glob, known
        super().__init__(f"no case matches {glob!r}; known: {', '.join(known)}")


class _Loader(yaml.CSafeLoader):
    """The safe loader, which also refuses a key that stands twice and any scalar that is not text,
    a whole number or a boolean (YAML 1.1 would read dates and sexagesimals)."""


def _mapping(loader: _Loader, node: yaml.MappingNode) -> dict[str, Any]:
    made: dict[str, Any] = {}
    for key_node, value_node in node.value:
        key = loader.construct_scalar(key_node)
        if key in made:
            raise yaml.constructor.ConstructorError(None, None, f"{key!r} stands twice", key_node.start_mark)
        made[key] = loader.construct_object(value_node, deep=True)
    return made


def _verbatim(loader: _Loader, node: yaml.ScalarNode) -> Any:
    return loader.construct_scalar(node)


def _integer(loader: _Loader, node: yaml.ScalarNode) -> int:
    """Decimal only: YAML 1.1 would read 010 as 8 and 1:30 as 90."""
    text = loader.construct_scalar(node)
    if not re.fullmatch(r"0|-?[1-9][0-9]*", text):
        raise yaml.constructor.ConstructorError(
            None, None, f"{text!r} is no decimal integer", node.start_mark
        )
    return int(text)


_Loader.add_constructor("tag:yaml.org,2002:map", _mapping)
_Loader.add_constructor("tag:yaml.org,2002:int", _integer)
for _tag in ("timestamp", "float", "null"):
    _Loader.add_constructor(f"tag:yaml.org,2002:{_tag}", _verbatim)


def parse_case(path: Path, identity: str, text: str) -> Case:
    """The case in ``text``. CaseError names ``path`` and, where it is known, the line."""
    return read_yaml(path, text, CaseFile, lambda file: _case(identity, file))


def read_yaml(path: Path, text: str, kind: type[Raw], make: Callable[[Raw], Made]) -> Made:
    """What ``make`` makes of ``text``, read as ``kind``. CaseError for what either of them does not take."""
    try:
        raw = yaml.load(text, _Loader)  # noqa: S506 - a subclass of the safe loader
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else None
        raise CaseError(path, line, str(error.problem)) from error
    except yaml.YAMLError as error:
        raise CaseError(path, None, str(error)) from error
    try:
        return make(msgspec.convert(raw, kind))
    except (msgspec.ValidationError, ValueError) as error:
        problem, where = _where(error, raw)
        raise CaseError(path, _line(text, where), f"{problem} (at {where})" if where else problem) from error


def _where(error: Exception, raw: Any) -> tuple[str, str]:
    """The problem, and its path ``$.a.b[0]``. msgspec names neither the key of a mapping nor a field that
    is unknown in its path: both are added here."""
    problem, _, where = str(error).partition(" - at ")
    where = where.rpartition("in `")[2].strip("`") or "$"
    if where.startswith("$.properties[...]") and "properties" in raw:
        for name, scalar in raw["properties"].items():
            try:
                msgspec.convert(scalar, Scalar)
            except msgspec.ValidationError:
                where = f"$.properties.{name}" + where.removeprefix("$.properties[...]")
                break
    unknown = re.match(r"(?:Object contains unknown field `|Invalid enum value ')([^`']*)", problem)
    if unknown and (problem.startswith("Object") or " in `" in str(error)):
        where += f".{unknown[1]}"
    return problem, "" if where == "$" else where


def _line(text: str, where: str) -> int | None:
    """The line of the YAML node at msgspec's path ``$.a.b[0]``, or of the deepest part of it that exists."""
    node = yaml.compose(text, yaml.CSafeLoader)
    line = node.start_mark.line + 1 if node else None
    for step in where.removeprefix("$").replace("[", ".").replace("]", "").split("."):
        if isinstance(node, yaml.SequenceNode) and step.isdigit() and int(step) < len(node.value):
            node = node.value[int(step)]
        elif isinstance(node, yaml.MappingNode):
            found = [pair for pair in node.value if pair[0].value == step]
            if not found:
                continue
            line, node = found[0][0].start_mark.line + 1, found[0][1]
            continue
        else:
            continue
        line = node.start_mark.line + 1
    return line


def _case(identity: str, file: CaseFile) -> Case:
    properties = {name: to_property(name, scalar) for name, scalar in file.properties.items()}
    if file.exchange.kind == "default" and (file.exchange.name or file.routing_key is not None):
        where = "exchange.name" if file.exchange.name else "routing_key"
        raise ValueError(
            f"the default exchange has no name, and its routing key is the queue's name - at `$.{where}`"
        )
    return Case(
        id=identity,
        why=file.why,
        source=file.source,
        exchange=file.exchange,
        binding=file.binding,
        routing_key=file.routing_key,
        message=Message(Shared(properties), to_body(file.body), file.framing),
        header_order=file.header_order,
        rejected=file.expect.rejected if file.expect else None,
    )


def to_body(body: str | CaseBody) -> Body:
    """The body that ``body`` stands for. ValueError for a mixture of its forms."""
    match body:
        case str():
            return Inline(body)
        case CaseBody(base64=str(text), pattern=None, length=None):
            try:
                return Inline(text_of(bytes_of(Base64(text))))
            except ValueError as error:
                raise ValueError(f"{error} - at `$.body.base64`") from error
        case CaseBody(base64=None, pattern=str(pattern), length=int(length)):
            return pattern_body(pattern.encode(), length)
        case _:
            raise ValueError("a body is text, {base64}, or {pattern, length} - at `$.body`")


def to_property(name: PropertyName, scalar: Scalar) -> Value:
    try:
        return _value(name, scalar)
    except ValueError as error:
        raise ValueError(f"{error} - at `$.properties.{name}`") from error


def _value(name: PropertyName, scalar: Scalar) -> Value:
    match name, scalar:
        case (("delivery_mode" | "priority"), int()):
            return Octet(str(scalar))
        case "timestamp", int():
            return Timestamp(str(scalar))
        case "headers", tuple():
            table = Table(scalar)
            _check_base64(table)
            return table
        case (("delivery_mode" | "priority" | "timestamp"), _):
            raise ValueError(f"{name} is a whole number")
        case "headers", _:
            raise ValueError(f"{name} is a list of [key, value]")
        case _, (str() | Base64()):
            return Shortstr(scalar)
    raise ValueError(f"{name} is text or {{base64: ...}}")


def _check_base64(node: object) -> None:
    """ValueError for base64 that cannot be decoded, anywhere in ``node``."""
    match node:
        case Base64():
            bytes_of(node)
        case tuple():
            for item in node:
                _check_base64(item)
        case Longstr(value) | Binary(value) | Array(value) | Table(value):
            _check_base64(value)


def load_cases(folder: Path) -> tuple[Case, ...]:
    """All cases under ``folder``, by id. CaseError at the first file that cannot be read."""
    return load_folder(folder, parse_case)


def load_folder(folder: Path, parse: Callable[[Path, str, str], Made]) -> tuple[Made, ...]:
    """What ``parse`` (of path, id, text) makes of every file under ``folder``, by id."""
    return tuple(
        parse(path, path.relative_to(folder).with_suffix("").as_posix(), _read(path))
        for path in sorted(folder.glob("*/*.yaml"))
    )


def _read(path: Path) -> str:
    raw = path.read_bytes()
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise CaseError(path, line, f"not UTF-8: octet {raw[error.start]:02x}") from error


def select(cases: Iterable[Named], globs: Iterable[str]) -> tuple[Named, ...]:
    """The cases whose id matches any glob, all if there is none. UnknownCase for a glob that selects none."""
    cases, globs = tuple(cases), tuple(globs)
    for glob in globs:
        if not any(fnmatch.fnmatchcase(case.id, glob) for case in cases):
            raise UnknownCase(glob, tuple(case.id for case in cases))
    return tuple(
        case for case in cases if not globs or any(fnmatch.fnmatchcase(case.id, glob) for glob in globs)
    )


def digest(cases: Iterable[HasId]) -> str:
    """SHA-256 over all that the cases say: two runs with the same digest asked the same questions."""
    return hashlib.sha256(msgspec.json.encode([msgspec.to_builtins(case) for case in cases])).hexdigest()


def exchange_name(case: Case, unique: str, fallback: str) -> Text:
    """The exchange's name for one run: ``unique`` is :data:`UNIQUE_LENGTH` characters of that run."""
    if case.exchange.kind == "default":
        return ""
    if case.exchange.name is None:
        return fallback
    name = case.exchange.name.replace(UNIQUE, unique)
    if len(bytes_of(name)) > 255:
        raise ValueError(f"{case.id}: an exchange name holds 255 bytes at the most")
    return name
