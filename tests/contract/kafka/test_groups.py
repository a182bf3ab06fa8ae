"""Consumer groups: who reads what, what happens when a member comes, goes or dies, and where the next one goes on."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from kafka import KafkaConsumer, TopicPartition
from kafka.coordinator.assignors.range import RangePartitionAssignor
from kafka.coordinator.assignors.roundrobin import RoundRobinPartitionAssignor
from kafka.errors import CommitFailedError

from autograder.backends.kafka.codes import Code
from autograder.backends.kafka.direct import Direct
from tests.contract.kafka import wishes
from tests.contract.kafka.cluster import Kafka, read, until
from tests.contract.under_test import SESSION_MS

READER = Path(__file__).with_name("reader_process.py")


def share(*members: KafkaConsumer) -> tuple[int, ...]:
    """Poll every member once; how many partitions each has."""
    for member in members:
        member.poll(timeout_ms=50)
    return tuple(len(member.assignment()) for member in members)


def reader(kafka: Kafka, topic: str, group: str, *, commit: bool) -> subprocess.Popen[str]:
    asked = {"bootstrap": kafka.bootstrap, "topic": topic, "group": group, "commit": commit}
    return subprocess.Popen([sys.executable, str(READER), json.dumps(asked)], stdout=subprocess.PIPE, text=True)


def lines(process: subprocess.Popen[str], kind: str, count: int) -> list[Any]:
    """Read what the process prints until `count` lines of this kind were there, then SIGKILL it."""
    assert process.stdout is not None
    found: list[Any] = []
    while len(found) < count:
        told = json.loads(process.stdout.readline())
        found += [told[kind]] if kind in told else []
    process.kill()
    process.communicate()
    return found


def test_the_next_member_goes_on_where_the_group_has_committed(kafka: Kafka) -> None:
    topic, group = kafka.topic(partitions=3), kafka.name("warehouse")
    kafka.fill(topic, 30, partitions=3)
    first = kafka.consumer(topic, group_id=group, max_poll_records=10)
    before = read(first, 10)
    first.commit()
    first.close()
    after = read(kafka.consumer(topic, group_id=group), 20)
    assert sorted(int(message.value) for message in before + after) == list(range(30))


def test_what_a_killed_reader_had_not_committed_is_delivered_again(kafka: Kafka) -> None:
    topic, group = kafka.topic(), kafka.name("warehouse")
    kafka.fill(topic, 20)
    assert lines(reader(kafka, topic, group, commit=False), "value", 10)[0] == "0"
    assert lines(reader(kafka, topic, group, commit=False), "value", 1) == ["0"]


def test_what_a_killed_reader_had_committed_is_not_delivered_again(kafka: Kafka) -> None:
    topic, group = kafka.topic(), kafka.name("warehouse")
    kafka.fill(topic, 20)
    assert lines(reader(kafka, topic, group, commit=True), "committed", 2)[-1] == 10
    (after,) = lines(reader(kafka, topic, group, commit=True), "value", 1)
    # The killed reader may have committed once more than it had time to print.
    assert after in ("10", "15")


def test_a_dead_member_can_be_made_to_leave_so_that_nobody_waits_for_its_session(kafka: Kafka) -> None:
    topic, group = kafka.topic(), kafka.name("warehouse")
    kafka.fill(topic, 1)
    gone = kafka.consumer(topic, group_id=group)
    assert read(gone, 1)
    member = gone.group_metadata().member_id
    assert kafka.direct().leave(group, member)
    assert not kafka.direct().leave(group, member)


def test_two_members_share_the_partitions_and_one_takes_all_when_the_other_leaves(kafka: Kafka) -> None:
    topic, group = kafka.topic(partitions=4), kafka.name("warehouse")
    ada = kafka.consumer(topic, group_id=group)
    assert until(lambda: share(ada) == (4,))
    bao = kafka.consumer(topic, group_id=group)
    assert until(lambda: share(ada, bao) == (2, 2))
    bao.close()
    assert until(lambda: share(ada) == (4,))


def test_the_partitions_of_a_silent_member_go_to_the_others(kafka: Kafka) -> None:
    topic, group = kafka.topic(partitions=2), kafka.name("warehouse")
    kafka.fill(topic, 2, partitions=2)
    silent = reader(kafka, topic, group, commit=False)
    assert len(lines(silent, "value", 2)) == 2
    assert len(read(kafka.consumer(topic, group_id=group), 2)) == 2


def test_members_meet_on_an_assignor_that_both_know(kafka: Kafka) -> None:
    topic, group = kafka.topic(partitions=4), kafka.name("warehouse")
    both = kafka.consumer(topic, group_id=group, partition_assignment_strategy=[
        RangePartitionAssignor(), RoundRobinPartitionAssignor()])
    assert until(lambda: share(both) == (4,))
    one = kafka.consumer(topic, group_id=group, partition_assignment_strategy=[RoundRobinPartitionAssignor()])
    assert until(lambda: share(both, one) == (2, 2))


def join_as(direct: Direct, group: str, instance: str) -> Any:
    """Join as a static member, and as the only one take everything."""
    joined = direct.ask("JoinGroup", 5, group_id=group, session_timeout_ms=10_000, rebalance_timeout_ms=10_000,
                        member_id="", group_instance_id=instance, protocol_type="consumer",
                        protocols=[{"name": "range", "metadata": b""}])
    direct.ask("SyncGroup", 3, group_id=group, generation_id=joined.generation_id, member_id=joined.member_id,
               group_instance_id=instance, assignments=[{"member_id": joined.member_id, "assignment": b"all"}])
    return joined


def test_a_static_member_that_comes_back_takes_its_place_without_a_rebalance(kafka: Kafka) -> None:
    group, direct = kafka.name("warehouse"), kafka.direct()
    wishes.find_coordinator(direct, group, wishes.GROUP)
    first = join_as(direct, group, "warehouse-1")
    second = join_as(direct, group, "warehouse-1")
    assert (second.error_code, second.generation_id) == (0, first.generation_id)
    assert second.member_id != first.member_id
    beat = direct.ask("Heartbeat", 3, group_id=group, generation_id=first.generation_id, member_id=first.member_id,
                      group_instance_id="warehouse-1")
    assert beat.error_code == Code.FENCED_INSTANCE_ID


def test_a_member_that_was_missed_cannot_commit(kafka: Kafka) -> None:
    topic, group = kafka.topic(), kafka.name("warehouse")
    kafka.fill(topic, 5)
    stale = kafka.consumer(topic, group_id=group)
    assert read(stale, 5)
    kafka.direct().leave(group, stale.group_metadata().member_id)
    fresh = kafka.consumer(topic, group_id=group)
    assert len(read(fresh, 5)) == 5
    with pytest.raises(CommitFailedError):
        stale.commit()


def test_a_member_that_does_not_poll_loses_its_partitions(kafka: Kafka) -> None:
    topic, group = kafka.topic(), kafka.name("warehouse")
    kafka.fill(topic, 1)
    busy = kafka.consumer(topic, group_id=group, max_poll_interval_ms=SESSION_MS)
    assert read(busy, 1)
    assert len(read(kafka.consumer(topic, group_id=group), 1)) == 1


def test_a_group_finds_topics_by_a_pattern(kafka: Kafka) -> None:
    shop, group = kafka.name("shop"), kafka.name("warehouse")
    producer = kafka.producer()
    for topic in (f"{shop}.orders", f"{shop}.payments", f"other-{shop}"):
        producer.send(topic, topic.encode()).get(10)
    consumer = kafka.consumer(group_id=group)
    consumer.subscribe(pattern=rf"^{shop}\..*")
    assert sorted(message.topic for message in read(consumer, 2)) == [f"{shop}.orders", f"{shop}.payments"]


def test_an_administrator_sees_a_group_and_moves_it_when_it_is_empty(kafka: Kafka) -> None:
    topic, group, place = kafka.topic(), kafka.name("warehouse"), None
    kafka.fill(topic, 5)
    consumer = kafka.consumer(topic, group_id=group, client_id="lagging")
    assert len(read(consumer, 5)) == 5
    consumer.commit()
    admin, place = kafka.admin(), TopicPartition(topic, 0)
    seen = str(admin.describe_groups([group]))
    assert "lagging" in seen and "Stable" in seen
    assert group in str(admin.list_groups())
    consumer.close()
    told = kafka.direct().ask("OffsetCommit", 2, group_id=group, generation_id_or_member_epoch=-1, member_id="",
                              retention_time_ms=-1, topics=[{"name": topic, "partitions": [
                                  {"partition_index": 0, "committed_offset": 2, "committed_metadata": ""}]}])
    assert told.topics[0].partitions[0].error_code == 0
    assert admin.list_group_offsets({group: None})[group][place].offset == 2
    admin.delete_groups([group])
    assert group not in str(admin.list_groups())
