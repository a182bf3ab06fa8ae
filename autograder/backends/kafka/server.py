"""The server: one listener per node, the control channel, and how the process begins and ends."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from collections.abc import Iterator

from autograder.backends.kafka import wire
from autograder.backends.kafka.broker import Broker
from autograder.backends.kafka.cluster import HOST
from autograder.backends.kafka.connection import Connection
from autograder.backends.kafka.control import Control
from autograder.backends.kafka.options import Options

__all__ = ["Server", "run"]


class Server:
    """The listeners of all nodes."""

    def __init__(self, broker: Broker, first_port: int) -> None:
        """With a `first_port` the nodes listen there and on the ports that follow."""
        self._broker = broker
        self._listeners: dict[int, asyncio.Server] = {}
        self._connections: dict[int, set[Connection]] = {}
        for node in broker.cluster.nodes.values():
            node.port = first_port + node.id - 1 if first_port else 0

    async def start(self, node: int) -> bool:
        """Open a node's listener; a node that comes back has its old port. False when it is up already."""
        known = self._broker.cluster.nodes[node]
        if known.up:
            return False
        connections = self._connections.setdefault(node, set())

        def accept() -> Connection:
            connection = Connection(self._broker, node, connections.discard)
            connections.add(connection)
            return connection

        listener = await self._broker.loop.create_server(accept, HOST, known.port, backlog=256)
        known.port = int(listener.sockets[0].getsockname()[1])
        self._listeners[node] = listener
        self._broker.node_up(node)
        return True

    def stop(self, node: int) -> int:
        """A node crashes: its connections break; returns how many messages are lost by that."""
        if not self._broker.cluster.nodes[node].up:
            return 0
        self._listeners.pop(node).close()
        lost = self._broker.node_down(node)
        for connection in tuple(self._connections[node]):
            connection.abort()
        return lost

    @property
    def bootstrap(self) -> str:
        """The addresses of all nodes, as clients want them."""
        return ",".join(f"{HOST}:{node.port}" for node in self._broker.cluster.nodes.values())


async def run(options: Options) -> None:
    """Serve until told to stop, then end the process; prints one JSON line when the broker can be reached."""
    loop = asyncio.get_running_loop()
    broker = Broker(options, loop)
    server = Server(broker, options.port)
    for node in broker.cluster.nodes:
        await server.start(node)
    control_port = await Control(broker, server.start, server.stop).listen(options.control_port)
    stop = asyncio.Event()
    for ending in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(ending, stop.set)
    if not options.daemon:
        _watch_stdin(loop, stop)
    print(json.dumps({"bootstrap": server.bootstrap, "control": control_port, "pid": os.getpid()}), flush=True)
    _warm_up(loop, wire.warm_up())
    await stop.wait()
    # Everything durable is written already: there is nothing to unwind, and clients see their connections close.
    os._exit(0)


def _watch_stdin(loop: asyncio.AbstractEventLoop, stop: asyncio.Event) -> None:
    """Whoever started the broker holds the other end of its stdin: when that is gone, the broker ends."""
    def read() -> None:
        if not os.read(sys.stdin.fileno(), 4096):
            loop.remove_reader(sys.stdin.fileno())
            stop.set()

    try:
        loop.add_reader(sys.stdin.fileno(), read)
    except PermissionError:
        # A file or /dev/null cannot be watched, but it is at its end already.
        stop.set()


def _warm_up(loop: asyncio.AbstractEventLoop, steps: Iterator[None]) -> None:
    """Prepare one step in each idle moment, so that no request waits for more than one step."""
    def step() -> None:
        if next(steps, _DONE) is not _DONE:
            loop.call_soon(step)

    loop.call_soon(step)


_DONE = object()
