"""A Docker daemon of our own, and the stand-ins for the official images in it.

It is run inside namespaces of its own (network, mounts, processes): its bridges, packet filters and published ports
are nobody else's, and when the first process there ends, everything ends.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import yaml

from tests.containers.machine import Clock, Unavailable
from tests.repository.tree import ROOT

__all__ = ["build", "daemon"]

STAND_INS = Path(__file__).with_name("stand_ins")
START_TIMEOUT_S = 60.0


@contextmanager
def daemon(folder: Path, clock: Clock) -> Iterator[dict[str, str]]:
    """A running daemon: the environment in which ``docker`` finds it."""
    clock.run(["ip", "link", "set", "lo", "up"])
    home = folder / "docker"
    home.mkdir()
    socket = home / "socket"
    own = ["--data-root", home / "data", "--exec-root", home / "exec", "--pidfile", home / "pid", "--host", f"unix://{socket}"]
    with open(home / "log", "wb") as log:
        process = subprocess.Popen(["dockerd", "--bridge", "none", *own], stdout=log, stderr=log)
    environment = {**os.environ, "DOCKER_HOST": f"unix://{socket}", "DOCKER_CONFIG": str(folder / "docker-config")}
    try:
        _wait(process, environment, home / "log")
        yield environment
    finally:
        process.terminate()
        try:
            process.wait(20.0)
        except subprocess.TimeoutExpired:
            process.kill()


def _wait(process: subprocess.Popen[bytes], environment: dict[str, str], log: Path) -> None:
    deadline = time.monotonic() + START_TIMEOUT_S
    while subprocess.run(["docker", "info"], env=environment, capture_output=True, check=False).returncode != 0:
        if process.poll() is not None or time.monotonic() > deadline:
            last = " ".join(log.read_text("utf-8", "replace").split()[-30:])
            raise Unavailable(f"dockerd does not start: {last}")


def build(folder: Path, jars: Path, environment: dict[str, str], clock: Clock) -> None:
    """Make the stand-ins and give them the names that compose.yaml asks for."""
    archive = folder / "system.tar"
    clock.run(["tar", "--create", "--file", archive, "--directory", folder / "system", "."])
    clock.run(["docker", "import", archive, "fortnight-stand-in"], env=environment)
    archive.unlink()
    context = folder / "context"
    shutil.copytree(STAND_INS, context)
    shutil.copytree(jars, context / "jars", symlinks=False)
    # The old builder needs no plugin, and nothing from a registry.
    old = {**environment, "DOCKER_BUILDKIT": "0"}
    for service, image in _images().items():
        words = ["--quiet", "--network", "none", "--target", service, "--tag", image]
        clock.run(["docker", "build", *words, context], env=old)


def _images() -> dict[str, str]:
    services = yaml.safe_load((ROOT / "compose.yaml").read_text("utf-8"))["services"]
    return {name: found["image"] for name, found in services.items() if "profiles" not in found}
