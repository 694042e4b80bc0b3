"""The octets of a changed field on both wires, where they lie in the content header, what they mean. Pure.

Offsets count from 0 in the payload of the content header frame (AMQP 0-9-1, 4.2.6.1). A header's octets begin
with its tag, a property has none.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from harness.amqp.fields import WireError
from harness.amqp.header import decode_header, encode_header
from harness.amqp.locate import locate
from harness.amqp.message import Inline, Routed, digest_of
from harness.amqp.values import Text, bytes_of
from harness.judge.compare import key_path
from harness.judge.difference import Kind
from harness.judge.verdict import Evidence, Step, StepDifference, Wire
from harness.report.columns import aligned
from harness.report.sheet import brief, fields, numbered

HEX_LIMIT = 32
"""Octets of one field that are shown: around the first that differs, or from the first."""
LEAD_IN = 8
"""Octets shown before the first that differs, where not all are."""
DUMP_LIMIT = 512
DUMP_WIDTH = 16
ONLY_METHOD = ("exchange", "routing_key")
_NO_FIELDS = ("headers:order", "deliveries", "outcome", "redelivered")


class Piece(NamedTuple):
    """The octets of one field: ``tag`` is empty of a property; ``start`` counts in the payload."""

    start: int
    tag: bytes
    value: bytes

    @property
    def octets(self) -> bytes:
        """All of them."""
        return self.tag + self.value

    @property
    def place(self) -> str:
        """``octets 26 to 34``"""
        return f"octets {self.start} to {max(self.start + len(self.octets) - 1, self.start)}"


def pieces(payload: bytes) -> dict[str, Piece]:
    """The octets of every property and header by path. WireError if the payload can't be read."""
    header = decode_header(payload)
    found = {str(name): Piece(start, b"", payload[start:end]) for name, (start, end) in header.spans.items()}
    if "headers" in header.spans:
        found.update(_headers(payload, header.spans["headers"][0]))
    return found


def _headers(payload: bytes, offset: int) -> Iterator[tuple[str, Piece]]:
    """Headers with the paths of the judge: a key that stands twice in one table is numbered there."""
    names: dict[tuple[Text | int, ...], str] = {(): "headers"}
    seen: dict[tuple[str, bytes], int] = {}
    for one in locate(payload, offset):
        above, step = names[one.path[:-1]], one.path[-1]
        if isinstance(step, int):
            path = f"{above}[{step}]"
        else:
            key = bytes_of(step)
            seen[above, key] = seen.get((above, key), 0) + 1
            path = numbered(key_path(above, key), seen[above, key])
        names[one.path] = path
        yield path, Piece(one.tag_offset, one.tag, payload[one.start : one.end])


def changed_fields(differences: Iterable[StepDifference]) -> list[str]:
    """Paths whose octets tell something: what failed, or, if nothing did, what changed its type."""
    fields = [one for one in differences if one.path not in _NO_FIELDS]
    failing = [one.path for one in fields if not one.kind.passes]
    on_wire = [one.path for one in fields if one.kind is Kind.RETYPED and one.step is not Step.CONSUMER]
    return list(dict.fromkeys([*failing, *on_wire] or [one.path for one in fields]))


class Sight(NamedTuple):
    """A field at one place: where its octets lie ("" if that means nothing), and what they mean."""

    place: str
    where: str
    piece: Piece | None
    meaning: str


def field_octets(path: str, evidence: Evidence, wire: Wire) -> list[str]:
    """The lines about one field: asked, sent, delivered, reported, and marks under what changed."""
    return _lines([*_sights(path, evidence, wire), _reported(path, evidence)])


def _sights(path: str, evidence: Evidence, wire: Wire) -> Iterator[Sight]:
    yield _asked(path, evidence.asked)
    for place, payload, routed in (
        ("sent", wire.sent, evidence.sent),
        ("delivered", wire.delivered, evidence.delivered),
    ):
        yield _seen(place, path, payload, routed)


def _asked(path: str, asked: Routed) -> Sight:
    """What was asked for, as the octets that it would be."""
    meaning = brief(fields(asked).get(path))
    if path in (*ONLY_METHOD, "body"):
        return Sight("asked", "", _elsewhere(path, asked), meaning)
    try:
        payload = encode_header(asked.message.properties, digest_of(asked.message.body)[0])
        piece = pieces(payload).get(path)
    except (TypeError, ValueError):
        piece = None  # what no encoder can write: the case says it by octets, in its framing
    return Sight("asked", "it would be" if piece else "", piece, meaning)


