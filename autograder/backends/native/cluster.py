"""Three nodes of Apache Kafka with replication, for a day that loses a leader."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

from autograder.backends.native.format import new_name
from autograder.backends.native.kafka import ApacheKafka, free_ports
from autograder.backends.native.settings import Node
from autograder.backends.state import make_folder, write_text

__all__ = ["ApacheKafkaCluster"]


class ApacheKafkaCluster:
    """So many nodes of one cluster, each a process of its own; nodes can be killed and started one by one.

    A context manager. ``nodes[1].kill()`` loses a node as a crash would, ``nodes[1].start()`` brings it back.
    """

    name = "Kafka"

    def __init__(
        self, folder: Path, *, nodes: int = 3, settings: Mapping[str, str] = MappingProxyType({})
    ) -> None:
        self.folder = Path(folder)
        plan = []
        for number in range(1, nodes + 1):
            port, controller = free_ports()
            plan.append(Node(number=number, port=port, controller_port=controller))
        name = self._name()
        self.nodes: Mapping[int, ApacheKafka] = {
            node.number: ApacheKafka(
                self.folder / f"node-{node.number}",
                settings=settings,
                number=node.number,
                cluster=plan,
                cluster_id=name,
            )
            for node in plan
        }
        self._addresses = ",".join(f"127.0.0.1:{node.port}" for node in plan)

    def __enter__(self) -> ApacheKafkaCluster:
        self.start()
        return self

    def __exit__(self, *exc: object) -> None:
        self.stop()

    @property
    def address(self) -> str:
        """The bootstrap addresses of all nodes, with commas between them."""
        return self._addresses

    def start(self) -> None:
        """Start every node, then wait for each: none serves before most of them run."""
        try:
            for node in self.nodes.values():
                node.launch()
            for node in self.nodes.values():
                node.wait()
        except BaseException:
            self.kill()
            raise

    def stop(self) -> None:
        """Ask every node to end, then wait for each: the last ones have no quorum to take leave of."""
        for node in self.nodes.values():
            node.begin_stop()
        for node in self.nodes.values():
            node.stop()

    def kill(self) -> None:
        """End every node as a crash would."""
        for node in self.nodes.values():
            node.kill()

    def _name(self) -> str:
        """The cluster's name: what its nodes were formatted with, should they have been."""
        path = make_folder(self.folder) / "cluster"
        if not path.exists():
            write_text(path, new_name())
        return path.read_text(encoding="utf-8").strip()
