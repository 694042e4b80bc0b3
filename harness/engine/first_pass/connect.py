"""Connecting a peer within the first pass, which leaves it to the second to say why it did not."""

from __future__ import annotations

from harness.engine.station import NotConnected, Station, StationError
from harness.peers.process import PeerBroken, PeerGone


async def connected(station: Station) -> bool:
    """Whether it has a fresh connection. One that has none is ended."""
    try:
        await station.connect()
    except (NotConnected, StationError, PeerGone, PeerBroken):
        station.kill()  # the second pass finds out, and says, what is the matter with it
        return False
    return True
