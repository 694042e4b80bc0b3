"""The recording relay between a peer and the broker: what was on the wire, whatever anybody says."""

from harness.tap.events import (
    Broken,
    ClosedOnWire,
    Cut,
    Delivered,
    Direction,
    Event,
    Hello,
    HungUp,
    Observer,
    Opaque,
    ReturnedMessage,
    Sent,
    Settled,
    Side,
    Stray,
    Unreachable,
    Welcome,
)
from harness.tap.eye import message_of
from harness.tap.faults import Faults, Shape
from harness.tap.lane import Traffic
from harness.tap.mutate import Change, Group, Mutation
from harness.tap.pcapng import write_pcapng
from harness.tap.record import Record, Recorder
from harness.tap.tap import Tap

__all__ = [
    "Broken",
    "Change",
    "ClosedOnWire",
    "Cut",
    "Delivered",
    "Direction",
    "Event",
    "Faults",
    "Group",
    "Hello",
    "HungUp",
    "Mutation",
    "Observer",
    "Opaque",
    "Record",
    "Recorder",
    "ReturnedMessage",
    "Sent",
    "Settled",
    "Shape",
    "Side",
    "Stray",
    "Tap",
    "Traffic",
    "Unreachable",
    "Welcome",
    "message_of",
    "write_pcapng",
]
