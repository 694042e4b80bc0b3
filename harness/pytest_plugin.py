"""The pytest plugin: brokers, virtual hosts, taps and peers as fixtures of anybody's test suite.

It is loaded wherever the suite is installed, so it imports nothing of it until a test asks. Under
pytest-xdist all workers share the controller's brokers. The matrix as items is another plugin,
:mod:`harness.pytest_cells`.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any, Protocol

import pytest

if TYPE_CHECKING:
    from harness.broker import Broker
    from harness.fixtures.background import Background
    from harness.fixtures.peer import AmqpPeer
    from harness.fixtures.tapped import AmqpTap
    from harness.fixtures.vhost import AmqpVhost
    from harness.peers.protocol import Role

WAYS = """ways to go on:
  --amqp-url amqp://user:pass@host:port/vhost   a broker that runs already
  --amqp-broker local                           an installed rabbitmq-server
  amqp-interop doctor                           what is missing here, and the command that mends it"""
FAILED = pytest.StashKey[bool]()


class PeerMaker(Protocol):
    """What ``amqp_peer`` is."""

    def __call__(self, label: str, role: Role | None = None, *, url: str | None = None) -> AmqpPeer:
        """A running peer."""


class InteropCheck(Protocol):
    """What ``assert_interop`` is."""

    def __call__(self, case: str, producer: str, consumer: str, *, known: bool = False) -> None:
        """Fails unless the message arrives."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """Where the brokers of amqp_broker come from."""
    group = parser.getgroup("amqp-interop", "AMQP interoperability")
    group.addoption("--amqp-url", metavar="URL", help="amqp_broker is this one, which runs already")
    group.addoption(
        *("--amqp-broker",),
        action="append",
        default=[],
        metavar="SPEC",
        help="amqp_broker is started as this says, debian:trixie or local; repeatable: every test "
        "that uses it runs on each",
    )
    group.addoption(
        "--amqp-keep", action="store_true", help="keep brokers and virtual hosts if a test failed"
    )


def pytest_configure(config: pytest.Config) -> None:
    """Check the options before anything is collected."""
    specs = _specs(config)
    if config.getoption("--amqp-url") and config.getoption("--amqp-broker"):
        raise pytest.UsageError("--amqp-url and --amqp-broker exclude each other")
    if specs:
        from harness.broker import parse_spec

        with _usage():
            for spec in specs:
                parse_spec(spec)


def _specs(config: pytest.Config) -> list[str]:
    url = config.getoption("--amqp-url")
    return [url] if url else list(dict.fromkeys(config.getoption("--amqp-broker")))


@contextmanager
def _usage(ways: str = "") -> Iterator[None]:
    """What is wrong with the request or the machine is said once, at the start: pytest's exit status 4."""
    from harness.errors import InteropError

    try:
        yield
    except InteropError as error:
        raise pytest.UsageError(f"{error}\n{ways}".rstrip()) from error


@contextmanager
def _failing() -> Iterator[None]:
    """The same for one test: it fails with the message and no traceback of the suite's inside."""
    from harness.errors import InteropError

    problem = ""
    try:
        yield
    except InteropError as error:
        problem = str(error)
    if problem:
        pytest.fail(problem, pytrace=False)


