"""The article, live: its two programs are run on a broker of the caller's, and what they say is shown."""

from harness.demo.article import demo
from harness.demo.performance import DemoFailed

__all__ = ["DemoFailed", "demo"]
