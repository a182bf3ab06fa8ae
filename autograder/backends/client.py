"""The client's side of the supervisor: a lease on the backends, jobs, status and stop."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from autograder.backends.addresses import Backends, ShopAddresses
from autograder.backends.errors import BackendError, require_posix
from autograder.backends.link import FINAL, PROTOCOL, Link, LinkClosed, address_file, open_link
from autograder.backends.processes import Identity, end, is_running, wait_until
from autograder.backends.state import ROOT, python_path, read_json, state_folder
from autograder.backends.worlds import VARIABLE, WorldName, chosen_world, prepare, take_down

__all__ = ["Lease", "connect", "run_job", "status", "stop"]

CONNECT_TIMEOUT_S = 60.0
STATUS_TIMEOUT_S = 30.0


class Lease:
    """The backends, held: they run at least as long as this is open, and no longer than a minute after the last one.

    A lease is an open connection, so a holder that is killed has released it. A context manager.
    """

    def __init__(self, link: Link, answer: dict[str, Any]) -> None:
        self._link = link
        self.backends = Backends(**answer["backends"])
        """For the judge."""
        self.shop = ShopAddresses(**answer["shop"])
        """For notebooks: the fields of a ``shop.Addresses``."""

    def __enter__(self) -> Lease:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def is_open(self) -> bool:
        """Does its supervisor still run? When not, connect again: everything comes back on its old ports."""
        return self._link.is_open()

    def status(self) -> dict[str, Any]:
        """What the supervisor says about itself and its backends; see :func:`status`."""
        found = status()
        if found is None:
            raise BackendError("The supervisor has ended: connect again.")
        return found

    def job(self, module: str, request: Any) -> Iterator[dict[str, Any]]:
        """Run a module in the supervisor; see :func:`run_job`."""
        return run_job(module, request)

    def close(self) -> None:
        """Release it."""
        self._link.close()


def connect(*, say: Callable[[str], None] | None = None, timeout_s: float = CONNECT_TIMEOUT_S) -> Lease:
    """A lease on this clone's backends, which are started when they do not run.

    ``say`` gets one sentence when that takes longer than a moment. Raises BackendError.
    """
    link, answer = _open(
        {"op": "lease", "holder": {"pid": os.getpid(), "name": Path(sys.argv[0]).name}}, say, timeout_s
    )
    return Lease(link, answer)


def run_job(module: str, request: Any, *, timeout_s: float = CONNECT_TIMEOUT_S) -> Iterator[dict[str, Any]]:
    """Run ``python -m module`` in the supervisor and yield its lines; the last one has ``result`` or ``error``.

    Closing the iterator early (or Ctrl-C, or our death) cancels the job. ``timeout_s`` bounds its start, not its work.
    """
    link, _ = _open({"op": "job", "module": module, "request": request}, None, timeout_s)
    try:
        while True:
            row = link.receive()
            yield row
            if any(key in row for key in FINAL):
                return
    except LinkClosed:
        yield {"error": "The supervisor ended in the middle of the work: run it again."}
    finally:
        link.close()


def status() -> dict[str, Any] | None:
    """What the supervisor says; None when none runs. Starts nothing."""
    require_posix()
    link = open_link(state_folder())
    if link is None:
        return None
    try:
        return _asked(link, {"op": "status"}, STATUS_TIMEOUT_S)
    except LinkClosed:
        return None
    except TimeoutError as error:
        raise _no_answer(state_folder(), STATUS_TIMEOUT_S) from error
    finally:
        link.close()


def stop(*, timeout_s: float = 30.0) -> bool:
    """End the supervisor and its backends, and return when they are gone; False when none ran."""
    require_posix()
    state = state_folder()
    running = [process for process in _recorded(state) if is_running(process)]
    if _asked_to_stop(state, timeout_s):
        wait_until(lambda: not any(map(is_running, running)), timeout_s)
    for process in running:
        # For Postgres this is the fast shutdown; SIGTERM would wait for its clients.
        end(process, first=signal.SIGINT, grace_s=2.0)
    return take_down(state) or bool(running)


def _asked_to_stop(state: Path, timeout_s: float) -> bool:
    """Ask the supervisor to end; did it hang up when it was done?"""
    link = open_link(state)
    if link is None:
        return False
    try:
        link.send({"op": "stop"})
        while True:
            link.receive(timeout_s)
    except LinkClosed:
        return True
    except TimeoutError:
        return False
    finally:
        link.close()


def _recorded(state: Path) -> list[Identity]:
    """The supervisor and the servers that the state folder's records name, the supervisor first."""
    found = []
    for name in ("self.json", "servers.json"):
        known = read_json(state / "supervisor" / name) or {}
        if known.get("state") == str(state.resolve()):
            found += [Identity(**process) for process in known.get("processes", ())]
    return found


