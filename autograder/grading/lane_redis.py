"""Redis for one lane: a server of its own in every world, so that nothing a learner does there reaches anybody else.

FLUSHALL and scripts reach every database of a server, so a number of the world's own would keep lanes apart only by good
manners. A private one costs 40 ms and 4 MB: the wheel's in the embedded world, the system's in the native one, one more
container of the world's image in the containers world. What would outlive a run or block the judge (CONFIG, ACL, SHUTDOWN,
CLIENT PAUSE, ...) is refused at the tap.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Mapping
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import urlsplit

import redis

from autograder.backends import BackendError, Backends
from autograder.backends.processes import badge, identify, is_gone, wait_until
from autograder.backends.redis import Redis as Server
from autograder.explore import stored
from autograder.grading import scratch_folders
from autograder.invariants import Stored

__all__ = ["LaneRedis", "begin_redis"]

MakeRedis = Callable[[], "LaneRedis"]
OPTIONS = ("--maxmemory", "128mb", "--busy-reply-threshold", "200", "--protected-mode", "no")
"""A program may fill its own memory only; a script that runs for 0.2 s can be stopped."""
ANSWER_S = 2.0
LABEL = "fortnight.judge"


class Startable(Protocol):
    """A server that can be begun again at its address."""

    @property
    def address(self) -> str: ...
    def launch(self) -> None: ...
    def wait(self) -> None: ...
    def kill(self) -> None: ...


def begin_redis(backends: Backends, cleanup: ExitStack) -> MakeRedis:
    """Start a lane's Redis without waiting for it; what is returned waits."""
    server = _container(backends) if backends.world == "containers" else _process(backends, cleanup)
    cleanup.callback(server.kill)
    server.launch()

    def ready() -> LaneRedis:
        server.wait()
        made = LaneRedis(server)
        cleanup.callback(made.close)
        return made

    return ready


def _process(backends: Backends, cleanup: ExitStack) -> Server:
    from autograder.backends.native import native_redis

    folder = scratch_folders.make()
    cleanup.callback(scratch_folders.remove, folder)
    binary = native_redis() if backends.world == "native" else None
    return Server(Path(folder), durable=False, binary=binary, options=OPTIONS)


class LaneRedis:
    """The judge's hand on a lane's Redis."""

    def __init__(self, server: Startable) -> None:
        self._server = server
        self._client: redis.Redis | None = None

    @property
    def url(self) -> str:
        """Its URL; the same after a restart."""
        return self._server.address

    def reset(self) -> None:
        """Empty it; one that was stopped, or is busy with an endless script, is started anew."""
        try:
            stored.emptied(self._connected())
        except redis.RedisError:
            self.close()
            self._server.kill()
            self._server.launch()
            self._server.wait()
            stored.emptied(self._connected())

    def contents(self) -> Mapping[str, Stored]:
        """What it holds, by key."""
        return stored.contents(self._connected())

    def ask(self, *words: Any) -> Any:
        """One command of the judge's own."""
        return self._connected().execute_command(*words)

    def pass_time(self, ms: int) -> None:
        """Everything in it grows older by so many milliseconds."""
        stored.pass_time(self._connected(), ms)

    def close(self) -> None:
        """Let go of the judge's connection."""
        if self._client is not None:
            self._client.close()
            self._client = None

    def _connected(self) -> redis.Redis:
        if self._client is None:
            place = urlsplit(self.url)
            self._client = redis.Redis(
                host=place.hostname or "", port=place.port or 0, decode_responses=True, encoding_errors="replace",
                socket_timeout=ANSWER_S, retry=None,
            )  # fmt: skip
        return self._client


class _Container:
    """One more container of the image that the world's Redis runs in, on a port of its own."""

    def __init__(self, world_port: int) -> None:
        self._world_port = world_port
        self._name = ""
        self._port = 0

    @property
    def address(self) -> str:
        return f"redis://127.0.0.1:{self._port}/0"

    def launch(self) -> None:
        """Start it; what a killed judge left of its own is removed first."""
        _remove_ownerless()
        me = identify(os.getpid())
        assert me is not None
        image = _docker("ps", "--filter", f"publish={self._world_port}", "--format", "{{.Image}}").splitlines()
        if not image:
            raise BackendError("The containers world has no Redis: `./fortnight start --world containers` starts it.")
        publish = f"127.0.0.1:{self._port or ''}:6379"
        words = ["run", "--detach", "--rm", "--label", f"{LABEL}={badge(me)}", "--publish", publish, "--memory", "256m"]
        self._name = _docker(*words, image[0], "redis-server", "--save", "", "--appendonly", "no", *OPTIONS)
        self._port = int(_docker("port", self._name, "6379/tcp").splitlines()[0].rpartition(":")[2])

    def wait(self) -> None:
        """Wait until it answers; raises BackendError when it does not."""

        def answers() -> bool:
            with suppress(redis.RedisError), redis.Redis(port=self._port, socket_timeout=1.0, retry=None) as client:
                return bool(client.ping())
            return False

        if not wait_until(answers, 20):
            raise BackendError("The container of this check's Redis does not answer: `docker logs` says why.")

    def kill(self) -> None:
        """End it and remove it."""
        if self._name:
            with suppress(BackendError):
                _docker("rm", "--force", "--volumes", self._name)
            self._name = ""


def _container(backends: Backends) -> _Container:
    return _Container(urlsplit(backends.redis).port or 0)


def _remove_ownerless() -> None:
    for line in _docker("ps", "--filter", f"label={LABEL}", "--format", '{{.ID}} {{.Label "' + LABEL + '"}}').splitlines():
        number, _, owner = line.partition(" ")
        if is_gone(owner):
            with suppress(BackendError):  # another judge may be removing it too
                _docker("rm", "--force", "--volumes", number)


def _docker(*words: str) -> str:
    try:
        ran = subprocess.run(["docker", *words], capture_output=True, text=True, timeout=60, check=True)
    except (OSError, subprocess.SubprocessError) as error:
        said = getattr(error, "stderr", "") or str(error)
        raise BackendError(f"Docker cannot start this check's Redis: {str(said).strip().splitlines()[-1]}.") from error
    return ran.stdout.strip()
