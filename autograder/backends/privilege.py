"""How a server is run that refuses root: as it is, in a user namespace, or as nobody."""

from __future__ import annotations

import functools
import os
import shutil
import subprocess
import sys
import threading
from pathlib import Path
from signal import Signals
from typing import Literal

from autograder.backends.errors import cannot_write
from autograder.backends.state import short_folder

__all__ = [
    "Privilege",
    "copy_for_nobody",
    "give_to_nobody",
    "launch_words",
    "open_to_nobody",
    "privilege",
    "where_nobody_can_go",
]

Privilege = Literal["plain", "namespace", "setuid"]

LAUNCH = Path(__file__).with_name("launch.py")


def launch_words(mode: Privilege, on_parent_death: Signals | None) -> list[str]:
    """The words to put before a command so that it runs with this privilege and dies with us.

    Linux ties a child to the *thread* that started it. Only the main thread surely lives as long as the process, so
    what another thread starts is not tied.
    """
    tied = on_parent_death is not None and threading.current_thread() is threading.main_thread()
    number = int(on_parent_death) if on_parent_death is not None and tied else 0
    if mode == "plain" and (number == 0 or sys.platform != "linux"):
        return []
    return [sys.executable, "-I", "-S", str(LAUNCH), mode, str(number), str(os.getpid())]


@functools.cache
def privilege() -> Privilege:
    """What this machine needs and allows."""
    if os.geteuid() != 0:
        return "plain"
    words = launch_words("namespace", None)
    tried = subprocess.run([*words, "/bin/sh", "-c", ":"], stdin=subprocess.DEVNULL, capture_output=True, check=False)
    return "namespace" if tried.returncode == 0 else "setuid"


def open_to_nobody(path: Path) -> bool:
    """May every user walk down to this folder?"""
    return all(folder.stat().st_mode & 0o001 for folder in (path, *path.parents))


def where_nobody_can_go(path: Path) -> Path:
    """This folder, or a short one outside that everybody may walk through when this one is closed (a clone in /root)."""
    if open_to_nobody(path):
        return path
    folder = short_folder(path, "/var/tmp")
    folder.chmod(0o711)
    return folder


def give_to_nobody(path: Path) -> None:
    """Hand a folder or a file to the user nobody."""
    shutil.chown(path, "nobody")


def copy_for_nobody(program: Path, target: Path) -> Path:
    """A copy of a wheel's program that nobody can run, made once, in the layout that finds its libraries."""
    package = program.parent
    if not target.exists():
        draft = target.with_name(f"{target.name}.{os.getpid()}")
        try:
            shutil.copytree(program, draft / package.name / program.name, symlinks=True)
            libraries = package.with_name(f"{package.name}.libs")
            if libraries.is_dir():
                shutil.copytree(libraries, draft / libraries.name, symlinks=True)
            draft.rename(target)
        except OSError as error:
            shutil.rmtree(draft, ignore_errors=True)
            raise cannot_write(target, error) from error
    return target / package.name / program.name
