"""Topics: their names, settings and Kafka partitions."""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from autograder.backends.kafka.codes import Code, Refused
from autograder.backends.kafka.journal import Entry, Journal
from autograder.backends.kafka.logfile import LogFile
from autograder.backends.kafka.partition import Partition
from autograder.backends.kafka.retention import Limits, start_by_retention
from autograder.backends.kafka.settings import SETTINGS

__all__ = ["Topic", "Topics", "check_name"]

_NAME = re.compile(r"[A-Za-z0-9._-]{1,249}")


def check_name(name: str) -> None:
    """Raise Refused unless Kafka accepts this as a topic's name."""
    if not _NAME.fullmatch(name) or name in (".", ".."):
        raise Refused(Code.INVALID_TOPIC, f"'{name}' is no topic name: use up to 249 letters, digits, '.', '_', '-'")


@dataclass
class Topic:
    """One topic."""

    name: str
    id: uuid.UUID
    replicas: int
    settings: dict[str, str]
    partitions: list[Partition] = field(default_factory=list)

    def setting(self, name: str) -> str:
        """The value in force."""
        return self.settings.get(name, SETTINGS[name].default)

    def number(self, name: str) -> int:
        """The value in force of a setting that is a number."""
        return int(self.setting(name))

    def expire(self, now_ms: int) -> Iterator[Partition]:
        """Drop what is older or larger than the retention settings allow; yields the partitions that lost messages."""
        limits = Limits(age_ms=self.number("retention.ms"), size_bytes=self.number("retention.bytes"),
                        segment_bytes=self.number("segment.bytes"), segment_ms=self.number("segment.ms"))
        for partition in self.partitions:
            start = start_by_retention(partition, limits, now_ms)
            if start > partition.start:
                partition.trim(start)
                yield partition

    def entry(self) -> Entry:
        """What the journal keeps of it."""
        return {"kind": "topic", "name": self.name, "id": self.id.hex, "partitions": len(self.partitions),
                "replicas": self.replicas, "settings": self.settings}


class Topics:
    """All topics of the broker."""

    def __init__(self, journal: Journal, place: Callable[[int, int], list[int]], folder: Path | None) -> None:
        """`place` names the nodes that hold a partition, given its index and the number of replicas."""
        self._journal = journal
        self._place = place
        self._folder = folder
        self._topics: dict[str, Topic] = {}

    def __iter__(self) -> Iterator[Topic]:
        return iter(tuple(self._topics.values()))

    def get(self, name: str) -> Topic | None:
        """The topic of this name, if there is one."""
        return self._topics.get(name)

    def by_id(self, topic_id: uuid.UUID) -> Topic | None:
        """The topic with this id, if there is one."""
        return next((topic for topic in self._topics.values() if topic.id == topic_id), None)

    def partition(self, name: str, index: int) -> Partition | None:
        """One Kafka partition, if there is one."""
        topic = self._topics.get(name)
        return topic.partitions[index] if topic and 0 <= index < len(topic.partitions) else None

    def partitions(self) -> Iterator[Partition]:
        """Every Kafka partition of every topic."""
        return (partition for topic in self for partition in topic.partitions)

    def check_new(self, name: str) -> None:
        """Raise Refused unless a topic of this name can be made."""
        check_name(name)
        if name in self._topics:
            raise Refused(Code.TOPIC_ALREADY_EXISTS, f"Topic '{name}' already exists.")
        # Kafka's metrics write '.' as '_', so it lets no two topics differ by that alone.
        for known in self._topics:
            if known.replace(".", "_") == name.replace(".", "_"):
                raise Refused(Code.INVALID_TOPIC, f"Topic '{name}' collides with existing topic: {known}")

    def create(self, name: str, partitions: int, replicas: int, settings: Mapping[str, str] | None = None,
               topic_id: uuid.UUID | None = None) -> Topic:
        """A new topic; the caller has checked its name and settings."""
        topic = Topic(name, topic_id or uuid.uuid4(), replicas, dict(settings or {}))
        self._topics[name] = topic
        self._fill(topic, partitions)
        self._journal.write(**topic.entry())
        return topic

    def grow(self, topic: Topic, partitions: int) -> None:
        """Give a topic more partitions; those that it has stay as they are."""
        self._fill(topic, partitions)
        self._journal.write(**topic.entry())

    def configure(self, topic: Topic, settings: Mapping[str, str]) -> None:
        """Replace a topic's own settings; the caller has checked them."""
        topic.settings = dict(settings)
        self._journal.write(**topic.entry())

    def drop(self, topic: Topic) -> None:
        """Delete a topic and all its messages."""
        del self._topics[topic.name]
        self._journal.write("drop", name=topic.name)
        for partition in topic.partitions:
            partition.delete()

    def trimmed(self, partition: Partition) -> None:
        """Note where a log starts now."""
        self._journal.write(**self._trim(partition))

    def reset(self) -> None:
        """Every topic as if it had just been created."""
        for topic in self:
            old, topic.partitions = topic.partitions, []
            for partition in old:
                partition.delete()
            self._fill(topic, len(old))

    def entries(self) -> Iterator[Entry]:
        """What the journal keeps: topics, and logs that do not start at 0."""
        for topic in self:
            yield topic.entry()
            yield from (self._trim(partition) for partition in topic.partitions if partition.start)

    def sweep(self) -> None:
        """Remove the files of topics that are gone, as a kill between the journal and the file leaves them."""
        if self._folder is None:
            return
        known = {self._path(topic, partition.index) for topic in self for partition in topic.partitions}
        for path in self._folder.glob("*.log"):
            if path not in known:
                path.unlink()

    def _fill(self, topic: Topic, partitions: int) -> None:
        while len(topic.partitions) < partitions:
            index = len(topic.partitions)
            path = self._path(topic, index)
            topic.partitions.append(Partition(topic.name, index, self._place(index, topic.replicas),
                                              LogFile(path) if path else None))

    def _path(self, topic: Topic, index: int) -> Path | None:
        # The id keeps a topic apart from an older one of the same name.
        return self._folder / f"{topic.name}-{index}.{topic.id.hex[:8]}.log" if self._folder else None

    @staticmethod
    def _trim(partition: Partition) -> Entry:
        return {"kind": "trim", "topic": partition.topic, "partition": partition.index, "start": partition.start}
