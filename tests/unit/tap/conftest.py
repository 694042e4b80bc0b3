"""The marker of tests that ask a program of other origin."""

from __future__ import annotations

import pytest


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "crosscheck: compares with a program of other origin (tshark)")
