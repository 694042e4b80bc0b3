"""``python -m python_consumer``"""

from __future__ import annotations

import sys

from python_consumer.cli import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
