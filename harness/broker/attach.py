"""A broker that runs already. Nothing is changed on it here; the engine deletes what a run declares."""

from __future__ import annotations

from urllib.parse import quote

from harness.broker.info import Broker, BrokerInfo
from harness.broker.probe import greet
from harness.broker.spec import Running
from harness.raw.url import Address


def attach(spec: Running) -> Broker:
    """The broker at that address. NotReady says why it is of no use as it is."""
    said = greet(spec.address)
    info = BrokerInfo(str(spec), said.product, said.version, said.platform, "", str(spec.address))
    return Broker(complete_url(spec.address), info)


def complete_url(address: Address) -> str:
    """The URL with every part written out: client libraries differ in what they take for a missing one."""
    scheme = "amqps" if address.tls else "amqp"
    host = f"[{address.host}]" if ":" in address.host else address.host
    user, password, vhost = (quote(part, safe="") for part in (address.user, address.password, address.vhost))
    return f"{scheme}://{user}:{password}@{host}:{address.port}/{vhost}"
