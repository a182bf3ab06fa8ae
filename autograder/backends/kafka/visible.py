"""What a reader sees of raw record batches: messages, without markers and without what was aborted."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from autograder.backends.kafka import wire
from autograder.backends.kafka.batch import Batch

__all__ = ["visible"]


def visible(batches: Iterable[Batch], aborted: Iterable[tuple[int, int]], first: int, limit: int
            ) -> Iterator[wire.Record]:
    """The messages from offset `first` up to `limit`.

    `aborted` names the producer and first offset of every aborted transaction in that range; each ends at its marker.
    A reader at read_uncommitted passes none.
    """
    waiting = sorted(aborted, key=lambda one: one[1], reverse=True)
    dead: set[int] = set()
    for batch in batches:
        while waiting and waiting[-1][1] <= batch.last:
            dead.add(waiting.pop()[0])
        if batch.aborts:
            dead.discard(batch.producer)
        if batch.control or (batch.transactional and batch.producer in dead):
            continue
        for record in wire.records(batch.raw):
            if first <= record.offset < limit:
                yield record
