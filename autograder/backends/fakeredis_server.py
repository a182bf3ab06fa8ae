"""A Redis of last resort: fakeredis behind TCP, in a process of its own (``python -m ... PORT``).

It has no persistence, no eviction, no INFO and no expired-key events; days that need those say so.
"""

from __future__ import annotations

import sys

__all__ = ["main"]


def main() -> None:
    """Serve until killed."""
    import fakeredis

    server = fakeredis.TcpFakeServer(("127.0.0.1", int(sys.argv[1])), server_type="redis", server_version=(7,))
    server.daemon_threads = True
    server.serve_forever()


if __name__ == "__main__":
    main()
