"""The checkup behind ``doctor``: each finding says what is there or missing, and the one command that mends it."""

from __future__ import annotations

import importlib
import importlib.metadata
import os
import re
import shutil
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from packaging.requirements import Requirement

from autograder import backends
from autograder.backends.binaries import find_postgres, find_redis
from autograder.backends.errors import BackendError
from autograder.backends.native.jars import DOWNLOAD_MB
from autograder.backends.native.readiness import native_versions
from autograder.backends.worlds import WorldName, chosen_world
from autograder.cli import jupyter
from autograder.cli.places import ROOT, WORK, shown

__all__ = ["Finding", "check_up", "damaged_packages", "wrong_packages"]

FREE_MB_MIN = 500
IMPORTED = ("psycopg", "kafka", "redis", "crc32c", "nbformat", "nbgrader", "jupyterlab")
"""What every day and lab needs; a package can be whole on disk and yet not fit this system."""
DISTRIBUTIONS = {"kafka": "kafka-python"}
SUPPORTED = ((3, 11), (3, 14))


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One thing that was looked at."""

    name: str
    state: Literal["ok", "missing", "note"]
    """A note is worth knowing and needs no mending."""
    says: str
    mend: str = ""
    """The one command."""


def check_up() -> Iterator[Finding]:
    """Look at everything that the course needs, one finding after the other."""
    for look in LOOKS:
        try:
            yield look()
        except Exception as error:  # one look that fails must not hide the others
            name = look.__name__.removeprefix("_").replace("_", " ")
            yield Finding(name=name, state="missing", says=str(error) or type(error).__name__)


def _python() -> Finding:
    version = sys.version_info
    says = f"{version.major}.{version.minor}.{version.micro} ({sys.executable})"
    if SUPPORTED[0] <= version[:2] <= SUPPORTED[1]:
        return Finding(name="Python", state="ok", says=says)
    return Finding(name="Python", state="missing", says=f"{says}; 3.11 to 3.14 is needed", mend="./fortnight start")


def _packages() -> Finding:
    wrong = wrong_packages((ROOT / "requirements.txt").read_text(encoding="utf-8").splitlines(), _installed())
    if not wrong:
        return _whole_packages()
    more = f" and {len(wrong) - 3} more" if len(wrong) > 3 else ""
    mend = (
        "./fortnight start"
        if Path(sys.prefix) == ROOT / ".venv"
        else f"{sys.executable} -m pip install -r requirements.txt"
    )
    return Finding(name="packages", state="missing", says="; ".join(wrong[:3]) + more, mend=mend)


def _whole_packages() -> Finding:
    """Are the files of every package there, and can those be imported that everything needs?"""
    damaged = damaged_packages(importlib.metadata.distributions())
    for name in IMPORTED:
        with suppress(importlib.metadata.PackageNotFoundError):
            damaged += [] if _imports(name) else [importlib.metadata.distribution(DISTRIBUTIONS.get(name, name))]
    if not damaged:
        return Finding(name="packages", state="ok", says="all at the versions of requirements.txt, and whole")
    first = damaged[0]
    return Finding(
        name="packages",
        state="missing",
        says=f"{', '.join(dict.fromkeys(found.name for found in damaged))}: files are gone or cannot be imported",
        mend=f"{sys.executable} -m pip install --force-reinstall --no-deps {first.name}=={first.version}",
    )


def damaged_packages(found: Iterable[importlib.metadata.Distribution]) -> list[importlib.metadata.Distribution]:
    """The distributions of which a Python file is gone."""
    return [one for one in found if any(not part.locate().exists() for part in one.files or () if part.suffix == ".py")]


def _imports(name: str) -> bool:
    try:
        importlib.import_module(name)
    except Exception:
        return False
    return True


def _installed() -> Mapping[str, str]:
    return {_plain(found.name): found.version for found in importlib.metadata.distributions()}


def _plain(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def wrong_packages(lines: Iterable[str], installed: Mapping[str, str]) -> list[str]:
    """What differs from the pinned lines, a sentence each: ``rich is missing``, ``rich is 14.0 and must be 15.0.0``."""
    wrong = []
    for line in lines:
        if "==" not in line or line.startswith("#"):
            continue
        pinned = Requirement(line)
        if pinned.marker is not None and not pinned.marker.evaluate():
            continue
        present = installed.get(_plain(pinned.name))
        wanted = next(iter(pinned.specifier)).version
        if present is None:
            wrong.append(f"{pinned.name} is missing")
        elif present not in pinned.specifier:
            wrong.append(f"{pinned.name} is {present} and must be {wanted}")
    return wrong


def _postgres() -> Finding:
    found = find_postgres()
    return Finding(name="Postgres", state="ok", says=f"{found.major}, from {found.origin}")


def _redis() -> Finding:
    found = find_redis()
    if found is None:
        return Finding(name="Redis", state="note", says="no server for this machine; fakeredis stands in for it")
    return Finding(name="Redis", state="ok", says=f"{found.version}, from {found.origin}")


def _kafka() -> Finding:
    import kafka

    return Finding(
        name="Kafka", state="ok", says=f"the course's own broker; kafka-python {kafka.__version__} speaks to it"
    )


def _world() -> Finding:
    return Finding(name="world", state="ok", says=chosen_world(backends.state_folder()))


def _native() -> Finding:
    def look() -> str:
        here = native_versions()
        kafka = here["Kafka"] or f"not fetched yet ({DOWNLOAD_MB} MB, on the first start)"
        return f"Postgres {here['Postgres']}, Redis {here['Redis']}, Java {here['Java']}, Kafka {kafka}"

    return _of_world("native", look)


def _containers() -> Finding:
    def look() -> str:
        from autograder.backends.containers.docker import examine

        found = examine()
        return f"Docker {found.engine}, Compose {found.compose}"

    return _of_world("containers", look)


def _of_world(name: WorldName, look: Callable[[], str]) -> Finding:
    """What a world lacks is missing where this clone uses it, and worth a note elsewhere."""
    used = chosen_world(backends.state_folder()) == name
    try:
        return Finding(name=name, state="ok" if used else "note", says=f"can be used: {look()}")
    except BackendError as error:
        return Finding(name=name, state="missing" if used else "note", says=f"cannot be used: {error}")


def _running() -> Finding:
    known = backends.status()
    if known is None:
        return Finding(
            name="running",
            state="note",
            says="no backends now; they start when something needs them, in about a second",
        )
    if known.get("refusal"):
        return Finding(name="running", state="missing", says=str(known["refusal"]), mend="./fortnight stop")
    says = f"backends of the {known['world']} world, process {known['pid']}, for {known['up_s']:.0f} s"
    return Finding(name="running", state="ok", says=says)


def _jupyter() -> Finding:
    server = jupyter.running(backends.state_folder() / "jupyter")
    if server is not None:
        return Finding(name="JupyterLab", state="ok", says=f"is running: {server.url}")
    port = jupyter.free_port()
    taken = "" if port == jupyter.PORT else f"; port {jupyter.PORT} is taken, so it will be {port}"
    return Finding(name="JupyterLab", state="note", says=f"is not running{taken}")


def _fork() -> Finding:
    if hasattr(os, "fork"):
        return Finding(name="fork", state="ok", says="crash points can be played")
    return Finding(name="fork", state="missing", says="this system has none: use WSL2", mend="wsl --install")


def _sandbox() -> Finding:
    from autograder.grading.sandbox import LAYERS, Sandbox

    sentence, _ = Sandbox().describe()
    complete = "not available" not in sentence and "without" not in sentence
    says = f"all {len(LAYERS)} layers" if complete else sentence
    return Finding(name="sandbox", state="ok" if complete else "note", says=says)


def _disk() -> Finding:
    free = shutil.disk_usage(ROOT).free // 1_000_000
    if free >= FREE_MB_MIN:
        return Finding(name="disk", state="ok", says=f"{free:,} MB free")
    return Finding(name="disk", state="missing", says=f"{free:,} MB free, {FREE_MB_MIN} MB are needed: make room")


def _state() -> Finding:
    return Finding(name="state folder", state="ok", says=shown(backends.state_folder()))


def _work() -> Finding:
    if WORK.is_dir():
        return Finding(name="work folder", state="ok", says=shown(WORK))
    return Finding(name="work folder", state="note", says="not there yet: ./fortnight start makes it")


def _chromium() -> Finding:
    found = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    return Finding(name="Chromium", state="note", says=found or "not here; only the browser tests need it")


LOOKS: tuple[Callable[[], Finding], ...] = (
    _python, _packages, _postgres, _redis, _kafka, _world, _native, _containers, _running, _jupyter, _fork, _sandbox,
    _disk, _state, _work, _chromium,
)  # fmt: skip
