"""The state folder: the one git-ignored place of a clone where backends keep their data, sockets and logs."""

from __future__ import annotations

import hashlib
import json
import os
import stat
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from autograder.backends.errors import BackendError, cannot_write

__all__ = [
    "ROOT",
    "make_folder",
    "python_path",
    "read_json",
    "short_folder",
    "socket_paths",
    "state_folder",
    "write_text",
]

ROOT = Path(__file__).resolve().parents[2]
"""The clone."""

SOCKET_PATH_BYTES_MAX = 100
"""Linux takes 107 bytes in the path of a Unix socket, macOS 103."""


def state_folder() -> Path:
    """The state folder of this clone, made when missing; ``FORTNIGHT_STATE`` names another one."""
    return make_folder(Path(os.environ.get("FORTNIGHT_STATE") or ROOT / ".fortnight").absolute())


def python_path() -> str:
    """The PYTHONPATH of our own programs: the clone first, then what we were given."""
    return os.pathsep.join([str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])])


def make_folder(path: Path, mode: int = 0o755) -> Path:
    """Make a folder with its parents; raises BackendError where it cannot be made or written."""
    try:
        path.mkdir(parents=True, exist_ok=True, mode=mode)
    except OSError as error:
        raise cannot_write(path, error) from error
    if not os.access(path, os.W_OK | os.X_OK):
        raise cannot_write(path, PermissionError(13, "Permission denied"))
    return path


def write_text(path: Path, text: str, mode: int = 0o644) -> None:
    """Write a small file whole or not at all, so that a crash never leaves half of one."""
    draft = path.with_name(f"{path.name}.{os.getpid()}")
    try:
        with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode), "w", encoding="utf-8") as file:
            file.write(text)
        os.replace(draft, path)
    except OSError as error:
        draft.unlink(missing_ok=True)
        raise cannot_write(path, error) from error


def read_json(path: Path) -> Any:
    """What a JSON file holds; None when it is missing or damaged."""
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None


def short_folder(path: Path, base: str | None = None) -> Path:
    """A private folder with a short name that belongs to ``path`` alone; others on this machine cannot have made it."""
    digest = hashlib.sha256(os.fsencode(path.resolve())).hexdigest()[:16]
    folder = Path(base or tempfile.gettempdir()) / f"fortnight-{os.getuid()}-{digest}"
    make_folder(folder, 0o700)
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid():
        raise BackendError(f"{folder} belongs to somebody else: remove it, or set TMPDIR to a folder of your own.")
    return folder


def socket_paths(state: Path) -> Iterator[Path]:
    """Where the supervisor's socket may lie, best first: in the state folder, else under a short name."""
    inside = state / "supervisor" / "socket"
    if len(os.fsencode(inside)) <= SOCKET_PATH_BYTES_MAX:
        yield inside
    yield short_folder(state) / "socket"
