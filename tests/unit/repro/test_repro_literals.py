"""A literal means the value that it was made from, in every language."""

from __future__ import annotations

import ast
import json
import math
import re
import struct
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal as Number
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.amqp.values import (
    Array,
    Base64,
    Binary,
    Boolean,
    Decimal,
    DecimalParts,
    Double,
    Float,
    Int8,
    Int16,
    Int32,
    Int64,
    LongLong,
    Longstr,
    Octet,
    Shortstr,
    Table,
    Timestamp,
    Uint8,
    Uint16,
    Uint32,
    Unparsed,
    Value,
    Void,
    bytes_of,
    double_bits,
    float_bits,
    text_of,
)
from harness.repro.languages import LANGUAGES, camel, pascal
from harness.repro.literals import Inexpressible, c, go, java, node, python, rust

OCTETS = st.binary(max_size=30)
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)
DOUBLES = st.floats().map(lambda real: Double(double_bits(real)))
INTEGERS = st.integers(-(2**63), 2**63 - 1)
NOT_TEXT = Base64("/w==")
PI, MINUS = Double(double_bits(3.14)), Decimal(DecimalParts("2", "-314"))
NAMES = {
    "Decimal": Number,
    "datetime": datetime,
    "timezone": timezone,
    "struct": struct,
    "bytearray": bytearray,
}
SAMPLES: dict[str, Value] = {
    "boolean": Boolean("true"),
    "int8": Int8("-128"),
    "uint8": Uint8("200"),
    "int16": Int16("-1"),
    "uint16": Uint16("65535"),
    "int32": Int32(str(-(2**31))),
    "uint32": Uint32(str(2**32 - 1)),
    "int64": Int64(str(-(2**63))),
    "float": Float(float_bits(0.5)),
    "double": PI,
    "decimal": Decimal(DecimalParts("2", "314")),
    "longstr": Longstr('a"\\\n'),
    "binary": Binary(NOT_TEXT),
    "timestamp": Timestamp("5"),
    "array": Array((Int8("1"), Void())),
    "table": Table((("k", PI),)),
    "void": Void(),
}
WRITTEN: dict[str, dict[str, str]] = {
    "go": {
        "boolean": "true",
        "int8": "int8(-128)",
        "uint8": "uint8(200)",
        "int16": "int16(-1)",
        "uint16": "uint16(65535)",
        "int32": "int32(-2147483648)",
        "uint32": "uint32(4294967295)",
        "int64": "int64(-9223372036854775808)",
        "float": "float32(0.5)",
        "double": "float64(3.14)",
        "decimal": "amqp.Decimal{Scale: 2, Value: 314}",
        "longstr": r'"a\x22\x5c\x0a"',
        "binary": r'[]byte("\xff")',
        "timestamp": "time.Unix(5, 0).UTC()",
        "array": "[]any{int8(1), nil}",
        "table": 'amqp.Table{"k": float64(3.14)}',
        "void": "nil",
    },
    "node": {
        "boolean": "true",
        "int8": "-128",
        "uint8": "200",
        "int16": "-1",
        "uint16": "65535",
        "int32": "-2147483648",
        "uint32": "4294967295",
        "int64": "-9223372036854775808",
        "float": "0.5",
        "double": "3.14",
        "longstr": r'"a\"\\\n"',
        "binary": "Buffer.from('ff', 'hex')",
        "timestamp": "5",
        "array": "[1, null]",
        "table": '{ ["k"]: 3.14 }',
        "void": "null",
    },
    "java": {
        "boolean": "true",
        "int8": "(byte) -128",
        "uint8": "200",
        "int16": "(short) -1",
        "uint16": "65535",
        "int32": "-2147483648",
        "uint32": "4294967295L",
        "int64": "-9223372036854775808L",
        "float": "(float) 0.5",
        "double": "3.14d",
        "decimal": "new BigDecimal(BigInteger.valueOf(314), 2)",
        "longstr": r'"a\042\134\012"',
        "binary": 'HexFormat.of().parseHex("ff")',
        "timestamp": "new Date(5L * 1000)",
        "array": "list((byte) 1, (Object) null)",
        "table": 'table("k", 3.14d)',
        "void": "null",
    },
    "rust": {
        "boolean": "AMQPValue::Boolean(true)",
        "int8": "AMQPValue::ShortShortInt(-128)",
        "uint8": "AMQPValue::ShortShortUInt(200)",
        "int16": "AMQPValue::ShortInt(-1)",
        "uint16": "AMQPValue::ShortUInt(65535)",
        "int32": "AMQPValue::LongInt(-2147483648)",
        "uint32": "AMQPValue::LongUInt(4294967295)",
        "int64": "AMQPValue::LongLongInt(-9223372036854775808)",
        "float": "AMQPValue::Float(0.5_f32)",
        "double": "AMQPValue::Double(3.14_f64)",
        "decimal": "AMQPValue::DecimalValue(DecimalValue { scale: 2, value: 314 })",
        "longstr": r'AMQPValue::LongString(LongString::from(b"a\x22\x5c\x0a".to_vec()))',
        "binary": r'AMQPValue::ByteArray(ByteArray::from(b"\xff".to_vec()))',
        "timestamp": "AMQPValue::Timestamp(5)",
        "array": "AMQPValue::FieldArray(FieldArray::from("
        "vec![AMQPValue::ShortShortInt(1), AMQPValue::Void]))",
        "table": 'AMQPValue::FieldTable(table(vec![("k", AMQPValue::Double(3.14_f64))]))',
        "void": "AMQPValue::Void",
    },
    "c": {
        "boolean": "{.kind = AMQP_FIELD_KIND_BOOLEAN, .value.boolean = 1}",
        "int8": "{.kind = AMQP_FIELD_KIND_I8, .value.i8 = -128}",
        "uint8": "{.kind = AMQP_FIELD_KIND_U8, .value.u8 = 200}",
        "int16": "{.kind = AMQP_FIELD_KIND_I16, .value.i16 = -1}",
        "uint16": "{.kind = AMQP_FIELD_KIND_U16, .value.u16 = 65535}",
        "int32": "{.kind = AMQP_FIELD_KIND_I32, .value.i32 = (-2147483647 - 1)}",
        "uint32": "{.kind = AMQP_FIELD_KIND_U32, .value.u32 = 4294967295U}",
        "int64": "{.kind = AMQP_FIELD_KIND_I64, .value.i64 = (-9223372036854775807LL - 1)}",
        "float": "{.kind = AMQP_FIELD_KIND_F32, .value.f32 = (float)0.5}",
        "double": "{.kind = AMQP_FIELD_KIND_F64, .value.f64 = 3.14}",
        "decimal": "{.kind = AMQP_FIELD_KIND_DECIMAL, .value.decimal = {2, 314}}",
        "longstr": r'{.kind = AMQP_FIELD_KIND_UTF8, .value.bytes = {4, "a\042\134\012"}}',
        "binary": r'{.kind = AMQP_FIELD_KIND_BYTES, .value.bytes = {1, "\377"}}',
        "timestamp": "{.kind = AMQP_FIELD_KIND_TIMESTAMP, .value.u64 = 5ULL}",
        "array": "{.kind = AMQP_FIELD_KIND_ARRAY, .value.array = {2, (amqp_field_value_t[]){"
        "{.kind = AMQP_FIELD_KIND_I8, .value.i8 = 1}, {.kind = AMQP_FIELD_KIND_VOID}}}}",
        "table": "{.kind = AMQP_FIELD_KIND_TABLE, .value.table = {1, (amqp_table_entry_t[]){"
        '{{1, "k"}, {.kind = AMQP_FIELD_KIND_F64, .value.f64 = 3.14}}}}}',
        "void": "{.kind = AMQP_FIELD_KIND_VOID}",
    },
}


