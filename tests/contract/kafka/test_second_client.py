"""Another client with nothing in common with kafka-python: librdkafka, by way of confluent-kafka."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any

import confluent_kafka as confluent
import pytest
from confluent_kafka.admin import AdminClient, ConfigResource, NewPartitions, NewTopic

from tests.contract.kafka.cluster import Kafka, until

COOPERATIVE = {"partition.assignment.strategy": "cooperative-sticky"}
Make = Callable[..., Any]


@pytest.fixture
def consumer(kafka: Kafka) -> Iterator[Make]:
    """Makes consumers that are closed with the test."""
    made: list[Any] = []

    def make(topic: str, group: str | None = None, **settings: Any) -> Any:
        made.append(confluent.Consumer({
            "bootstrap.servers": kafka.bootstrap, "group.id": group or kafka.name("group"),
            "auto.offset.reset": "earliest", "enable.auto.commit": False, "session.timeout.ms": 6000,
            "heartbeat.interval.ms": 100, **settings}))
        made[-1].subscribe([topic])
        return made[-1]

    yield make
    for one in made:
        one.close()


def producer(kafka: Kafka, **settings: Any) -> Any:
    return confluent.Producer({"bootstrap.servers": kafka.bootstrap, "linger.ms": 0, **settings})


def relay(kafka: Kafka, name: str) -> Any:
    made = producer(kafka, **{"transactional.id": name})
    made.init_transactions(20)
    return made


def read(source: Any, count: int) -> list[Any]:
    found: list[Any] = []

    def poll() -> bool:
        message = source.poll(0.2)
        if message is not None:
            assert message.error() is None, message.error()
            found.append(message)
        return len(found) >= count

    until(poll)
    return found


def test_a_thousand_idempotent_messages_arrive_once_and_in_order(kafka: Kafka, consumer: Make) -> None:
    topic, failed = kafka.topic(), []
    sender = producer(kafka, **{"enable.idempotence": True})
    for number in range(1000):
        sender.produce(topic, b"%d" % number, key=b"p-1", headers={"by": b"Ada"},
                       on_delivery=lambda error, _: failed.append(error) if error else None)
    assert sender.flush(20) == 0 and failed == []
    messages = read(consumer(topic), 1000)
    assert [int(message.value()) for message in messages] == list(range(1000))
    assert (messages[7].key(), messages[7].headers(), messages[7].offset()) == (b"p-1", [("by", b"Ada")], 7)


@pytest.mark.parametrize("codec", ["gzip", "snappy", "lz4", "zstd"])
def test_messages_survive_every_compression(kafka: Kafka, consumer: Make, codec: str) -> None:
    topic, sender = kafka.topic(), producer(kafka, **{"compression.type": codec, "linger.ms": 20})
    for number in range(50):
        sender.produce(topic, b"lamp " * 50 + b"%d" % number)
    assert sender.flush(20) == 0
    assert [message.value() for message in read(consumer(topic), 50)] == [b"lamp " * 50 + b"%d" % n for n in range(50)]


def test_the_clients_read_each_other(kafka: Kafka, consumer: Make) -> None:
    topic = kafka.topic()
    kafka.fill(topic, 3)
    assert [message.value() for message in read(consumer(topic), 3)] == [b"0", b"1", b"2"]
    sender = producer(kafka)
    sender.produce(topic, b"3")
    assert sender.flush(20) == 0
    assert [message.value for message in kafka.direct().messages(topic)] == [b"0", b"1", b"2", b"3"]


def test_a_group_goes_on_where_it_committed(kafka: Kafka, consumer: Make) -> None:
    topic, group = kafka.topic(partitions=2), kafka.name("warehouse")
    kafka.fill(topic, 10, partitions=2)
    first = consumer(topic, group)
    before = read(first, 10)
    first.commit(asynchronous=False)
    places = [confluent.TopicPartition(topic, index) for index in (0, 1)]
    assert [place.offset for place in first.committed(places, timeout=10)] == [5, 5]
    first.close()
    kafka.fill(topic, 4, partitions=2, first=10)
    after = read(consumer(topic, group), 4)
    assert sorted(int(message.value()) for message in before + after) == list(range(14))


@pytest.mark.parametrize("settings", [{}, COOPERATIVE])
def test_two_members_share_the_partitions(kafka: Kafka, consumer: Make, settings: dict[str, str]) -> None:
    topic, group = kafka.topic(partitions=4), kafka.name("warehouse")
    members = [consumer(topic, group, **settings)]

    def shares() -> list[int]:
        for member in members:
            member.poll(0.05)
        return [len(member.assignment()) for member in members]

    assert until(lambda: shares() == [4])
    members.append(consumer(topic, group, **settings))
    assert until(lambda: shares() == [2, 2])


def test_a_transaction_is_seen_whole_or_not_at_all(kafka: Kafka, consumer: Make) -> None:
    topic, sender = kafka.topic(partitions=2), relay(kafka, kafka.name("relay"))
    for value, end in ((b"aborted", sender.abort_transaction), (b"lamp", sender.commit_transaction)):
        sender.begin_transaction()
        for partition in (0, 1):
            sender.produce(topic, value, partition=partition)
        assert sender.flush(20) == 0
        end(20)
    committed = consumer(topic, **{"isolation.level": "read_committed"})
    assert [message.value() for message in read(committed, 2)] == [b"lamp", b"lamp"]
    everything = consumer(topic, **{"isolation.level": "read_uncommitted"})
    assert len(read(everything, 4)) == 4


def test_a_zombie_is_told_that_it_is_fenced(kafka: Kafka) -> None:
    topic, name = kafka.topic(), kafka.name("relay")
    zombie = relay(kafka, name)
    relay(kafka, name)
    zombie.begin_transaction()
    with pytest.raises(confluent.KafkaException) as told:
        zombie.produce(topic, b"zombie")
        zombie.flush(10)
        zombie.commit_transaction(10)
    assert told.value.args[0].code() == confluent.KafkaError._FENCED
    assert kafka.direct().messages(topic) == []


def test_offsets_move_with_the_transaction(kafka: Kafka, consumer: Make) -> None:
    source, target, group = kafka.topic(), kafka.topic(), kafka.name("warehouse")
    kafka.fill(source, 10)
    reader, sender = consumer(source, group), relay(kafka, kafka.name("relay"))
    place = confluent.TopicPartition(source, 0)
    for upto, end in ((5, sender.commit_transaction), (10, sender.abort_transaction)):
        read(reader, 5)
        sender.begin_transaction()
        sender.produce(target, b"%d" % upto)
        moved = confluent.TopicPartition(source, 0, upto)
        sender.send_offsets_to_transaction([moved], reader.consumer_group_metadata(), 20)
        end(20)
    assert reader.committed([place], timeout=10)[0].offset == 5
    assert until(lambda: [one.value for one in kafka.direct().messages(target, committed=True)] == [b"5"])


def test_an_administrator_makes_looks_at_and_removes(kafka: Kafka, consumer: Make) -> None:
    admin, topic, group = AdminClient({"bootstrap.servers": kafka.bootstrap}), kafka.name("orders"), kafka.name("g")
    admin.create_topics([NewTopic(topic, 2, 1, config={"retention.ms": "1234567"})])[topic].result(20)
    admin.create_partitions([NewPartitions(topic, 3)])[topic].result(20)
    assert until(lambda: len(admin.list_topics(topic, timeout=10).topics[topic].partitions) == 3)
    (settings,) = (future.result(20) for future in admin.describe_configs(
        [ConfigResource(ConfigResource.Type.TOPIC, topic)]).values())
    assert settings["retention.ms"].value == "1234567"
    kafka.fill(topic, 3, partitions=3)
    member = consumer(topic, group)
    assert len(read(member, 3)) == 3
    described = admin.describe_consumer_groups([group])[group].result(20)
    assert (described.state, len(described.members)) == (confluent.ConsumerGroupState.STABLE, 1)
    member.close()
    admin.delete_consumer_groups([group])[group].result(20)
    admin.delete_topics([topic])[topic].result(20)
    assert until(lambda: topic not in admin.list_topics(timeout=10).topics)


def test_offsets_are_found_by_time(kafka: Kafka, consumer: Make) -> None:
    topic, now_ms, sender = kafka.topic(), time.time_ns() // 1_000_000 - 60_000, producer(kafka)
    for number in range(4):
        sender.produce(topic, b"%d" % number, timestamp=now_ms + number * 1000)
        assert sender.flush(20) == 0
    asked = [confluent.TopicPartition(topic, 0, now_ms + 1500)]
    reader = consumer(topic)
    assert reader.offsets_for_times(asked, timeout=10)[0].offset == 2
    assert reader.get_watermark_offsets(confluent.TopicPartition(topic, 0), timeout=10) == (0, 4)
