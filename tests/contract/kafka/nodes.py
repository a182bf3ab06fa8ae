"""A cluster of three nodes that can be lost one by one: simulated ones, or processes of Apache Kafka."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

from autograder.backends.native import ApacheKafkaCluster
from tests.contract.kafka.cluster import EmbeddedBroker
from tests.contract.under_test import WORLD

__all__ = ["Nodes", "three_nodes"]

FROZEN_MS = 600_000


class Nodes:
    """Nodes 1, 2 and 3, and what has been done to them."""

    def __init__(self, machines: Machines, addresses: Sequence[str]) -> None:
        self._machines = machines
        self._addresses = dict(enumerate(addresses, 1))
        self._dead: set[int] = set()
        self._frozen: set[int] = set()

    def address(self) -> str:
        """Where clients begin: the nodes that run."""
        return ",".join(address for number, address in self._addresses.items() if number not in self._dead)

    def address_of(self, node: int) -> str:
        """Where one node listens."""
        return self._addresses[node]

    def at(self, port: int) -> int:
        """The node that listens there."""
        return next(number for number, address in self._addresses.items() if address.endswith(f":{port}"))

    def others(self, node: int) -> tuple[int, ...]:
        """All nodes but this one."""
        return tuple(number for number in self._addresses if number != node)

    def kill(self, node: int) -> None:
        """A node crashes."""
        self._machines.kill(node)
        self._dead.add(node)

    def start(self, node: int) -> None:
        """A node that crashed comes back."""
        self._machines.start(node)
        self._dead.discard(node)

    def freeze(self, *nodes: int) -> None:
        """These nodes stand still: they copy nothing, and nobody has noticed yet."""
        self._machines.freeze(nodes)
        self._frozen.update(nodes)

    def thaw(self) -> None:
        """What stood still goes on."""
        self._machines.thaw(sorted(self._frozen - self._dead))
        self._frozen.clear()

    def mend(self) -> None:
        """Everything runs again."""
        self.thaw()
        for node in sorted(self._dead):
            self._machines.start(node)
        self._dead.clear()


class Machines(Protocol):
    """What the nodes run on."""

    def kill(self, node: int) -> None: ...
    def start(self, node: int) -> None: ...
    def freeze(self, nodes: Sequence[int]) -> None: ...
    def thaw(self, nodes: Sequence[int]) -> None: ...


@contextmanager
def three_nodes(folder: Path) -> Iterator[Nodes]:
    """A cluster of the world under test."""
    if WORLD == "native":
        with ApacheKafkaCluster(folder) as cluster:
            yield Nodes(_Processes(cluster), cluster.address.split(","))
    else:
        with EmbeddedBroker("--brokers", "3", "--replicas", "3") as broker:
            yield Nodes(_Simulated(broker), broker.bootstrap.split(","))


class _Processes:
    def __init__(self, cluster: ApacheKafkaCluster) -> None:
        self._nodes = cluster.nodes

    def kill(self, node: int) -> None:
        self._nodes[node].kill()

    def start(self, node: int) -> None:
        self._nodes[node].start()

    def freeze(self, nodes: Sequence[int]) -> None:
        self._tell(nodes, signal.SIGSTOP)

    def thaw(self, nodes: Sequence[int]) -> None:
        self._tell(nodes, signal.SIGCONT)

    def _tell(self, nodes: Sequence[int], what: signal.Signals) -> None:
        for number in nodes:
            identity = self._nodes[number].identity
            assert identity is not None
            os.kill(identity.pid, what)


class _Simulated:
    """The simulation has one lag for all followers, so only all of them can be frozen."""

    def __init__(self, broker: EmbeddedBroker) -> None:
        self._broker = broker

    def kill(self, node: int) -> None:
        self._broker.op("broker_down", node=node)

    def start(self, node: int) -> None:
        self._broker.op("broker_up", node=node)

    def freeze(self, nodes: Sequence[int]) -> None:
        assert len(nodes) == 2
        self._broker.op("replica_lag", ms=FROZEN_MS)

    def thaw(self, nodes: Sequence[int]) -> None:
        self._broker.op("replica_lag", ms=0)
