"""Where the Redis of these tests comes from; every test has names of its own."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import ExitStack

import pytest
import redis

from tests.contract.redis.clients import Connect, Name
from tests.contract.under_test import Servers


@pytest.fixture(scope="session")
def url(servers: Servers, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of the Redis under test."""
    with servers.redis(tmp_path_factory.mktemp("redis")) as server:
        yield server.address


@pytest.fixture
def connect(url: str) -> Iterator[Connect]:
    """Opens clients; they are closed with the test."""
    with ExitStack() as clients:
        yield lambda: clients.enter_context(redis.Redis.from_url(url, decode_responses=True))


@pytest.fixture
def shop(connect: Connect) -> redis.Redis:
    """One client."""
    return connect()


@pytest.fixture
def name() -> Name:
    """Makes names that no other test has."""
    mine = secrets.token_hex(4)
    return lambda kind: f"{kind}:{mine}"
