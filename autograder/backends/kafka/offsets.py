"""Committed offsets: how far each consumer group has come, and what open transactions want to add to that."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from autograder.backends.kafka.journal import Entry, Journal

__all__ = ["Committed", "Offsets", "Place"]

Place = tuple[str, int]
"""A topic's name and the index of one of its Kafka partitions."""


@dataclass(frozen=True, slots=True)
class Committed:
    """One committed offset: the next message that the group wants."""

    offset: int
    metadata: str = ""
    leader_epoch: int = -1


class Offsets:
    """The offsets of all groups."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._committed: dict[str, dict[Place, Committed]] = {}
        self._pending: dict[str, dict[int, dict[Place, Committed]]] = {}
        """Per group and producer id: what an open transaction will commit."""

    def groups(self) -> set[str]:
        """The groups that have committed something."""
        return {group for group, offsets in self._committed.items() if offsets}

    def of(self, group: str) -> dict[Place, Committed]:
        """Everything a group has committed."""
        return self._committed.get(group, {})

    def unstable(self, group: str) -> set[Place]:
        """The places whose offset depends on an open transaction."""
        return {place for offsets in self._pending.get(group, {}).values() for place in offsets}

    def commit(self, group: str, place: Place, committed: Committed) -> None:
        """Move a group to an offset."""
        self._committed.setdefault(group, {})[place] = committed
        self._journal.write(**_entry("offset", group, place, committed))

    def pend(self, group: str, producer: int, place: Place, committed: Committed) -> None:
        """Move a group to an offset when the producer's transaction commits."""
        self._pending.setdefault(group, {}).setdefault(producer, {})[place] = committed
        self._journal.write(**_entry("pending offset", group, place, committed), producer=producer)

    def resolve(self, group: str, producer: int, *, commit: bool) -> None:
        """The producer's transaction has ended."""
        pending = self._pending.get(group, {}).pop(producer, {})
        if commit and pending:
            self._committed.setdefault(group, {}).update(pending)
        self._journal.write("resolve offsets", group=group, producer=producer, commit=commit)

    def delete(self, group: str, place: Place) -> None:
        """Forget one offset of a group."""
        self._committed.get(group, {}).pop(place, None)
        self._journal.write("delete offset", group=group, topic=place[0], partition=place[1])

    def delete_group(self, group: str) -> None:
        """Forget a group."""
        self._committed.pop(group, None)
        self._pending.pop(group, None)
        self._journal.write("delete group", group=group)

    def drop_topic(self, name: str) -> None:
        """The topic is gone, and with it every offset in it. The journal knows from the topic's own entry."""
        for offsets in self._committed.values():
            for place in [place for place in offsets if place[0] == name]:
                del offsets[place]
        for pending in self._pending.values():
            for producer, offsets in pending.items():
                pending[producer] = {place: kept for place, kept in offsets.items() if place[0] != name}

    def reset(self) -> None:
        """No group has committed anything."""
        self._committed.clear()
        self._pending.clear()

    def entries(self) -> Iterator[Entry]:
        """What the journal keeps."""
        for group, offsets in self._committed.items():
            yield from (_entry("offset", group, place, kept) for place, kept in offsets.items())
        for group, producers in self._pending.items():
            for producer, offsets in producers.items():
                for place, kept in offsets.items():
                    yield {**_entry("pending offset", group, place, kept), "producer": producer}


def _entry(kind: str, group: str, place: Place, committed: Committed) -> Entry:
    return {"kind": kind, "group": group, "topic": place[0], "partition": place[1], "offset": committed.offset,
            "metadata": committed.metadata, "leader_epoch": committed.leader_epoch}
