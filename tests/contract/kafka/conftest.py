"""Where the Kafka of these tests comes from: the embedded broker, or FORTNIGHT_KAFKA="host:port" for another one.

Another cluster needs group.min.session.timeout.ms=1000 and group.initial.rebalance.delay.ms=200 and has to create
unknown topics on first use. Tests in files named test_embedded_* are about the embedded broker alone.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest

from tests.contract.kafka.cluster import SESSION_MS, EmbeddedBroker, Kafka


@pytest.fixture(scope="session")
def bootstrap() -> Iterator[str]:
    """The address of the cluster under test."""
    given = os.environ.get("FORTNIGHT_KAFKA")
    if given:
        yield given
        return
    with EmbeddedBroker("--session-ms-min", str(SESSION_MS)) as broker:
        yield broker.bootstrap


@pytest.fixture
def kafka(bootstrap: str) -> Iterator[Kafka]:
    """The cluster under test."""
    cluster = Kafka(bootstrap)
    yield cluster
    cluster.close_clients()


@pytest.fixture
def start_broker() -> Iterator[Callable[..., EmbeddedBroker]]:
    """Starts embedded brokers with the options that it is given; they end with the test."""
    with ExitStack() as brokers:
        yield lambda *options: brokers.enter_context(EmbeddedBroker(*options))
