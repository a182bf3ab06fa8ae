"""Producers as one Kafka partition knows them: what makes a repeated send harmless.

The broker remembers the last five batches of every producer id. A batch that it has already is acknowledged with the
old offset and not stored again; a batch that skips a number is refused.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

from autograder.backends.kafka.batch import Batch
from autograder.backends.kafka.codes import Code, Refused

__all__ = ["REMEMBERED_BATCHES", "Producers"]

REMEMBERED_BATCHES = 5
_SEQUENCE_MASK = 0x7FFFFFFF


@dataclass(slots=True)
class _Producer:
    epoch: int
    recent: deque[tuple[int, int, int]] = field(default_factory=lambda: deque(maxlen=REMEMBERED_BATCHES))
    """First sequence number, last sequence number and offset of each remembered batch."""


class Producers:
    """The producers that one Kafka partition remembers."""

    def __init__(self) -> None:
        self._known: dict[int, _Producer] = {}

    def duplicate(self, batch: Batch) -> int | None:
        """The offset at which this batch is stored already, or None when it is new and in order; Refused otherwise."""
        known = self._known.get(batch.producer)
        if known is None:
            return None
        if batch.epoch < known.epoch:
            raise Refused(Code.INVALID_PRODUCER_EPOCH, f"producer {batch.producer} is at epoch {known.epoch}")
        if batch.epoch > known.epoch:
            return self._expect(batch, 0)
        for first, last, offset in known.recent:
            if (first, last) == (batch.sequence, batch.sequence_last):
                return offset
        return self._expect(batch, (known.recent[-1][1] + 1) & _SEQUENCE_MASK if known.recent else 0)

    @staticmethod
    def _expect(batch: Batch, sequence: int) -> None:
        if batch.sequence != sequence:
            raise Refused(Code.OUT_OF_ORDER_SEQUENCE_NUMBER,
                          f"producer {batch.producer} sent sequence {batch.sequence}, expected {sequence}")

    def stored(self, batch: Batch) -> None:
        """Remember a batch that is now in the log."""
        if batch.producer < 0:
            return
        known = self._known.get(batch.producer)
        if batch.control:
            if known is None or known.epoch < batch.epoch:
                self._known[batch.producer] = _Producer(batch.epoch)
            return
        if known is None or known.epoch != batch.epoch:
            known = self._known[batch.producer] = _Producer(batch.epoch)
        known.recent.append((batch.sequence, batch.sequence_last, batch.base))

    def forget(self) -> None:
        """Start anew, as after the log was cut."""
        self._known.clear()
