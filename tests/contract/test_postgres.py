"""Postgres as we start it: who may come in, what survives, what is said when it cannot start."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest

from autograder.backends import BackendError
from autograder.backends.postgres import Postgres
from autograder.backends.processes import Identity, identify, is_running, wait_until
from autograder.backends.state import ROOT

LINUX_ONLY = pytest.mark.skipif(sys.platform != "linux", reason="only Linux ties a child to the life of its parent")
ROOT_ONLY = pytest.mark.skipif(
    os.geteuid() != 0, reason="only root can become nobody; others run Postgres as themselves"
)


def value(address: str, query: str) -> object:
    with psycopg.connect(address, autocommit=True) as connection:
        row = connection.execute(query).fetchone()
        return row[0] if row else None


def test_the_learner_is_no_superuser(postgres: Postgres) -> None:
    assert value(postgres.shop_address(), "select rolsuper from pg_roles where rolname = current_user") is False


def test_the_superuser_needs_the_password(postgres: Postgres) -> None:
    without = f"postgresql://postgres@127.0.0.1:{postgres.port}/postgres?sslmode=disable"
    with pytest.raises(psycopg.OperationalError, match="no password supplied"):
        psycopg.connect(without)
    assert value(postgres.address, "select rolsuper from pg_roles where rolname = current_user") is True


def test_the_password_is_for_our_eyes_only(postgres: Postgres) -> None:
    assert (postgres.folder / "password").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    ("setting", "expected"),
    [
        ("fsync", "off"),
        ("synchronous_commit", "on"),
        ("autovacuum", "off"),
        ("jit", "off"),
        ("deadlock_timeout", "1ms"),
        ("max_connections", "100"),
        ("max_prepared_transactions", "32"),
        ("listen_addresses", "127.0.0.1"),
        ("unix_socket_directories", ""),
    ],
)
def test_it_is_set_for_grading(postgres: Postgres, setting: str, expected: str) -> None:
    assert value(postgres.address, f"show {setting}") == expected


def test_what_was_committed_survives_a_kill_and_the_port_stays(tmp_path: Path) -> None:
    with Postgres(tmp_path) as server:
        with psycopg.connect(server.address) as connection:
            connection.execute("create table lamp as select 3 as stock")
        before = server.address
        server.kill()
        server.start()
        assert server.address == before
        assert value(server.address, "select stock from lamp") == 3


def test_a_pid_file_that_names_a_stranger_is_no_obstacle(tmp_path: Path) -> None:
    server = Postgres(tmp_path)
    server.start()
    pid_file = server.data / "postmaster.pid"
    lines = pid_file.read_text().splitlines()
    server.kill()
    # After a reboot the number belongs to another program: here, to this test.
    pid_file.write_text("\n".join([str(os.getpid()), *lines[1:]]) + "\n")
    with server:
        assert value(server.address, "select 1") == 1


def test_a_postmaster_left_behind_on_the_same_folder_is_ended(tmp_path: Path) -> None:
    left = Postgres(tmp_path)
    left.start()
    with Postgres(tmp_path) as server:
        assert not left.is_running()
        left.stop()
        assert value(server.address, "select 1") == 1


def test_a_data_folder_that_was_never_finished_is_made_anew(tmp_path: Path) -> None:
    server = Postgres(tmp_path)
    draft = server.data.with_name(f"{server.data.name}.new")
    draft.mkdir(parents=True)
    (draft / "PG_VERSION").write_text("18")
    with server:
        assert value(server.address, "select 1") == 1
    assert not draft.exists()


def test_a_taken_port_is_not_insisted_on(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with Postgres(tmp_path, port=taken.getsockname()[1]) as server:
            assert server.port != taken.getsockname()[1]


def test_a_folder_name_with_spaces_and_umlauts_works(tmp_path: Path) -> None:
    with Postgres(tmp_path / "Bücher und Büro") as server:
        assert value(server.address, "select 1") == 1


@ROOT_ONLY
def test_root_can_run_it_as_nobody(tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    server = Postgres(tmp_path, mode="setuid")
    with server:
        assert value(server.address, "select 1") == 1
        assert server.identity is not None
        assert Path(f"/proc/{server.identity.pid}").stat().st_uid != 0
    if server.data.parent != tmp_path:
        subprocess.run(["rm", "-r", str(server.data.parent)], check=True)


@LINUX_ONLY
def test_it_does_not_outlive_whoever_started_it(tmp_path: Path) -> None:
    program = (
        "import sys; from pathlib import Path; from autograder.backends.postgres import Postgres\n"
        "server = Postgres(Path(sys.argv[1])); server.start()\n"
        "print(server.identity.pid, flush=True); sys.stdin.read()"
    )
    command = [sys.executable, "-c", program, str(tmp_path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT) as starter:
        assert starter.stdout is not None
        found = identify(int(starter.stdout.readline()))
        starter.kill()
    assert isinstance(found, Identity)
    assert wait_until(lambda: not is_running(found), 10)


def fake_binaries(folder: Path, initdb: str) -> Path:
    folder.mkdir()
    for name, body in (("postgres", "echo 'postgres (PostgreSQL) 18.4'"), ("initdb", initdb)):
        program = folder / name
        program.write_text(f"#!/bin/sh\n{body}\n")
        program.chmod(0o755)
    return folder


def test_a_full_disk_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    initdb = "echo 'initdb: error: could not write: No space left on device' >&2; exit 1"
    monkeypatch.setenv("FORTNIGHT_PG_BIN", str(fake_binaries(tmp_path / "bin", initdb)))
    with pytest.raises(BackendError, match="The disk is full: Postgres cannot write"):
        Postgres(tmp_path / "data").start()


def test_the_reason_of_a_failed_start_is_quoted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    initdb = "echo 'initdb: error: the moon is wrong' >&2; exit 1"
    monkeypatch.setenv("FORTNIGHT_PG_BIN", str(fake_binaries(tmp_path / "bin", initdb)))
    with pytest.raises(BackendError, match="does not start: initdb: error: the moon is wrong."):
        Postgres(tmp_path / "data").start()


def test_a_setting_that_postgres_refuses_is_quoted(tmp_path: Path) -> None:
    with pytest.raises(BackendError, match="does not start: .*max_connections"):
        Postgres(tmp_path, settings={"max_connections": "many"}).start()


def test_binaries_that_are_not_there_are_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORTNIGHT_PG_BIN", str(tmp_path))
    with pytest.raises(BackendError, match="FORTNIGHT_PG_BIN names .*correct or unset it"):
        Postgres(tmp_path / "data").start()


def test_stop_ends_it_in_order(tmp_path: Path) -> None:
    server = Postgres(tmp_path)
    server.start()
    server.stop()
    assert server.how_it_ended() == "exit code 0"