def _seen(place: str, path: str, payload: bytes | None, routed: Routed | None) -> Sight:
    meaning = "not seen" if routed is None else brief(fields(routed).get(path))
    if path in (*ONLY_METHOD, "body"):
        piece = None if routed is None else _elsewhere(path, routed)
        return Sight(place, "in the body" if path == "body" else "in the method", piece, meaning)
    if payload is None:
        return Sight(place, "", None, meaning)
    try:
        piece = pieces(payload).get(path)
    except WireError as error:
        return Sight(place, "", None, f"cannot be read: {error}")
    return Sight(place, piece.place if piece else "", piece, meaning)


def _elsewhere(path: str, routed: Routed) -> Piece | None:
    """What is not in the content header: the names in the method, and a body that crossed as itself."""
    body = routed.message.body
    if path == "body":
        return Piece(0, b"", bytes_of(body.value)) if isinstance(body, Inline) else None
    return Piece(0, b"", bytes_of(routed.exchange if path == "exchange" else routed.routing_key))


def _reported(path: str, evidence: Evidence) -> Sight:
    reported = evidence.reported
    meaning = "not seen" if reported is None else brief(fields(reported).get(path))
    return Sight("reported", "", None, meaning)


# --- hexadecimal -------------------------------------------------------------------------------------


def _lines(sights: Sequence[Sight]) -> list[str]:
    start = _window([sight.piece.octets for sight in sights if sight.piece])
    table: list[tuple[str, str, str, str]] = []
    before: Piece | None = None
    for sight in sights:
        table.append((sight.place, sight.where, _hex(sight.piece, start), sight.meaning))
        marks = _marks(before, sight.piece, start)
        if marks:
            table.append(("", "", marks, ""))
        before = sight.piece or before
    return aligned(table, "  ")


def _window(every: Sequence[bytes]) -> int:
    """The first octet to be shown."""
    if all(len(octets) <= HEX_LIMIT for octets in every):
        return 0
    first = _first_difference(every)
    return 0 if first is None or first < HEX_LIMIT else first - LEAD_IN


def _first_difference(every: Sequence[bytes]) -> int | None:
    shortest = min(map(len, every))
    for at in range(shortest):
        if len({octets[at] for octets in every}) > 1:
            return at
    return shortest if len(set(map(len, every))) > 1 else None


def _hex(piece: Piece | None, start: int) -> str:
    if piece is None:
        return ""
    shown = piece.octets[start : start + HEX_LIMIT]
    text = shown.hex()
    if piece.tag and start == 0:
        text = f"{text[:2]} {text[2:]}".rstrip()
    rest = len(piece.octets) - start - len(shown)
    return ("…" if start else "") + text + (f"… ({len(piece.octets)} octets)" if rest > 0 else "")


def _marks(before: Piece | None, piece: Piece | None, start: int) -> str:
    """Carets under the octets that the place before does not have."""
    if before is None or piece is None or before.octets == piece.octets:
        return ""
    text = " " if start else ""
    for at in range(start, min(len(piece.octets), start + HEX_LIMIT)):
        same = at < len(before.octets) and before.octets[at] == piece.octets[at]
        text += "  " if same else "^^"
        text += " " if at == 0 and piece.tag else ""
    return text.rstrip()


def unreadable(payload: bytes) -> str:
    """Why a content header can't be read, ``; it cannot be read: ...``; "" if it can."""
    try:
        decode_header(payload)
    except WireError as error:
        return f"; it cannot be read: {error}"
    return ""


def dump(payload: bytes) -> list[str]:
    """A payload sixteen octets a line, with offsets, and its ASCII letters beside it."""
    lines = []
    for at in range(0, min(len(payload), DUMP_LIMIT), DUMP_WIDTH):
        part = payload[at : at + DUMP_WIDTH]
        letters = "".join(chr(octet) if 0x20 <= octet < 0x7F else "." for octet in part)
        lines.append(f"  {at:06x}  {part.hex(' '):{DUMP_WIDTH * 3}} {letters}")
    left = len(payload) - DUMP_LIMIT
    return [*lines, f"  and {left} octets more"] if left > 0 else lines
