"""``python tests/mutants [--broker SPEC]``: how many mutants there are, and how many the suite catches.

Status 1 if one is not caught, or another step is blamed for it.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
import time

from mutant import Point
from mutant_runs import Finding, hunt_all

from harness.broker import Broker, parse_spec, running


async def _all(broker: Broker) -> tuple[Finding, ...]:
    parts = await asyncio.gather(*(hunt_all(point, broker) for point in Point))
    return tuple(finding for part in parts for finding in part)


def main() -> int:
    """Print the count, and every mutant that got away."""
    parser = argparse.ArgumentParser(prog="mutants", description="Can the harness be fooled?")
    parser.add_argument("--broker", default=os.environ.get("INTEROP_TEST_BROKER", "debian:bookworm"))
    spec = parse_spec(parser.parse_args().broker)
    with running(spec, say=lambda line: print(line, file=sys.stderr)) as broker:
        started = time.monotonic()
        findings = asyncio.run(_all(broker))
    missed = [finding for finding in findings if finding.problem]
    caught = len(findings) - len(missed)
    for finding in missed:
        print(f"{finding.name}: {finding.problem}")
    share = 100 * caught / len(findings)
    print(f"{len(findings)} mutants, {caught} caught and blamed on the right step: {share:.1f} %")
    print(f"{time.monotonic() - started:.1f} s", file=sys.stderr)
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
