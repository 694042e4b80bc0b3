"""rabbitpy's two ways to iterate over a queue, and what they hand over."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from typing import Any

import rabbitpy

from python_consumer import threads
from python_consumer.delivery import Handed, delivery
from python_consumer.requests import Consume


class Once:
    """A request that two may want to answer, and one does."""

    def __init__(self, request_id: int) -> None:
        self.id = request_id
        self._lock = threading.Lock()
        self._taken = False

    def take(self) -> bool:
        """Whether it was still to be answered; from now on it is not."""
        with self._lock:
            first, self._taken = not self._taken, True
        return first


class AnnouncedQueue(rabbitpy.Queue):  # type: ignore[misc] # rabbitpy is not installed where this is checked
    """A queue that says when basic.consume-ok has come.

    ``Queue.consume`` registers the consumer and waits for the first message in one step; in between it sets
    ``consuming``, and that is the only sign.
    """

    def __init__(self, channel: Any, name: str, announce: Callable[[], None]) -> None:
        object.__setattr__(self, "_announce", announce)
        super().__init__(channel, name)

    def __setattr__(self, name: str, value: object) -> None:
        super().__setattr__(name, value)
        if name == "consuming" and value:
            self._announce()


class AnnouncedAmqp(rabbitpy.AMQP):  # type: ignore[misc] # rabbitpy is not installed where this is checked
    """The same for rabbitpy's lower interface, which can do what Queue cannot: exclusive, arguments."""

    def __init__(self, channel: Any, announce: Callable[[], None]) -> None:
        object.__setattr__(self, "_announce", announce)
        super().__init__(channel)

    def __setattr__(self, name: str, value: object) -> None:
        super().__setattr__(name, value)
        if name == "_consuming" and value:
            self._announce()


def consuming(channel: Any, request: Consume, announce: Callable[[], None]) -> Iterator[Any]:
    """What an application would iterate over; the consumer is registered when it is first asked.

    A prefetch of 0 is no limit.
    """
    messages: Iterator[Any]
    if not request.exclusive and not request.arguments:
        queue = AnnouncedQueue(channel, request.queue, announce)
        messages = queue.consume(no_ack=request.no_ack, prefetch=request.prefetch or None)
        return messages
    amqp = AnnouncedAmqp(channel, announce)
    if request.prefetch:
        amqp.basic_qos(prefetch_count=request.prefetch)
    messages = amqp.basic_consume(
        request.queue, no_ack=request.no_ack, exclusive=request.exclusive, arguments=request.arguments
    )
    return messages


def made_delivery(queue: str, offset: int, message: Any) -> dict[str, Any]:
    """The delivery event; ``offset`` is added to the tag.

    rabbitpy calls ``type`` message_type; None is what 2.0.1 gives for an absent number, time or table.
    """
    with threads.OURS:
        present = [
            ("type" if name == "message_type" else name, value)
            for name, value in message.properties.items()
            if value is not None
        ]
        return delivery(
            Handed(
                queue,
                message.delivery_tag + offset,
                message.redelivered,
                message.exchange,
                message.routing_key,
                present,
                message.body,
            )
        )
