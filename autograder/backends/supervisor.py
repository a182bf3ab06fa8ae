"""The supervisor: one process per clone that owns the backends, for as long as anybody holds a lease and a minute more.

``python -m autograder.backends.supervisor`` detaches itself, takes the state folder's lock, listens on a Unix socket
and starts its world. A *lease* is a client's open connection. Everything runs on one thread, because Linux ties the
life of a child to the thread that started it.
"""

from __future__ import annotations

import asyncio
import fcntl
import json
import os
import signal
import socket
import sys
import time
from dataclasses import asdict
from pathlib import Path
from typing import IO

from autograder.backends.errors import BackendError, cannot_write
from autograder.backends.link import address_file, open_link
from autograder.backends.office import Office
from autograder.backends.processes import identify
from autograder.backends.state import make_folder, socket_paths, state_folder, write_text
from autograder.backends.worlds import chosen_world, world_named

__all__ = ["main"]

LOCK_TIMEOUT_S = 40.0
"""A supervisor that is ending may take this long to let go."""


def main() -> None:
    """Detach, report on our first output whether somebody listens now, and serve."""
    told, tell = os.pipe()
    if os.fork():
        os.close(tell)
        with open(told, encoding="utf-8") as report:
            said = report.read()
        if said not in ("listening", "another listens"):
            sys.exit(said or "The supervisor ended while it started; its log is in the state folder.")
        os._exit(0)
    os.close(told)
    try:
        _serve(state_folder(), tell)
    except BackendError as error:
        _report(tell, str(error))
        sys.exit(1)


def _serve(state: Path, tell: int) -> None:
    _detach(make_folder(state / "supervisor") / "log")
    # First of all, so that a world that this machine lacks is refused before anybody waits for it.
    world = world_named(chosen_world(state), state)
    lock = _take_lock(state)
    if lock is None:
        _report(tell, "another listens")
        return
    listener, place = _listen(state)
    us = identify(os.getpid())
    known = {"state": str(state.resolve()), "processes": [asdict(us)] if us else []}
    write_text(state / "supervisor" / "self.json", json.dumps(known))
    inside = place.parent == address_file(state).parent
    write_text(address_file(state), place.name if inside else str(place))
    _report(tell, "listening")
    office = Office(world, state=state, lock=lock, idle_s=float(os.environ.get("FORTNIGHT_IDLE_S", "60")))
    try:
        asyncio.run(office.serve(listener))
    finally:
        (state / "supervisor" / "self.json").unlink(missing_ok=True)
        lock.close()


def _detach(log_path: Path) -> None:
    """Leave the terminal and whoever started us; write to our log from now on."""
    os.setsid()
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        log = os.open(log_path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        if os.fstat(log).st_size > 1 << 20:
            os.ftruncate(log, 0)
    except OSError as error:
        raise cannot_write(log_path, error) from error
    os.dup2(log, 1)
    os.dup2(log, 2)
    os.close(log)


def _take_lock(state: Path) -> IO[str] | None:
    """The lock of this state folder; None when the one who has it answers. One that is ending is waited for."""
    path = state / "supervisor" / "lock"
    try:
        lock = open(path, "w", encoding="utf-8")
    except OSError as error:
        raise cannot_write(path, error) from error
    deadline = time.monotonic() + LOCK_TIMEOUT_S
    while True:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return lock
        except BlockingIOError:
            link = open_link(state)
        if link is not None:
            link.close()
            return None
        if time.monotonic() > deadline:
            raise BackendError(
                f"Another supervisor holds {path} and does not answer: run `./fortnight stop` and try again."
            )
        time.sleep(0.01)


def _listen(state: Path) -> tuple[socket.socket, Path]:
    """A listening socket that only we may use; in the state folder, or elsewhere when that cannot hold one."""
    refused: OSError | None = None
    for place in socket_paths(state):
        listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        mask = os.umask(0o177)
        try:
            place.unlink(missing_ok=True)
            listener.bind(str(place))
            listener.listen(64)
            return listener, place
        except OSError as error:
            listener.close()
            refused = error
        finally:
            os.umask(mask)
    raise cannot_write(state / "supervisor" / "socket", refused or OSError("no place for a socket"))


def _report(tell: int, text: str) -> None:
    """Tell whoever started us, once."""
    os.write(tell, text.encode())
    os.close(tell)


if __name__ == "__main__":
    main()
