"""``python -m autograder.backends.kafka``: one broker, on loopback, until its stdin closes or it is told to stop.

Prints one JSON line, ``{"bootstrap": "127.0.0.1:PORT", "control": PORT, "pid": PID}``, when it can be reached.
"""

from __future__ import annotations

import asyncio
import sys

from autograder.backends.kafka import wire
from autograder.backends.kafka.broker import InUse
from autograder.backends.kafka.options import read
from autograder.backends.kafka.server import run


def main() -> None:
    """Run a broker with the options of the command line."""
    try:
        wire.without_clients()
        wire.require_pinned()
        asyncio.run(run(read(sys.argv[1:])))
    except (wire.WrongClient, InUse, OSError) as cause:
        print(f"The embedded Kafka broker cannot start: {cause}", file=sys.stderr)
        raise SystemExit(1) from None


if __name__ == "__main__":
    main()
