"""Virtual subject: a sandboxed process whose learner code lives in virtual time, on a wire to the judge.

Time and chance are patched before the first cell is executed, so that ``from time import monotonic`` binds virtual time.
"""

from __future__ import annotations

from typing import Any

from autograder.grading import cells
from autograder.grading.subject_process import WIRE
from autograder.simulation.clock import virtual_time
from autograder.simulation.inside import Inside

__all__ = ["live"]


def live(program: cells.Compiled, seed: str) -> dict[str, Any]:
    """Execute the cells, then live until the judge ends it."""
    inside = Inside(WIRE, program.names.__contains__, cells.one_line)
    with virtual_time(inside.loop, seed):
        main, broken = cells.execute(program)
        for sentence in broken:
            inside.say("failed", sentence)
        inside.serve(main)
    return {"kind": "returned", "value": None}
