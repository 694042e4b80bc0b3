"""The octets of one message's content header as a page shows them: all of them, and what lies where. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterator

import msgspec

from harness.amqp.fields import WireError
from harness.amqp.header import decode_header, encode_header
from harness.amqp.message import Inline, Routed, digest_of
from harness.amqp.values import bytes_of
from harness.report.octets import Piece, pieces
from harness.report.sheet import brief, fields
from harness.report.values import clipped, inert

FIELDS_LIMIT = 200
"""Fields of one content header that are named."""
_NAME_LIMIT = 80
_LEAD = (
    (0, 2, "class id"),
    (2, 4, "weight"),
    (4, 12, "body size"),
    (12, 14, "property flags"),
)
"""What every content header begins with (AMQP 0-9-1, 4.2.6.1)."""


class Span(msgspec.Struct, frozen=True, array_like=True):
    """Octets ``start`` to ``end``, end not included. ``changed``: this is what the verdict is about;
    ``other`` are the places in it at which the place before has other octets."""

    start: int
    end: int
    name: str
    meaning: str
    changed: bool
    other: tuple[int, ...] = ()


class Dump(msgspec.Struct, frozen=True, omit_defaults=True):
    """One block of octets. ``problem`` says why it can't be read; ``size`` is of the whole, if it was cut."""

    title: str
    octets: str
    spans: tuple[Span, ...] = ()
    problem: str = ""
    size: int = 0


def asked_dump(asked: Routed, changed: Collection[str] = ()) -> Dump | None:
    """The content header that the message as asked for would have; None if no encoder can write it."""
    try:
        payload = encode_header(asked.message.properties, digest_of(asked.message.body)[0])
    except (TypeError, ValueError):
        return None
    return header_dump("as asked, it would be", payload, asked, None, changed)


def header_dump(
    title: str,
    payload: bytes,
    routed: Routed | None,
    before: bytes | None,
    changed: Collection[str],
    size: int = 0,
) -> Dump:
    """A content header's ``payload``; ``before`` is the one at the place before, None if there was none.

    ``size``: octets of the whole where ``payload`` is only its beginning.
    """
    try:
        found = pieces(payload)
    except WireError as error:
        broken = Span(min(error.offset, len(payload)), len(payload), "what can't be read", str(error), True)
        problem = f"only the first {len(payload)} of {size} octets are kept" if size else str(error)
        return Dump(title, payload.hex(), () if size else (broken,), problem, size)
    earlier = _pieces(before)
    values = fields(routed)
    spans = [
        Span(
            piece.start,
            piece.start + len(piece.octets),
            clipped(inert(path), _NAME_LIMIT),
            brief(values.get(path)) if routed is not None else "",
            path in changed,
            _others(earlier.get(path), piece),
        )
        for path, piece in _chosen(found, changed)
    ]
    return Dump(title, payload.hex(), (*_lead(payload, before), *spans))


def _pieces(payload: bytes | None) -> dict[str, Piece]:
    try:
        return {} if payload is None else pieces(payload)
    except WireError:
        return {}


def _chosen(found: dict[str, Piece], changed: Collection[str]) -> Iterator[tuple[str, Piece]]:
    """All that changed, and as many of the others as there is room for, in the order of the wire."""
    room = FIELDS_LIMIT - sum(path in changed for path in found)
    for path, piece in found.items():
        if path not in changed:
            room -= 1
        if path in changed or room >= 0:
            yield path, piece


def _others(before: Piece | None, piece: Piece) -> tuple[int, ...]:
    """Places in the payload at which a field's octets are not those of the place before."""
    if before is None:
        return ()
    old, new = before.octets, piece.octets
    return tuple(piece.start + at for at in range(len(new)) if at >= len(old) or old[at] != new[at])


def _lead(payload: bytes, before: bytes | None) -> Iterator[Span]:
    header = decode_header(payload)
    words = b"".join(word.to_bytes(2, "big") for word in header.flags).hex(" ")
    meanings = (str(header.class_id), str(header.weight), str(header.body_size), words)
    for (start, end, name), meaning in zip(_LEAD, meanings, strict=True):
        others = range(start, end) if before is not None and before[start:end] != payload[start:end] else ()
        yield Span(start, end, name, meaning, False, tuple(others))


def text_dump(title: str, octets: bytes, before: bytes | None, name: str) -> Dump:
    """Octets that are not in the content header: a body, a name. All are of one field, which changed."""
    other = _others(None if before is None else Piece(0, b"", before), Piece(0, b"", octets))
    return Dump(title, octets.hex(), (Span(0, len(octets), name, "", True, other),))


def elsewhere(path: str, routed: Routed | None) -> bytes | None:
    """The octets of a field that is not in the content header; None where they are not known."""
    if routed is None:
        return None
    body = routed.message.body
    if path == "body":
        return bytes_of(body.value) if isinstance(body, Inline) else None
    return bytes_of(routed.exchange if path == "exchange" else routed.routing_key)
