"""The cases of ``contract/cases`` are valid, differ, and leave no gap; a bad file is named with its line."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import jsonschema
import msgspec
import pytest
import yaml

from harness.amqp import values
from harness.amqp.header import decode_header, encode_header
from harness.amqp.message import PROPERTY_NAMES, Inline, Message, PropertyName, digest_of
from harness.amqp.values import Array, Base64, Shortstr, Table, Text, Value, bytes_of, text_of
from harness.cases import (
    UNIQUE_LENGTH,
    Case,
    CaseError,
    UnknownCase,
    digest,
    exchange_name,
    load_cases,
    parse_case,
    select,
)

CONTRACT = Path(__file__).parents[2] / "contract"
FILES = sorted((CONTRACT / "cases").glob("*/*.yaml"))
CASES = load_cases(CONTRACT / "cases")
SCHEMA = json.loads((CONTRACT / "schema" / "case.schema.json").read_text(encoding="utf-8"))

WHY = "why: A reason to be here.\n"
HEADERS = "properties:\n  headers:\n"


def nodes(value: Value) -> Iterator[Value]:
    """``value`` and all that is in it."""
    yield value
    match value:
        case Array(items):
            for item in items:
                yield from nodes(item)
        case Table(pairs):
            for _, item in pairs:
                yield from nodes(item)


def headers(case: Case) -> tuple[tuple[Text, Value], ...]:
    table = case.message.properties.get("headers")
    return table.value if isinstance(table, Table) else ()


# --- each file ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_a_case_file_is_valid_against_its_schema(path: Path) -> None:
    said = yaml.safe_load(path.read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator(SCHEMA).validate(said)


def test_the_schema_refuses_what_no_case_may_say() -> None:
    wrong: list[dict[str, Any]] = [
        {},
        {"why": "too short"},
        {"why": "A reason to be here.", "properties": {"colour": "red"}},
        {"why": "A reason to be here.", "properties": {"headers": [["k", {"type": "int7", "value": "1"}]]}},
        {"why": "A reason to be here.", "properties": {"headers": [["k", {"type": "int8", "value": 1}]]}},
        {"why": "A reason to be here.", "retries": 3},
    ]
    validator = jsonschema.Draft202012Validator(SCHEMA)
    assert [said for said in wrong if validator.is_valid(said)] == []


def test_there_are_enough_cases_and_each_file_is_one() -> None:
    assert len(CASES) == len(FILES) >= 150
    assert len({case.id for case in CASES}) == len(CASES)


def test_every_case_has_a_reason_of_its_own() -> None:
    reasons = [case.why for case in CASES]
    assert sorted(set(reasons)) == sorted(reasons)


def test_no_two_cases_ask_the_same() -> None:
    asked = [msgspec.json.encode(msgspec.structs.replace(case, id="", why="", source=None)) for case in CASES]
    assert len(set(asked)) == len(asked)


def test_a_case_asks_for_nothing_that_only_a_consumer_may_say() -> None:
    of_properties = {"shortstr", "octet"}
    strange = [
        (case.id, node.type)
        for case in CASES
        for _, value in headers(case)
        for node in nodes(value)
        if node.type.startswith("native-") or node.type in of_properties
    ]
    assert strange == []


def texts(node: object) -> Iterator[Text]:
    """All that is text or bytes in a case."""
    if isinstance(node, Base64 | str):
        yield node
    elif isinstance(node, msgspec.Struct):
        yield from texts([getattr(node, name) for name in node.__struct_fields__])
    elif isinstance(node, dict):
        yield from texts(list(node.items()))
    elif isinstance(node, tuple | list):
        for item in node:
            yield from texts(item)


def test_bytes_are_in_base64_only_where_they_are_no_text() -> None:
    for case in CASES:
        said = msgspec.structs.replace(
            case, message=Message(case.message.properties, case.message.body)
        )  # framing apart: a header is always bytes
        for text in texts(said):
            assert text_of(bytes_of(text)) == text, case.id


def test_every_exchange_name_fits_once_it_is_unique() -> None:
    for case in CASES:
        name = exchange_name(case, "u" * UNIQUE_LENGTH, "fallback")
        assert len(bytes_of(name)) <= 255, case.id
        assert "{" not in str(name), case.id
        assert case.exchange.name is None or "u" * UNIQUE_LENGTH in str(name), case.id


def test_a_header_made_by_hand_means_what_the_properties_say() -> None:
    by_hand = [case for case in CASES if case.message.framing and case.message.framing.header]
    for case in by_hand:
        assert case.message.framing and case.message.framing.header
        raw = bytes_of(case.message.framing.header)
        length = digest_of(case.message.body)[0]
        assert raw != encode_header(case.message.properties, length), f"{case.id}: it needs no hand"
        if case.rejected is None:
            assert decode_header(raw).properties == case.message.properties, case.id
            assert decode_header(raw).body_size == length, case.id
    assert {case.rejected is None for case in by_hand} == {True, False}


# --- together they leave no gap ----------------------------------------------------------------------

_INTEGERS = (
    values.Int8,
    values.Int16,
    values.Int32,
    values.Int64,
    values.LongLong,
    values.Uint8,
    values.Uint16,
    values.Uint32,
)
_TYPES = {
    *(str(kind.__struct_config__.tag) for kind in _INTEGERS),
    *("boolean", "float", "double", "decimal", "longstr", "binary", "array", "timestamp", "table", "void"),
}
_LIMITS: dict[str, dict[object, str]] = {
    "boolean": {"true": "true", "false": "false"},
    "float": {"ff7fffff": "min", "bf800000": "-1", "00000000": "0", "7f7fffff": "max"},
    "double": {
        "ffefffffffffffff": "min",
        "bff0000000000000": "-1",
        "0000000000000000": "0",
        "7fefffffffffffff": "max",
    },
    "decimal": {str(-(2**31)): "min", "-1": "-1", "0": "0", str(2**31 - 1): "max"},
    "timestamp": {"0": "0", str(2**64 - 1): "max"},
    "longstr": {"": "empty"},
    "binary": {"": "empty"},
    "array": {(): "empty"},
    "table": {(): "empty"},
    "void": {None: "present"},
    **{
        str(kind.__struct_config__.tag): {
            str(kind.low): "min",
            **({"-1": "-1", "0": "0"} if kind.low else {}),
            str(kind.high): "max",
        }
        for kind in _INTEGERS
    },
}
_BODIES = {0, 1, 131063, 131064, 131065, 262127, 262128, 262129, 2**20, 8 * 2**20}
_NUMBERS: dict[PropertyName, dict[str, str]] = {
    "delivery_mode": {"0": "zero", "1": "typical", "2": "limit"},
    "priority": {"0": "zero", "255": "limit"},
    "timestamp": {"0": "zero", str(2**64 - 1): "limit"},
}
REQUIRED = {
    *(f"{name} {state}" for name in PROPERTY_NAMES for state in ("absent", "typical", "limit")),
    *(f"{name} {'zero' if name in _NUMBERS else 'empty'}" for name in PROPERTY_NAMES),
    *(f"{kind} {limit}" for kind in _TYPES for limit in _LIMITS[kind].values()),
    *(f"{kind} in {where}" for kind in _TYPES for where in ("array", "table")),
    *(f"body of {length}" for length in _BODIES),
    *(f"exchange {kind}" for kind in ("fanout", "direct", "topic", "headers", "default")),
    *(f"routing key {what}" for what in ("empty", "of 255", "with .", "with *", "with #", "non-ASCII")),
    "body of all octets",
}


def of_property(name: PropertyName, value: Value) -> str:
    match value:
        case Shortstr(text):
            # A long expiration would be no number: its limit is the largest one that brokers take.
            if text == "315360000000" or len(bytes_of(text)) == 255:
                return f"{name} limit"
            return f"{name} {'typical' if text else 'empty'}"
        case Table(pairs):
            return f"{name} {'limit' if len(pairs) >= 1000 else 'typical' if pairs else 'empty'}"
        case _:
            return f"{name} {_NUMBERS[name].get(getattr(value, 'value', ''), 'typical')}"


def of_value(value: Value) -> Iterator[str]:
    said = getattr(value, "value", None)
    limit = _LIMITS.get(value.type, {}).get(said.unscaled if isinstance(said, values.DecimalParts) else said)
    if limit:
        yield f"{value.type} {limit}"
    for node in nodes(value):
        if isinstance(node, Array):
            yield from (f"{item.type} in array" for item in node.value)
        if isinstance(node, Table):
            yield from (f"{item.type} in table" for _, item in node.value)


def of_routing_key(key: Text) -> Iterator[str]:
    raw = bytes_of(key)
    yield {0: "routing key empty", 255: "routing key of 255"}.get(len(raw), "")
    yield from (f"routing key with {letter}" for letter in ".*#" if letter.encode() in raw)
    if not raw.isascii():
        yield "routing key non-ASCII"


def covered(case: Case) -> set[str]:
    """What of REQUIRED the case is about. A limit of a type counts only where it is the only header."""
    found = {of_property(name, value) for name, value in case.message.properties.items()}
    if not case.message.properties:
        found |= {f"{name} absent" for name in PROPERTY_NAMES}
    pairs = headers(case)
    if len(pairs) == 1:
        found |= set(of_value(pairs[0][1]))
    if case.routing_key is not None:
        found |= set(of_routing_key(case.routing_key))
    if isinstance(case.message.body, Inline) and bytes_of(case.message.body.value) == bytes(range(256)):
        found.add("body of all octets")
    return found | {f"body of {digest_of(case.message.body)[0]}", f"exchange {case.exchange.kind}"}


def gaps(cases: Iterable[Case]) -> set[str]:
    return REQUIRED - {what for case in cases for what in covered(case)}


def test_the_cases_leave_no_gap() -> None:
    assert gaps(CASES) == set()


def test_all_seventeen_field_types_are_asked_for() -> None:
    assert len(_TYPES - {"longlong"}) == 17


@pytest.mark.parametrize("what", sorted(REQUIRED))
def test_a_gap_is_seen(what: str) -> None:
    assert what in gaps(case for case in CASES if what not in covered(case))


# --- a file that cannot be read ----------------------------------------------------------------------

BAD: dict[str, tuple[str, int | None, str]] = {
    "nothing in it": ("", None, "Expected `object`, got `null`"),
    "a list": ("[]", 1, "Expected `object`, got `array`"),
    "no why": ("body: x\n", 1, "missing required field `why`"),
    "a why that says nothing": ("why: short\n", 1, "length >= 10 (at $.why)"),
    "a key twice": (WHY + "body: x\nwhy: Twice is too often.\n", 3, "'why' stands twice"),
    "not YAML": (WHY + 'body: "x\n', 3, "unexpected end of stream"),
    "a tab": (WHY + "properties:\n\theaders: []\n", 3, "cannot start any token"),
    "an object of Python": (
        WHY + "body: !!python/object:os.system {}\n",
        2,
        "could not determine a constructor",
    ),
    "two documents": (WHY + "---\nwhy: A second one.\n", 2, "found another document"),
    "text for a number": (WHY + "properties:\n  priority: high\n", 3, "priority is a whole number"),
    "a number for text": (WHY + "properties:\n  message_id: 5\n", 3, "message_id is text"),
    "text for headers": (WHY + "properties:\n  type: t\n  headers: k\n", 4, "headers is a list"),
    "256 bytes": (WHY + f"properties:\n  app_id: {'x' * 256}\n", 3, "255 bytes at the most, this has 256"),
    "broken base64": (WHY + "properties:\n  app_id: {base64: A}\n", 3, "Invalid base64"),
    "a body without length": (WHY + "body: {pattern: x}\n", 2, "{pattern, length}"),
    "a body of length -1": (WHY + "body:\n  pattern: x\n  length: -1\n", 4, "`int` >= 0 (at $.body.length)"),
    "a pattern of nothing": (WHY + 'body: {pattern: "", length: 5}\n', 2, "length >= 1 (at $.body.pattern)"),
    "a number as body": (WHY + "body: 5\n", 2, "got `int` (at $.body)"),
    "a word that YAML takes for true": (WHY + "body: yes\n", 2, "got `bool` (at $.body)"),
    "no such kind": (WHY + "exchange:\n  kind: fan\n", 3, "Invalid enum value 'fan' (at $.exchange.kind)"),
    "a number as key": (WHY + "routing_key: 12\n", 2, "got `int` (at $.routing_key)"),
    "a frame of -1": (
        WHY + "framing:\n  frames:\n    - 1\n    - -1\n",
        5,
        "`int` >= 0 (at $.framing.frames[1])",
    ),
    "text as header frame": (WHY + "framing:\n  header: text\n", 3, "got `str` (at $.framing.header)"),
    "no scope": (WHY + "expect:\n  rejected: {code: 541}\n", 3, "missing required field `scope`"),
    "no such scope": (WHY + "expect: {rejected: {code: 541, scope: process}}\n", 2, "'process'"),
    "neither true nor false": (WHY + "header_order: maybe\n", 2, "Expected `bool`"),
    "an octet of 256": (WHY + "properties:\n  priority: 256\n", 3, "256 is not a octet"),
    "an octet of -1": (WHY + "properties:\n  app_id: a\n  priority: -1\n", 4, "`int` >= 0"),
    "a time past 64 bits": (WHY + "properties:\n  timestamp: 18446744073709551616\n", 3, "not a timestamp"),
    "an int8 of 128": (
        WHY + 'properties:\n  headers:\n    - [j, {type: void}]\n    - [k, {type: int8, value: "128"}]\n',
        5,
        "128 is not a int8: -128 to 127 (at $.properties.headers[1][1])",
    ),
    "a number that is no text": (WHY + f"{HEADERS}    - [k, {{type: int8, value: 1}}]\n", 4, "got `int`"),
    "a leading zero": (WHY + f'{HEADERS}    - [k, {{type: int8, value: "01"}}]\n', 4, "matching regex"),
    "no such type": (WHY + f'{HEADERS}    - [k, {{type: int7, value: "1"}}]\n', 4, "Invalid value 'int7'"),
    "half a pair": (WHY + f"{HEADERS}    - [k]\n", 4, "`array` of length 2, got 1"),
    "a decimal of scale 256": (
        WHY + f'{HEADERS}    - [k, {{type: decimal, value: {{scale: "256", unscaled: "0"}}}}]\n',
        4,
        "scale 256",
    ),
    "broken base64 in a header": (
        WHY + f"{HEADERS}    - [k, {{type: binary, value: {{base64: A}}}}]\n",
        3,
        "Invalid base64",
    ),
    "broken base64 as body": (WHY + "body:\n  base64: A\n", 3, "Invalid base64"),
    "no such property": (
        WHY + "properties:\n  type: t\n  colour: red\n",
        4,
        "'colour' (at $.properties.colour)",
    ),
    "no such field": (WHY + "body: x\nretries: 3\n", 3, "unknown field `retries` (at $.retries)"),
    "a default exchange with a key": (
        WHY + "exchange: {kind: default}\nrouting_key: k\n",
        3,
        "(at $.routing_key)",
    ),
    "a default exchange with a name": (
        WHY + "exchange:\n  kind: default\n  name: e\n",
        4,
        "(at $.exchange.name)",
    ),
    "an octal number": (WHY + "properties:\n  timestamp: 010\n", 3, "'010' is no decimal integer"),
    "a number to base 60": (WHY + "properties:\n  timestamp: 1:30\n", 3, "'1:30' is no decimal integer"),
    "a number with underscores": (WHY + "properties:\n  timestamp: 1_0\n", 3, "'1_0' is no decimal integer"),
}


@pytest.mark.parametrize("name", BAD)
def test_a_bad_file_is_named_with_line_and_problem(name: str, tmp_path: Path) -> None:
    text, line, problem = BAD[name]
    path = tmp_path / "topic" / "bad.yaml"
    path.parent.mkdir()
    path.write_text(text, encoding="utf-8")
    with pytest.raises(CaseError) as caught:
        load_cases(tmp_path)
    assert (caught.value.path, caught.value.line) == (path, line)
    assert str(caught.value).startswith(f"{path}{'' if line is None else f':{line}'}: ")
    assert problem in caught.value.problem


def test_a_file_that_is_not_utf8_is_named_with_line_and_octet(tmp_path: Path) -> None:
    path = tmp_path / "topic" / "bad.yaml"
    path.parent.mkdir()
    path.write_bytes(WHY.encode() + b"body: caf\xe9\n")
    with pytest.raises(CaseError, match=r"bad\.yaml:2: not UTF-8: octet e9"):
        load_cases(tmp_path)


# --- choosing, and telling apart ---------------------------------------------------------------------


def test_a_case_is_selected_by_glob_and_all_without_one() -> None:
    assert select(CASES, []) == CASES
    assert [case.id for case in select(CASES, ["article/*"])] == ["article/message"]
    topics = {case.topic for case in select(CASES, ["framing/*", "mixed/*"])}
    assert topics == {"framing", "mixed"}


def test_two_globs_that_meet_select_a_case_once() -> None:
    assert len(select(CASES, ["article/*", "*/message"])) == 1


def test_a_glob_that_selects_nothing_is_an_error_that_lists_the_known() -> None:
    with pytest.raises(UnknownCase, match=r"no case matches 'header/'.*article/message") as caught:
        select(CASES, ["headers/*", "header/"])
    assert caught.value.known == tuple(case.id for case in CASES)


def test_the_digest_is_that_of_the_cases_alone() -> None:
    assert digest(load_cases(CONTRACT / "cases")) == digest(CASES)


def test_the_digest_changes_when_any_case_changes() -> None:
    few = CASES[::20]
    changed = {
        digest((*few[:at], msgspec.structs.replace(case, why=case.why + "!"), *few[at + 1 :]))
        for at, case in enumerate(few)
    }
    assert len(changed | {digest(few)}) == len(few) + 1


@pytest.mark.parametrize(
    "more", ["body: y", "routing_key: k", "header_order: true", "properties: {priority: 1}"]
)
def test_the_digest_changes_with_whatever_a_case_says(more: str) -> None:
    one = parse_case(Path("a/b.yaml"), "a/b", WHY)
    other = parse_case(Path("a/b.yaml"), "a/b", WHY + more)
    assert digest([one]) != digest([other])


# --- names of exchanges ------------------------------------------------------------------------------


def test_a_name_is_made_unique_and_a_missing_one_is_the_suites() -> None:
    named = parse_case(Path("a/b.yaml"), "a/b", WHY + 'exchange: {name: "x-{unique}"}\n')
    assert exchange_name(named, "0123456789ab", "fallback") == "x-0123456789ab"
    nameless = parse_case(Path("a/b.yaml"), "a/b", WHY)
    assert exchange_name(nameless, "0123456789ab", "fallback") == "fallback"
    default = parse_case(Path("a/b.yaml"), "a/b", WHY + "exchange: {kind: default}\n")
    assert exchange_name(default, "0123456789ab", "fallback") == ""


def test_a_name_that_does_not_fit_once_it_is_unique_is_refused() -> None:
    long = parse_case(Path("a/b.yaml"), "a/b", WHY + f'exchange: {{name: "{"x" * 244}{{unique}}"}}\n')
    with pytest.raises(ValueError, match=r"a/b: an exchange name holds 255 bytes"):
        exchange_name(long, "u" * UNIQUE_LENGTH, "fallback")
