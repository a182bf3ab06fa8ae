"""Scratch folders of zygotes: each names the judge it belongs to, so that what a killed judge left is found."""

from __future__ import annotations

import functools
import os
import re
import shutil
import tempfile
from multiprocessing.util import Finalize
from pathlib import Path

from autograder.backends.processes import badge, identify, is_gone

__all__ = ["make", "remove", "remove_ownerless"]

_PREFIX = "fortnight-subject-"
_NAME = re.compile(_PREFIX + r"(\d+_[0-9a-f]{12}_[0-9a-f]{8})-")
_ours: dict[str, int] = {}
"""The folders made and not yet removed, each with the process that made it: a fork of it must not remove it."""


def make() -> str:
    """A new folder of this process; what judges of this account left that are gone is removed first."""
    remove_ownerless()
    me = identify(os.getpid())
    assert me is not None
    _at_exit(me.pid)
    folder = tempfile.mkdtemp(prefix=f"{_PREFIX}{badge(me)}-")
    _ours[folder] = me.pid
    return folder


def remove(folder: str) -> None:
    """Remove a folder that is no longer used."""
    shutil.rmtree(folder, ignore_errors=True)
    _ours.pop(folder, None)


def remove_ownerless() -> None:
    """Remove the folders whose process is gone."""
    for entry in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*"):
        found = _NAME.match(entry.name)
        if found is not None and is_gone(found[1]):
            shutil.rmtree(entry, ignore_errors=True)


@functools.cache
def _at_exit(pid: int) -> None:
    # Also runs in a pool's worker, which ends without the functions of atexit.
    Finalize(None, _remove_all, exitpriority=0)


def _remove_all() -> None:
    for folder, owner in list(_ours.items()):
        if owner == os.getpid():
            remove(folder)
