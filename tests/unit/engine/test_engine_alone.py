"""How a process ended, and frames that lie: what one cell alone makes of them."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest

from harness.amqp.message import Body, Digest, Inline
from harness.engine.alone import ADAPTER_FAULT, _misframed, ended
from harness.engine.station import Station
from harness.errors import InteropError
from harness.judge.verdict import Step, Stop
from harness.peers.build import Launch
from harness.peers.manifest import Entry, PeerSpec, Wire
from harness.peers.process import PeerBroken, PeerGone
from harness.tap.events import Sent


@pytest.mark.parametrize(
    "why, stop",
    [
        (PeerGone("pika", 1, ""), Stop.CRASHED),
        (PeerGone("pika", -11, ""), Stop.CRASHED),
        (PeerGone("pika", ADAPTER_FAULT, "KeyError"), Stop.BUG),
        (PeerBroken("pika", "junk", "x"), Stop.PROTOCOL),
    ],
)
def test_a_process_that_ends_is_its_librarys_doing_unless_it_says_otherwise(
    why: InteropError, stop: Stop
) -> None:
    assert ended(Step.CONSUMER, why).stop is stop


def sent(announced: int, body: Body) -> Sent:
    return Sent(1, 1, "", "q", False, struct.pack(">HHQH", 60, 0, announced, 0), body)


@pytest.mark.parametrize("body", [Inline("abc"), Inline("\u00e9a"), Digest(3, "0" * 64)])
def test_a_header_that_announces_another_size_than_comes_is_said(body: Body) -> None:
    assert _misframed(sent(3, body)) is None
    assert _misframed(sent(1, body)) == "the header announced 1 body octets, 3 came"


def test_a_breach_of_the_contract_between_two_cells_is_not_lost() -> None:
    entry = Entry("x", "", ("1",), ("producer",), ("x",), Wire("x", "1"))
    spec = PeerSpec("x", "x", "1", "none", "none", Path("/nowhere"), entry)
    station = Station(spec, "producer", Launch(("x",), Path("/")), "amqp://nowhere", None)
    station._on_end(None, PeerGone("x", 0, ""))  # type: ignore[arg-type]
    assert station.breaches == []
    station._on_end(None, PeerBroken("x", "junk", "y"))  # type: ignore[arg-type]
    assert station.breaches == ["x broke the peer protocol (junk): y"]
