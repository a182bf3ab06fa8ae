"""The control channel: what the judge asks of the embedded broker besides Kafka."""

from __future__ import annotations

import base64
from collections.abc import Callable

import pytest

from tests.contract.kafka.cluster import EmbeddedBroker, read, until

Start = Callable[..., EmbeddedBroker]


def test_log_tells_start_high_watermark_and_end_of_every_partition(start_broker: Start) -> None:
    broker = start_broker()
    topic = broker.topic(partitions=2)
    broker.fill(topic, 3, partitions=2)
    assert broker.op("log", topic=topic) == [[0, 0, 2, 2], [1, 0, 1, 1]]


def test_messages_are_read_since_an_offset_and_without_what_was_aborted(start_broker: Start) -> None:
    broker = start_broker()
    topic, producer = broker.topic(), broker.producer(transactional_id="relay")
    producer.init_transactions()
    producer.begin_transaction()
    producer.send(topic, b"aborted").get(10)
    producer.abort_transaction()
    broker.fill(topic, 2)

    def values(**how: object) -> list[bytes]:
        return [base64.b64decode(message["value"]) for message in broker.op("messages", topic=topic, **how)]

    assert values() == [b"aborted", b"0", b"1"]
    assert values(committed=True) == [b"0", b"1"]
    assert values(since=[3]) == [b"1"]


def test_members_are_listed_and_a_dead_one_is_dropped_at_once(start_broker: Start) -> None:
    broker = start_broker()
    topic = broker.topic()
    broker.fill(topic, 1)
    dead = broker.consumer(topic, group_id="warehouse", session_timeout_ms=60_000, client_id="warehouse-1")
    assert read(dead, 1)
    group = broker.op("members", group="warehouse")
    assert (group["state"], [one["client"] for one in group["members"]]) == ("Stable", ["warehouse-1"])
    assert broker.op("expire", group="warehouse", member=group["members"][0]["member"]) == 1
    assert broker.op("members", group="warehouse")["members"] == []
    fresh = broker.consumer(topic, group_id="warehouse", session_timeout_ms=60_000)
    assert len(read(fresh, 1)) == 1


def test_reset_empties_everything_and_keeps_the_topics(start_broker: Start) -> None:
    broker = start_broker()
    topic = broker.topic(partitions=2, retention_ms="5000000")
    broker.fill(topic, 4, partitions=2)
    producer = broker.producer(transactional_id="relay")
    producer.init_transactions()
    consumer = broker.consumer(topic, group_id="warehouse", session_timeout_ms=6000)
    read(consumer, 4)
    consumer.commit()
    ((_, _, before, _),) = broker.op("transactions")
    assert broker.op("reset") is True
    assert broker.op("log", topic=topic) == [[0, 0, 0, 0], [1, 0, 0, 0]]
    assert (broker.op("offsets", group="warehouse"), broker.op("transactions"), broker.op("counts")) == ([], [], [])
    assert broker.op("members", group="warehouse")["state"] == "Dead"
    broker.producer(transactional_id="relay").init_transactions()
    ((_, _, after, epoch),) = broker.op("transactions")
    assert after > before and epoch == 0


def test_after_a_reset_new_clients_work_as_on_a_new_broker(start_broker: Start) -> None:
    broker = start_broker()
    topic = broker.topic()
    for _ in range(3):
        broker.fill(topic, 2)
        consumer = broker.consumer(topic, group_id="warehouse", session_timeout_ms=6000)
        assert [message.offset for message in read(consumer, 2)] == [0, 1]
        broker.close_clients()
        broker.op("reset")


def test_a_dropped_answer_makes_a_plain_producer_store_twice_and_an_idempotent_one_once(start_broker: Start) -> None:
    broker = start_broker()
    stored = []
    for idempotent in (False, True):
        topic = broker.topic()
        broker.op("rule", api="Produce", topic=topic, when="after", action="drop", nth=1)
        producer = broker.producer(enable_idempotence=idempotent, retries=5, acks="all")
        producer.send(topic, b"paid").get(20)
        stored.append(broker.op("log", topic=topic)[0][3])
    assert stored == [2, 1]


def test_a_paused_request_waits_before_its_effect_until_it_is_resumed(start_broker: Start) -> None:
    broker = start_broker()
    topic, producer = broker.topic(), broker.producer(client_id="relay-1")
    rule = broker.op("rule", api="Produce", client="relay-*", when="before", action="pause")
    sent = producer.send(topic, b"lamp")
    assert broker.op("wait_hit", timeout_s=10) == {
        "rule": rule, "api": "Produce", "client": "relay-1", "when": "before"}
    assert broker.op("log", topic=topic) == [[0, 0, 0, 0]]
    assert broker.op("resume", rule=rule) is True
    assert sent.get(10).offset == 0


def test_requests_are_counted_by_client(start_broker: Start) -> None:
    broker = start_broker()
    topic, producer = broker.topic(), broker.producer(client_id="relay-1")
    broker.op("reset_counts")
    producer.send(topic, b"lamp").get(10)
    assert ["relay-1", "Produce", 1] in broker.op("counts")


def test_mistakes_are_answered_with_a_sentence(start_broker: Start) -> None:
    broker = start_broker()
    with pytest.raises(RuntimeError, match="there is no topic 'nowhere'"):
        broker.op("log", topic="nowhere")
    with pytest.raises(RuntimeError, match="there is no such operation; there are broker_down"):
        broker.op("explode")
    with pytest.raises(RuntimeError, match="nothing happened in time"):
        broker.op("wait_hit", timeout_s=0.01)
    assert until(lambda: broker.op("refusals") == [])
