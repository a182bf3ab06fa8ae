"""With a data folder, what the embedded broker has acknowledged outlives its SIGKILL."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from kafka import TopicPartition

from tests.contract.kafka.cluster import ROOT, EmbeddedBroker, read

# kafka-python forgets to close the sockets of attempts to reach a broker that is gone.
pytestmark = pytest.mark.filterwarnings("ignore:unclosed <socket:ResourceWarning")
Start = Callable[..., EmbeddedBroker]


def test_messages_offsets_and_settings_are_there_after_a_kill(start_broker: Start, tmp_path: Path) -> None:
    broker = start_broker("--data-dir", str(tmp_path))
    topic = broker.topic(partitions=2, retention_ms="123456789")
    broker.fill(topic, 10, partitions=2)
    consumer = broker.consumer(topic, group_id="warehouse", session_timeout_ms=6000, max_poll_records=4)
    seen = [message.value for message in read(consumer, 4)]
    consumer.commit()
    consumer.close()
    broker.restart()
    assert broker.direct().end_offsets(topic) == {0: 5, 1: 5}
    rest = read(broker.consumer(topic, group_id="warehouse", session_timeout_ms=6000), 10 - len(seen))
    assert sorted(int(value) for value in seen + [message.value for message in rest]) == list(range(10))
    told = broker.direct().ask("DescribeConfigs", 1, include_synonyms=False, resources=[
        {"resource_type": 2, "resource_name": topic, "configuration_keys": ["retention.ms"]}])
    assert told.results[0].configs[0].value == "123456789"


def test_an_open_producer_goes_on_after_a_restart_without_a_duplicate(start_broker: Start, tmp_path: Path) -> None:
    broker = start_broker("--data-dir", str(tmp_path))
    topic, producer = broker.topic(), broker.producer(retries=50, retry_backoff_ms=50)
    producer.send(topic, b"lamp").get(10)
    broker.restart()
    producer.send(topic, b"mug").get(20)
    assert [message.value for message in broker.direct().messages(topic)] == [b"lamp", b"mug"]


def test_a_torn_log_and_a_torn_journal_lose_only_what_was_never_acknowledged(
        start_broker: Start, tmp_path: Path) -> None:
    broker = start_broker("--data-dir", str(tmp_path))
    topic = broker.topic()
    broker.fill(topic, 3)
    broker.close_clients()
    broker.kill()
    (log,) = tmp_path.glob(f"{topic}-0.*.log")
    with log.open("ab") as file:
        file.write(log.read_bytes()[:60])  # a record batch has 61 bytes before its first record: this one is torn
    with (tmp_path / "journal.jsonl").open("ab") as file:
        file.write(b'{"kind":"topic","na')
    again = start_broker("--data-dir", str(tmp_path))
    again.fill(topic, 2, first=3)
    assert [message.value for message in again.direct().messages(topic)] == [b"0", b"1", b"2", b"3", b"4"]


def test_a_transaction_that_was_open_at_the_kill_can_still_commit(start_broker: Start, tmp_path: Path) -> None:
    broker = start_broker("--data-dir", str(tmp_path))
    topic = broker.topic()
    producer = broker.producer(transactional_id="relay", retries=50, retry_backoff_ms=50)
    producer.init_transactions()
    producer.begin_transaction()
    producer.send(topic, b"lamp").get(10)
    broker.restart()
    assert broker.direct().end_offsets(topic, committed=True) == {0: 0}
    producer.commit_transaction()
    assert [message.value for message in broker.direct().messages(topic, committed=True)] == [b"lamp"]


def test_a_transaction_that_was_decided_at_the_kill_is_finished_at_the_start(
        start_broker: Start, tmp_path: Path) -> None:
    broker = start_broker("--data-dir", str(tmp_path))
    topic, producer = broker.topic(), broker.producer(transactional_id="relay")
    producer.init_transactions()
    producer.begin_transaction()
    producer.send(topic, b"lamp").get(10)
    broker.kill()
    journal = tmp_path / "journal.jsonl"
    last = [line for line in journal.read_text().splitlines() if '"transaction"' in line][-1]
    with journal.open("a") as file:
        file.write(last.replace('"Ongoing"', '"PrepareCommit"') + "\n")
    again = start_broker("--data-dir", str(tmp_path))
    assert [message.value for message in again.direct().messages(topic, committed=True)] == [b"lamp"]
    assert again.op("transactions")[0][:2] == ["relay", "CompleteCommit"]
    again.close_clients()
    producer.close(timeout=0)


def test_a_topic_that_was_made_anew_keeps_only_its_own_messages(start_broker: Start, tmp_path: Path) -> None:
    broker = start_broker("--data-dir", str(tmp_path))
    topic = broker.topic()
    broker.fill(topic, 3)
    broker.admin().delete_topics([topic])
    broker.op("create_topic", name=topic)
    broker.fill(topic, 1, first=9)
    broker.close_clients()
    broker.restart()
    assert [message.value for message in broker.direct().messages(topic)] == [b"9"]


def test_the_start_of_a_trimmed_log_is_remembered(start_broker: Start, tmp_path: Path) -> None:
    broker = start_broker("--data-dir", str(tmp_path))
    topic = broker.topic()
    broker.fill(topic, 3)
    broker.admin().delete_records({TopicPartition(topic, 0): 3})
    broker.close_clients()
    broker.restart()
    assert broker.op("log", topic=topic) == [[0, 3, 3, 3]]


def test_two_brokers_do_not_share_a_folder(start_broker: Start, tmp_path: Path) -> None:
    start_broker("--data-dir", str(tmp_path))
    second = subprocess.run([sys.executable, "-m", "autograder.backends.kafka", "--data-dir", str(tmp_path)],
                            cwd=ROOT, capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=20)
    assert second.returncode == 1
    assert second.stderr == ("The embedded Kafka broker cannot start: Another broker works in "
                             f"{tmp_path}: stop it, or choose another --data-dir.\n")
