"""The Postgres and the Redis (or Valkey) of this machine: on the PATH, or where its packages put them."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

from autograder.backends.binaries import (
    POSTGRES_MAJOR_MIN,
    REDIS_MAJOR_MIN,
    PostgresBinaries,
    RedisBinary,
    named_postgres,
    named_redis,
    program_version,
    system_postgres,
)
from autograder.backends.errors import BackendError

__all__ = ["native_postgres", "native_redis"]

MAC = sys.platform == "darwin"
MEND_POSTGRES = "brew install postgresql@17" if MAC else "sudo apt-get install postgresql"
MEND_REDIS = "brew install redis" if MAC else "sudo apt-get install redis-server"
REDIS_FOLDERS = ("/usr/bin", "/usr/local/bin", "/opt/homebrew/bin", "/usr/sbin")


def native_postgres() -> PostgresBinaries:
    """The Postgres of this machine that the course can use; raises BackendError with the command that mends it."""
    named = named_postgres()
    if named is not None:
        return named
    seen = list(system_postgres())
    for folder, origin in seen:
        version = program_version(folder / "postgres")
        if version and version[0] >= POSTGRES_MAJOR_MIN and (folder / "initdb").exists():
            return PostgresBinaries(folder=folder, version=version, origin=origin)
    why = _why_not("Postgres", (folder / "postgres" for folder, _ in seen), POSTGRES_MAJOR_MIN)
    raise BackendError(
        f"{why}: mend it with `{MEND_POSTGRES}`, or name the bin folder of a Postgres {POSTGRES_MAJOR_MIN} or newer in "
        "FORTNIGHT_PG_BIN."
    )


def native_redis() -> RedisBinary:
    """The Redis or Valkey of this machine; raises BackendError with the command that mends it."""
    named = named_redis()
    if named is not None:
        return named
    seen = list(_redis_programs())
    for path in seen:
        version = program_version(path)
        if version and version[0] >= REDIS_MAJOR_MIN:
            return RedisBinary(path=path, version=".".join(map(str, version)), origin="the system")
    raise BackendError(
        f"{_why_not('Redis', seen, REDIS_MAJOR_MIN)}: mend it with `{MEND_REDIS}`, or name a redis-server or "
        f"valkey-server {REDIS_MAJOR_MIN} or newer in FORTNIGHT_REDIS_BIN."
    )


def _redis_programs() -> Iterator[Path]:
    """On the PATH, else where packages put servers: a learner's PATH need not have those folders."""
    folders = os.pathsep.join([os.environ.get("PATH", ""), *REDIS_FOLDERS])
    for name in ("redis-server", "valkey-server"):
        found = shutil.which(name, mode=os.F_OK, path=folders)
        if found:
            yield Path(found)


def _why_not(name: str, programs: Iterable[Path], major_min: int) -> str:
    """What is wrong with what was found, as the beginning of a sentence."""
    for program in programs:
        if not program.exists():
            continue
        if not os.access(program, os.X_OK):
            return f"{program} is not yours to execute"
        version = program_version(program)
        if version is None:
            return f"{program} does not run on this machine"
        if version[0] < major_min:
            return f"{program} is {name} {version[0]}, and the course needs {major_min} or newer"
        return f"{program} has no initdb beside it"
    return f"No {name} server was found on this machine"
