"""Redis as we start it, and the stand-in for machines that have none."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest
import redis

from autograder.backends import BackendError
from autograder.backends.redis import Redis, RedisKind

KINDS: tuple[RedisKind, ...] = ("server", "fakeredis")


def client(server: Redis) -> redis.Redis:
    return redis.Redis.from_url(server.address, decode_responses=True)


@pytest.mark.parametrize("kind", KINDS)
def test_it_answers_on_loopback(tmp_path: Path, kind: RedisKind) -> None:
    with Redis(tmp_path, kind=kind) as server, client(server) as shop:
        shop.set("stock:lamp", 3)
        assert shop.decr("stock:lamp") == 2
        assert server.address.startswith("redis://127.0.0.1:")


@pytest.mark.parametrize("kind", KINDS)
def test_it_comes_back_where_it_was_after_a_kill(tmp_path: Path, kind: RedisKind) -> None:
    with Redis(tmp_path, kind=kind) as server:
        before = server.address
        server.kill()
        assert server.how_it_ended() == "signal SIGKILL"
        server.start()
        assert server.address == before
        assert client(server).ping()


def test_what_a_durable_one_was_told_survives_a_kill(tmp_path: Path) -> None:
    with Redis(tmp_path) as server:
        client(server).set("stock:lamp", 3)
        server.kill()
        server.start()
        assert client(server).get("stock:lamp") == "3"


def test_one_in_memory_forgets(tmp_path: Path) -> None:
    with Redis(tmp_path, durable=False) as server:
        client(server).set("stock:lamp", 3)
        server.kill()
        server.start()
        assert client(server).get("stock:lamp") is None


def test_a_taken_port_is_not_insisted_on(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with Redis(tmp_path, port=taken.getsockname()[1]) as server:
            assert server.port != taken.getsockname()[1]
            assert client(server).ping()


def test_a_folder_name_with_spaces_and_umlauts_works(tmp_path: Path) -> None:
    with Redis(tmp_path / "Bücher und Büro") as server:
        assert client(server).ping()


def test_a_program_that_does_not_run_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORTNIGHT_REDIS_BIN", str(tmp_path / "valkey-server"))
    with pytest.raises(BackendError, match="FORTNIGHT_REDIS_BIN names .*correct or unset it"):
        Redis(tmp_path).start()


def test_an_option_that_it_refuses_is_quoted(tmp_path: Path) -> None:
    with pytest.raises(BackendError, match="Redis does not start: .*The whole story is in"):
        Redis(tmp_path, kind="server", options=["--no-such-option", "1"]).start()
