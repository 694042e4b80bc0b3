"""A team's own tests: what its producer sends, its consumers read. pytest examples/test_orders.py"""

from harness.tap import Sent


def test_an_order_arrives_at_the_worker(amqp_vhost, amqp_tap, amqp_peer):
    worker = amqp_peer("pika@1.4.4", "consumer")
    worker.declare_queue("orders")
    worker.consume("orders")
    shop = amqp_peer("streadway", "producer", url=amqp_tap.url)
    shop.publish(b"3 tea", routing_key="orders")
    assert worker.delivery().body.value == "3 tea"
    assert amqp_tap.wait_for(Sent)[0].routing_key == "orders"


def test_big_numbers_survive(assert_interop):
    assert_interop("headers/int64-min", "streadway", "pika@1.4.4")
