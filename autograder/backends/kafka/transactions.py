"""Transactions: what makes several sends and offset commits visible together or not at all.

A *transactional id* names a producer across its restarts. Its *epoch* grows whenever a new instance takes over, so that
an older one (a zombie) is refused: it is fenced. The end of a transaction is decided in the journal first and then
written as markers into every Kafka partition it touched, so that a crash in between can be finished.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Literal, get_args

from autograder.backends.kafka.codes import Code, Refused
from autograder.backends.kafka.journal import Entry, Journal
from autograder.backends.kafka.offsets import Offsets, Place

__all__ = ["STATES", "TIMEOUT_MS_MAX", "State", "Transaction", "Transactions"]

State = Literal["Empty", "Ongoing", "PrepareCommit", "PrepareAbort", "CompleteCommit", "CompleteAbort"]
STATES: tuple[State, ...] = get_args(State)

TIMEOUT_MS_MAX = 900_000
"""Apache Kafka's transaction.max.timeout.ms."""
FIRST_PRODUCER_ID = 1000
NO_EPOCH = -1

Mark = Callable[[Place, int, int, bool], None]
"""Writes the marker of a producer id and epoch into one Kafka partition; True commits."""


@dataclass
class Transaction:
    """What the broker knows of one transactional id."""

    id: str
    producer: int
    epoch: int = NO_EPOCH
    state: State = "Empty"
    timeout_ms: int = 60_000
    places: set[Place] = field(default_factory=set)
    groups: set[str] = field(default_factory=set)
    started_ms: int = -1
    """Wall clock, for those who ask; -1 when none was started."""
    deadline: float = 0.0
    """On the broker's clock; an open transaction is aborted then."""
    last_epoch: int = NO_EPOCH
    """The epoch before, where its owner may still come and ask for the present one."""

    def entry(self) -> Entry:
        """What the journal keeps of it."""
        return {"kind": "transaction", "id": self.id, "producer": self.producer, "epoch": self.epoch,
                "state": self.state, "timeout_ms": self.timeout_ms, "places": sorted(self.places),
                "groups": sorted(self.groups), "last_epoch": self.last_epoch}


