"""Which publish a return belongs to, where several could be meant; content without a limit."""

from __future__ import annotations

import asyncio

import pytest

from harness.amqp.message import Digest, Inline, Message, pattern_body
from harness.raw import Acked, Outcome, Returned
from harness.raw.confirms import Confirms
from harness.raw.content import encode_content


def _outcomes(returned: Returned, *published: tuple[bytes, bytes]) -> list[Outcome]:
    """Publish (header, body) pairs to ``e``/``r``, return one, ack all."""

    async def test() -> list[Outcome]:
        confirms = Confirms()
        for header, body in published:
            fate: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()
            confirms.expect(fate, mandatory=True, exchange="e", routing_key="r", header=header, body=body)
        assert confirms.returned(returned)
        fates = confirms.open
        assert confirms.settle(0, multiple=True)
        return [await fate for fate in fates]

    return asyncio.run(test())


def _returned(header: bytes, body: bytes) -> Returned:
    return Returned(312, "NO_ROUTE", "e", "r", header, body)


def test_the_body_tells_publishes_of_one_routing_key_apart() -> None:
    returned = _returned(b"h", b"2")
    assert _outcomes(returned, (b"h", b"1"), (b"h", b"2"), (b"h", b"3")) == [Acked(), returned, Acked()]


def test_the_header_tells_publishes_of_one_body_apart() -> None:
    returned = _returned(b"h2", b"x")
    assert _outcomes(returned, (b"h1", b"x"), (b"h2", b"x")) == [Acked(), returned]


def test_a_header_that_the_broker_wrote_anew_means_the_oldest() -> None:
    returned = _returned(b"other", b"x")
    assert _outcomes(returned, (b"h1", b"x"), (b"h2", b"x")) == [returned, Acked()]


def test_a_return_that_fits_no_publish_belongs_to_none() -> None:
    assert not Confirms().returned(_returned(b"h", b"x"))


def test_an_ack_of_what_is_not_open_is_said_to_be_so() -> None:
    assert not Confirms().settle(1, multiple=False)
    assert not Confirms().settle(0, multiple=True)


def test_no_limit_on_both_sides_cuts_at_the_usual_size() -> None:
    content = encode_content(1, Message({}, pattern_body(b"ab", 131065)), 0)
    assert content.body == b"ab" * 65532 + b"a"
    assert len(content.frames) == len(content.header) + 131065 + 3 * 8


def test_a_body_of_which_only_the_digest_is_known_cannot_be_sent() -> None:
    with pytest.raises(ValueError, match="digest"):
        encode_content(1, Message({}, Digest(1, "0" * 64)), 8192)


def test_a_body_that_fits_leaves_in_one_frame() -> None:
    content = encode_content(1, Message({}, Inline("a" * 92)), 100)
    assert content.frames.count(b"\xce\x03\0\1") == 1
