"""One Kafka partition: an append-only log with its offsets.

*end* is the offset of the next message. The *high watermark* is the first offset that is not yet on all replicas:
consumers see what lies below it. The *last stable offset* is the first offset of the oldest open transaction:
consumers at read_committed see what lies below that.
"""

from __future__ import annotations

from asyncio import Future
from bisect import bisect_left
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from operator import attrgetter

from autograder.backends.kafka.batch import Batch
from autograder.backends.kafka.logfile import LogFile
from autograder.backends.kafka.producers import Producers

__all__ = ["Aborted", "Partition"]

_last = attrgetter("last")


@dataclass(frozen=True, slots=True)
class Aborted:
    """An aborted transaction: readers at read_committed skip its messages."""

    producer: int
    first: int
    """Offset of its first message."""
    marker: int
    """Offset of the marker that aborted it."""


class Partition:
    """The log of one Kafka partition, and who leads it."""

    def __init__(self, topic: str, index: int, replicas: list[int], file: LogFile | None = None) -> None:
        self.topic = topic
        self.index = index
        self.replicas = replicas
        self.leader = replicas[0]
        self.stopped_at: dict[int, int] = {}
        """Replicas that are down, or have not caught up since, and the offset up to which they have the log."""
        self.watchers: set[Future[None]] = set()
        """Who waits for news of this partition."""
        self._file = file
        self.start = self.end = self.size_bytes = 0
        self.leader_epoch = 0
        self.epochs: list[tuple[int, int]] = [(0, 0)]
        """Leader epoch and the offset at which it began, oldest first."""
        self.batches: list[Batch] = []
        self.producers = Producers()
        self._open: dict[int, int] = {}
        """Producers with an open transaction, and the offset of its first message here."""
        self._aborted: list[Aborted] = []
        for batch in file.load() if file else ():
            self._take(batch)
        self.high_watermark = self.end

    @property
    def last_stable(self) -> int:
        """The last stable offset."""
        return min(self.high_watermark, *self._open.values()) if self._open else self.high_watermark

    def has_open_transaction(self, producer: int) -> bool:
        """Has this producer written here in a transaction that has not ended?"""
        return producer in self._open

    def append(self, batch: Batch) -> int:
        """Store a batch at the end; returns the offset of its first message."""
        stored = batch.at(self.end, self.leader_epoch)
        if self._file is not None:
            self._file.append(stored)
        self._take(stored)
        return stored.base

    def _take(self, batch: Batch) -> None:
        self.batches.append(batch)
        self.size_bytes += len(batch.raw)
        self.end = batch.last + 1
        self._account(batch)

    def _account(self, batch: Batch) -> None:
        self.producers.stored(batch)
        if batch.control:
            first = self._open.pop(batch.producer, None)
            if first is not None and batch.aborts:
                self._aborted.append(Aborted(batch.producer, first, batch.base))
        elif batch.transactional:
            self._open.setdefault(batch.producer, batch.base)

    def read(self, offset: int, limit: int, bytes_max: int, *, at_least_one: bool) -> list[bytes]:
        """The raw batches from the one that holds `offset` up to `limit`, within `bytes_max`.

        With `at_least_one` the first batch is given even when it is too large, so that a reader never gets stuck.
        """
        found: list[bytes] = []
        left = bytes_max
        for batch in self.from_offset(offset, limit):
            if len(batch.raw) > left and (found or not at_least_one):
                break
            found.append(batch.raw)
            left -= len(batch.raw)
        return found

    def from_offset(self, offset: int, limit: int) -> Iterator[Batch]:
        """The batches that hold messages from `offset` up to `limit`."""
        for position in range(bisect_left(self.batches, offset, key=_last), len(self.batches)):
            batch = self.batches[position]
            if batch.base >= limit:
                return
            yield batch

    def aborted(self, offset: int, limit: int) -> list[Aborted]:
        """The aborted transactions that a reader of this range has to skip."""
        return [aborted for aborted in self._aborted if aborted.marker >= offset and aborted.first < limit]

    def trim(self, before: int) -> None:
        """Move the start of the log: whole batches below `before` are dropped."""
        self.start = max(self.start, min(before, self.high_watermark))
        dropped = bisect_left(self.batches, self.start, key=_last)
        self.size_bytes -= sum(len(batch.raw) for batch in self.batches[:dropped])
        del self.batches[:dropped]
        self._aborted = [aborted for aborted in self._aborted if aborted.marker >= self.start]

    def truncate(self, to: int) -> int:
        """Lose the messages from `to` on, as a new leader that never had them does; returns how many."""
        lost = self.end - to
        self.batches = [batch for batch in self.batches if batch.base < to]
        self.size_bytes = sum(len(batch.raw) for batch in self.batches)
        self.end = to
        self._recount(self.batches)
        if self._file is not None:
            self._file.rewrite(self.batches)
        return lost

    def _recount(self, batches: Iterable[Batch]) -> None:
        self.producers.forget()
        self._open.clear()
        self._aborted = []
        for batch in batches:
            self._account(batch)

    def led_by(self, node: int) -> None:
        """A new leader: the next epoch begins here."""
        self.leader = node
        self.leader_epoch += 1
        self.epochs.append((self.leader_epoch, self.end))

    def epoch_end(self, epoch: int) -> tuple[int, int]:
        """The newest leader epoch up to `epoch` and the offset at which it ended; (-1, -1) when there is none."""
        found = (-1, -1)
        if epoch > self.leader_epoch:
            return found
        for (known, _), (_, ended) in zip(self.epochs, [*self.epochs[1:], (0, self.end)], strict=True):
            if known <= epoch:
                found = (known, ended)
        return found

    def wake(self) -> None:
        """Tell everybody who waits for news."""
        for watcher in tuple(self.watchers):
            if not watcher.done():
                watcher.set_result(None)

    def delete(self) -> None:
        """Nobody can reach this log any more: its file goes, and who waits for news is told."""
        if self._file is not None:
            self._file.delete()
        self.wake()
