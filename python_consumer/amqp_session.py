"""What the sessions of py-amqp and kombu share: one connection, one channel, and how it may end.

Neither library lets go of a connection that it cannot read any more: what is raised is reported, and the
reading goes on until the library says that connection or channel are gone.
"""

from __future__ import annotations

from typing import Any

import amqp.exceptions

from python_consumer import lines, requests, threads
from python_consumer.amqp_losses import RAISES, loss_of, while_decoding
from python_consumer.arguments import Unsupported
from python_consumer.delivery import PROPERTIES, Handed, delivery
from python_consumer.lines import CONNECTION, Loss
from python_consumer.output import Answers

NACK = "op:nack"


class AmqpSession:
    """An open connection with its channel. Subclasses have a method for each request, ``_consume`` and so on.

    ``connection`` is py-amqp's, also where kombu has it; ``raises`` is what the library may raise.
    """

    raises: tuple[type[Exception], ...] = RAISES

    def __init__(self, connection: Any, channel: Any, answers: Answers) -> None:
        self._connection, self._channel, self._answers = connection, channel, answers
        self._queues: dict[str, str] = {}
        self._loss: Loss | None = None
        self._stumbled: str | None = None  # the first that was raised while decoding

    @property
    def socket(self) -> Any:
        """The socket; None once the connection is gone."""
        lost = self._loss is not None and self._loss.scope == CONNECTION
        return None if lost or not self._connection.connected else self._connection.sock

    def read(self) -> None:
        """One round of the library's own loop."""
        try:
            self._connection.drain_events()
        except self.raises as error:
            self._failed(error)

    def _failed(self, error: BaseException) -> None:
        """What was raised while nobody waited for an answer."""
        if isinstance(error, amqp.exceptions.ConsumerCancelled):
            self._cancelled(error.reply_text)
        elif while_decoding(error):
            self._stumbled = self._stumbled or lines.said(error)
            queues = set(self._queues.values())
            for queue in queues if len(queues) == 1 else ():
                self._answers.event(lines.undecodable(queue, lines.said(error)))
        loss = loss_of(error, bool(self._connection.connected))
        if loss is not None:
            text = loss.message if self._stumbled is None else f"{self._stumbled}, then {loss.message}"
            self._gone(loss._replace(message=text))
            self._answers.event(lines.closed(loss._replace(message=text)))

    def _gone(self, loss: Loss) -> None:
        self._loss = loss
        self._queues.clear()
        if loss.scope == CONNECTION and self._connection.connected:
            self._connection.collect()  # py-amqp gave up reading; the broker shall know

    def _cancelled(self, tag: str) -> None:
        queue = self._queues.pop(tag, None)
        if queue is not None:
            self._answers.event(lines.cancelled(queue))

    def close(self) -> None:
        """Say goodbye; if py-amqp cannot, close the socket."""
        try:
            if self._connection.connected:
                self._connection.close()
        except self.raises as error:
            threads.note(f"close: {lines.said(error)}")
            self._connection.collect()

    # --- requests ------------------------------------------------------------------------------------

    def take(self, request: requests.Request) -> None:
        """Do one request."""
        if self._loss is not None:
            self._answers.reply(lines.disconnected(request.id, self._loss))
            return
        try:
            self._do(request)
        except Unsupported as error:
            self._answers.reply(lines.unsupported(request.id, error.what, error.problem))
        except self.raises as error:
            self._refused(request, error)

    def _do(self, request: requests.Request) -> None:
        if isinstance(request, requests.Nack):
            raise Unsupported(NACK, "the library has no basic.nack")
        getattr(self, f"_{type(request).__name__.lower()}")(request)

    def _refused(self, request: requests.Request, error: BaseException) -> None:
        if isinstance(error, amqp.exceptions.ConsumerCancelled):
            self._cancelled(error.reply_text)
        loss = loss_of(error, bool(self._connection.connected))
        if loss is None:
            self._answers.reply(lines.refused(request.id, error))
            return
        self._gone(loss)
        self._answers.reply(lines.disconnected(request.id, loss))
        if loss.scope == CONNECTION:
            self._answers.event(lines.closed(loss))

    def _cancel(self, request: requests.Cancel) -> None:
        tags = [tag for tag, queue in self._queues.items() if queue == request.queue]
        if not tags:
            self._answers.reply(lines.not_consumed(request.id, request.queue))
            return
        self._end(tags[0], request.queue)
        self._queues.pop(tags[0], None)
        self._answers.reply(lines.ok(request.id))

    def _end(self, tag: str, queue: str) -> None:
        """basic.cancel of the consumer, and its answer."""
        self._channel.basic_cancel(tag)

    def _ack(self, request: requests.Ack) -> None:
        self._channel.basic_ack(request.delivery_tag, multiple=request.multiple)
        self._answers.reply(lines.ok(request.id))

    def _reject(self, request: requests.Reject) -> None:
        self._channel.basic_reject(request.delivery_tag, requeue=request.requeue)
        self._answers.reply(lines.ok(request.id))

    # --- lines out -----------------------------------------------------------------------------------

    def _deliver(self, queue: str, info: dict[str, Any], properties: dict[str, Any], body: object) -> None:
        """Report what was handed over; ``properties`` by AMQP's names."""
        with threads.OURS:
            present = [(name, properties[name]) for name in PROPERTIES if name in properties]
            line = delivery(
                Handed(
                    queue,
                    info["delivery_tag"],
                    info["redelivered"],
                    info["exchange"],
                    info["routing_key"],
                    present,
                    body,
                )
            )
        self._answers.event(line)
