"""Topics are made, changed and removed; what makes no sense is refused with Kafka's own errors."""

from __future__ import annotations

from contextlib import closing
from typing import Any

import pytest
from kafka.admin import ConfigResource, ConfigResourceType
from kafka.errors import InvalidPartitionsError, InvalidReplicationFactorError, TopicAlreadyExistsError

from autograder.backends.kafka.direct import DirectError
from tests.contract.kafka.cluster import Kafka, served, until


def create(kafka: Kafka, name: str, partitions: int = 1, replicas: int = 1) -> None:
    kafka.admin().create_topics({name: {"num_partitions": partitions, "replication_factor": replicas}})


def test_a_topic_has_the_partitions_that_it_was_made_with(kafka: Kafka) -> None:
    topic = kafka.topic(partitions=5)
    admin = kafka.admin()
    assert topic in admin.list_topics()
    assert len(admin.describe_topics([topic])[0]["partitions"]) == 5


def test_a_topic_cannot_be_made_twice(kafka: Kafka) -> None:
    topic = kafka.topic()
    with pytest.raises(TopicAlreadyExistsError):
        create(kafka, topic)


def test_a_topic_needs_a_partition(kafka: Kafka) -> None:
    with pytest.raises(InvalidPartitionsError):
        create(kafka, kafka.name("orders"), partitions=0)


def test_a_topic_cannot_have_more_replicas_than_there_are_nodes(kafka: Kafka) -> None:
    with pytest.raises(InvalidReplicationFactorError):
        create(kafka, kafka.name("orders"), replicas=99)


def test_a_topic_grows_and_keeps_its_messages(kafka: Kafka) -> None:
    topic = kafka.topic()
    kafka.fill(topic, 3)
    kafka.admin().create_partitions({topic: 4})
    assert until(lambda: served(kafka.direct(), topic) == {0: 3, 1: 0, 2: 0, 3: 0})


def test_a_deleted_topic_is_gone_and_a_new_one_of_its_name_is_empty(kafka: Kafka) -> None:
    topic, admin = kafka.topic(), kafka.admin()
    kafka.fill(topic, 3)
    admin.delete_topics([topic])
    assert topic not in admin.list_topics()
    with pytest.raises(DirectError):
        kafka.direct().end_offsets(topic)
    create(kafka, topic)
    # A producer waits until the new topic has its leader, and nothing of the old one stands before its message.
    kafka.fill(topic, 1)
    assert kafka.direct().end_offsets(topic) == {0: 1}


def test_settings_are_changed_one_by_one(kafka: Kafka) -> None:
    topic, admin = kafka.topic(max_message_bytes="5000"), kafka.admin()
    admin.alter_configs([ConfigResource(ConfigResourceType.TOPIC, topic, configs={"retention.ms": "1234"})])
    seen = str(admin.describe_configs([ConfigResource(ConfigResourceType.TOPIC, topic)]))
    assert "1234" in seen and "5000" in seen


@pytest.mark.parametrize(("name", "value"), [("retention.msec", "1"), ("retention.ms", "soon")])
def test_a_setting_that_kafka_does_not_know_is_refused(kafka: Kafka, name: str, value: str) -> None:
    with closing(kafka.direct()) as direct:
        told: Any = direct.ask("CreateTopics", 4, timeout_ms=5000, validate_only=True, topics=[
            {"name": kafka.name("orders"), "num_partitions": 1, "replication_factor": 1, "assignments": [],
             "configs": [{"name": name, "value": value}]}])
    assert told.topics[0].error_code == 40
