"""What can be done with an open connection and its one channel.

All that waits has a deadline (TimedOut). Names are Text: any bytes up to 255.
"""

from __future__ import annotations

import asyncio
import itertools
from types import TracebackType
from typing import Self

from harness.amqp.frames import FrameType, encode_frame
from harness.amqp.message import Message
from harness.amqp.methods import encode_publish
from harness.amqp.values import Boolean, Table, Text
from harness.raw import replies, requests
from harness.raw.confirms import Confirms, Fate
from harness.raw.content import encode_content
from harness.raw.errors import ConnectionClosed, TimedOut
from harness.raw.outcomes import Outcome, Received
from harness.raw.replies import DeclareOk, Tune
from harness.raw.session import CHANNEL, Listeners, OnDelivery, Session, within

EMPTY = Table(())


class Connection:
    """An open connection with channel 1 open on it, made by :func:`~harness.raw.client.connect`.

    ``timeout`` (seconds) is how long an answer is awaited. ``listeners`` may be set at any time.
    """

    def __init__(self, session: Session, server_properties: Table, tune: Tune, timeout: float) -> None:
        self._session = session
        self._tags = itertools.count(1)
        self.server_properties = server_properties
        self.tune = tune
        self.timeout = timeout

    # --- state ---------------------------------------------------------------------------------------

    @property
    def listeners(self) -> Listeners:
        """Whom to tell of what nobody asked for."""
        return self._session.listeners

    @property
    def blocked(self) -> Text | None:
        """The reason of connection.blocked, while it lasts."""
        return self._session.blocked

    @property
    def confirming(self) -> bool:
        """Whether the channel is in confirm mode."""
        return self._session.confirms is not None

    @property
    def full(self) -> bool:
        """Whether so much is unsent that one should await :meth:`drained`."""
        return self._session.wire.full

    def check(self) -> None:
        """ConnectionClosed or ChannelClosed, if that is so."""
        self._session.check()

    # --- topology ------------------------------------------------------------------------------------

    async def declare_exchange(
        self,
        name: Text,
        kind: Text,
        *,
        durable: bool = False,
        auto_delete: bool = False,
        passive: bool = False,
        internal: bool = False,
        arguments: Table = EMPTY,
    ) -> None:
        """exchange.declare; ``kind`` may be any type that the broker knows."""
        payload = requests.exchange_declare(
            name,
            kind,
            passive=passive,
            durable=durable,
            auto_delete=auto_delete,
            internal=internal,
            arguments=arguments,
        )
        await self._ask(payload, replies.EXCHANGE_DECLARE_OK, "exchange.declare-ok")

    async def delete_exchange(self, name: Text, *, if_unused: bool = False) -> None:
        payload = requests.exchange_delete(name, if_unused=if_unused)
        await self._ask(payload, replies.EXCHANGE_DELETE_OK, "exchange.delete-ok")

    async def declare_queue(
        self,
        name: Text = "",
        *,
        durable: bool = False,
        exclusive: bool = False,
        auto_delete: bool = False,
        passive: bool = False,
        arguments: Table = EMPTY,
    ) -> DeclareOk:
        """queue.declare; without a name the broker chooses one."""
        payload = requests.queue_declare(
            name,
            passive=passive,
            durable=durable,
            exclusive=exclusive,
            auto_delete=auto_delete,
            arguments=arguments,
        )
        return replies.declare_ok(await self._ask(payload, replies.QUEUE_DECLARE_OK, "queue.declare-ok"))

    async def delete_queue(self, name: Text, *, if_unused: bool = False, if_empty: bool = False) -> int:
        """How many messages were in it. A queue that is not there counts 0: RabbitMQ does not object."""
        payload = requests.queue_delete(name, if_unused=if_unused, if_empty=if_empty)
        return replies.count(await self._ask(payload, replies.QUEUE_DELETE_OK, "queue.delete-ok"))

    async def purge_queue(self, name: Text) -> int:
        """How many messages were thrown away."""
        payload = requests.queue_purge(name)
        return replies.count(await self._ask(payload, replies.QUEUE_PURGE_OK, "queue.purge-ok"))

    async def bind(
        self, queue: Text, exchange: Text, routing_key: Text = "", *, arguments: Table = EMPTY
    ) -> None:
        payload = requests.queue_bind(queue, exchange, routing_key, arguments)
        await self._ask(payload, replies.QUEUE_BIND_OK, "queue.bind-ok")

    async def bind_exchange(
        self, destination: Text, source: Text, routing_key: Text = "", *, arguments: Table = EMPTY
    ) -> None:
        """exchange.bind, which the broker must know (``can("exchange_exchange_bindings")``)."""
        payload = requests.exchange_bind(destination, source, routing_key, arguments)
        await self._ask(payload, replies.EXCHANGE_BIND_OK, "exchange.bind-ok")

    async def unbind_exchange(
        self, destination: Text, source: Text, routing_key: Text = "", *, arguments: Table = EMPTY
    ) -> None:
        payload = requests.exchange_unbind(destination, source, routing_key, arguments)
        await self._ask(payload, replies.EXCHANGE_UNBIND_OK, "exchange.unbind-ok")

    def can(self, capability: str) -> bool:
        """Whether the broker stated that capability in its server properties."""
        said = dict(self.server_properties.value).get("capabilities")
        return isinstance(said, Table) and dict(said.value).get(capability) == Boolean("true")

    async def unbind(
        self, queue: Text, exchange: Text, routing_key: Text = "", *, arguments: Table = EMPTY
    ) -> None:
        payload = requests.queue_unbind(queue, exchange, routing_key, arguments)
        await self._ask(payload, replies.QUEUE_UNBIND_OK, "queue.unbind-ok")

    # --- transactions --------------------------------------------------------------------------------

    async def tx_select(self) -> None:
        """Put the channel into transactions, which it can't leave."""
        await self._ask(requests.TX_SELECT, replies.TX_SELECT_OK, "tx.select-ok")

    async def tx_commit(self) -> None:
        await self._ask(requests.TX_COMMIT, replies.TX_COMMIT_OK, "tx.commit-ok")

    async def tx_rollback(self) -> None:
        await self._ask(requests.TX_ROLLBACK, replies.TX_ROLLBACK_OK, "tx.rollback-ok")

    # --- publishing ----------------------------------------------------------------------------------

    async def confirm_select(self) -> None:
        """Put the channel into confirm mode, if it is not."""
        self.check()
        if not self.confirming:
            answer = self._session.expect(replies.CONFIRM_SELECT_OK)
            self._session.send(requests.CONFIRM_SELECT)
            self._session.confirms = Confirms()  # what is sent after it is counted, answered or not
            await within(answer, "confirm.select-ok", self.timeout)

    def submit(
        self,
        exchange: Text,
        routing_key: Text,
        message: Message,
        *,
        mandatory: bool = False,
        immediate: bool = False,
        watch: bool = True,
    ) -> Fate | None:
        """basic.publish without waiting for anything: the future of its outcome. None where the channel is
        not in confirm mode, or without ``watch``: nobody wants to know.

        ``message.framing`` is obeyed. Nothing holds back who submits more than the socket takes: see
        :attr:`full`. The future raises what closed the channel or the connection.
        """
        self.check()
        method = encode_publish(exchange, routing_key, mandatory=mandatory, immediate=immediate)
        content = encode_content(CHANNEL, message, self.tune.frame_max)
        fate: Fate | None = None
        if self._session.confirms is not None:
            fate = asyncio.get_running_loop().create_future() if watch else None
            self._session.confirms.expect(
                fate,
                mandatory=mandatory,
                exchange=exchange,
                routing_key=routing_key,
                header=content.header,
                body=content.body,
            )
        self._session.wire.send(encode_frame(FrameType.METHOD, CHANNEL, method) + content.frames)
        return fate

    async def publish(
        self,
        exchange: Text,
        routing_key: Text,
        message: Message,
        *,
        mandatory: bool = False,
        immediate: bool = False,
    ) -> None:
        """:meth:`submit`, and wait for room in the socket. It does not wait for a confirm."""
        self.submit(exchange, routing_key, message, mandatory=mandatory, immediate=immediate)
        if self.full:
            await self.drained()

    async def publish_confirmed(
        self,
        exchange: Text,
        routing_key: Text,
        message: Message,
        *,
        mandatory: bool = False,
        immediate: bool = False,
    ) -> Outcome:
        """:meth:`submit`, and wait for the broker's ack, nack or return. Selects confirm mode if need be."""
        await self.confirm_select()
        fate = self.submit(exchange, routing_key, message, mandatory=mandatory, immediate=immediate)
        assert fate is not None
        await asyncio.wait({fate}, timeout=self.timeout)
        if not fate.done():
            raise TimedOut("publisher confirm", self.timeout)
        return fate.result()

    async def wait_confirms(self) -> list[Outcome]:
        """The outcomes of the publishes that are open now, oldest first, once all have one."""
        self.check()
        fates = [] if self._session.confirms is None else self._session.confirms.open
        if fates:
            await asyncio.wait(fates, timeout=self.timeout)
        if not all(fate.done() for fate in fates):
            raise TimedOut(f"confirm of {len(fates)} publishes", self.timeout)
        return [fate.result() for fate in fates]

    async def drained(self) -> None:
        """Until the socket has room again, or is gone."""
        await self._session.wire.drained()

    def prod(self) -> None:
        """Send a method that changes nothing (channel.flow, on) and wait for no answer.

        A broker that was promised more body than came, or got more than was promised, waits without a word;
        at the next method it must say what is wrong (505 from RabbitMQ 3.10.8).
        """
        self._session.send(requests.CHANNEL_FLOW_ON)

    def send_raw(self, octets: bytes) -> None:
        """Any octets, as they are, after all that was sent before."""
        self.check()
        self._session.wire.send(octets)

    # --- consuming -----------------------------------------------------------------------------------

    async def get(self, queue: Text, *, no_ack: bool = False) -> Received | None:
        """basic.get: a message, or None from an empty queue."""
        self.check()
        answer = await self._session.call(
            requests.basic_get(queue, no_ack=no_ack),
            replies.GET_OK,
            replies.GET_EMPTY,
            what="basic.get-ok or get-empty",
            timeout=self.timeout,
        )
        return answer if isinstance(answer, Received) else None

    async def consume(
        self,
        queue: Text,
        on_delivery: OnDelivery,
        *,
        prefetch: int = 0,
        whole_channel: bool = False,
        no_ack: bool = False,
        exclusive: bool = False,
        arguments: Table = EMPTY,
        tag: Text = "",
    ) -> Text:
        """basic.consume: the consumer tag, ``tag`` if that is not empty.

        ``on_delivery`` is called in the event loop, message by message, the first maybe before this returns;
        if it raises, the connection ends. ``prefetch`` 0 is no limit; ``whole_channel`` makes it one for all
        consumers of the channel together.
        """
        tag = tag or f"raw-{next(self._tags)}"
        payload = requests.basic_consume(queue, tag, no_ack=no_ack, exclusive=exclusive, arguments=arguments)
        await self._ask(
            requests.basic_qos(prefetch, whole_channel=whole_channel), replies.QOS_OK, "basic.qos-ok"
        )
        self._session.consumers[tag] = on_delivery
        await self._ask(payload, replies.CONSUME_OK, "basic.consume-ok")
        return tag

    async def cancel(self, consumer_tag: Text) -> None:
        """basic.cancel. What was delivered and not settled stays so."""
        await self._ask(requests.basic_cancel(consumer_tag), replies.CANCEL_OK, "basic.cancel-ok")
        self._session.consumers.pop(consumer_tag, None)

    def ack(self, delivery_tag: int, *, multiple: bool = False) -> None:
        """AMQP has no answer to it: it is done when it is sent."""
        self._tell(requests.basic_ack(delivery_tag, multiple=multiple))

    def nack(self, delivery_tag: int, *, multiple: bool = False, requeue: bool = True) -> None:
        self._tell(requests.basic_nack(delivery_tag, multiple=multiple, requeue=requeue))

    def reject(self, delivery_tag: int, *, requeue: bool = True) -> None:
        self._tell(requests.basic_reject(delivery_tag, requeue=requeue))

    async def recover(self, *, requeue: bool) -> None:
        """basic.recover: what is not settled on this channel comes again."""
        await self._ask(requests.basic_recover(requeue=requeue), replies.RECOVER_OK, "basic.recover-ok")

    async def flow(self, *, active: bool) -> None:
        """channel.flow. On is what a channel is already: the answer tells that all before it was heard."""
        payload = requests.CHANNEL_FLOW_ON if active else requests.CHANNEL_FLOW_OFF
        await self._ask(payload, replies.FLOW_OK, "channel.flow-ok")

    def pause_reading(self) -> None:
        """Take nothing from the socket until :meth:`resume_reading`."""
        self._session.wire.pause_reading()

    def resume_reading(self) -> None:
        self._session.wire.resume_reading()

    # --- the channel and the end ---------------------------------------------------------------------

    async def reopen(self) -> None:
        """Open channel 1 again after the broker closed it. Nothing of the old one is left."""
        if self._session.channel_closed:
            self._session.channel_closed = None
            await self._ask(requests.CHANNEL_OPEN, replies.CHANNEL_OPEN_OK, "channel.open-ok")

    async def close(self) -> None:
        """connection.close and its answer. Nothing happens where the connection is closed already.

        TimedOut if the broker does not answer; the socket is closed all the same.
        """
        self._session.leaving = True
        if self._session.connection_closed is None:
            answer = self._session.expect(replies.CONNECTION_CLOSE_OK, channel=0)
            self._session.send(requests.connection_close(), 0)
            try:
                await within(answer, "connection.close-ok", self.timeout)
            except ConnectionClosed:
                pass  # the broker was faster: closed is closed
            except TimedOut:
                self.abort()
                raise
        self._session.wire.close()
        try:
            async with asyncio.timeout(self.timeout):
                await self._session.wire.gone()
        except TimeoutError:  # what is unsent stays unsent: nobody reads it
            self.abort()

    def abort(self) -> None:
        """Close the socket without a word; the broker sees a client that died."""
        self._session.leaving = True
        self._session.wire.abort()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def _ask(self, payload: bytes, expected: bytes, what: str) -> bytes:
        self.check()
        return await self._session.ask(payload, expected, what=what, timeout=self.timeout)

    def _tell(self, payload: bytes) -> None:
        self.check()
        self._session.send(payload)