@pytest.mark.parametrize(
    ("language", "kind"), [(name, kind) for name, kinds in WRITTEN.items() for kind in kinds]
)
def test_every_wire_type_is_written_as_its_own(language: str, kind: str) -> None:
    value = SAMPLES[kind]
    if (language, kind) == ("node", "int64"):
        value = Int64(str(-(2**63)))  # a power of two: a number holds it
    assert LANGUAGES[language].literal(value) == WRITTEN[language][kind]


@pytest.mark.parametrize(
    ("language", "value"),
    [
        *((language, Unparsed("eg==", "")) for language in LANGUAGES),
        ("go", LongLong("1")),
        ("node", MINUS),
        ("node", Longstr(NOT_TEXT)),
        ("rust", MINUS),
        ("rust", LongLong("1")),
        ("rust", Table(((NOT_TEXT, Void()),))),
        ("java", Table(((NOT_TEXT, Void()),))),
        ("c", MINUS),
        ("c", LongLong("-1")),
    ],
)
def test_what_a_language_or_its_library_has_no_form_for_is_refused(language: str, value: Value) -> None:
    with pytest.raises(Inexpressible, match=f"a {value.type} can't be written|a shortstr can't be written"):
        LANGUAGES[language].literal(value)


def meant(value: Value) -> Any:
    """The Python value of a typed one."""
    match value:
        case Table(pairs):
            return {key: meant(item) for key, item in pairs}
        case Array(items):
            return [meant(item) for item in items]
        case Longstr(text):
            return text if isinstance(text, str) else bytes_of(text)
        case Binary(text):
            return bytes_of(text)
        case Double(bits):
            return struct.unpack(">d", bytes.fromhex(bits))[0]
        case Boolean(text):
            return text == "true"
        case Timestamp(text):
            return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=int(text))
        case Decimal(parts):
            return Number(int(parts.unscaled)).scaleb(-int(parts.scale))
        case Int64(text):
            return int(text)
    assert isinstance(value, Void)
    return None


