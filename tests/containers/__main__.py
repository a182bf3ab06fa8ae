"""The containers world, for real: ``python -m tests.containers [PYTEST OPTIONS]``.

Where a Docker daemon runs already, the official images are fetched and used. Else, as root on a Debian, a daemon of our
own is started in namespaces of its own and gets stand-ins for the images, made of Debian's packages and Kafka's jars.
Where neither is possible one line says so, and the exit code is 0 (1 with FORTNIGHT_CONTAINERS=must): compose.yaml was
then validated statically only, by tests/repository/test_compose.py. It ends by itself within eight minutes.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from autograder.backends.containers import Containers
from autograder.backends.containers.docker import examine
from autograder.backends.errors import BackendError
from autograder.backends.native.jars import find_kafka
from tests.containers.daemon import build, daemon
from tests.containers.machine import Clock, Unavailable, compose_plugin, install, possible, system
from tests.contract.under_test import SUITES
from tests.repository.tree import ROOT

BUDGET_S = 420.0
ENDING_S = 60.0
"""A daemon with containers may take so long to end, after the budget; together that is eight minutes."""
NAMESPACES = ["unshare", "--net", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc"]
MUST = os.environ.get("FORTNIGHT_CONTAINERS") == "must"
"""Set where not to have run is a failure."""
BEGAN = time.monotonic()
PARTS = (
    ["tests/contract/test_containers_world.py"],
    ["tests/contract/test_containers_verdicts.py"],
    [f"tests/contract/{name}" for name in SUITES if (ROOT / "tests" / "contract" / name).is_dir()],
)
"""The most telling first."""
INSIDE = "FORTNIGHT_TESTS_INSIDE"


def main() -> int:
    """Run it; the exit code of pytest, or 0 where there is nothing to run it on."""
    # So that what was begun is ended when a CI's own limit ends us.
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(128 + number))
    clock = Clock(float(os.environ.get("FORTNIGHT_TESTS_BUDGET_S", BUDGET_S)))
    try:
        if folder := os.environ.pop(INSIDE, None):
            return inside(Path(folder), clock)
        if official():
            return tests(dict(os.environ), clock)
        return outside(clock)
    except Unavailable as reason:
        say(f"NOT RUN: {reason}. compose.yaml was validated statically only.")
    except subprocess.TimeoutExpired:
        say("NOT FINISHED: the eight minutes were used up on this machine.")
    return int(MUST)


def official() -> bool:
    """Is there a daemon that we may use, with the official images?"""
    try:
        found = examine()
        with tempfile.TemporaryDirectory() as folder:
            Containers(Path(folder)).fetch()
    except BackendError:
        return False
    say(f"the daemon of this machine (Docker {found.engine}) and the official images.")
    return True


def outside(clock: Clock) -> int:
    """Fetch what a daemon and its images are made of, then go on inside namespaces."""
    possible()
    with tempfile.TemporaryDirectory(prefix="fortnight-containers-", dir="/var/tmp") as name:
        folder = Path(name)
        say("fetching a Docker daemon, Compose and a small Debian (about 400 MB) ...")
        install(clock)
        compose_plugin(folder, clock)
        say("Docker and Compose are here; making the small Debian ...")
        system(folder, clock)
        say("fetching Kafka's jars where they are not here yet ...")
        try:
            jars = find_kafka()
        except BackendError as error:
            raise Unavailable(str(error)) from error
        (folder / "jars").symlink_to(jars / "libs")
        environment = {**os.environ, INSIDE: name, "FORTNIGHT_TESTS_BUDGET_S": f"{clock.left_s():.0f}"}
        command = [*NAMESPACES, sys.executable, "-m", "tests.containers", *sys.argv[1:]]
        limit_s = clock.left_s() + ENDING_S
        return subprocess.run(command, cwd=ROOT, env=environment, timeout=limit_s, check=False).returncode


def inside(folder: Path, clock: Clock) -> int:
    """Start the daemon, build the stand-ins, run the tests."""
    with daemon(folder, clock) as environment:
        build(folder, folder / "jars", environment, clock)
        say("a Docker daemon of our own, with stand-ins (Debian's Postgres 15 and Redis 7.0, Apache Kafka's jars).")
        return tests(environment, clock)


def tests(environment: dict[str, str], clock: Clock) -> int:
    """Run the tests in the containers world, part by part; 1 when one of them failed, whatever time was left."""
    world = {**environment, "FORTNIGHT_WORLD": "containers"}
    codes = []
    for part in [sys.argv[1:]] if sys.argv[1:] else PARTS:
        command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *part]
        say(f"pytest {' '.join(part)}")
        try:
            codes.append(subprocess.run(command, cwd=ROOT, env=world, timeout=clock.left_s(), check=False).returncode)
        except subprocess.TimeoutExpired:
            say(f"NOT FINISHED: the eight minutes were used up on this machine in: {' '.join(part)}.")
            codes.append(int(MUST))
    return int(any(codes))


def say(sentence: str) -> None:
    """One line for the log, with the seconds since the beginning."""
    print(f"containers ({time.monotonic() - BEGAN:.0f} s): {sentence}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
