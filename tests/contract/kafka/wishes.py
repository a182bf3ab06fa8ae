"""Questions as a client puts them on the wire, each with one answer; for what no client library would ever send."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any

from kafka.record.default_records import DefaultRecordBatchBuilder

from autograder.backends.kafka.direct import Direct

__all__ = ["CONCURRENT_TRANSACTIONS", "GROUP", "TRANSACTION", "add_partition", "batch", "commit_offset",
           "create_topic", "end", "fetch", "find_coordinator", "list_offset", "new_producer", "now_ms", "patiently",
           "send"]

CONCURRENT_TRANSACTIONS = 51
NOT_READY = (14, 15, 16, CONCURRENT_TRANSACTIONS)
"""A coordinator that is still loading or that still ends the transaction before: ask again."""
PATIENCE_S = 20.0
GROUP, TRANSACTION = 0, 1


def now_ms() -> int:
    """The time, as messages have it."""
    return time.time_ns() // 1_000_000


def patiently(ask: Callable[[], Any], code: Callable[[Any], int]) -> Any:
    """Ask again while Kafka says that it is not ready; every question is a round trip."""
    deadline = time.monotonic() + PATIENCE_S
    while code(told := ask()) in NOT_READY:
        assert time.monotonic() < deadline, f"Kafka does not get ready: error {code(told)}"
    return told


def find_coordinator(direct: Direct, name: str, kind: int) -> None:
    """Ask who is responsible: Kafka makes its own topic for that when it is asked for the first time."""
    patiently(lambda: direct.ask("FindCoordinator", 1, key=name, key_type=kind), lambda told: int(told.error_code))


def batch(producer: int = -1, sequence: int = -1, epoch: int = 0, *, transactional: bool = False, count: int = 1,
          at_ms: int | None = None) -> bytes:
    """A record batch with a correct checksum."""
    builder = DefaultRecordBatchBuilder(2, 0, int(transactional), producer, epoch, sequence, 1 << 20)
    for offset in range(count):
        builder.append(offset, now_ms() if at_ms is None else at_ms, b"p-1", b"lamp", [])
    return bytes(builder.build())


def send(direct: Direct, topic: str, records: bytes, *, acks: int = -1, transactional_id: str | None = None,
         partition: int = 0) -> tuple[int, int]:
    """Produce; the error code and the offset."""
    told = direct.ask("Produce", 7, transactional_id=transactional_id, acks=acks, timeout_ms=1000, topic_data=[
        {"name": topic, "partition_data": [{"index": partition, "records": records}]}])
    part = told.responses[0].partition_responses[0]
    return part.error_code, part.base_offset


def new_producer(direct: Direct, transactional_id: str | None = None, *, claim: tuple[int, int] = (-1, -1),
                 timeout_ms: int = 60_000) -> Any:
    """A producer id and epoch."""
    if transactional_id:
        find_coordinator(direct, transactional_id, TRANSACTION)
    return patiently(lambda: direct.ask(
        "InitProducerId", 4, transactional_id=transactional_id, transaction_timeout_ms=timeout_ms,
        producer_id=claim[0], producer_epoch=claim[1]), lambda told: int(told.error_code))


def add_partition(direct: Direct, transactional_id: str, producer: Any, topic: str) -> int:
    """Bring a topic's first Kafka partition into the transaction; the error code."""
    told = patiently(lambda: direct.ask(
        "AddPartitionsToTxn", 3, v3_and_below_transactional_id=transactional_id,
        v3_and_below_producer_id=producer.producer_id, v3_and_below_producer_epoch=producer.producer_epoch,
        v3_and_below_topics=[{"name": topic, "partitions": [0]}]), _code_of_partition)
    return _code_of_partition(told)


def _code_of_partition(told: Any) -> int:
    return int(told.results_by_topic_v3_and_below[0].results_by_partition[0].partition_error_code)


def end(direct: Direct, transactional_id: str, producer: Any, *, commit: bool) -> int:
    """Commit or abort; the error code."""
    told = patiently(lambda: direct.ask(
        "EndTxn", 3, transactional_id=transactional_id, producer_id=producer.producer_id,
        producer_epoch=producer.producer_epoch, committed=commit), lambda told: int(told.error_code))
    return int(told.error_code)


def commit_offset(direct: Direct, group: str, topic: str, *, metadata: str = "", member: str = "",
                  generation: int = -1, partition: int = 0) -> int:
    """Commit offset 1; the error code."""
    find_coordinator(direct, group, GROUP)
    told = direct.ask("OffsetCommit", 2, group_id=group, generation_id_or_member_epoch=generation, member_id=member,
                      retention_time_ms=-1, topics=[{"name": topic, "partitions": [
                          {"partition_index": partition, "committed_offset": 1, "committed_metadata": metadata}]}])
    return int(told.topics[0].partitions[0].error_code)


def create_topic(direct: Direct, name: str, settings: Mapping[str, str] | None = None, *, partitions: int = 1,
                 only_check: bool = False) -> int:
    """Make a topic, or only ask whether it could be made; the error code."""
    told = direct.ask("CreateTopics", 4, timeout_ms=5000, validate_only=only_check, topics=[
        {"name": name, "num_partitions": partitions, "replication_factor": 1, "assignments": [],
         "configs": [{"name": key, "value": value} for key, value in (settings or {}).items()]}])
    return int(told.topics[0].error_code)


def fetch(direct: Direct, topic: str, offset: int, *, epoch: int = -1, partition: int = 0) -> int:
    """Ask for messages; the error code."""
    told = direct.ask("Fetch", 11, replica_id=-1, max_wait_ms=0, min_bytes=0, max_bytes=1 << 20, isolation_level=0,
                      session_id=0, session_epoch=-1, forgotten_topics_data=[], rack_id="", topics=[
                          {"topic": topic, "partitions": [
                              {"partition": partition, "current_leader_epoch": epoch, "fetch_offset": offset,
                               "log_start_offset": -1, "partition_max_bytes": 1 << 20}]}])
    return int(told.responses[0].partitions[0].error_code)


def list_offset(direct: Direct, topic: str, at_ms: int, *, version: int = 2, partition: int = 0) -> tuple[int, int]:
    """Ask for an offset by time; the error code and the offset."""
    told = direct.ask("ListOffsets", version, replica_id=-1, isolation_level=0, topics=[
        {"name": topic, "partitions": [
            {"partition_index": partition, "current_leader_epoch": -1, "timestamp": at_ms}]}])
    part = told.topics[0].partitions[0]
    return part.error_code, part.offset