# --- hooks -----------------------------------------------------------------------------------------------


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Several brokers: a test on each."""
    specs = _specs(metafunc.config)
    if "amqp_broker" in metafunc.fixturenames and len(specs) > 1:
        from harness.broker import parse_spec

        ids = [str(parse_spec(spec)) for spec in specs]  # no passwords in them
        metafunc.parametrize("amqp_broker", specs, ids=ids, indirect=True, scope="session")


@pytest.hookimpl(tryfirst=True)  # before xdist's worker tells the controller that it is done
def pytest_collection_finish(session: pytest.Session) -> None:
    """Have the brokers that the tests need before the first one runs, or none of them."""
    config = session.config
    if config.option.collectonly:
        return
    default = next(iter(_specs(config)), None)
    items = [item for item in session.items if "amqp_broker" in getattr(item, "fixturenames", ())]
    wanted = [_param(item, default) for item in items]
    if not items:
        return
    from harness.errors import SetupError
    from harness.fixtures.shared import broker_of
    from harness.fixtures.vhost import container_of

    worker = hasattr(config, "workerinput")
    try:
        brokers = {spec: broker_of(config, spec) for spec in dict.fromkeys(wanted)}
        for item, spec in zip(items, wanted, strict=True):
            if "amqp_vhost" in getattr(item, "fixturenames", ()):
                container_of(brokers[spec])
    except SetupError as error:
        if not worker:
            raise pytest.UsageError(f"{error}\n{WAYS}") from error
        # the controller was asked, so it knows, and ends the run


def _param(item: pytest.Item, default: str | None) -> str | None:
    callspec: Any = getattr(item, "callspec", None)
    return default if callspec is None else callspec.params.get("amqp_broker", default)


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """xdist's: once a worker, in the controller, before the worker starts."""
    from harness.fixtures.shared import SHARED, WORKER, Offer

    config: pytest.Config = node.config
    offer = config.stash.get(SHARED, None)
    if not isinstance(offer, Offer):
        offer = config.stash[SHARED] = Offer(config)
    node.workerinput[WORKER] = [offer.address, offer.key]


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_node_collection_finished(node: Any) -> None:
    """xdist's: in the controller, when a worker has collected, and asked for the brokers that it needs."""
    from harness.fixtures.shared import SHARED, Offer

    offer = node.config.stash[SHARED]
    if isinstance(offer, Offer) and offer.problem:
        raise pytest.UsageError(f"{offer.problem}\n{WAYS}")


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Remember how it went, for --amqp-keep."""
    session.config.stash[FAILED] = bool(session.testsfailed)


def pytest_unconfigure(config: pytest.Config) -> None:
    """Nothing is left, but what was to be kept."""
    from harness.fixtures.shared import SHARED

    if SHARED in config.stash:
        keep = config.option.amqp_keep and config.stash.get(FAILED, False)
        config.stash[SHARED].end(keep=keep)
        del config.stash[SHARED]


# --- fixtures --------------------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def amqp_broker(request: pytest.FixtureRequest) -> Broker:
    """A broker that is ready: ``url``, ``product``, ``version``, ``build``. One for all tests and workers."""
    from harness.fixtures.shared import broker_of

    spec = getattr(request, "param", None) or next(iter(_specs(request.config)), None)
    with _failing():
        return broker_of(request.config, spec)


@pytest.fixture
def amqp_vhost(amqp_broker: Broker, request: pytest.FixtureRequest) -> Iterator[AmqpVhost]:
    """A virtual host that this test has to itself: ``url`` and ``name``. Gone afterwards, with all in it."""
    from harness.fixtures.vhost import own_vhost

    def keep() -> bool:
        return bool(request.config.option.amqp_keep and request.session.testsfailed)

    with ExitStack() as stack:
        with _failing():
            vhost = stack.enter_context(own_vhost(amqp_broker, keep))
        yield vhost


@pytest.fixture(scope="session")
def _amqp_background() -> Iterator[Background]:
    from harness.fixtures.background import Background

    with Background() as background:
        yield background


@pytest.fixture
def _amqp_url(request: pytest.FixtureRequest, amqp_broker: Broker) -> str:
    """In the virtual host of the test's own, if it has one."""
    if "amqp_vhost" in request.fixturenames:
        vhost: AmqpVhost = request.getfixturevalue("amqp_vhost")
        return vhost.url
    return amqp_broker.url


@pytest.fixture
def amqp_tap(_amqp_url: str, _amqp_background: Background) -> Iterator[AmqpTap]:
    """A tap before the broker: connect to its ``url``; it has seen ``events`` and ``frames``; ``faults``."""
    from harness.fixtures.tapped import AmqpTap

    tap = AmqpTap(_amqp_background, _amqp_url)
    yield tap
    tap.close()


@pytest.fixture
def amqp_peer(_amqp_url: str, _amqp_background: Background) -> Iterator[PeerMaker]:
    """``amqp_peer("pika@1.4.4", "consumer")``: that library, running and connected, until the test ends."""
    from harness.fixtures.peer import AmqpPeer

    with ExitStack() as stack:

        def make(label: str, role: Role | None = None, *, url: str | None = None) -> AmqpPeer:
            with _failing():
                peer = AmqpPeer(_amqp_background, label, role, url or _amqp_url)
            stack.callback(peer.close)
            return peer

        yield make


@pytest.fixture
def assert_interop(amqp_broker: Broker) -> InteropCheck:
    """``assert_interop("headers/int64-min", "streadway", "pika")``: fails with every difference by field.

    ``known=True`` accepts a difference that the suite lists, with its reason, as known.
    """
    from harness.fixtures.cells import shortcomings

    def check(case: str, producer: str, consumer: str, *, known: bool = False) -> None:
        with _failing():
            text = shortcomings(amqp_broker, case, producer, consumer, known=known)
        if text:
            pytest.fail(text, pytrace=False)

    return check
