"""A peer that reads every request and answers none."""

from __future__ import annotations

import sys

for _ in sys.stdin:
    pass
