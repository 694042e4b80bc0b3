"""rabbitpy's queue, iterated over, and what it hands over."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from typing import Any

import rabbitpy

from python_consumer import threads
from python_consumer.delivery import Handed, delivery


class Once:
    """An answer that two may want to give, and one gives."""

    def __init__(self, answer: Callable[[], None]) -> None:
        self._answer = answer
        self._lock = threading.Lock()
        self._taken = False

    def take(self) -> bool:
        """Whether it was still to be given; from now on it is not."""
        with self._lock:
            first, self._taken = not self._taken, True
        return first

    def __call__(self) -> None:
        if self.take():
            self._answer()


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


def messages(queue: Any, prefetch: int) -> Iterator[Any]:
    """Iterate as an application does; a prefetch of 0 is no limit."""
    return iter(queue.consume(prefetch=prefetch or None))


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
