"""Servers that several kinds of tests share; each test worker has its own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from autograder.backends.databases import prepare_shop
from autograder.backends.postgres import Postgres


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Under ``--dist loadgroup`` a file's tests stay on one worker, unless they say that other groups are better."""
    for item in items:
        if item.get_closest_marker("xdist_group") is None:
            item.add_marker(pytest.mark.xdist_group(item.nodeid.partition("::")[0]))


@pytest.fixture(scope="session")
def postgres_address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The superuser's address of a Postgres of this worker's own, with the shop's role and tables."""
    folder: Path = tmp_path_factory.mktemp("postgres")
    with Postgres(folder) as server:
        prepare_shop(server.address)
        yield server.address
