"""Where the Postgres of these tests comes from, and sessions that are closed with the test."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import ExitStack

import psycopg
import pytest

from autograder.backends.databases import create_database, drop_database
from tests.contract.postgres.sessions import Open, Session, Shop
from tests.contract.under_test import Servers


@pytest.fixture(scope="session")
def superuser(servers: Servers, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The superuser's address of the Postgres under test."""
    with servers.postgres(tmp_path_factory.mktemp("postgres")) as server:
        yield server.address


@pytest.fixture(scope="session")
def address(superuser: str) -> Iterator[str]:
    """A database of this session's own."""
    name = f"contract_{secrets.token_hex(4)}"
    yield create_database(superuser, name, schema=None)
    drop_database(superuser, name)


@pytest.fixture
def connect(address: str) -> Iterator[Open]:
    """Opens sessions; they end with the test."""
    with ExitStack() as sessions:
        def open_session(*, autocommit: bool = False) -> Session:
            return sessions.enter_context(psycopg.connect(address, autocommit=autocommit))

        yield open_session


@pytest.fixture
def shop(connect: Open) -> Iterator[Shop]:
    """Three items in stock, two of them sold by Ada and Bao."""
    shop = Shop(connect)
    shop.do("create table stock (item text primary key, quantity int not null, seller text not null)")
    shop.do("insert into stock values ('lamp', 3, 'Ada'), ('mug', 5, 'Ada'), ('pen', 7, 'Bao')")
    yield shop
    shop.end()
    shop.do("drop table stock")