def _open(request: dict[str, Any], say: Callable[[str], None] | None, timeout_s: float) -> tuple[Link, dict[str, Any]]:
    """Bring a request to the supervisor of this clone, starting one when there is none, and return its first answer."""
    require_posix()
    state = state_folder()
    world = chosen_world(state)
    deadline = time.monotonic() + timeout_s
    while time.monotonic() < deadline:
        link = open_link(state)
        if link is None:
            deadline += _prepared(world, state, say)
            _start_supervisor(world, state, deadline)
            continue
        try:
            return link, _greeted(link, request, world, state, deadline)
        except LinkClosed:
            # It was about to end when we came. The next one waits for it.
            link.close()
        except BaseException:
            link.close()
            raise
    raise _no_answer(state, timeout_s)


def _prepared(world: WorldName, state: Path, say: Callable[[str], None] | None) -> float:
    """Do what the world needs once, and announce its start; the seconds it took are not the supervisor's."""
    began = time.monotonic()
    prepare(world, state, say or (lambda sentence: None))
    if say:
        say(f"Starting Postgres, Redis and Kafka{'' if world == 'embedded' else f' ({world})'} ...")
    return time.monotonic() - began


def _greeted(
    link: Link, request: dict[str, Any], world: WorldName, state: Path, deadline: float
) -> dict[str, Any]:
    patience_s = max(0.001, deadline - time.monotonic())
    try:
        hello = _asked(link, {"op": "hello"}, patience_s)
        if hello["state"] != str(state.resolve()):
            # A copied clone: the address it was copied with is the original's.
            address_file(state).unlink(missing_ok=True)
            raise LinkClosed("another clone's supervisor")
        if hello["protocol"] != PROTOCOL:
            raise BackendError(
                "The running supervisor is of another version of the course: run `./fortnight stop` first."
            )
        _settle_world(link, hello, world, state, patience_s)
        return _asked(link, request, max(0.001, deadline - time.monotonic()))
    except TimeoutError as error:
        raise _no_answer(state, patience_s) from error


def _settle_world(link: Link, hello: dict[str, Any], world: WorldName, state: Path, patience_s: float) -> None:
    """A supervisor of another world makes way when nobody uses it; raises LinkClosed then, and BackendError when not."""
    running = hello.get("world", "embedded")
    if running == world:
        return
    if hello.get("leases"):
        raise BackendError(
            f"The backends of the {running} world are in use here, and {world} was asked for: "
            "close the notebooks and run `./fortnight stop` first."
        )
    _asked_to_stop(state, patience_s)
    raise LinkClosed("another world's supervisor")


def _asked(link: Link, message: dict[str, Any], timeout_s: float) -> dict[str, Any]:
    answer = link.ask(message, timeout_s)
    if "error" in answer:
        raise BackendError(str(answer["error"]))
    return answer["ok"]


def _start_supervisor(world: WorldName, state: Path, deadline: float) -> None:
    """Start one by exec; it detaches itself and this returns when it listens (or when another one does)."""
    environment = {**os.environ, "FORTNIGHT_STATE": str(state), VARIABLE: world, "PYTHONPATH": python_path()}
    patience_s = max(1.0, deadline - time.monotonic())
    try:
        ran = subprocess.run(
            [sys.executable, "-m", "autograder.backends.supervisor"],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            cwd=ROOT,
            env=environment,
            timeout=patience_s,
            start_new_session=True,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise _no_answer(state, patience_s) from error
    if ran.returncode != 0:
        said = (ran.stderr or ran.stdout).strip().splitlines()
        raise BackendError(said[-1] if said else f"The supervisor does not start (exit code {ran.returncode}).")
    wait_until(lambda: address_file(state).exists(), 1.0)


def _no_answer(state: Path, timeout_s: float) -> BackendError:
    return BackendError(
        f"The supervisor of the backends did not answer within {timeout_s:.0f} s: "
        f"run `./fortnight stop` and try again. Its log is {state / 'supervisor' / 'log'}."
    )
