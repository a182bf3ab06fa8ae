"""One process of the checkout: it serves some of the parts on loopback, one JSON line for each order and each answer.

``python -m shop.checkout.door 40001 cart,pricing stock=40002 recommendations=40003`` serves cart and pricing at port 40001
and asks for the others at theirs.
"""

from __future__ import annotations

import json
import socketserver
import sys
import threading
from typing import Any

from shop.checkout.parts import PARTS
from shop.checkout.wire import Wire

__all__ = ["main"]


class _Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True

    def __init__(self, port: int, served: list[str], elsewhere: dict[str, int]) -> None:
        self.served = served
        self.wires = {part: Wire(there) for part, there in elsewhere.items()}
        super().__init__(("127.0.0.1", port), _Door)

    def ask(self, part: str, order: dict[str, Any]) -> Any:
        """A function call where the part is here, a hop where it is not."""
        return PARTS[part](order, self.ask) if part in self.served else self.wires[part].ask(part, order)


class _Door(socketserver.StreamRequestHandler):
    disable_nagle_algorithm = True
    server: _Server

    def handle(self) -> None:
        for line in self.rfile:
            part, order = json.loads(line)
            try:
                said = {"ok": self.server.ask(part, order)}
            except ConnectionError as error:
                said = {"failed": str(error)}
            self.wfile.write(json.dumps(said).encode() + b"\n")


def main(arguments: list[str]) -> None:
    """Serve until whoever started this process closes its standard input."""
    port, served, *elsewhere = arguments
    there = {part: int(at) for part, at in (pair.split("=") for pair in elsewhere)}
    server = _Server(int(port), served.split(","), there)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    print("ready", flush=True)
    sys.stdin.read()


if __name__ == "__main__":
    main(sys.argv[1:])
