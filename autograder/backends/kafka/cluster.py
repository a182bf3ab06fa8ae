"""The cluster: one or more simulated nodes, who leads which Kafka partition and how far its followers have come.

All nodes live in this process and share one log per partition. A follower is that log up to the high watermark; when a
leader goes down, the next one has only what its followers had.
"""

from __future__ import annotations

import zlib
from asyncio import get_running_loop
from collections.abc import Iterable
from dataclasses import dataclass

from autograder.backends.kafka.partition import Partition

__all__ = ["HOST", "Cluster", "Node"]

HOST = "127.0.0.1"


@dataclass
class Node:
    """One simulated Kafka node: a listener of its own."""

    id: int
    port: int = 0
    up: bool = False


class Cluster:
    """The nodes and what they agree on."""

    def __init__(self, size: int, replica_lag_s: float = 0.0) -> None:
        """Followers are `replica_lag_s` behind their leader."""
        self.nodes = {number: Node(number) for number in range(1, size + 1)}
        self._lag_s = replica_lag_s

    def alive(self) -> list[int]:
        """The nodes that are up; before any has started, all of them."""
        return [node.id for node in self.nodes.values() if node.up] or list(self.nodes)

    def is_up(self, node: int) -> bool:
        """Does this node answer?"""
        return self.nodes[node].up

    def coordinator(self, key: str) -> Node:
        """The node that is responsible for a group or a transactional id."""
        alive = self.alive()
        return self.nodes[alive[zlib.crc32(key.encode()) % len(alive)]]

    def place(self, index: int, replicas: int) -> list[int]:
        """The nodes that hold partition number `index`, the preferred leader first; nodes that are down come last."""
        ids = list(self.nodes)
        count = max(1, min(replicas, len(ids)))
        alive = set(self.alive())
        return sorted((ids[(index + step) % len(ids)] for step in range(count)), key=lambda node: node not in alive)

    def in_sync(self, partition: Partition) -> list[int]:
        """The replicas that are up."""
        return [node for node in partition.replicas if self.is_up(node)]

    def advance(self, partition: Partition) -> None:
        """New messages are in the log: move the high watermark when the followers have them."""
        followers = [node for node in self.in_sync(partition) if node != partition.leader]
        if self._lag_s <= 0 or not followers:
            self._reach(partition, partition.leader_epoch, partition.end)
        else:
            get_running_loop().call_later(
                self._lag_s, self._reach, partition, partition.leader_epoch, partition.end)

    def lag(self, lag_s: float, partitions: Iterable[Partition]) -> None:
        """From now on followers are so much behind; what they lack of these partitions they get no sooner either."""
        self._lag_s = lag_s
        for partition in partitions:
            self.advance(partition)

    @staticmethod
    def _reach(partition: Partition, epoch: int, end: int) -> None:
        if partition.leader_epoch == epoch and partition.high_watermark < end:
            partition.high_watermark = end
            partition.wake()

    def elect(self, partition: Partition, *, unclean: bool = False) -> int:
        """Another replica takes over; returns how many messages it never had and that are now lost.

        A replica that was down while the others went on has missed something: it may lead only where the topic prefers
        a leader to its messages (``unclean.leader.election.enable``).
        """
        reached = {node: min(partition.high_watermark, partition.stopped_at.get(node, partition.end))
                   for node in self.in_sync(partition)}
        candidates = [node for node in reached if unclean or node not in partition.stopped_at
                      or partition.stopped_at[node] >= partition.high_watermark]
        if not candidates:
            return 0
        node = candidates[0]
        lost = partition.truncate(reached[node]) if reached[node] < partition.end else 0
        partition.high_watermark = min(partition.high_watermark, partition.end)
        partition.led_by(node)
        for one in self.in_sync(partition):
            partition.stopped_at.pop(one, None)
        partition.wake()
        return lost

    def stopped(self, partition: Partition, node: int) -> None:
        """A node is gone: what it has of this partition is all that it will know; the others go on without it."""
        partition.stopped_at[node] = partition.end if node == partition.leader else partition.high_watermark
        if node != partition.leader and self.is_up(partition.leader):
            self.advance(partition)
