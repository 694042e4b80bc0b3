"""The article's printout of a message: exchange, routing key, all 14 properties, body.

Pure. rabbitpy 3.0.2's own ``pprint`` prints nothing, so both programs print with this.
"""

from __future__ import annotations

from collections.abc import Mapping

NAMES = (
    "app_id",
    "cluster_id",
    "content_encoding",
    "content_type",
    "correlation_id",
    "delivery_mode",
    "expiration",
    "headers",
    "message_id",
    "message_type",
    "priority",
    "reply_to",
    "timestamp",
    "user_id",
)
"""The 14 properties, as the article lists them; ``message_type`` is AMQP's ``type``."""


def printout(exchange: object, routing_key: object, properties: Mapping[str, object], body: object) -> str:
    """The lines for one message, the last without its newline. An absent property is None."""
    shown = "\n".join(f"    {name:<16} : {properties.get(name)!r}" for name in NAMES)
    return (
        f"Exchange: {_text(exchange)}\n\nRouting Key: {_text(routing_key)}\n\n"
        f"Properties:\n\n{shown}\n\nBody:\n\n{_text(body)}\n"
    )


def _text(value: object) -> str:
    """Text as itself; bytes as the text that they are, or as Python shows them."""
    if isinstance(value, (bytes, bytearray)):
        try:
            return bytes(value).decode("utf-8")
        except UnicodeDecodeError:
            return repr(bytes(value))
    return value if isinstance(value, str) else repr(value)
