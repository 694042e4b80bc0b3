"""The list of mutants, by what they change. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

import mutant_edits as edits
from mutant import DELIVERIES, PUBLISHES, Mutant, Point, Shows
from mutant_cases import (
    BARE,
    BLANK,
    BLANKS,
    DIRECT,
    DUPLICATES,
    HEADERS,
    LARGE,
    SORTED,
    TWICE,
    TWICE_IN_TABLE,
    all_properties,
    full,
    named,
)
from mutant_edits import Edit
from mutant_values import CHANGED, OTHER_TYPE, OTHER_VALUE, SAME_VALUE

from harness.amqp.message import PROPERTY_NAMES
from harness.amqp.values import (
    Array,
    Base64,
    Binary,
    Boolean,
    Double,
    Int8,
    Int32,
    Int64,
    Longstr,
    Shortstr,
    Table,
    Unparsed,
    Void,
    double_bits,
)
from harness.cases import Case
from harness.judge.difference import Kind
from harness.judge.verdict import Stop

REFUSED = dict.fromkeys(PUBLISHES, Stop.REJECTED)
"""The broker will not have it; a delivery that was changed so is another delivery."""
UNROUTED = dict.fromkeys(PUBLISHES, Stop.UNDELIVERED)
"""It goes where no queue is."""
GONE = dict.fromkeys(Point, Stop.UNDELIVERED)
"""It is missing, or comes when all before the message after it must have come."""


def catalogue(user: str) -> tuple[Mutant, ...]:
    """All mutants, for a broker on which ``user`` publishes."""
    made = (
        *_properties(user),
        *_types(full(user)),
        *_nested(full(user)),
        *_keys(full(user)),
        *_bodies(),
        *_envelopes(),
        *_messages(),
    )
    return tuple(replace(mutant, case=named(mutant.case, mutant.name)) for mutant in made)


# --- properties ----------------------------------------------------------------------------------------


def _properties(user: str) -> Iterator[Mutant]:
    whole, present = full(user), all_properties(user)
    for name in PROPERTY_NAMES:
        yield Mutant(f"{name}-dropped", whole, edits.property_gone(name), Shows(name, Kind.LOST))
        added = edits.property_set(name, present[name])
        yield Mutant(f"{name}-added", BARE, added, Shows(name, Kind.DEFAULTED))
    for name, value in CHANGED.items():
        edit, shows = edits.property_set(name, value), Shows(name, Kind.ALTERED)
        yield Mutant(f"{name}-changed", whole, edit, shows, REFUSED if name == "user_id" else {})
    for name, blank in BLANKS.items():
        yield Mutant(f"{name}-blank-dropped", BLANK, edits.property_gone(name), Shows(name, Kind.EMPTIED))
        yield Mutant(f"{name}-blank-added", BARE, edits.property_set(name, blank), Shows(name, Kind.EMPTIED))
        emptied = Shows("headers.void", Kind.LOST) if name == "headers" else Shows(name, Kind.ALTERED)
        yield Mutant(f"{name}-blanked", whole, edits.property_set(name, blank), emptied)
    no_number = edits.property_set("expiration", Shortstr("soon"))
    yield Mutant("expiration-no-number", whole, no_number, Shows("expiration", Kind.ALTERED), REFUSED)


# --- header values and their types ---------------------------------------------------------------------


def _types(whole: Case) -> Iterator[Mutant]:
    for key, value in OTHER_VALUE.items():
        assert type(value) is type(HEADERS[key])
        shows = Shows(f"headers.{key}", Kind.ALTERED)
        yield Mutant(f"header-{key}-changed", whole, edits.header_set(key, value), shows)
    for key, value in OTHER_TYPE.items():
        kind = Kind.NARROWED if key == "float" else Kind.ALTERED
        shows = Shows(f"headers.{key}", kind)
        yield Mutant(f"header-{key}-to-{value.type}", whole, edits.header_set(key, value), shows)
    for key, value in SAME_VALUE.items():
        shows = Shows(f"headers.{key}", Kind.RETYPED, value.type)
        yield Mutant(f"header-{key}-as-{value.type}", whole, edits.header_set(key, value), shows)
    for key in HEADERS:
        yield Mutant(
            f"header-{key}-dropped", whole, edits.header_gone(key), Shows(f"headers.{key}", Kind.LOST)
        )
    rounded = edits.header_set("double", Double(double_bits(0.0)))
    yield Mutant("header-double-rounded", whole, rounded, Shows("headers.double", Kind.NARROWED))
    no_number = edits.header_set("double", Double("7ff8000000000000"))
    yield Mutant("header-double-to-nan", whole, no_number, Shows("headers.double", Kind.ALTERED), REFUSED)
    unknown = edits.header_after("unknown", Unparsed("Wg==", "AAAA"))
    yield Mutant("header-unknown-type-added", BLANK, unknown, Shows("headers.unknown", Kind.ADDED), REFUSED)


def _nested(whole: Case) -> Iterator[Mutant]:
    one, two, inner = Int32("1"), Longstr("two"), Array((Int8("3"),))
    for name, items, path, kind in (
        ("item-changed", (Int32("0"), two, inner), "[0]", Kind.ALTERED),
        ("item-retyped", (Int64("1"), two, inner), "[0]", Kind.RETYPED),
        ("item-dropped", (one, two), "[2]", Kind.LOST),
        ("item-added", (one, two, inner, Void()), "[3]", Kind.ADDED),
        ("items-swapped", (two, one, inner), "[0]", Kind.ALTERED),
        ("inner-item-changed", (one, two, Array((Int8("4"),))), "[2][0]", Kind.ALTERED),
        ("inner-emptied", (one, two, Array(())), "[2][0]", Kind.LOST),
    ):
        edit = edits.header_set("array", Array(items))
        yield Mutant(f"array-{name}", whole, edit, Shows(f"headers.array{path}", kind))
    a, n, t = ("a", Longstr("b")), ("n", Int32("1")), ("t", Table((("deep", Boolean("false")),)))
    for name, entries, path, kind in (
        ("value-changed", (("a", Longstr("c")), n, t), "a", Kind.ALTERED),
        ("value-retyped", (("a", Binary("b")), n, t), "a", Kind.RETYPED),
        ("key-dropped", (a, t), "n", Kind.LOST),
        ("key-added", (a, n, ("o", Void()), t), "o", Kind.ADDED),
        ("key-renamed", (("A", Longstr("b")), n, t), "A", Kind.ADDED),
        ("key-doubled", (a, a, n, t), "a#2", Kind.ADDED),
        ("deep-changed", (a, n, ("t", Table((("deep", Boolean("true")),)))), "t.deep", Kind.ALTERED),
        ("emptied", (), "n", Kind.LOST),
    ):
        edit = edits.header_set("table", Table(entries))
        yield Mutant(f"table-{name}", whole, edit, Shows(f"headers.table.{path}", kind))


# --- header keys ---------------------------------------------------------------------------------------


def _keys(whole: Case) -> Iterator[Mutant]:
    text = HEADERS["longstr"]
    for name, edit, shows, undone in (
        ("renamed", edits.header_renamed("longstr", "other"), Shows("headers.other", Kind.ADDED), False),
        (
            "upper-case",
            edits.header_renamed("longstr", "Longstr"),
            Shows("headers.longstr", Kind.LOST),
            False,
        ),
        ("emptied", edits.header_renamed("void", ""), Shows('headers[""]', Kind.ADDED), False),
        (
            "not-utf8",
            edits.header_renamed("longstr", Base64("/w==")),
            Shows("headers[hex:ff]", Kind.ADDED),
            False,
        ),
        ("added", edits.header_after("x-more", Void()), Shows("headers.x-more", Kind.ADDED), False),
        (
            "doubled-other-value",
            edits.header_before("longstr", Longstr("x")),
            Shows("headers.longstr", Kind.ALTERED),
            False,
        ),
        ("doubled", edits.header_after("longstr", text), Shows("headers.longstr#2", Kind.ADDED), True),
    ):
        yield Mutant(f"key-{name}", whole, edit, shows, undone_by_4x=undone)
    turned = edits.pairs(lambda old: old[::-1])
    yield Mutant("keys-turned", SORTED, turned, Shows("headers:order", Kind.ALTERED), undone_by_4x=True)
    exchanged = edits.pairs(lambda old: (old[0], old[2], old[1]))
    yield Mutant(
        "two-keys-exchanged", SORTED, exchanged, Shows("headers:order", Kind.ALTERED), undone_by_4x=True
    )
    yield from _duplicates()


def _duplicates() -> Iterator[Mutant]:
    """Of two headers with one key each may be changed; the same in a table, where every broker keeps both."""
    first, second = (("k", value) for value in DUPLICATES)
    other = ("k", Longstr("other"))
    for name, pairs, path, kind in (
        ("first-changed", (other, second), "k", Kind.ALTERED),
        ("second-changed", (first, other), "k#2", Kind.ALTERED),
        ("second-lost", (first,), "k#2", Kind.LOST),
        ("first-lost", (second,), "k#2", Kind.LOST),
        ("exchanged", (second, first), "k", Kind.ALTERED),
        ("tripled", (first, second, second), "k#3", Kind.ADDED),
    ):
        edit = edits.property_set("headers", Table(pairs))
        yield Mutant(f"duplicate-{name}", TWICE, edit, Shows(f"headers.{path}", kind), not_on_4x=True)
        edit = edits.header_set("t", Table(pairs))
        yield Mutant(f"table-duplicate-{name}", TWICE_IN_TABLE, edit, Shows(f"headers.t.{path}", kind))


# --- bodies, envelopes, whole messages -----------------------------------------------------------------


def _bodies() -> Iterator[Mutant]:
    changes: Mapping[str, Edit] = {
        "first-octet": edits.body(lambda body: b"T" + body[1:]),
        "last-bit": edits.body(lambda body: body[:-1] + bytes((body[-1] ^ 1,))),
        "cut-by-one": edits.body(lambda body: body[:-1]),
        "cut-in-half": edits.body(lambda body: body[: len(body) // 2]),
        "emptied": edits.body(lambda body: b""),
        "longer-by-one": edits.body(lambda body: body + b"\n"),
        "twice-over": edits.body(lambda body: body * 2),
        "beginning-cut": edits.body(lambda body: body[1:]),
        "bom": edits.body(lambda body: b"\xef\xbb\xbf" + body),
        "not-utf8": edits.body(lambda body: body[:4] + b"\xff" + body[5:]),
    }
    for name, edit in changes.items():
        yield Mutant(f"body-{name}", BARE, edit, Shows("body", Kind.ALTERED))
    middle = edits.body(lambda body: body[:50_000] + bytes((body[50_000] ^ 128,)) + body[50_001:])
    yield Mutant("large-body-middle-bit", LARGE, middle, Shows("body", Kind.ALTERED))
    yield Mutant(
        "large-body-cut-by-one", LARGE, edits.body(lambda body: body[:-1]), Shows("body", Kind.ALTERED)
    )


def _envelopes() -> Iterator[Mutant]:
    exchange, key = Shows("exchange", Kind.ALTERED), Shows("routing_key", Kind.ALTERED)
    unknown = edits.envelope(exchange="interop.there-is-no-such-exchange")
    yield Mutant("exchange-unknown", BARE, unknown, exchange, REFUSED)
    yield Mutant("exchange-another", BARE, edits.envelope(exchange="amq.fanout"), exchange, UNROUTED)
    yield Mutant("exchange-default", BARE, edits.envelope(exchange=""), exchange, UNROUTED)
    yield Mutant("exchange-not-utf8", BARE, edits.envelope(exchange=Base64("/w==")), exchange, REFUSED)
    for name, other in (
        ("another", "other"),
        ("emptied", ""),
        ("longer", "mutants/routing-key-longer "),
        ("not-utf8", Base64("/w==")),
    ):
        yield Mutant(f"routing-key-{name}", BARE, edits.envelope(routing_key=other), key)
    yield Mutant("routing-key-unbound", DIRECT, edits.envelope(routing_key="other"), key, UNROUTED)
    redelivered = Shows("redelivered", Kind.ALTERED)
    yield Mutant("redelivered", BARE, edits.marked_redelivered, redelivered, points=DELIVERIES)


def _messages() -> Iterator[Mutant]:
    yield Mutant("message-dropped", BARE, edits.dropped, stops=GONE)
    yield Mutant("message-doubled", BARE, edits.doubled, Shows("deliveries", Kind.ADDED), doubles=True)
    yield Mutant("message-swapped-with-next", BARE, edits.unchanged, stops=GONE, swaps=True)
    yield Mutant("large-message-dropped", LARGE, edits.dropped, stops=GONE)
