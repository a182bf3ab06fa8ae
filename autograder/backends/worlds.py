"""Worlds: sets of the three backends. Embedded is the one that any Python can start; two others stand beside it.

Which one a clone uses is said by ``FORTNIGHT_WORLD``, else by what ``./fortnight start --world`` remembered in the state
folder, else it is embedded.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal, Protocol, get_args

from autograder.backends.addresses import Backends, ShopAddresses
from autograder.backends.errors import BackendError
from autograder.backends.state import write_text

__all__ = [
    "VARIABLE",
    "WORLDS",
    "World",
    "WorldName",
    "chosen_world",
    "open_world",
    "prepare",
    "remember_world",
    "take_down",
    "world_named",
]

WorldName = Literal["embedded", "native", "containers"]
WORLDS: tuple[WorldName, ...] = get_args(WorldName)
VARIABLE = "FORTNIGHT_WORLD"

Say = Callable[[str], None]


class World(Protocol):
    """What a supervisor owns."""

    name: str

    def start(self) -> None:
        """Start everything and wait until it serves; raises BackendError with the reason when it cannot."""

    def stop(self) -> None:
        """End everything that start() started."""

    def mend(self) -> list[str]:
        """Start again what has died; one sentence for each."""

    def addresses(self) -> tuple[Backends, ShopAddresses]:
        """Where everything is: for the judge, for notebooks."""

    def status(self) -> dict[str, Any]:
        """One entry per backend, for people to read."""


def chosen_world(state: Path) -> WorldName:
    """The world that this clone uses; raises BackendError for a name that is none."""
    said = os.environ.get(VARIABLE)
    if said:
        return _known(said, VARIABLE)
    try:
        remembered = _file(state).read_text(encoding="utf-8").strip()
    except OSError:
        return "embedded"
    return _known(remembered, str(_file(state)))


def remember_world(state: Path, name: WorldName) -> None:
    """Use this world from now on, in this clone."""
    write_text(_file(state), f"{name}\n")


def _file(state: Path) -> Path:
    return state / "world"


def _known(name: str, where: str) -> WorldName:
    for world in WORLDS:
        if world == name:
            return world
    raise BackendError(f"{where} says {name!r}; a world is called {', '.join(WORLDS[:-1])} or {WORLDS[-1]}.")


def world_named(name: WorldName, state: Path) -> World:
    """The world of this name on a state folder, not started; raises BackendError when this machine lacks it."""
    # Imported when asked for: nobody pays for a world that is not used.
    if name == "native":
        from autograder.backends.native.world import native

        return native(state)
    if name == "containers":
        from autograder.backends.containers import Containers

        return Containers(state)
    from autograder.backends.local import embedded

    return embedded(state)


def prepare(name: WorldName, state: Path, say: Say) -> None:
    """What takes long the first time (a download, say) before the supervisor starts, saying so; raises BackendError."""
    if name == "native":
        from autograder.backends.native.readiness import prepare_native

        prepare_native(say)
    elif name == "containers":
        from autograder.backends.containers import prepare as prepare_containers

        prepare_containers(state, say)


def take_down(state: Path) -> bool:
    """End what a killed supervisor left running that is no process of ours: containers. False when there was none."""
    if not (state / "containers").exists():
        return False
    from autograder.backends.containers import take_down as take_containers_down

    return take_containers_down(state)


@contextmanager
def open_world(name: WorldName, state: Path) -> Iterator[World]:
    """A world of one's own on a state folder, started; ended with the block. For tests and benchmarks."""
    prepare(name, state, lambda sentence: None)
    world = world_named(name, state)
    world.start()
    try:
        yield world
    finally:
        world.stop()