VALUES: st.SearchStrategy[Value] = st.recursive(
    st.one_of(
        INTEGERS.map(lambda number: Int64(str(number))),
        DOUBLES.filter(lambda value: not math.isnan(meant(value))),
        OCTETS.map(lambda octets: Longstr(text_of(octets))),
        OCTETS.map(lambda octets: Binary(text_of(octets))),
        st.integers(0, 253402300799).map(lambda seconds: Timestamp(str(seconds))),
        st.builds(
            lambda scale, unscaled: Decimal(DecimalParts(str(scale), str(unscaled))),
            st.integers(0, 255),
            st.integers(-(2**31), 2**31 - 1),
        ),
        st.sampled_from([Boolean("true"), Boolean("false"), Void()]),
    ),
    lambda items: st.one_of(
        st.lists(items, max_size=3).map(lambda found: Array(tuple(found))),
        st.dictionaries(TEXTS, items, max_size=3).map(lambda found: Table(tuple(found.items()))),
    ),
    max_leaves=8,
)


@given(VALUES)
def test_a_python_literal_evaluates_to_the_value(value: Value) -> None:
    made = eval(python.literal(value), dict(NAMES))
    assert made == meant(value)
    assert repr(made) == repr(meant(value))  # 1 is not True, and -0.0 not 0.0


def test_a_python_literal_takes_the_forms_of_its_library() -> None:
    forms = {"int64": "long({})", "text": "bytearray({})", "binary": "bytearray({})"}
    value = Table((("a", Array((Int64("5"), Int32("6")))), ("b", Longstr(NOT_TEXT)), ("c", Binary("x"))))
    expected = "{'a': [long(5), 6], 'b': bytearray(b'\\xff'), 'c': bytearray(b'x')}"
    assert python.literal(value, **forms) == expected
    assert python.literal(Timestamp("5"), time="{}") == "5"
    assert python.literal(Table((("t", Timestamp("5")),)), time="{}").startswith("{'t': datetime")
    assert python.literal(Octet("5")) == "5"
    nan = python.literal(Float("7fc00001"))
    assert struct.pack(">f", eval(nan, dict(NAMES))).hex() == "7fc00001"


@given(OCTETS)
def test_any_octets_survive_being_written_in_go_rust_and_c(octets: bytes) -> None:
    content = text_of(octets)
    assert ast.literal_eval("b" + go.name(content)) == octets
    assert ast.literal_eval(rust.octets(content).removesuffix(".to_vec()")) == octets
    found = re.fullmatch(r'\{(\d+), (".*")\}', c.octets(content))
    assert found is not None
    assert (int(found[1]), ast.literal_eval("b" + found[2])) == (len(octets), octets)


