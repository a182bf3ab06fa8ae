"""Whatever gives way in the judge itself is a grader error, in one sentence, and never the learner's loss."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from autograder import labs
from autograder.explore.names import RunName
from autograder.explore.scenario import Played
from autograder.grading.judge import judge
from autograder.grading.program import Cell, Program
from autograder.labs.lab import Lab, Task


@dataclass(frozen=True)
class Unlucky:
    """A scenario with a mistake of ours in it."""

    engine: ClassVar = "virtual"
    name: str = "unlucky"
    title: str = "A mistake of ours"
    input: tuple[str, ...] = ("x1",)
    faults: tuple[str, ...] = ()
    needs: tuple[str, ...] = ("pay",)
    read: str = ""

    def play_on(self, lane: Any, name: RunName) -> Played:
        """There is no such key."""
        raise KeyError("lamp")

    def plan(self, lab: str, undisturbed: Played) -> tuple[RunName, ...]:
        """Nothing more."""
        return ()


def test_a_mistake_of_ours_is_a_grader_error_in_one_sentence() -> None:
    task = Task(name="pay", title="Pay", function="pay", scenarios=(Unlucky(),), points={}, outcomes=())
    lab = Lab(number=77, name="lab77_unlucky", title="Unlucky", day="", rules=(), tasks=(task,))
    labs.add(lab)
    cell = Cell(id="pay", role="solution", source="def pay(at):\n    return 1\n", name="pay", task="pay")
    verdict = judge(lab.name, Program(title="pay", cells=(cell,)), backends=None)
    assert verdict.kind == "error" and verdict.points == 0
    assert verdict.tasks[0].said.startswith("A backend or the grader itself gave way in the middle of the check (KeyError")
    assert "\n" not in verdict.tasks[0].said
