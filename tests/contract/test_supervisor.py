"""The supervisor: leases, idleness, crashes of everybody, and what is said when it cannot."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psycopg
import pytest
import redis

from autograder import backends
from autograder.backends import BackendError, Lease
from autograder.backends.link import address_file, open_link
from autograder.backends.local import embedded
from autograder.backends.processes import identify, is_running, wait_until
from autograder.backends.state import ROOT

RunningIn = Callable[[Path], list[int]]


def stock(lease: Lease) -> object:
    with psycopg.connect(lease.shop.postgres, autocommit=True) as connection:
        connection.execute("create table if not exists lamp (stock integer)")
        row = connection.execute("select stock from lamp").fetchone()
        return row[0] if row else None


def put_stock(lease: Lease, number: int) -> None:
    stock(lease)
    with psycopg.connect(lease.shop.postgres) as connection:
        connection.execute("insert into lamp values (%s)", [number])


def supervisor_pid() -> int:
    known = backends.status()
    assert known is not None
    return int(known["pid"])


def ended(state: Path) -> bool:
    return backends.status() is None and not (state / "supervisor" / "self.json").exists()


def test_a_lease_gives_three_backends_that_answer(state: Path) -> None:
    said: list[str] = []
    with backends.connect(say=said.append) as lease:
        assert said == ["Starting Postgres, Redis and Kafka ..."]
        put_stock(lease, 3)
        assert stock(lease) == 3
        assert redis.Redis.from_url(lease.shop.redis).ping()
        host, port = lease.shop.kafka.split(":")
        socket.create_connection((host, int(port)), 5).close()
        assert lease.backends.world == "embedded"
        assert "postgres:" in lease.backends.postgres
        assert "postgres:" not in repr(lease.backends)


def test_everybody_in_a_clone_shares_one_supervisor(state: Path) -> None:
    with ThreadPoolExecutor(4) as pool:
        leases = list(pool.map(lambda _: backends.connect(), range(4)))
    assert len({lease.shop.postgres for lease in leases}) == 1
    assert len({lease.status()["pid"] for lease in leases}) == 1
    assert len(leases[0].status()["leases"]) == 4
    for lease in leases:
        lease.close()


def test_two_clones_never_meet(state: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    with backends.connect() as here:
        monkeypatch.setenv("FORTNIGHT_STATE", str(tmp_path / "other"))
        with backends.connect() as there:
            put_stock(there, 5)
            assert here.shop.postgres != there.shop.postgres
            assert stock(here) is None
        backends.stop()
        monkeypatch.setenv("FORTNIGHT_STATE", str(state))
        assert here.is_open()


def test_it_ends_when_the_last_lease_ends_and_leaves_nothing(
    state: Path, monkeypatch: pytest.MonkeyPatch, running_in: RunningIn
) -> None:
    monkeypatch.setenv("FORTNIGHT_IDLE_S", "0.05")
    first, second = backends.connect(), backends.connect()
    first.close()
    assert not wait_until(lambda: not second.is_open(), 0.5), "it ended under a lease"
    second.close()
    assert wait_until(lambda: ended(state), 10)
    assert wait_until(lambda: not running_in(state), 5)


def test_a_killed_holder_has_released_its_lease(state: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORTNIGHT_IDLE_S", "0.05")
    program = "from autograder import backends; lease = backends.connect(); print('held', flush=True); input()"
    command = [sys.executable, "-c", program]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        holder.kill()
    assert wait_until(lambda: ended(state), 10)


def test_data_and_ports_survive_a_stop(state: Path) -> None:
    with backends.connect() as lease:
        put_stock(lease, 3)
        redis.Redis.from_url(lease.shop.redis).set("lamp", 3)
        before = lease.shop
        assert backends.stop() is True
        assert not lease.is_open()
    assert backends.status() is None
    assert backends.stop() is False
    with backends.connect() as lease:
        assert lease.shop == before
        assert stock(lease) == 3
        assert redis.Redis.from_url(lease.shop.redis).get("lamp") == b"3"


def test_a_killed_supervisor_needs_no_repair(state: Path) -> None:
    with backends.connect() as lease:
        put_stock(lease, 3)
        before = lease.shop
        os.kill(lease.status()["pid"], signal.SIGKILL)
        assert wait_until(lambda: not lease.is_open(), 5)
    with backends.connect() as lease:
        assert lease.shop == before
        assert stock(lease) == 3


def test_servers_that_outlived_their_supervisor_are_ended_by_the_next(state: Path) -> None:
    left = embedded(state)
    # What a thread starts is not tied to us by the kernel, as nothing is on macOS.
    starter = threading.Thread(target=left.start)
    starter.start()
    starter.join()
    assert all(server.is_running() for server in left.launchers)
    with backends.connect() as lease:
        assert not any(server.is_running() for server in left.launchers)
        assert stock(lease) is None
    left.stop()


def test_servers_of_the_clone_that_ours_is_a_copy_of_are_left_alone(
    state: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with backends.connect() as original:
        put_stock(original, 3)
        copy = tmp_path / "copy"
        shutil.copytree(state, copy, ignore=shutil.ignore_patterns("socket"))
        monkeypatch.setenv("FORTNIGHT_STATE", str(copy))
        with backends.connect() as lease:
            assert lease.shop.postgres != original.shop.postgres
        backends.stop()
        monkeypatch.setenv("FORTNIGHT_STATE", str(state))
        assert stock(original) == 3
        assert original.status()["news"] == []


@pytest.mark.parametrize("name", ["Postgres", "Redis", "Kafka"])
def test_a_backend_that_dies_is_started_again_where_it_was(state: Path, name: str) -> None:
    with backends.connect() as lease:
        put_stock(lease, 3)
        pid = lease.status()["backends"][name]["pid"]
        port = lease.status()["backends"][name]["port"]
        os.kill(pid, signal.SIGKILL)
        assert wait_until(lambda: lease.status()["backends"][name]["restarts"] == 1, 10)
        known = lease.status()
        assert known["backends"][name]["running"] and known["backends"][name]["port"] == port
        assert [item["text"] for item in known["news"]] == [
            f"{name} died (signal SIGKILL) and was started again; what was in flight is lost."
        ]
        assert stock(lease) == 3


def test_a_backend_that_cannot_be_started_again_is_reported(state: Path) -> None:
    with backends.connect() as lease:
        pid = lease.status()["backends"]["Postgres"]["pid"]
        (data,) = (state / "postgres").glob("data-*")
        (data / "global" / "pg_control").unlink()
        os.kill(pid, signal.SIGKILL)
        assert wait_until(lambda: not lease.is_open(), 20)
    with pytest.raises(
        BackendError, match="Postgres .* does not start: .*could not find the database system.* remove .*data-"
    ):
        backends.connect()


def test_stop_ends_one_that_does_not_answer(state: Path, running_in: RunningIn) -> None:
    with backends.connect():
        os.kill(supervisor_pid(), signal.SIGSTOP)
        assert backends.stop(timeout_s=0.2) is True
    assert not running_in(state)


def test_a_termination_signal_ends_it_in_order(state: Path, running_in: RunningIn) -> None:
    with backends.connect():
        os.kill(supervisor_pid(), signal.SIGTERM)
        assert wait_until(lambda: ended(state), 10)
    assert wait_until(lambda: not running_in(state), 5)


def test_a_removed_clone_leaves_nothing_running(state: Path, running_in: RunningIn) -> None:
    with backends.connect():
        us = identify(supervisor_pid())
        shutil.rmtree(state)
        assert us is not None
        assert wait_until(lambda: not is_running(us), 10)
    assert wait_until(lambda: not running_in(state), 5)


def test_a_folder_too_deep_for_a_socket_works(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    deep = tmp_path / ("deep " * 12) / ("deeper" * 8) / "state"
    monkeypatch.setenv("FORTNIGHT_STATE", str(deep))
    with backends.connect() as lease:
        assert stock(lease) is None
        place = Path(address_file(deep).read_text())
        assert place.is_absolute() and len(str(place)) < 100
        assert place.stat().st_mode & 0o077 == 0
    backends.stop()
    shutil.rmtree(place.parent)


def test_the_socket_is_ours_alone(state: Path) -> None:
    with backends.connect():
        place = address_file(state).parent / address_file(state).read_text()
        assert place.stat().st_mode & 0o077 == 0


def test_why_the_backends_do_not_start_reaches_every_client(
    state: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("FORTNIGHT_PG_BIN", str(tmp_path / "nowhere"))
    for _ in range(2):
        with pytest.raises(BackendError, match="FORTNIGHT_PG_BIN names .*nowhere"):
            backends.connect()
    backends.stop()
    monkeypatch.delenv("FORTNIGHT_PG_BIN")
    with backends.connect() as lease:
        assert stock(lease) is None


def test_a_supervisor_that_does_not_answer_is_named(state: Path) -> None:
    place = state / "supervisor" / "socket"
    place.parent.mkdir(parents=True)
    address_file(state).write_text("socket")
    with socket.socket(socket.AF_UNIX) as mute:
        mute.bind(str(place))
        mute.listen()
        with pytest.raises(BackendError, match="did not answer within .*run `./fortnight stop`"):
            backends.connect(timeout_s=0.2)
    address_file(state).unlink()


def test_a_state_folder_that_cannot_be_written_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("FORTNIGHT_STATE", str(tmp_path / "file" / "state"))
    with pytest.raises(BackendError, match="The state folder cannot be written: .*set FORTNIGHT_STATE"):
        backends.connect()


def test_nonsense_on_the_socket_ends_that_conversation_alone(state: Path) -> None:
    with backends.connect() as lease:
        for line in (b"nonsense\n", b'{"op": "job"}\n', b"[]\n"):
            link = open_link(state)
            assert link is not None
            link._socket.sendall(line)  # noqa: SLF001
            assert wait_until(lambda link=link: not link.is_open(), 5)
            link.close()
        assert lease.status()["refusal"] == ""
