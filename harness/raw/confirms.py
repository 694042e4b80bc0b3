"""Publisher confirms: which publish an ack, a nack or a return belongs to. Pure but for its futures.

A basic.return names no publish. It belongs to the oldest mandatory publish not yet returned with the same
exchange, routing key and body; among several of those, to the one with the same header octets, else to the
oldest (a broker may write a header anew). The broker sends it before the ack (RabbitMQ, "Publishers").
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from dataclasses import dataclass
from typing import TypeAlias

from harness.amqp.values import Text
from harness.raw.outcomes import ACKED, Nacked, Outcome, Returned

Fate: TypeAlias = "asyncio.Future[Outcome]"


@dataclass(slots=True)
class _Publish:
    fate: Fate | None
    mandatory: bool
    exchange: Text
    routing_key: Text
    header: bytes
    body: bytes
    returned: Returned | None = None

    def could_be(self, returned: Returned) -> bool:
        return (
            self.mandatory
            and self.returned is None
            and self.exchange == returned.exchange
            and self.routing_key == returned.routing_key
            and self.body == returned.body
        )


class Confirms:
    """The publishes of one channel in confirm mode that the broker has not answered yet."""

    __slots__ = ("_last", "_open")

    def __init__(self) -> None:
        self._last = 0
        self._open: OrderedDict[int, _Publish] = OrderedDict()

    def __len__(self) -> int:
        return len(self._open)

    @property
    def open(self) -> list[Fate]:
        """The fates that somebody still waits for, oldest first."""
        fates = (publish.fate for publish in self._open.values())
        return [fate for fate in fates if fate is not None and not fate.done()]

    def expect(
        self,
        fate: Fate | None,
        *,
        mandatory: bool,
        exchange: Text,
        routing_key: Text,
        header: bytes,
        body: bytes,
    ) -> None:
        """A publish was sent: it has the next delivery tag. ``fate`` is None if nobody waits for it."""
        self._last += 1
        kept = (header, body) if mandatory else (b"", b"")
        self._open[self._last] = _Publish(fate, mandatory, exchange, routing_key, *kept)

    def returned(self, returned: Returned) -> bool:
        """Remember the return until its ack comes. False if it belongs to no publish here."""
        candidates = [publish for publish in self._open.values() if publish.could_be(returned)]
        if not candidates:
            return False
        same = [publish for publish in candidates if publish.header == returned.header_payload]
        (same or candidates)[0].returned = returned
        return True

    def settle(self, tag: int, multiple: bool, nacked: Nacked | None = None) -> bool:
        """basic.ack, or basic.nack with ``nacked``. False if ``tag`` is none that is open."""
        if not multiple:
            publish = self._open.pop(tag, None)
            if publish is not None:
                _decide(publish, nacked)
            return publish is not None
        last = tag or self._last
        found = False
        while self._open and next(iter(self._open)) <= last:
            _decide(self._open.popitem(last=False)[1], nacked)
            found = True
        return found

    def fail(self, error: Exception) -> bool:
        """The channel is gone: every fate is ``error``. False if nobody waited for one."""
        fates = self.open
        self._open.clear()
        for fate in fates:
            fate.set_exception(error)
            fate.exception()  # who does not ask for it shall not be told by the loop
        return bool(fates)


def _decide(publish: _Publish, nacked: Nacked | None) -> None:
    if publish.fate is not None and not publish.fate.done():
        publish.fate.set_result(nacked or publish.returned or ACKED)