@given(TEXTS)
def test_any_text_survives_being_written_in_javascript_java_and_rust(text: str) -> None:
    assert json.loads(node.name(text)) == text
    units = ast.literal_eval(java.name(text))  # Python reads the same octal and \u escapes
    assert units.encode("utf-16", "surrogatepass").decode("utf-16") == text
    assert java.name(text).isascii()
    inside = re.sub(r"\\u\{([0-9a-f]+)\}", lambda found: chr(int(found[1], 16)), rust.name(text)[1:-1])
    assert inside == text


@given(INTEGERS)
def test_a_javascript_integer_is_a_number_only_where_one_is_exact(number: int) -> None:
    written = node.integer(str(number))
    assert int(written.removesuffix("n")) == number
    assert written.endswith("n") == (int(float(number)) != number)


def test_a_javascript_literal_takes_the_forms_of_its_library() -> None:
    value = Table((("__proto__", PI), ("d", MINUS), ("i", Int64("5")), ("t", Timestamp("6"))))
    written = node.literal(value, typed={"double", "decimal", "timestamp"})
    assert written == (
        "{ [\"__proto__\"]: { '!': 'double', value: 3.14 }, "
        "[\"d\"]: { '!': 'decimal', value: { places: 2, digits: -314 } }, "
        "[\"i\"]: 5, [\"t\"]: { '!': 'timestamp', value: 6 } }"
    )
    times = node.literal(
        value.__class__((("i", Int64("5")), ("t", Timestamp("6")))), bigints=True, time="Date({})"
    )
    assert times == '{ ["i"]: 5n, ["t"]: Date(6) }'


@pytest.mark.parametrize(
    ("language", "expected"),
    [
        ("go", "math.Float64frombits(0x8000000000000000)"),
        ("node", "-0.0"),
        ("java", "-0.0d"),
        ("rust", "AMQPValue::Double(-0.0_f64)"),
        ("c", "{.kind = AMQP_FIELD_KIND_F64, .value.f64 = -0.0}"),
    ],
)
def test_a_negative_zero_keeps_its_sign(language: str, expected: str) -> None:
    assert LANGUAGES[language].literal(Double(double_bits(-0.0))) == expected


@pytest.mark.parametrize(
    ("language", "expected"),
    [
        ("go", "math.Float64frombits(0x7ff8000000000000)"),
        ("node", "NaN"),
        ("java", "Double.longBitsToDouble(0x7ff8000000000000L)"),
        ("rust", "AMQPValue::Double(f64::from_bits(0x7ff8000000000000))"),
        ("c", "{.kind = AMQP_FIELD_KIND_F64, .value.f64 = NAN}"),
    ],
)
def test_a_nan_is_one(language: str, expected: str) -> None:
    assert LANGUAGES[language].literal(Double("7ff8000000000000")) == expected


def test_properties_and_bodies_are_written_as_a_publish_takes_them() -> None:
    assert rust.prop(Shortstr("é")) == '"\\u{e9}".into()'
    assert (rust.prop(Octet("5")), rust.prop(Timestamp("6"))) == ("5", "6")
    assert (c.prop(Octet("5")), c.prop(Timestamp("6")), c.prop(Table(()))) == ("5", "6ULL", "{0, NULL}")
    bodies = {name: language.body(b"x\xff") for name, language in LANGUAGES.items()}
    assert bodies == {
        "python": "b'x\\xff'",
        "go": '[]byte("x\\xff")',
        "node": "Buffer.from('78ff', 'hex')",
        "java": 'HexFormat.of().parseHex("78ff")',
        "rust": 'b"x\\xff".to_vec()',
        "c": '{2, "x\\377"}',
    }
    assert LANGUAGES["node"].body(b"x") == 'Buffer.from("x")'
    assert LANGUAGES["java"].body(b"x") == '"x".getBytes()'
    assert (pascal("content_type"), camel("content_type"), camel("type")) == (
        "ContentType",
        "contentType",
        "type",
    )
