"""Which copy is it that was sent, delivered or reported? By exchange and routing key, as a case leaves free.

Pure. What is recognised as no copy of this pass, and was not left over either, is a stray.
"""

from __future__ import annotations

from harness.amqp.message import Message, Routed
from harness.amqp.values import Text
from harness.engine.first_pass.count import Count
from harness.engine.first_pass.publication import Lane, on_wire
from harness.engine.plan import shared_exchange
from harness.engine.station import Station
from harness.peers.protocol import Delivery
from harness.tap.events import Delivered, Sent

END = "the end of the first pass"
"""The routing key of the message after the last."""


class Recognition:
    """Tells ``count`` of what was seen and heard in the pass of ``token``."""

    def __init__(self, count: Count, token: str) -> None:
        self._count, self._token = count, token
        self.strays: list[str] = []

    def sent(self, producer: Station, event: Sent) -> None:
        """A publish on its producer's wire."""
        publication = self._count.on_way.get((event.exchange, event.routing_key))
        if publication is None:
            self._sent_otherwise(producer, event)
        elif publication.producer is producer:
            publication.odd = publication.odd or publication.sent is not None
            publication.header = event.header
            publication.sent = on_wire(event.exchange, event.routing_key, False, event.header, event.body)

    def _sent_otherwise(self, producer: Station, event: Sent) -> None:
        """A producer that sends another routing key than it was asked for: its exchange tells the publish,
        and whoever gets it does not report a stray."""
        for publication in tuple(self._count.on_way.values()):
            own = publication.producer is producer and publication.route.declare is not None
            if own and publication.route.exchange == event.exchange:
                publication.odd = True
                for lane in publication.consumers:
                    lane.left.add((event.exchange, event.routing_key))

    def delivered(self, lane: Lane, event: Delivered) -> None:
        """A delivery on its consumer's wire."""
        copy = lane.by_key.get((event.exchange, event.routing_key))
        if copy is not None:
            copy.odd = copy.odd or copy.delivered is not None
            copy.header = event.header
            copy.delivered = on_wire(
                event.exchange, event.routing_key, event.redelivered, event.header, event.body
            )

    def reported(self, lane: Lane, event: Delivery) -> None:
        """What a consumer was handed."""
        copy = lane.by_key.get((event.exchange, event.routing_key))
        if copy is None:
            self._reported_no_copy(lane, event)
        elif copy.reported is not None:
            copy.odd = True  # a second time; it is still held back
        else:
            producer = copy.publication.producer
            self._count.missing(lane, producer, copy)
            self._count.release(lane, producer)
            message = Message(event.properties, event.body)
            copy.reported = Routed(event.exchange, event.routing_key, message, event.redelivered)
            lane.held[producer] = copy

    def _reported_no_copy(self, lane: Lane, event: Delivery) -> None:
        key = (event.exchange, event.routing_key)
        if self.is_end(lane, *key) or key in lane.left or self._reported_otherwise(lane, event):
            return
        self.strays.append(
            f"{lane.station.label} reported a message that was not due: "
            f"exchange {event.exchange!r}, routing key {event.routing_key!r}"
        )

    def _reported_otherwise(self, lane: Lane, event: Delivery) -> bool:
        """Whether it is of a case's own exchange: then it is that case's, with another routing key, and what
        the consumer makes of it is found out alone."""
        own = [copy for copy in lane.by_key.values() if copy.publication.route.declare is not None]
        for copy in own:
            if copy.publication.route.exchange == event.exchange and copy.reported is None:
                self._count.lose(lane, copy)
                return True
        return any(exchange == event.exchange for exchange, key in lane.left if key != event.routing_key)

    def is_end(self, lane: Lane, exchange: Text, routing_key: Text) -> bool:
        """Whether it is the message after the last of some producer; then what it still owes is missing."""
        for producer in lane.owed:
            if routing_key == END and exchange == shared_exchange(self._token, producer.label):
                self._count.end(lane, producer)
                return True
        return False
