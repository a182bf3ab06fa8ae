"""The judge's own look at Kafka: the topics of one lane, read with ``read_committed`` and without a consumer group."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from autograder.backends import BackendError
from autograder.backends.broker import Broker
from autograder.backends.kafka.direct import Direct, DirectError
from autograder.invariants import Message

__all__ = ["EmbeddedTopics", "read_messages"]


class EmbeddedTopics:
    """The topics of one lane's private embedded broker. Usable as a context manager."""

    def __init__(self, broker: Broker, topics: Mapping[str, int]) -> None:
        self.bootstrap = broker.address
        self._broker = broker
        self._topics = tuple(topics)
        for name, partitions in topics.items():
            broker.op("create_topic", name=name, partitions=partitions)
        self._direct = Direct(self.bootstrap)

    def __enter__(self) -> EmbeddedTopics:
        return self

    def __exit__(self, *exc: object) -> None:
        self._direct.close()

    def reset(self) -> None:
        """Empty every topic; the broker is this lane's alone."""
        self._broker.op("reset")

    def messages(self) -> tuple[Message, ...]:
        """All visible messages, by topic, Kafka partition and offset."""
        return read_messages(self._direct, self._topics)


def read_messages(kafka: Direct, topics: Iterable[str]) -> tuple[Message, ...]:
    """All messages of these topics that a ``read_committed`` consumer would see, in the order of topic and offset."""
    try:
        return tuple(
            Message(
                topic=topic,
                partition=found.partition,
                offset=found.offset,
                key=_text(found.key),
                value=_text(found.value) or "",
            )
            for topic in topics
            for found in kafka.messages(topic, committed=True)
        )
    except DirectError as error:
        reason = str(error).rstrip(".")
        raise BackendError(f"The Kafka broker gave way in the middle of the check ({reason}). Check again.") from error


def _text(data: bytes | None) -> str | None:
    return None if data is None else data.decode("utf-8", "replace")
