"""A repeated send is harmless when the producer is idempotent."""

from __future__ import annotations

import time
from typing import Any

from kafka.record.default_records import DefaultRecordBatchBuilder

from autograder.backends.kafka.direct import Direct
from tests.contract.kafka.cluster import Kafka

OUT_OF_ORDER = 45
INVALID_EPOCH = 47


def batch(producer: int, sequence: int, epoch: int = 0) -> bytes:
    builder = DefaultRecordBatchBuilder(2, 0, 0, producer, epoch, sequence, 1 << 20)
    builder.append(0, time.time_ns() // 1_000_000, b"p-1", b"lamp", [])
    return bytes(builder.build())


def new_producer(direct: Direct) -> int:
    return int(direct.ask("InitProducerId", 1, transactional_id=None, transaction_timeout_ms=1000).producer_id)


def send(direct: Direct, topic: str, records: bytes) -> tuple[int, int]:
    """Produce as a client does; returns the error code and the offset."""
    told: Any = direct.ask("Produce", 7, transactional_id=None, acks=-1, timeout_ms=1000, topic_data=[
        {"name": topic, "partition_data": [{"index": 0, "records": records}]}])
    part = told.responses[0].partition_responses[0]
    return part.error_code, part.base_offset


def test_a_batch_sent_twice_is_stored_once_and_acknowledged_with_the_old_offset(kafka: Kafka) -> None:
    topic, direct = kafka.topic(), kafka.direct()
    producer = new_producer(direct)
    told = [send(direct, topic, batch(producer, sequence)) for sequence in (0, 0, 1, 1, 0)]
    assert told == [(0, 0), (0, 0), (0, 1), (0, 1), (0, 0)]
    assert direct.end_offsets(topic) == {0: 2}


def test_a_batch_that_skips_a_number_is_refused(kafka: Kafka) -> None:
    topic, direct = kafka.topic(), kafka.direct()
    producer = new_producer(direct)
    assert send(direct, topic, batch(producer, 0)) == (0, 0)
    assert send(direct, topic, batch(producer, 2))[0] == OUT_OF_ORDER
    assert send(direct, topic, batch(producer, 1)) == (0, 1)


def test_an_older_epoch_is_refused(kafka: Kafka) -> None:
    topic, direct = kafka.topic(), kafka.direct()
    producer = new_producer(direct)
    assert send(direct, topic, batch(producer, 0, epoch=3)) == (0, 0)
    assert send(direct, topic, batch(producer, 1, epoch=2))[0] == INVALID_EPOCH


def test_a_new_epoch_begins_at_zero(kafka: Kafka) -> None:
    topic, direct = kafka.topic(), kafka.direct()
    producer = new_producer(direct)
    assert send(direct, topic, batch(producer, 0)) == (0, 0)
    assert send(direct, topic, batch(producer, 1, epoch=1))[0] == OUT_OF_ORDER
    assert send(direct, topic, batch(producer, 0, epoch=1)) == (0, 1)


def test_every_idempotent_producer_has_its_own_id(kafka: Kafka) -> None:
    direct = kafka.direct()
    assert len({new_producer(direct) for _ in range(5)}) == 5
