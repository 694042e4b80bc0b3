"""A scenario's steps as what is asked of a peer, or done by the suite's own client."""

from __future__ import annotations

from harness.amqp.values import Table
from harness.engine.deliveries import Inbox
from harness.peers import protocol
from harness.raw.client import Connection
from harness.scenarios import (
    Ack,
    Bind,
    Cancel,
    Consume,
    DeclareExchange,
    DeclareQueue,
    DeleteQueue,
    Get,
    Nack,
    Names,
    Reject,
    Step,
)


def request_of(step: Step, number: int, names: Names, inbox: Inbox) -> protocol.Request:
    """The request of that number to the peer whose step it is."""
    match step:
        case DeclareQueue(_, queue, durable, exclusive, auto_delete, passive, arguments):
            return protocol.DeclareQueue(
                number,
                names.of(queue),
                durable,
                exclusive,
                auto_delete,
                passive,
                names.table(arguments),
            )
        case DeclareExchange(_, name, kind, durable, auto_delete, passive, arguments):
            return protocol.DeclareExchange(
                number, names.of(name), kind, durable, auto_delete, passive, names.table(arguments)
            )
        case Bind(_, queue, exchange, key, arguments):
            return protocol.Bind(number, names.of(queue), names.of(exchange), key, names.table(arguments))
        case Consume(queue, _, prefetch, no_ack, exclusive, arguments):
            return protocol.Consume(
                number, names.of(queue), prefetch, no_ack, exclusive, names.table(arguments)
            )
        case Get(queue):
            return protocol.Get(number, names.of(queue))
        case Cancel(queue):
            return protocol.Cancel(number, names.of(queue))
        case Ack(message, multiple):
            return protocol.Ack(number, inbox.tag(message), multiple)
        case Nack(message, multiple, requeue):
            return protocol.Nack(number, inbox.tag(message), multiple, requeue)
        case Reject(message, requeue):
            return protocol.Reject(number, inbox.tag(message), requeue)
    raise AssertionError(f"not a step of a peer: {step}")


async def settle(step: Step, broker: Connection, names: Names) -> None:
    """A step by the suite's own client. RawError if the broker will not."""
    match step:
        case DeclareQueue(_, queue, durable, exclusive, auto_delete, passive, arguments):
            await broker.declare_queue(
                names.of(queue),
                durable=durable,
                exclusive=exclusive,
                auto_delete=auto_delete,
                passive=passive,
                arguments=names.table(arguments),
            )
        case DeclareExchange(_, name, kind, durable, auto_delete, passive, arguments):
            await broker.declare_exchange(
                names.of(name),
                kind,
                durable=durable,
                auto_delete=auto_delete,
                passive=passive,
                arguments=names.table(arguments),
            )
        case Bind(_, queue, exchange, key, arguments):
            table: Table = names.table(arguments)
            await broker.bind(names.of(queue), names.of(exchange), key, arguments=table)
        case Consume(queue, _, prefetch, no_ack, exclusive, arguments):
            await broker.consume(
                names.of(queue),
                lambda received: None,
                prefetch=prefetch,
                no_ack=no_ack,
                exclusive=exclusive,
                arguments=names.table(arguments),
            )
        case DeleteQueue(queue):
            await broker.delete_queue(names.of(queue))
