"""The broker: everything it knows, in one place, and the acts that touch more than one part of it."""

from __future__ import annotations

import fcntl
import time
import uuid
from asyncio import AbstractEventLoop, Future
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import IO

from autograder.backends.kafka import batch, recovery, wire
from autograder.backends.kafka.alarm import Alarm
from autograder.backends.kafka.breakpoints import Breakpoints
from autograder.backends.kafka.cluster import Cluster
from autograder.backends.kafka.codes import Code, Refused
from autograder.backends.kafka.groups import Groups
from autograder.backends.kafka.journal import Journal
from autograder.backends.kafka.offsets import Offsets, Place
from autograder.backends.kafka.options import Options
from autograder.backends.kafka.partition import Partition
from autograder.backends.kafka.topics import Topic, Topics
from autograder.backends.kafka.trace import Trace
from autograder.backends.kafka.transactions import Transactions

__all__ = ["Broker", "InUse", "now_ms"]


class InUse(Exception):
    """Another broker works in the same data folder."""


class Broker:
    """One broker process: its cluster of nodes and all their state."""

    def __init__(self, options: Options, loop: AbstractEventLoop) -> None:
        self.options = options
        self.cluster_id = f"fortnight-{uuid.uuid4().hex[:12]}"
        self.loop = loop
        self.clock: Callable[[], float] = loop.time
        self.trace = Trace(options.trace, time.time)
        self.breakpoints = Breakpoints(self.trace)
        self.counts: Counter[tuple[str, str]] = Counter()
        """Requests per client and API."""
        self.refusals: list[str] = []
        """What was asked of the broker that it does not offer, one sentence each."""
        self.alarm = Alarm(loop, self._time_passes)
        self._lock = _lock(options.data_dir) if options.data_dir else None
        journal_path = options.data_dir / "journal.jsonl" if options.data_dir else None
        self._journal = Journal(journal_path)
        self.cluster = Cluster(options.brokers, options.replica_lag_ms / 1000)
        self.topics = Topics(self._journal, self.cluster.place, options.data_dir)
        self.offsets = Offsets(self._journal)
        self.groups = Groups(self.clock, options.rebalance_delay_ms / 1000)
        self.transactions = Transactions(self._journal, self.offsets, self._mark, self.clock, now_ms)
        if journal_path is not None:
            recovery.restore(self, journal_path)
            self._rewrite_journal()
            self.alarm.by(self.transactions.next_deadline())
        self._retention_due = self.clock() + options.retention_check_ms / 1000
        self.alarm.by(self._retention_due)

    def _rewrite_journal(self) -> None:
        self._journal.rewrite([*self.topics.entries(), *self.offsets.entries(), *self.transactions.entries()])

    # Topics.

    def create_topic(self, name: str, partitions: int | None = None, replicas: int | None = None,
                     settings: dict[str, str] | None = None) -> Topic:
        """A new topic with the broker's defaults where nothing is said."""
        self.topics.check_new(name)
        return self.topics.create(name, partitions or self.options.partitions,
                                  replicas or min(self.options.replicas, self.options.brokers), settings)

    def drop_topic(self, topic: Topic) -> None:
        """Delete a topic, its messages and the offsets that groups have in it."""
        self.topics.drop(topic)
        self.offsets.drop_topic(topic.name)

    def led_partition(self, place: Place, node: int) -> Partition:
        """One Kafka partition, asked for at a node; Refused unless that node leads it."""
        partition = self.topics.partition(*place)
        if partition is None:
            raise Refused(Code.UNKNOWN_TOPIC_OR_PARTITION)
        if partition.leader != node:
            raise Refused(Code.NOT_LEADER_OR_FOLLOWER)
        return partition

    def check_coordinator(self, key: str, node: int) -> None:
        """Raise Refused unless the node is responsible for this group or transactional id."""
        if self.cluster.coordinator(key).id != node:
            raise Refused(Code.NOT_COORDINATOR)

    def _mark(self, place: Place, producer: int, epoch: int, commit: bool) -> None:
        partition = self.topics.partition(*place)
        if partition is not None:
            partition.append(batch.marker(producer, epoch, commit=commit, now_ms=now_ms(), checksum=wire.crc32c))
            self.cluster.advance(partition)

    # Waiting.

    async def news(self, partitions: Sequence[Partition], timeout_s: float, gone: Future[None]) -> None:
        """Wait for news of any of these partitions, for the time, or until the connection has gone."""
        future: Future[None] = self.loop.create_future()
        timer = self.loop.call_later(timeout_s, _ring, future)
        for partition in partitions:
            partition.watchers.add(future)

        def hang_up(_: Future[None]) -> None:
            _ring(future)

        gone.add_done_callback(hang_up)
        try:
            await future
        finally:
            timer.cancel()
            gone.remove_done_callback(hang_up)
            for partition in partitions:
                partition.watchers.discard(future)

    def _time_passes(self) -> float | None:
        for group, member in self.groups.expire():
            self.trace.event("session timeout", group=group, member=member)
        self.transactions.expire()
        if self._retention_due <= self.clock():
            self._retention_due = self.clock() + self.options.retention_check_ms / 1000
            for topic in self.topics:
                for partition in topic.expire(now_ms()):
                    self.topics.trimmed(partition)
        times = [self._retention_due, self.groups.next_deadline(), self.transactions.next_deadline()]
        return min(when for when in times if when is not None)

    # Nodes.

    def node_up(self, node: int) -> None:
        """A node answers: it takes over the partitions that have nobody else."""
        self.cluster.nodes[node].up = True
        for partition in self.topics.partitions():
            if node in partition.replicas and self.cluster.is_up(partition.leader):
                partition.stopped_at.pop(node, None)
            elif node in partition.replicas:
                self.cluster.elect(partition, unclean=self._is_unclean(partition))

    def node_down(self, node: int) -> int:
        """A node is gone: others take over what it led; returns how many messages are lost by that."""
        self.cluster.nodes[node].up = False
        held = [partition for partition in self.topics.partitions() if node in partition.replicas]
        for partition in held:
            self.cluster.stopped(partition, node)
        led = [partition for partition in held if partition.leader == node]
        return sum(self.cluster.elect(partition, unclean=self._is_unclean(partition)) for partition in led)

    def _is_unclean(self, partition: Partition) -> bool:
        topic = self.topics.get(partition.topic)
        return topic is not None and topic.setting("unclean.leader.election.enable") == "true"

    def reset(self) -> None:
        """As if the topics had just been created and nobody had come yet. Producer ids go on."""
        self.breakpoints.clear()
        self.counts.clear()
        self.refusals.clear()
        self.groups.reset()
        self.transactions.reset()
        self.offsets.reset()
        self.topics.reset()
        self._rewrite_journal()


def now_ms() -> int:
    """Wall clock in milliseconds, as Kafka stamps messages."""
    return time.time_ns() // 1_000_000


def _ring(future: Future[None]) -> None:
    if not future.done():
        future.set_result(None)


def _lock(folder: Path) -> IO[str]:
    """Take the folder for this process; the lock goes with the process, however it ends."""
    folder.mkdir(parents=True, exist_ok=True)
    file = (folder / "lock").open("w")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as cause:
        file.close()
        raise InUse(f"Another broker works in {folder}: stop it, or choose another --data-dir.") from cause
    return file
