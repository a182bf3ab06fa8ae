"""Real servers for contract tests; every fixture leaves nothing running."""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from autograder import backends
from autograder.backends.broker import PrivateBroker
from autograder.backends.databases import create_database, drop_database, prepare_shop
from autograder.backends.postgres import Postgres
from autograder.backends.processes import identify, wait_until
from autograder.backends.redis import Redis
from autograder.backends.worlds import World, open_world
from tests.contract import record
from tests.contract.under_test import SUITES, WORLD, Servers

HERE = Path(__file__).parent


def pytest_configure(config: pytest.Config) -> None:
    """Tell of our own mark."""
    config.addinivalue_line("markers", "only_in(*worlds): a contract that can be asked of these worlds alone")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """In another world than the embedded one only what is asked of that world is run; the rest is not even skipped."""
    asked = [item for item in items if _is_asked(item)]
    if len(asked) < len(items):
        config.hook.pytest_deselected(items=[item for item in items if item not in asked])
        items[:] = asked


def _is_asked(item: pytest.Item) -> bool:
    if not item.path.is_relative_to(HERE):
        return True
    mark = item.get_closest_marker("only_in")
    if mark and WORLD not in mark.args:
        return False
    of_a_suite = item.path.parent.name in SUITES and item.path.parent.parent == HERE
    return WORLD == "embedded" or not of_a_suite or not item.path.name.startswith("test_embedded_")


@pytest.fixture(scope="session")
def servers(request: pytest.FixtureRequest) -> Servers:
    """Starts servers of the world under test."""
    return Servers(lambda: request.getfixturevalue("containers"))


@pytest.fixture(scope="session")
def containers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """The containers of this session, when they are the world under test."""
    with open_world("containers", tmp_path_factory.mktemp("containers")) as world:
        yield world


@pytest.fixture(scope="session")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Postgres]:
    """One Postgres for all tests of this worker, with the role and the database ``shop``."""
    with Postgres(tmp_path_factory.mktemp("postgres")) as server:
        prepare_shop(server.address)
        yield server


@pytest.fixture
def database(postgres: Postgres) -> Iterator[str]:
    """A database of its own with the shop's tables: the superuser's address."""
    name = f"test_{secrets.token_hex(4)}"
    yield create_database(postgres.address, name)
    drop_database(postgres.address, name)


@pytest.fixture(scope="session")
def redis_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Redis]:
    """One Redis for all tests of this worker, in memory; flush it when it has to be empty."""
    with Redis(tmp_path_factory.mktemp("redis"), durable=False) as server:
        yield server


@pytest.fixture
def broker() -> Iterator[PrivateBroker]:
    """A Kafka broker of its own, in memory."""
    with PrivateBroker() as server:
        yield server


@pytest.fixture
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A state folder of its own, so that :func:`backends.connect` starts a supervisor of its own."""
    folder = tmp_path / "state"
    monkeypatch.setenv("FORTNIGHT_STATE", str(folder))
    monkeypatch.setenv("FORTNIGHT_IDLE_S", "60")
    yield folder
    backends.stop()
    assert wait_until(lambda: not processes_in(folder), 10), processes_in(folder)


def processes_in(folder: Path) -> list[int]:
    """The processes that have this folder on their command line, or work in it (Linux; elsewhere always none)."""
    numbers = [int(entry.name) for entry in Path("/proc").glob("[0-9]*")]
    return [number for number in numbers if number != os.getpid() and identify(number) and _is_in(number, str(folder))]


def _is_in(pid: int, folder: str) -> bool:
    try:
        words = os.fsdecode(Path(f"/proc/{pid}/cmdline").read_bytes())
        return folder in words or os.readlink(f"/proc/{pid}/cwd").startswith(folder)
    except OSError:
        return False


@pytest.fixture
def running_in() -> Callable[[Path], list[int]]:
    """Ask which processes a folder has."""
    return processes_in


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, exitstatus: int) -> None:
    """Note how much was asked of this world, when FORTNIGHT_WRITE_CONTRACT says so and all went well."""
    passed = [report.nodeid for report in terminalreporter.stats.get("passed", ()) if report.when == "call"]
    if os.environ.get("FORTNIGHT_WRITE_CONTRACT") and exitstatus == 0:
        record.write(WORLD, passed)
