"""Recovery: from a journal and log files back to the state that was acknowledged before the broker ended."""

from __future__ import annotations

import uuid
from pathlib import Path
from typing import TYPE_CHECKING

from autograder.backends.kafka.journal import Entry, entries
from autograder.backends.kafka.offsets import Committed, Offsets

if TYPE_CHECKING:
    from autograder.backends.kafka.broker import Broker

__all__ = ["restore"]


def restore(broker: Broker, journal: Path) -> None:
    """Bring everything back; transactions that were decided and not finished are finished now.

    Topics are gathered first and their files opened last, because a name may have been used more than once.
    """
    topics: dict[str, Entry] = {}
    starts: dict[tuple[str, int], int] = {}
    for entry in entries(journal):
        kind = entry["kind"]
        if kind == "topic":
            topics[entry["name"]] = entry
        elif kind == "drop":
            topics.pop(entry["name"], None)
            starts = {place: start for place, start in starts.items() if place[0] != entry["name"]}
            broker.offsets.drop_topic(entry["name"])
        elif kind == "trim":
            starts[entry["topic"], entry["partition"]] = entry["start"]
        elif kind == "producer":
            broker.transactions.next_producer = max(broker.transactions.next_producer, entry["id"] + 1)
        elif kind == "transaction":
            broker.transactions.restore(entry)
        else:
            _restore_offset(broker.offsets, entry)
    for entry in topics.values():
        broker.topics.create(entry["name"], entry["partitions"], entry["replicas"], entry["settings"],
                             uuid.UUID(hex=entry["id"]))
    for place, start in starts.items():
        partition = broker.topics.partition(*place)
        if partition is not None:
            partition.trim(start)
    broker.topics.sweep()
    broker.transactions.finish_prepared()


def _restore_offset(offsets: Offsets, entry: Entry) -> None:
    kind, group = entry["kind"], entry["group"]
    if kind == "resolve offsets":
        offsets.resolve(group, entry["producer"], commit=entry["commit"])
        return
    if kind == "delete group":
        offsets.delete_group(group)
        return
    place = (entry["topic"], entry["partition"])
    if kind == "delete offset":
        offsets.delete(group, place)
        return
    committed = Committed(entry["offset"], entry["metadata"], entry["leader_epoch"])
    if kind == "offset":
        offsets.commit(group, place, committed)
    elif kind == "pending offset":
        offsets.pend(group, entry["producer"], place, committed)
    else:
        raise ValueError(f"the journal holds an entry of an unknown kind: {kind!r}")
