"""The first pass: every producer publishes without waiting, and one publish serves all consumers.

A consumer has one queue; messages are recognised by exchange and routing key, whichever the case leaves free.
Only a cell about which nothing is odd is settled here; every other is left over, and run alone.
"""

from harness.engine.first_pass.first_pass import IN_FLIGHT, FirstPass
from harness.engine.first_pass.publication import Lane, Publication

__all__ = ["IN_FLIGHT", "FirstPass", "Lane", "Publication"]