class Transactions:
    """All transactional ids, and the supply of producer ids."""

    def __init__(self, journal: Journal, offsets: Offsets, mark: Mark, clock: Callable[[], float],
                 wall_ms: Callable[[], int]) -> None:
        self._journal = journal
        self._offsets = offsets
        self._mark = mark
        self._clock = clock
        self._wall_ms = wall_ms
        self._known: dict[str, Transaction] = {}
        self.next_producer = FIRST_PRODUCER_ID

    def __iter__(self) -> Iterator[Transaction]:
        return iter(tuple(self._known.values()))

    def get(self, transactional_id: str | None) -> Transaction | None:
        """What is known of a transactional id, if anything."""
        return self._known.get(transactional_id) if transactional_id is not None else None

    def new_producer(self) -> int:
        """A producer id that nobody has had."""
        producer, self.next_producer = self.next_producer, self.next_producer + 1
        self._journal.write("producer", id=producer)
        return producer

    def open(self, transactional_id: str, timeout_ms: int, claim: tuple[int, int] | None = None) -> Transaction:
        """A new instance takes over: older ones are fenced and what they left open is aborted.

        `claim` is the producer id and epoch that the caller believes to have; Refused when somebody has fenced it.
        """
        if not 0 < timeout_ms <= TIMEOUT_MS_MAX:
            raise Refused(Code.INVALID_TRANSACTION_TIMEOUT)
        known = self._known.get(transactional_id)
        if known is None:
            known = self._known[transactional_id] = Transaction(transactional_id, self.new_producer())
        elif claim is not None and claim == (known.producer, known.last_epoch):
            # Its answer was lost, or its transaction took too long: it goes on with the epoch that it has not heard of.
            return known
        elif claim is not None and claim != (known.producer, known.epoch):
            raise Refused(Code.PRODUCER_FENCED)
        if known.state == "Ongoing":
            # As in Apache Kafka the abort has an epoch of its own: nothing of the old instance can follow it.
            known.epoch += 1
            self._end(known, commit=False)
        known.last_epoch = known.epoch if claim is not None else NO_EPOCH
        known.epoch += 1
        known.timeout_ms, known.state = timeout_ms, "Empty"
        self._journal.write(**known.entry())
        return known

    def of(self, transactional_id: str, producer: int, epoch: int) -> Transaction:
        """The transaction of the caller; Refused when it is fenced or unknown."""
        known = self._known.get(transactional_id)
        if known is None or known.producer != producer:
            raise Refused(Code.INVALID_PRODUCER_ID_MAPPING)
        if known.epoch != epoch:
            raise Refused(Code.PRODUCER_FENCED)
        return known

    def add(self, known: Transaction, *, places: Iterable[Place] = (), groups: Iterable[str] = ()) -> None:
        """Bring Kafka partitions and groups into the open transaction, beginning one when there is none."""
        if known.state != "Ongoing":
            known.state, known.places, known.groups = "Ongoing", set(), set()
            known.started_ms = self._wall_ms()
            known.deadline = self._clock() + known.timeout_ms / 1000
        known.places.update(places)
        known.groups.update(groups)
        self._journal.write(**known.entry())

    def may_write(self, transactional_id: str | None, producer: int, epoch: int, place: Place) -> None:
        """Raise Refused unless this producer may write here in a transaction."""
        known = self.get(transactional_id)
        if known is None or known.producer != producer:
            raise Refused(Code.INVALID_PRODUCER_ID_MAPPING)
        if known.epoch != epoch:
            raise Refused(Code.INVALID_PRODUCER_EPOCH, f"{transactional_id} is fenced: it is at epoch {known.epoch}")
        if known.state != "Ongoing" or place not in known.places:
            raise Refused(Code.INVALID_TXN_STATE, "this Kafka partition is not part of the transaction")

    @staticmethod
    def may_commit_for(known: Transaction, group: str) -> None:
        """Raise Refused unless the transaction is open and includes this group."""
        if known.state != "Ongoing" or group not in known.groups:
            raise Refused(Code.INVALID_TXN_STATE)

    def end(self, known: Transaction, *, commit: bool) -> None:
        """Commit or abort; saying the same again is fine."""
        if known.state == "Ongoing":
            self._end(known, commit=commit)
        elif known.state != ("CompleteCommit" if commit else "CompleteAbort"):
            raise Refused(Code.INVALID_TXN_STATE)

    def _end(self, known: Transaction, *, commit: bool) -> None:
        known.state = "PrepareCommit" if commit else "PrepareAbort"
        self._journal.write(**known.entry())
        self._finish(known)

    def _finish(self, known: Transaction) -> None:
        commit = known.state == "PrepareCommit"
        for place in sorted(known.places):
            self._mark(place, known.producer, known.epoch, commit)
        for group in sorted(known.groups):
            self._offsets.resolve(group, known.producer, commit=commit)
        known.state = "CompleteCommit" if commit else "CompleteAbort"
        known.places, known.groups = set(), set()
        self._journal.write(**known.entry())

    def expire(self) -> None:
        """Abort what has been open for too long, and fence who left it open."""
        now = self._clock()
        for known in self:
            if known.state == "Ongoing" and known.deadline <= now:
                known.last_epoch, known.epoch = known.epoch, known.epoch + 1
                self._end(known, commit=False)

    def next_deadline(self) -> float | None:
        """When `expire` has something to do, if ever."""
        return min((known.deadline for known in self if known.state == "Ongoing"), default=None)

    def restore(self, entry: Entry) -> None:
        """Take one transaction over from the journal."""
        self._known[entry["id"]] = Transaction(
            entry["id"], entry["producer"], entry["epoch"], entry["state"], entry["timeout_ms"],
            {(name, index) for name, index in entry["places"]}, set(entry["groups"]),
            self._wall_ms(), self._clock() + entry["timeout_ms"] / 1000, entry.get("last_epoch", NO_EPOCH))
        self.next_producer = max(self.next_producer, entry["producer"] + 1)

    def finish_prepared(self) -> None:
        """Write the markers of transactions that were decided and not finished when the broker was killed."""
        for known in self:
            if known.state in ("PrepareCommit", "PrepareAbort"):
                self._finish(known)

    def reset(self) -> None:
        """No transactional id is known; producer ids go on, so that no old producer is taken for a new one."""
        self._known.clear()

    def entries(self) -> Iterator[Entry]:
        """What the journal keeps."""
        yield {"kind": "producer", "id": self.next_producer - 1}
        yield from (known.entry() for known in self)
