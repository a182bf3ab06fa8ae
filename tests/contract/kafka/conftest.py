"""Where the Kafka of these tests comes from: the world under test, see `tests/contract/under_test.py`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.contract.kafka.cluster import EmbeddedBroker, Kafka
from tests.contract.kafka.nodes import Nodes, three_nodes
from tests.contract.under_test import Server, Servers


@pytest.fixture(scope="session")
def bootstrap(servers: Servers, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of the cluster under test."""
    with servers.kafka(tmp_path_factory.mktemp("kafka")) as server:
        yield server.address


@pytest.fixture
def kafka(bootstrap: str) -> Iterator[Kafka]:
    """The cluster under test."""
    cluster = Kafka(bootstrap)
    yield cluster
    cluster.close_clients()


@pytest.fixture(scope="module")
def server(servers: Servers, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A Kafka that tests may kill and start again."""
    with servers.kafka(tmp_path_factory.mktemp("kafka")) as server:
        yield server


@pytest.fixture(scope="module")
def nodes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Nodes]:
    """A cluster of three nodes that tests may kill and start again."""
    with three_nodes(tmp_path_factory.mktemp("nodes")) as cluster:
        yield cluster


@pytest.fixture
def start_broker() -> Iterator[Callable[..., EmbeddedBroker]]:
    """Starts embedded brokers with the options that it is given; they end with the test."""
    with ExitStack() as brokers:
        yield lambda *options: brokers.enter_context(EmbeddedBroker(*options))
