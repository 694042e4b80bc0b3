"""One broker for all tests that ask for one, under pytest-xdist too.

``--broker``, or else ``INTEROP_TEST_BROKER``, names it by a broker spec. It is started when the first test
asks for it and is gone when the session ends.
"""

from __future__ import annotations

import os

import pytest

from harness.broker import Broker
from harness.fixtures.shared import broker_of

pytest_plugins = ["harness.pytest_cells"]
DEFAULT = "debian:bookworm"


@pytest.fixture(scope="session")
def broker(request: pytest.FixtureRequest) -> Broker:
    """A broker that is ready, the same for all tests. What a test declares on it, it deletes."""
    spec = request.config.getoption("--broker") or os.environ.get("INTEROP_TEST_BROKER", DEFAULT)
    return broker_of(request.config, spec, set_up=True)
