"""Kafka for one lane: a broker of its own where that is ours to start, else the world's, one lane at a time.

Lanes use the same names of topics, groups and transactions, so no two of them may share a Kafka at the same time, and
none the one that notebooks use. A private broker costs 38 MB embedded and 130 MB as Apache Kafka. A group's first
member waits for nobody there: every run begins with an empty group, and would wait for others that do not come.
"""

from __future__ import annotations

import fcntl
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from pathlib import Path

from autograder.backends import Backends, state_folder
from autograder.backends.broker import Broker
from autograder.explore.lane import Topics
from autograder.grading import scratch_folders
from autograder.grading.kafka_topics import KafkaTopics
from autograder.grading.topics import EmbeddedTopics

__all__ = ["begin_kafka", "lanes_of"]

MakeTopics = Callable[[Mapping[str, int]], Topics]


def begin_kafka(backends: Backends, cleanup: ExitStack) -> MakeTopics:
    """Start a lane's Kafka without waiting for it; what is returned waits, and makes the lab's topics there."""
    begin = {"embedded": _embedded, "native": _native}.get(backends.world)
    return begin(cleanup) if begin else _shared(backends, cleanup)


def lanes_of(world: str, lanes: int) -> int:
    """So many lanes can be open side by side in a world, at most so many as asked for."""
    return lanes if world in ("embedded", "native") else 1


def _embedded(cleanup: ExitStack) -> MakeTopics:
    broker = Broker(None, options=("--rebalance-delay-ms", "0"))
    cleanup.callback(broker.kill)
    broker.launch()

    def topics(wanted: Mapping[str, int]) -> Topics:
        broker.wait()
        return cleanup.enter_context(EmbeddedTopics(broker, wanted))

    return topics


def _native(cleanup: ExitStack) -> MakeTopics:
    from autograder.backends.native import ApacheKafka

    folder = scratch_folders.make()
    cleanup.callback(scratch_folders.remove, folder)
    kafka = ApacheKafka(Path(folder), settings={"group.initial.rebalance.delay.ms": "0"})
    cleanup.callback(kafka.kill)
    kafka.launch()

    def topics(wanted: Mapping[str, int]) -> Topics:
        kafka.wait()
        return cleanup.enter_context(KafkaTopics(kafka.address, wanted))

    return topics


def _shared(backends: Backends, cleanup: ExitStack) -> MakeTopics:
    """The world's own Kafka, under a lock; whoever holds it has it for the length of a check."""

    def topics(wanted: Mapping[str, int]) -> Topics:
        lock = cleanup.enter_context(open(state_folder() / "kafka-lane.lock", "w", encoding="utf-8"))
        fcntl.flock(lock, fcntl.LOCK_EX)
        return cleanup.enter_context(KafkaTopics(backends.kafka, wanted))

    return topics
