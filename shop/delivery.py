"""How the warehouse reads from Kafka: the names that it shares, and how a consumer of its group begins and ends."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from shop.addresses import Addresses
from shop.events import TOPIC

if TYPE_CHECKING:
    from kafka import KafkaConsumer

__all__ = ["ATTEMPTS", "DEAD_LETTERS", "GROUP", "is_drained", "member"]

GROUP = "warehouse"
"""The consumer group of the warehouse's processes."""
DEAD_LETTERS = "purchases-dead"
"""The topic for messages that cannot be handled."""
ATTEMPTS = 3
"""How often a message is tried before it goes there."""
POLLS_MAX, POLL_MS = 450, 20
FETCH_WAIT_MS = 100
"""So long a broker holds an empty fetch back. What is asked meanwhile waits behind it: one connection, one order."""


def member(at: Addresses, **settings: Any) -> KafkaConsumer:
    """A consumer that has joined the warehouse's group and been assigned its Kafka partitions.

    It begins behind the group's committed offsets, and commits only what it is told to. Close it at the end: the others
    then get its Kafka partitions at once.
    """
    from kafka import KafkaConsumer  # whoever does not read from Kafka need not load the client

    ours = {
        "group_id": GROUP,
        "enable_auto_commit": False,
        "auto_offset_reset": "earliest",
        "fetch_max_wait_ms": FETCH_WAIT_MS,
    }
    consumer = KafkaConsumer(bootstrap_servers=at.kafka, **(ours | settings))
    consumer.partitions_for_topic(TOPIC)  # a member that knows them joins once; one that learns of them later joins again
    consumer.subscribe([TOPIC])
    for _ in range(POLLS_MAX):
        early = consumer.poll(timeout_ms=POLL_MS, max_records=1)  # joining happens inside poll
        for place, records in early.items():
            consumer.seek(place, records[0].offset)  # nothing counts as read yet
        if consumer.assignment():
            break
    return consumer


def is_drained(consumer: KafkaConsumer) -> bool:
    """Has this consumer read to the end of every Kafka partition that it is assigned now?"""
    ends = consumer.end_offsets(list(consumer.assignment()))
    return all(consumer.position(place) >= end for place, end in ends.items())
