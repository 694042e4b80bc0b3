"""What the probe says of brokers that are of no use; those that are, are in tests/broker."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from harness.amqp.values import Boolean, Longstr, Table
from harness.broker.probe import Hello, NotReady, advice, greet, hello
from harness.raw import FailedBecause
from harness.raw.url import Address


@contextmanager
def server(reply: bytes | None) -> Iterator[int]:
    """A listener that answers its first client with ``reply`` and hangs up; None: it never answers."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        done = threading.Event()

        def serve() -> None:
            peer, _ = listener.accept()
            with peer:
                peer.recv(4096)
                if reply is None:
                    done.wait(30)
                else:
                    peer.sendall(reply)

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield int(listener.getsockname()[1])
        finally:
            done.set()
            thread.join()


def test_a_port_where_nobody_listens_is_unreachable() -> None:
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        port = bound.getsockname()[1]
        with pytest.raises(NotReady, match="cannot be reached") as caught:
            greet(f"amqp://me:secret@127.0.0.1:{port}/")
    assert caught.value.because is FailedBecause.UNREACHABLE
    assert caught.value.exit_status == 3
    assert str(port) in caught.value.next_step
    assert "secret" not in str(caught.value)


def test_an_unknown_host_is_unreachable() -> None:
    with pytest.raises(NotReady) as caught:
        greet("amqp://nobody.invalid/")
    assert caught.value.because is FailedBecause.UNREACHABLE


def test_a_web_server_is_not_amqp() -> None:
    page = b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n"
    with server(page) as port, pytest.raises(NotReady, match="does not speak AMQP") as caught:
        greet(f"amqp://127.0.0.1:{port}/")
    assert caught.value.because is FailedBecause.NOT_AMQP


def test_a_silent_server_is_given_up_within_the_deadline() -> None:
    with server(None) as port, pytest.raises(NotReady) as caught:
        greet(f"amqp://127.0.0.1:{port}/", timeout=0.2)
    assert caught.value.because is FailedBecause.TIMEOUT


@pytest.mark.parametrize("because", list(FailedBecause))
def test_every_reason_has_an_advice_without_the_password(because: FailedBecause) -> None:
    words = advice(because, Address("h", 1, "me", "secret", "v"))
    assert words
    assert "secret" not in words


def test_a_greeting_is_read_from_the_server_properties() -> None:
    said = (("product", Longstr("RabbitMQ")), ("version", Longstr("4.0.5")), ("platform", Boolean("true")))
    assert hello(Table(said)) == Hello("RabbitMQ", "4.0.5", "")
