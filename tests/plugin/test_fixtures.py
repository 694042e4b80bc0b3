"""The plugin's fixtures on a real broker: what each does, and that nothing of it is left."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from harness.amqp.message import Inline
from harness.broker import control
from harness.fixtures.peer import PeerFailed
from harness.fixtures.vhost import own_vhost
from harness.peers.protocol import Confirmed, Returned
from harness.tap import Direction, Faults, Sent, Shape

if TYPE_CHECKING:
    from harness.broker import Broker
    from harness.fixtures.tapped import AmqpTap
    from harness.fixtures.vhost import AmqpVhost
    from harness.pytest_plugin import InteropCheck, PeerMaker

pytestmark = pytest.mark.timeout(240)


def _hosts(broker: Broker) -> list[str]:
    assert broker.container is not None
    return control.ask(broker.container, "list_vhosts").split()


def test_a_broker_says_what_it_is(amqp_broker: Broker) -> None:
    assert (amqp_broker.product, amqp_broker.version) == ("RabbitMQ", amqp_broker.info.version)
    assert amqp_broker.build.startswith("rabbitmq-server ")
    assert amqp_broker.url.startswith("amqp://")


def test_a_virtual_host_is_empty_and_of_the_tests_own(
    amqp_vhost: AmqpVhost, amqp_broker: Broker, amqp_peer: PeerMaker
) -> None:
    amqp_peer("pika", "consumer").declare_queue("left-behind")
    assert amqp_broker.container is not None
    listed = control.ask(amqp_broker.container, "list_queues", "-p", amqp_vhost.name, "name")
    assert "left-behind" in listed


@pytest.mark.parametrize("kept", [False, True])
def test_a_virtual_host_is_gone_afterwards_unless_it_is_kept(amqp_broker: Broker, kept: bool) -> None:
    with own_vhost(amqp_broker, lambda: kept) as vhost:
        assert vhost.name in _hosts(amqp_broker)
    assert (vhost.name in _hosts(amqp_broker)) is kept


def test_a_tap_has_seen_each_frame_of_a_publish(
    amqp_vhost: AmqpVhost, amqp_tap: AmqpTap, amqp_peer: PeerMaker
) -> None:
    producer = amqp_peer("streadway", "producer", url=amqp_tap.url)
    assert isinstance(producer.publish(b"body", routing_key="nowhere", mandatory=True), Returned)
    (sent,) = amqp_tap.wait_for(Sent)
    assert (sent.exchange, sent.routing_key, sent.mandatory) == ("", "nowhere", True)
    bodies = [seen.direction for seen in amqp_tap.frames if seen.frame.payload == b"body"]
    assert bodies == [Direction.TO_BROKER, Direction.TO_PEER]


def test_a_tap_says_what_came_instead_of_what_was_waited_for(amqp_tap: AmqpTap) -> None:
    with pytest.raises(TimeoutError, match=r"0 of 1 Sent within 0\.01 s; came: nothing"):
        amqp_tap.wait_for(Sent, seconds=0.01)


def test_a_fault_that_was_set_shows(amqp_vhost: AmqpVhost, amqp_tap: AmqpTap, amqp_peer: PeerMaker) -> None:
    amqp_tap.faults = Faults(to_broker=Shape(split=1))
    producer = amqp_peer("streadway", "producer", url=amqp_tap.url)
    assert isinstance(producer.publish(b"octet by octet", routing_key="nowhere"), Confirmed)
    amqp_tap.reset()
    with pytest.raises(PeerFailed, match="disconnected"):
        producer.publish(b"too late", routing_key="nowhere")


def test_a_consumer_reports_what_its_library_handed_over(amqp_vhost: AmqpVhost, amqp_peer: PeerMaker) -> None:
    consumer, producer = amqp_peer("pika@1.4.4", "consumer"), amqp_peer("raw", "producer")
    consumer.declare_queue("q")
    consumer.consume("q")
    producer.publish("naïve".encode(), routing_key="q")
    delivery = consumer.delivery()
    assert (delivery.queue, delivery.routing_key) == ("q", "q")
    assert delivery.body == Inline("naïve", "bytes")
    consumer.ack(delivery)
    with pytest.raises(TimeoutError, match="nothing was delivered to pika within"):
        consumer.delivery(seconds=0.05)


def test_a_message_that_arrives_unchanged_is_asserted(assert_interop: InteropCheck) -> None:
    assert_interop("article/message", "streadway", "pika")


def test_a_known_difference_fails_with_its_fields_unless_it_is_accepted(assert_interop: InteropCheck) -> None:
    with pytest.raises(pytest.fail.Exception) as caught:
        assert_interop("headers/double", "raw", "pika@1.4.4")
    assert "headers.k" in str(caught.value)
    assert "known=True accepts it" in str(caught.value)
    assert_interop("headers/double", "raw", "pika@1.4.4", known=True)


def test_an_unknown_name_fails_and_lists_those_that_are(assert_interop: InteropCheck) -> None:
    with pytest.raises(pytest.fail.Exception, match="unknown producer 'rawer'"):
        assert_interop("headers/double", "rawer", "pika")


def test_a_peer_with_two_roles_must_be_told_one(amqp_peer: PeerMaker) -> None:
    with pytest.raises(pytest.fail.Exception, match="raw is a producer and a consumer"):
        amqp_peer("raw")
