"""Where the embedded broker is known to differ from Apache Kafka: each test shows both sides, see differences.yml.

`book/data/differences.yml` holds the sentences; the book's page "What the embedded world is not" is made from them.
"""

from __future__ import annotations

import ast
from pathlib import Path
from typing import TypeVar

import pytest
import yaml

from autograder.backends.kafka.codes import Code
from tests.contract.kafka import wishes
from tests.contract.kafka.cluster import ROOT, Kafka
from tests.contract.under_test import WORLD

T = TypeVar("T")
CONSUMER_GROUP_HEARTBEAT, SHARE_FETCH, DESCRIBE_ACLS, DESCRIBE_QUOTAS = 68, 78, 29, 48
END_TXN = 26
BROKER_RESOURCE = 4


def here(*, embedded: T, real: T) -> T:
    """What the world under test is expected to say."""
    return embedded if WORLD == "embedded" else real


def setting(kafka: Kafka, name: str, value: str) -> int:
    return wishes.create_topic(kafka.direct(), kafka.name("orders"), {name: value}, only_check=True)


def test_a_topic_that_is_to_be_compacted(kafka: Kafka) -> None:
    assert setting(kafka, "cleanup.policy", "compact") == here(embedded=Code.POLICY_VIOLATION, real=Code.NONE)


def test_a_topic_that_is_to_stamp_its_messages(kafka: Kafka) -> None:
    assert setting(kafka, "message.timestamp.type", "LogAppendTime") == here(
        embedded=Code.POLICY_VIOLATION, real=Code.NONE)


def test_a_topic_that_is_to_refuse_old_messages(kafka: Kafka) -> None:
    assert setting(kafka, "message.timestamp.before.max.ms", "5") == here(
        embedded=Code.POLICY_VIOLATION, real=Code.NONE)


@pytest.mark.parametrize("key", [CONSUMER_GROUP_HEARTBEAT, SHARE_FETCH, DESCRIBE_ACLS, DESCRIBE_QUOTAS])
def test_kinds_of_requests(kafka: Kafka, key: int) -> None:
    offered = {one.api_key for one in kafka.direct().ask("ApiVersions", 0).api_keys}
    assert (key in offered) is here(embedded=False, real=True)


def test_the_newest_version_of_the_end_of_a_transaction(kafka: Kafka) -> None:
    (newest,) = (one.max_version for one in kafka.direct().ask("ApiVersions", 0).api_keys if one.api_key == END_TXN)
    assert newest == here(embedded=3, real=5)


def test_a_reader_that_wants_a_session(kafka: Kafka) -> None:
    told = kafka.direct().ask("Fetch", 11, replica_id=-1, max_wait_ms=0, min_bytes=0, max_bytes=1 << 20,
                              isolation_level=0, session_id=0, session_epoch=0, forgotten_topics_data=[], rack_id="",
                              topics=[{"topic": kafka.topic(), "partitions": [
                                  {"partition": 0, "current_leader_epoch": -1, "fetch_offset": 0,
                                   "log_start_offset": -1, "partition_max_bytes": 1 << 20}]}])
    assert (told.session_id > 0) is here(embedded=False, real=True)


def test_who_takes_over_an_open_transaction(kafka: Kafka) -> None:
    topic, name, direct = kafka.topic(), kafka.name("relay"), kafka.direct()
    assert wishes.add_partition(direct, name, wishes.new_producer(direct, name), topic) == Code.NONE
    told = direct.ask("InitProducerId", 4, transactional_id=name, transaction_timeout_ms=60_000, producer_id=-1,
                      producer_epoch=-1)
    assert told.error_code == here(embedded=Code.NONE, real=wishes.CONCURRENT_TRANSACTIONS)


def test_the_newest_message_after_it_was_deleted(kafka: Kafka) -> None:
    topic, direct, newest_first = kafka.topic(), kafka.direct(), (30_000, 20_000)
    producer = kafka.producer()
    for older_ms in newest_first:
        producer.send(topic, b"lamp", timestamp_ms=wishes.now_ms() - 60_000 + older_ms).get(10)
    told = direct.ask("DeleteRecords", 1, timeout_ms=5000, topics=[
        {"name": topic, "partitions": [{"partition_index": 0, "offset": 1}]}])
    assert told.topics[0].partitions[0].low_watermark == 1
    assert wishes.list_offset(direct, topic, -3, version=7) == (Code.NONE, here(embedded=1, real=0))


def test_a_change_of_the_brokers_own_settings(kafka: Kafka) -> None:
    told = kafka.direct().ask("IncrementalAlterConfigs", 0, validate_only=True, resources=[
        {"resource_type": BROKER_RESOURCE, "resource_name": "1", "configs": [
            {"name": "log.retention.ms", "config_operation": 0, "value": "604800000"}]}])
    assert told.responses[0].error_code == here(embedded=Code.INVALID_REQUEST, real=Code.NONE)


def test_the_brokers_own_topics(kafka: Kafka) -> None:
    topic, direct = kafka.topic(), kafka.direct()
    wishes.patiently(lambda: wishes.commit_offset(direct, kafka.name("warehouse"), topic), int)
    seen = {one.name for one in direct.ask("Metadata", 7, topics=None, allow_auto_topic_creation=False).topics}
    assert ("__consumer_offsets" in seen) is here(embedded=False, real=True)


def test_every_difference_that_the_book_tells_of_has_a_test_here_and_every_test_is_told_of() -> None:
    told = yaml.safe_load((ROOT / "book" / "data" / "differences.yml").read_text("utf-8"))
    body = ast.parse(Path(__file__).read_text("utf-8")).body
    tests = {one.name for one in body if isinstance(one, ast.FunctionDef) and one.name.startswith("test_")}
    assert {row["test"] for row in told} == tests - {"test_every_difference_that_the_book_tells_of_has_a_test_here_and_"
                                                     "every_test_is_told_of"}
