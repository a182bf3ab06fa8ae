"""kafka-python behind the tap, against the embedded broker (which has its own contract with Apache Kafka)."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest
from kafka import KafkaConsumer, KafkaProducer, TopicPartition
from kafka.admin import KafkaAdminClient
from kafka.errors import KafkaError
from kafka.structs import OffsetAndMetadata

from autograder.backends.broker import PrivateBroker
from autograder.tap import Tap, leave_group
from autograder.tap.tap import Door
from tests.contract.tap_room import Room


@pytest.fixture
def room() -> Iterator[Room]:
    with Tap() as tap:
        yield Room(tap)


def door_to(room: Room, broker: PrivateBroker, process: str = "relay-1") -> Door:
    host, port = broker.bootstrap.split(",")[0].split(":")
    return room.tap.door(process, "kafka", (host, int(port)))


@pytest.fixture
def door(room: Room, broker: PrivateBroker) -> Door:
    return door_to(room, broker)


EVENT = json.dumps({"purchase_id": "p-1", "version": 2}).encode()


def producer(door: Door, **settings: Any) -> KafkaProducer:
    return KafkaProducer(bootstrap_servers=door.address, **settings)


def consumer(door: Door, *topics: str, **settings: Any) -> KafkaConsumer:
    return KafkaConsumer(
        *topics, bootstrap_servers=door.address, auto_offset_reset="earliest", enable_auto_commit=False, **settings
    )


def read(found: KafkaConsumer, count: int) -> list[bytes]:
    """Poll until that many messages have come."""
    values: list[bytes] = []
    while len(values) < count:
        values += [message.value for batch in found.poll(timeout_ms=500).values() for message in batch]
    return values


def test_a_send_is_a_produce(room: Room, door: Door) -> None:
    def client() -> list[int]:
        with producer(door, acks="all") as made:
            return [made.send("purchases", key=b"p-1", value=EVENT).get(10).offset for _ in range(2)]

    assert room.play(client) == [0, 1]
    produced = [one for one in room.answers if one.label == "Produce purchases"]
    assert [one.text for one in produced] == ["p-1/2 → purchases"] * 2
    assert [one.answer for one in produced] == ["offset 0", "offset 1"]
    assert room.labels()[0] == "InitProducerId"


def test_a_send_without_acknowledgement_is_seen(room: Room, door: Door) -> None:
    def client() -> None:
        with producer(door, acks=0, enable_idempotence=False) as made:
            made.send("purchases", b"x").get(10)

    room.play(client)
    room.until(lambda: "Produce purchases" in room.labels())
    assert room.requests[-1].silent and not room.requests[-1].answered


def test_a_group_reads_commits_and_leaves(room: Room, door: Door) -> None:
    def client() -> list[bytes]:
        with producer(door) as made:
            made.send("purchases", EVENT).get(10)
        group = consumer(door, "purchases", group_id="warehouse")
        values = read(group, 1)
        members = room.tap.members("relay-1")
        assert [member.group for member in members] == ["warehouse"]
        group.commit()
        group.close()
        return values

    assert room.play(client) == [EVENT]
    assert room.answers[-1].text == "warehouse: purchases/0 = 1"
    assert room.tap.members("relay-1") == []


def test_a_transaction_is_its_steps(room: Room, door: Door) -> None:
    def client() -> None:
        with producer(door, transactional_id="relay") as made:
            made.init_transactions()
            made.begin_transaction()
            made.send("purchases", EVENT).get(10)
            group = consumer(door, group_id="warehouse")
            offsets = {TopicPartition("purchases", 0): OffsetAndMetadata(1, "", -1)}
            made.send_offsets_to_transaction(offsets, group.group_metadata())
            made.commit_transaction()
            group.close()

    room.play(client)
    assert room.labels() == [
        "InitProducerId", "AddPartitionsToTxn purchases", "Produce purchases", "AddOffsetsToTxn", "TxnOffsetCommit",
        "EndTxn commit",
    ]  # fmt: skip


def test_a_consumer_that_waits_delays_no_producer(room: Room, door: Door) -> None:
    def client() -> None:
        group = consumer(door, "purchases", fetch_max_wait_ms=20_000)
        with producer(door) as made:
            made.send("purchases", b"first").get(10)
            assert read(group, 1) == [b"first"]
            made.send("purchases", b"second").get(10)
        group.close()

    room.play(client)
    assert [one.answer for one in room.answers if one.label == "Produce purchases"] == ["offset 0", "offset 1"]


def test_a_produce_that_is_cut_after_its_effect_is_there_twice_or_once(
    room: Room, door: Door, broker: PrivateBroker
) -> None:
    """The producer repeats what it was not told of; an idempotent one is known to the broker."""
    for idempotent, expected in ((False, 2), (True, 1)):
        topic = f"idempotent-{idempotent}".lower()
        cut = []

        def once(request, cut=cut):
            if request.label.startswith("Produce") and not cut:
                cut.append(request)
                return "drop"
            return "forward"

        def client(topic=topic, idempotent=idempotent) -> int:
            with producer(door, acks="all", enable_idempotence=idempotent, retries=3) as made:
                made.send(topic, b"x").get(20)
            with KafkaConsumer(bootstrap_servers=broker.bootstrap) as reader:
                return reader.end_offsets([TopicPartition(topic, 0)])[TopicPartition(topic, 0)]

        room.tap.on_answer = once
        assert room.play(client) == expected


def test_several_brokers_have_a_door_each(room: Room) -> None:
    with PrivateBroker(options=("--brokers", "3", "--replicas", "3")) as cluster:
        door = door_to(room, cluster)

        def client() -> None:
            admin = KafkaAdminClient(bootstrap_servers=door.address)
            admin.create_topics({"wide": {"num_partitions": 6, "replication_factor": 3}})
            admin.close()
            with producer(door) as made:
                for number in range(6):
                    made.send("wide", b"x", partition=number).get(10)

        room.play(client)
        assert len(room.tap.doors) == 3
        assert room.labels().count("Produce wide") == 6
        assert {link.door for link in room.tap.links} <= set(room.tap.doors)


CONSUMER = """
import sys
from kafka import KafkaConsumer
consumer = KafkaConsumer("purchases", bootstrap_servers=sys.argv[1], group_id="warehouse", auto_offset_reset="earliest")
while not consumer.poll(timeout_ms=500):
    pass
