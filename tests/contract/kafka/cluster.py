"""Kafka as the tests of this folder use it: any cluster by its address, or an embedded broker of one's own."""

from __future__ import annotations

import gc
import json
import secrets
import socket
import subprocess
import sys
import warnings
from collections.abc import Callable
from contextlib import ExitStack, closing, suppress
from pathlib import Path
from time import monotonic
from typing import Any

from autograder.backends.kafka.direct import Direct, DirectError
from tests.contract.under_test import SESSION_MS

with warnings.catch_warnings():
    # kafka-python reads its schemas with a function that Python 3.11 and 3.12 call deprecated.
    warnings.filterwarnings("ignore", category=DeprecationWarning)
    from kafka import KafkaConsumer, KafkaProducer
    from kafka.admin import KafkaAdminClient

__all__ = ["ROOT", "EmbeddedBroker", "Kafka", "read", "served", "until"]

ROOT = Path(__file__).parents[3]
_PATIENCE_S = 20.0
_CLOSE_S = 5.0


class Kafka:
    """A cluster, and the clients that one test opens; they are closed together."""

    def __init__(self, bootstrap: str) -> None:
        self.bootstrap = bootstrap
        self._clients = ExitStack()

    def close_clients(self) -> None:
        """Close what the test has left open."""
        self._clients.close()
        with warnings.catch_warnings():
            # kafka-python forgets to close the sockets of attempts to reach a broker that is gone.
            warnings.filterwarnings("ignore", "unclosed <socket", ResourceWarning)
            gc.collect()

    def producer(self, **settings: Any) -> KafkaProducer:
        """A producer; acks=all and idempotent unless said otherwise."""
        producer = KafkaProducer(bootstrap_servers=self.bootstrap, **settings)
        # A test that lost its broker need not wait for what can no longer be delivered.
        self._clients.callback(producer.close, timeout=_CLOSE_S)
        return producer

    def consumer(self, *topics: str, **settings: Any) -> KafkaConsumer:
        """A consumer that begins at the first message and commits nothing by itself."""
        settings = {"auto_offset_reset": "earliest", "enable_auto_commit": False} | settings
        if "group_id" in settings:
            settings = {"session_timeout_ms": SESSION_MS, "heartbeat_interval_ms": 100} | settings
        return self._clients.enter_context(closing(
            KafkaConsumer(*topics, bootstrap_servers=self.bootstrap, **settings)))

    def admin(self) -> KafkaAdminClient:
        """An administrator."""
        return self._clients.enter_context(closing(KafkaAdminClient(bootstrap_servers=self.bootstrap)))

    def direct(self) -> Direct:
        """Plain questions without a client."""
        return self._clients.enter_context(closing(Direct(self.bootstrap)))

    def topic(self, partitions: int = 1, replicas: int = 1, **settings: str) -> str:
        """A new topic with a name of its own; ``retention_ms="500"`` sets ``retention.ms``.

        Apache Kafka says that it is made a moment before its leaders serve it; this waits for them.
        """
        name, direct = self.name("orders"), self.direct()
        configs = [{"name": key.replace("_", "."), "value": value} for key, value in settings.items()]
        told = direct.ask("CreateTopics", 4, timeout_ms=5000, validate_only=False, topics=[
            {"name": name, "num_partitions": partitions, "replication_factor": replicas, "assignments": [],
             "configs": configs}])
        assert told.topics[0].error_code == 0, told
        assert until(lambda: len(served(direct, name)) == partitions), "nobody serves it"
        return name

    @staticmethod
    def name(kind: str) -> str:
        """A name that nothing else has."""
        return f"{kind}-{secrets.token_hex(4)}"

    def fill(self, topic: str, count: int, *, partitions: int = 1, first: int = 0) -> None:
        """Send the numbers from `first` on, partition by partition in turn."""
        producer = self.producer()
        for number in range(first, first + count):
            producer.send(topic, b"%d" % number, partition=number % partitions)
        producer.flush()


class EmbeddedBroker(Kafka):
    """The embedded broker in a process of its own; a context manager."""

    def __init__(self, *options: str) -> None:
        super().__init__("")
        self._options = options
        self.start()

    def start(self, *more: str) -> None:
        """Start the process and wait until it says where it is."""
        self.process = subprocess.Popen(
            [sys.executable, "-m", "autograder.backends.kafka", *self._options, *more],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=ROOT)
        assert self.process.stdout is not None
        self.hello = json.loads(self.process.stdout.readline())
        self.bootstrap = self.hello["bootstrap"]
        self._control = socket.create_connection(("127.0.0.1", self.hello["control"]))
        self._lines = self._control.makefile("rw")

    def __enter__(self) -> EmbeddedBroker:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close_clients()
        self.kill()

    def op(self, op: str, **arguments: Any) -> Any:
        """One operation of the control channel; raises RuntimeError with the broker's sentence."""
        self._lines.write(json.dumps({"op": op, **arguments}) + "\n")
        self._lines.flush()
        answer = json.loads(self._lines.readline())
        if "error" in answer:
            raise RuntimeError(answer["error"])
        return answer["ok"]

    def kill(self) -> None:
        """SIGKILL: no chance to tidy up."""
        self._lines.close()
        self._control.close()
        self.process.kill()
        self.process.wait()
        for pipe in (self.process.stdin, self.process.stdout, self.process.stderr):
            assert pipe is not None
            pipe.close()

    def restart(self) -> None:
        """SIGKILL, then start again at the same address."""
        port = self.bootstrap.rpartition(":")[2]
        self.kill()
        self.start("--port", port)


def served(direct: Direct, topic: str) -> dict[int, int]:
    """Where a topic ends, by partition; nothing while one of its leaders does not serve it yet."""
    with suppress(DirectError, KeyError):  # no leader is known yet, or it does not know yet that it leads
        return direct.end_offsets(topic)
    return {}


def read(consumer: KafkaConsumer, count: int, patience_s: float = _PATIENCE_S) -> list[Any]:
    """The next `count` messages, or what came until the patience was over."""
    found: list[Any] = []
    deadline = monotonic() + patience_s
    while len(found) < count and monotonic() < deadline:
        for messages in consumer.poll(timeout_ms=100).values():
            found += messages
    return found


def until(condition: Callable[[], Any], patience_s: float = _PATIENCE_S) -> Any:
    """Ask until the answer is true; every question has to wait for something itself. Returns the last answer."""
    deadline = monotonic() + patience_s
    while not (answer := condition()) and monotonic() < deadline:
        pass
    return answer
