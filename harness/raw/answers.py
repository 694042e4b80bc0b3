"""What the peer ``raw`` says: of itself, of a failure, of a message. Pure."""

from __future__ import annotations

import platform

import harness
from harness.amqp.fields import WireError
from harness.amqp.header import CONTINUES, decode_header_cached
from harness.amqp.message import body_of
from harness.amqp.values import Text
from harness.peers.protocol import Confirmed, Delivery, Described, Failed, Nacked, Reply, Undecodable
from harness.peers.protocol import Returned as ReturnedReply
from harness.raw.errors import ChannelClosed, ConnectFailed, ConnectionClosed, RawError
from harness.raw.outcomes import Acked, Outcome, Received, Returned

NAME = "raw"
TYPES = (
    "boolean",
    "int8",
    "uint8",
    "int16",
    "uint16",
    "int32",
    "uint32",
    "int64",
    "longlong",
    "float",
    "double",
    "decimal",
    "longstr",
    "binary",
    "array",
    "timestamp",
    "table",
    "void",
    "unparsed",
)


def described(request: int) -> Described:
    return Described(
        id=request,
        library=NAME,
        version=harness.__version__,
        language="python",
        runtime=f"{platform.python_implementation()} {platform.python_version()}",
        roles=("producer", "consumer"),
        types=TYPES,
    )


def failed(request: int, error: RawError | ValueError | TypeError) -> Failed:
    """disconnected where the broker or the socket ended something; refused where nothing was sent or
    nothing was answered."""
    match error:
        case ChannelClosed(code=code):
            return Failed(request, "disconnected", str(error), code=code, scope="channel")
        case ConnectionClosed(code=code) | ConnectFailed(code=code):
            return Failed(request, "disconnected", str(error), code=code, scope="connection")
        case _:
            return Failed(request, "refused", str(error))


def fate(request: int, outcome: Outcome) -> Reply:
    match outcome:
        case Acked():
            return Confirmed(request)
        case Returned(code, text):
            return ReturnedReply(request, code, text)
        case _:
            return Nacked(request)


def delivery(queue: Text, received: Received) -> Delivery | Undecodable:
    """With wire types, in the order of the wire. Undecodable too if something was left over after the
    properties: a delivery cannot hold it, and it must not be lost silently."""
    try:
        header = decode_header_cached(received.header_payload)
    except WireError as error:
        return Undecodable(queue, str(error))
    if header.trailing or header.flags[0] & CONTINUES:
        return Undecodable(queue, f"{len(header.trailing)} octets left over after the properties")
    return Delivery(
        queue=queue,
        delivery_tag=received.delivery_tag,
        redelivered=received.redelivered,
        exchange=received.exchange,
        routing_key=received.routing_key,
        properties=header.properties,
        body=body_of(received.body),
    )