print("read", flush=True)
sys.stdin.read()
"""


def test_a_killed_consumer_can_be_made_to_leave(room: Room, door: Door, broker: PrivateBroker) -> None:
    def send() -> None:
        with producer(door, acks="all") as made:
            made.send("purchases", EVENT).get(10)

    room.play(send)
    victim = door_to(room, broker, "warehouse-1")
    process = subprocess.Popen(
        [sys.executable, "-c", CONSUMER, victim.address], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    with process:
        told = room.start(process.stdout.readline)
        room.until(lambda: told)
        os.kill(process.pid, signal.SIGKILL)
    room.tap.close_links("warehouse-1")
    (member,) = room.tap.members("warehouse-1")
    assert leave_group(broker.bootstrap, member.group, member.member_id)
    assert not leave_group(broker.bootstrap, member.group, member.member_id), "it has left already"

    def successor() -> list[bytes]:
        group = consumer(door, "purchases", group_id="warehouse", session_timeout_ms=45_000)
        values = read(group, 1)
        group.close()
        return values

    assert room.play(successor) == [EVENT]


def test_a_zombie_is_told_that_it_is_one(room: Room, door: Door) -> None:
    def client() -> None:
        with producer(door, transactional_id="relay") as old, producer(door, transactional_id="relay") as new:
            old.init_transactions()
            new.init_transactions()
            old.begin_transaction()
            with pytest.raises(KafkaError):
                old.send("purchases", b"late").get(10)
                old.commit_transaction()

    room.play(client)
    assert any(one.error in ("PRODUCER_FENCED", "INVALID_PRODUCER_EPOCH") for one in room.answers)
