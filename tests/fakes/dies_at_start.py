"""A peer that ends before it has said a word."""

from __future__ import annotations

import sys

sys.exit("fake: no library of that name")
