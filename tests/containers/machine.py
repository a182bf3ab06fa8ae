"""What the containers world needs of a Debian machine to be tested without a registry, fetched from Debian's packages.

*Unavailable* is no failure of ours: it says in one clause why no daemon can run here.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

__all__ = ["Clock", "Unavailable", "compose_plugin", "install", "possible", "system"]

SUITE_OF_SYSTEM = "bookworm"
SUITE_OF_COMPOSE = "trixie"
"""The first Debian with Compose v2; its package runs on the one before."""
KEYS = "/usr/share/keyrings/debian-archive-keyring.gpg"
INSIDE_THE_SYSTEM = ("postgresql", "redis-server", "openjdk-17-jre-headless")
NOT_NEEDED = ("var/cache/apt", "var/lib/apt/lists", "usr/share/doc", "usr/share/man", "usr/share/locale")


class Unavailable(Exception):
    """No Docker daemon with stand-in images can run on this machine, for this reason."""


class Clock:
    """The time that is left of a budget."""

    def __init__(self, seconds: float) -> None:
        self._end = time.monotonic() + seconds

    def left_s(self) -> float:
        """Seconds until the budget is used up, at least one."""
        return max(1.0, self._end - time.monotonic())

    def run(self, command: Sequence[str | Path], **options: object) -> str:
        """Run a program and return what it printed; Unavailable when it fails or the time is up."""
        try:
            ran = subprocess.run(
                [str(word) for word in command],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                errors="replace",
                timeout=self.left_s(),
                **options,  # type: ignore[arg-type]
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            raise Unavailable(f"{command[0]} did not end well ({error})") from error
        if ran.returncode != 0:
            raise Unavailable(f"{command[0]} failed: {' '.join(ran.stdout.split()[-25:])}")
        return ran.stdout


def possible() -> None:
    """Raise Unavailable where a daemon of our own cannot run at all."""
    if sys.platform != "linux" or os.geteuid() != 0:
        raise Unavailable("a Docker daemon of one's own needs Linux and root")
    if shutil.which("apt-get") is None:
        raise Unavailable("the stand-in images are made of Debian's packages, and there is no apt-get here")
    tried = subprocess.run(["unshare", "--net", "--mount", "--pid", "--fork", "true"], capture_output=True, check=False)
    if tried.returncode != 0:
        raise Unavailable("this machine allows no namespaces")


def install(clock: Clock) -> None:
    """Install the daemon and what makes a system from packages, where they are missing."""
    wanted = {"dockerd": "docker.io", "debootstrap": "debootstrap", "ip": "iproute2", "docker": "docker.io"}
    missing = sorted({package for program, package in wanted.items() if shutil.which(program) is None})
    if missing:
        quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        clock.run(["apt-get", "update", "-qq"])
        clock.run(["apt-get", "install", "-y", "-qq", "--no-install-recommends", *missing], env=quiet)


def compose_plugin(folder: Path, clock: Clock) -> Path:
    """A configuration folder for ``docker`` with the Compose plugin in it, from a newer Debian than this may be."""
    place = folder / "docker-config" / "cli-plugins"
    place.mkdir(parents=True)
    lists = folder / "apt"
    (lists / "lists" / "partial").mkdir(parents=True)
    source = lists / "sources.list"
    source.write_text(f"deb [signed-by={KEYS}] {_site(clock)} {SUITE_OF_COMPOSE} main\n", "utf-8")
    options = [
        word
        for setting in (
            f"Dir::Etc::sourcelist={source}",
            "Dir::Etc::sourceparts=-",
            f"Dir::State::lists={lists}/lists",
            f"Dir::Cache={lists}",
            "APT::Sandbox::User=root",
        )
        for word in ("-o", setting)
    ]
    clock.run(["apt-get", *options, "update", "-qq"])
    clock.run(["apt-get", *options, "download", "-qq", "docker-compose"], cwd=lists)
    clock.run(["dpkg", "-x", next(lists.glob("docker-compose*.deb")), lists / "unpacked"])
    shutil.copy2(next((lists / "unpacked").rglob("cli-plugins/docker-compose")), place)
    return place.parent


def system(folder: Path, clock: Clock) -> Path:
    """The root folder of a small Debian with Postgres, Redis and Java."""
    root = folder / "system"
    packages = f"--include={','.join(INSIDE_THE_SYSTEM)}"
    clock.run(["debootstrap", "--variant=minbase", packages, SUITE_OF_SYSTEM, root, _site(clock)])
    for name in NOT_NEEDED:
        shutil.rmtree(root / name, ignore_errors=True)
    return root


def _site(clock: Clock) -> str:
    """Where this machine gets Debian's packages from."""
    targets = clock.run(["apt-get", "indextargets", "--format", "$(SITE) $(ORIGIN) $(LABEL) $(IDENTIFIER)"])
    for line in targets.splitlines():
        site, *about = line.split()
        if about == ["Debian", "Debian", "Packages"]:
            return site
    raise Unavailable("apt knows no place that has Debian's packages")
