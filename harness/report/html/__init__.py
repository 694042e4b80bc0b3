"""The results as one HTML file that needs nothing else: no network, no server, no other file."""

from harness.report.html.page import write_html

__all__ = ["write_html"]
