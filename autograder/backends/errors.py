"""What a backend says when it cannot do its work: one sentence, what is wrong and what to do about it."""

from __future__ import annotations

import errno
import os
from pathlib import Path

__all__ = ["BackendError", "cannot_write", "require_posix"]


class BackendError(Exception):
    """A backend, or the supervisor that owns them, cannot do what was asked; the text says why and what mends it."""


def cannot_write(path: Path, error: OSError) -> BackendError:
    """The sentence for a file or folder that could not be written."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return BackendError(f"The disk is full: {path} could not be written. Free some space (Fortnight needs 200 MB).")
    reason = os.strerror(error.errno) if error.errno else str(error)
    return BackendError(
        f"The state folder cannot be written: {path}: {reason}. "
        "Make it writable for you, or set FORTNIGHT_STATE to a folder that is."
    )


def require_posix() -> None:
    """Refuse Windows in one sentence."""
    if os.name == "nt":
        raise BackendError(
            "Fortnight needs fork(), which Windows does not have: open the course in WSL2 or in its devcontainer."
        )
