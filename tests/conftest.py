"""Servers that several kinds of tests share, each worker its own; and what the workers are given to do."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from autograder.backends.databases import prepare_shop
from autograder.backends.postgres import Postgres
from tests.groups import GroupScheduling, kept_seconds, longest_first

os.environ.setdefault("FORTNIGHT_BUYERS", "1000")  # a hundred thousand are for the benchmark and the learner's own check


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """On several workers long groups of tests begin first."""
    if hasattr(config, "workerinput"):
        places = {test: place for place, test in enumerate(longest_first((item.nodeid for item in items), kept_seconds()))}
        items.sort(key=lambda item: places[item.nodeid])


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> GroupScheduling:
    """Whichever way of dealing tests was asked for: a group stays on one worker."""
    config.option.loadscopereorder = False  # by number of tests; ours are in order already
    return GroupScheduling(config, log)


@pytest.fixture(scope="session")
def postgres_address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The superuser's address of a Postgres of this worker's own, with the shop's role and tables."""
    folder: Path = tmp_path_factory.mktemp("postgres")
    with Postgres(folder) as server:
        prepare_shop(server.address)
        yield server.address
