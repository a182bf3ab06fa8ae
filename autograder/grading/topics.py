"""The judge's own look at Kafka: the topics of one lane, read with ``read_committed`` and without a consumer group."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from autograder.backends import BackendError
from autograder.backends.broker import Broker
from autograder.backends.kafka.direct import Address, Direct, DirectError, Place, Sent
from autograder.backends.kafka.wire import partition_of
from autograder.invariants import Message, Progress

__all__ = ["EmbeddedTopics", "read_messages", "read_progress", "send_all"]


class EmbeddedTopics:
    """The topics of one lane's private embedded broker. Usable as a context manager."""

    def __init__(self, broker: Broker, topics: Mapping[str, int]) -> None:
        self.bootstrap = broker.address
        self._broker = broker
        self._topics = tuple(topics)
        for name, partitions in topics.items():
            broker.op("create_topic", name=name, partitions=partitions)
        self._direct = Direct(self.bootstrap)
        self._leaders = self._direct.leaders_of(self._topics) if self._topics else {}

    def __enter__(self) -> EmbeddedTopics:
        return self

    def __exit__(self, *exc: object) -> None:
        self._direct.close()

    def reset(self) -> None:
        """Empty every topic; the broker is this lane's alone."""
        self._broker.op("reset")

    def messages(self) -> tuple[Message, ...]:
        """All visible messages, by topic, Kafka partition and offset."""
        return read_messages(self._direct, self._leaders)

    def progress(self, group: str) -> tuple[Progress, ...]:
        """How far a consumer group has come in each Kafka partition."""
        return read_progress(self._direct, self._leaders, group)

    def send(self, topic: str, records: Sequence[Sent]) -> tuple[tuple[int, int], ...]:
        """Append messages as every producer with the default partitioner does; Kafka partition and offset of each."""
        return send_all(self._direct, topic, records)


def read_messages(kafka: Direct, leaders: Mapping[Place, Address]) -> tuple[Message, ...]:
    """All messages in these places that a ``read_committed`` consumer would see, in the order of topic and offset."""
    try:
        return tuple(
            Message(
                topic=topic,
                partition=found.partition,
                offset=found.offset,
                key=_text(found.key),
                value=_text(found.value) or "",
                headers=tuple((name, _text(value) or "") for name, value in found.headers),
            )
            for (topic, _), messages in kafka.messages_of(leaders, committed=True).items()
            for found in messages
        )
    except DirectError as error:
        raise _gave_way(error) from error


def read_progress(kafka: Direct, leaders: Mapping[Place, Address], group: str) -> tuple[Progress, ...]:
    """The committed offset of a group beside the end, for each of these Kafka partitions."""
    try:
        committed = kafka.committed(group)
        return tuple(
            Progress(group=group, topic=topic, partition=index, committed=committed.get((topic, index), 0), end=end)
            for (topic, index), end in kafka.ends_of(leaders).items()
        )
    except DirectError as error:
        raise _gave_way(error) from error


def send_all(kafka: Direct, topic: str, records: Sequence[Sent]) -> tuple[tuple[int, int], ...]:
    """Append messages to the Kafka partitions that their keys belong to; Kafka partition and offset of each."""
    try:
        count = len(kafka.leaders(topic))
        places = [partition_of(one.key or b"", count) for one in records]
        first = {
            place: kafka.send(topic, place, [one for one, at in zip(records, places, strict=True) if at == place])
            for place in dict.fromkeys(places)
        }
    except DirectError as error:
        raise _gave_way(error) from error
    return tuple((place, first[place] + places[:number].count(place)) for number, place in enumerate(places))


def _gave_way(error: DirectError) -> BackendError:
    reason = str(error).rstrip(".")
    return BackendError(f"The Kafka broker gave way in the middle of the check ({reason}). Check again.")


def _text(data: bytes | None) -> str | None:
    return None if data is None else data.decode("utf-8", "replace")
