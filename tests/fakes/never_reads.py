"""A peer that neither reads nor writes."""

from __future__ import annotations

import signal

signal.pause()
