"""Simulate: a small story in virtual time, told in this kernel, with the classes that the reader has defined."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from autograder.diagram import Diagram
from autograder.explore.names import RunName, Strike
from autograder.explore.virtual_strikes import PlannedStrikes
from autograder.history import History
from autograder.notebook.trouble import Trouble, quiet_trouble
from autograder.simulation import Answer, Simulation, Snapshot, Stuck, tell
from autograder.simulation.telling import Story

__all__ = ["Simulated", "simulate"]


@dataclass(frozen=True)
class Simulated:
    """One story that was told: what it returned, its history, and its measurements."""

    value: Any
    history: History
    seconds: float
    """Virtual seconds from its beginning to its end."""
    series: Mapping[str, list[tuple[float, Any]]]
    """By name, the points (milliseconds, value) that the story has measured."""
    answers: Sequence[Answer]
    """What every client was told, in the order of asking."""
    snapshots: Sequence[Snapshot] = ()

    def diagram(self, takeaway: str = "", *, title: str = "", limit: int = 15) -> Diagram:
        """The space-time diagram of this very run."""
        return Diagram(self.history, title=title, takeaway=takeaway, limit=limit)

    def __repr__(self) -> str:
        return f"<simulated {self.seconds:g} s: {len(self.history.calls)} calls>"


@quiet_trouble
def simulate(
    story: Story,
    *,
    seed: int = 0,
    words: Sequence[str] = (),
    strike: str = "",
    target: str = "",
    limit_s: float = 3600,
    title: str = "",
    **bound: Any,
) -> Simulated:
    """Tell ``story`` in virtual time: the same story and seed give the same run, on every machine.

    ``strike`` says what goes wrong at which call of ``target``: ``"kill-after charge #1"``, and in the same way
    kill-before, drop-before, drop-after and duplicate. Further names are the classes that the story's processes are made of.

    >>> simulate(story, seed=7).diagram("The answer is lost, the like is not")
    """
    planned = _planned(strike)
    strikes = PlannedStrikes(target, (planned,) if planned else ())
    name = getattr(story, "__name__", "story").replace("_", "-")
    sim = Simulation(
        input=tuple(words), seed=seed, label=name, strikes=strikes, launch=None, limit_s=limit_s, bound=bound
    )
    value = _in_a_thread(story, sim)
    if not strikes.began:
        made = ", ".join(dict.fromkeys(entry.call().point for entry in sim.ledger.entries if entry.caller == target))
        raise Trouble(f"{target or 'The target'} never made that call, so nothing was struck; it made {made or 'none'}.")
    run = RunName(lab="day", scenario=name[:24], input=(*sim.input, f"s{seed}"), strike=planned)
    return Simulated(
        value=value,
        history=sim.ledger.history(str(run), title),
        seconds=sim.loop.now,
        series=dict(sim.series),
        answers=tuple(sim.answers),
        snapshots=tuple(sim.snapshots),
    )


def _planned(strike: str) -> Strike | None:
    if not strike:
        return None
    from autograder.explore.strike_words import strike_of  # it needs the engines that play on backends

    return strike_of(strike)


def _in_a_thread(story: Story, sim: Simulation) -> Any:
    """The kernel's own thread has a running event loop and the real clock: both stay as they are."""
    ended: dict[str, Any] = {}

    def told() -> None:
        try:
            ended["value"] = tell(story, sim)
        except BaseException as error:
            ended["error"] = error

    thread = threading.Thread(target=told, name="simulation", daemon=True)
    thread.start()
    thread.join()
    if isinstance(ended.get("error"), Stuck):
        raise Trouble(f"The story does not come to its end: {ended['error']}.") from None
    if "error" in ended:
        raise ended["error"]
    return ended["value"]
