"""A scenario's steps as what is asked of a peer. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from harness.amqp.message import Message
from harness.cases import to_body, to_property
from harness.engine.deliveries import Inbox
from harness.peers import protocol
from harness.scenarios import Names
from harness.steps import (
    Ack,
    Bind,
    Cancel,
    Consume,
    DeclareExchange,
    DeclareQueue,
    Get,
    Nack,
    Publish,
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
                step.defaults,
            )
        case DeclareExchange(_, name, kind, durable, auto_delete, passive, arguments):
            return protocol.DeclareExchange(
                number, names.of(name), kind, durable, auto_delete, passive, names.table(arguments)
            )
        case Bind(_, queue, exchange, key, arguments):
            return protocol.Bind(number, names.of(queue), names.of(exchange), key, names.table(arguments))
        case Consume(queue, _, prefetch, _, no_ack, exclusive, arguments):
            return protocol.Consume(
                number, names.of(queue), prefetch, no_ack, exclusive, names.table(arguments)
            )
        case Get(queue):
            return protocol.Get(number, names.of(queue))
        case Cancel(queue):
            return protocol.Cancel(number, names.of(queue))
        case Ack(message, multiple=multiple):
            return protocol.Ack(number, inbox.tag(message), multiple)
        case Nack(message, multiple=multiple, requeue=requeue):
            return protocol.Nack(number, inbox.tag(message), multiple, requeue)
        case Reject(message, requeue=requeue):
            return protocol.Reject(number, inbox.tag(message), requeue)
    raise AssertionError(f"not a step of a peer: {step}")


def publications(step: Publish, names: Names) -> Iterator[tuple[str, str, Message]]:
    """Exchange, routing key and message of each publish of ``step``."""
    properties = {name: to_property(name, names.scalar(scalar)) for name, scalar in step.properties.items()}
    key = names.of(step.routing_key) if step.exchange == "" else step.routing_key
    for body in step.bodies:
        yield names.of(step.exchange), key, Message(properties, to_body(body))
