"""``python -m peers.python_producer``"""

from __future__ import annotations

import sys

from peers.python_producer.cli import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
