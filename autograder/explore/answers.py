"""Answer sheets: the learner's function returns what it predicts or decides; the judge computes the truth and compares.

The report says how many answers are right and not which, so that a sheet cannot be filled in by trying.
"""

from __future__ import annotations

import select
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar

from autograder.explore.lane import Lane
from autograder.explore.names import RunName
from autograder.explore.scenario import Engine, Played
from autograder.explore.subject import Result
from autograder.explore.virtual_lane import VirtualLane
from autograder.history import History
from autograder.invariants import Invariant, Violation

__all__ = ["AnswerSheet", "BackendSheet", "called"]

Truth = Callable[[Mapping[str, Any]], Mapping[str, Any]]
_SHOWN_MAX = 3


def _same(name: str, answer: Any, truth: Any) -> bool:
    return bool(answer == truth)


def _each(right: int, asked: int) -> float:
    return right / asked


def _nothing_more(answers: Mapping[str, Any]) -> None:
    """A wrong sheet has no consequence but its points."""


def _no_belief(answers: Mapping[str, Any]) -> str:
    return ""


@dataclass(frozen=True, kw_only=True)
class AnswerSheet:
    """Questions with their options, and where the truth comes from."""

    engine: ClassVar[Engine] = "virtual"
    faults: ClassVar[tuple[str, ...]] = ()

    name: str
    title: str
    function: str
    """The learner's function: it takes nothing and returns a dict, answer by question."""
    questions: Mapping[str, tuple[Any, ...] | None]
    """The options of each question; None where any value may be given."""
    truth: Truth
    """Computes the right answers. It sees the answers given, so that a code in them can say which system is asked about."""
    rule: Invariant
    """Its docstring is the rule; it is never called."""
    right: Callable[[str, Any, Any], bool] = _same
    """Is this answer to this question right, given the truth?"""
    worth: Callable[[int, int], float] = _each
    """The share of the points, from how many are right of how many."""
    belief: Callable[[Mapping[str, Any]], str] = _no_belief
    """The wrong belief that a sheet shows, in words, so that it can be called by its name; nothing where it shows none."""
    wrong: Callable[[Mapping[str, Any]], None] = _nothing_more
    """Is told of every sheet that was marked and not wholly right."""
    asked: tuple[str, ...] = ()
    """The questions that count; all by default."""
    needs: tuple[str, ...] = ()
    read: str = ""
    input: tuple[str, ...] = ("sheet",)

    def plan(self, lab: str, undisturbed: Played) -> tuple[RunName, ...]:
        """A sheet is read once."""
        return ()

    def play_on(self, lane: VirtualLane, name: RunName) -> Played:
        """Have the sheet filled in, and mark it."""
        result = called(lane, self.function)
        answers = result.value
        if result.kind != "returned" or not isinstance(answers, dict):
            said = result.error or f"it returned a {type(answers).__name__}, not a dict"
            return self._played(name, f"{self.function}() gives no answers: {said}", failures=(f"{self.function}: {said}",))
        if all(_is_blank(answers.get(question)) for question in self._asked()):
            return self._played(name, "nothing is answered yet", blank=True)
        return self._marked(name, answers)

    def _marked(self, name: RunName, answers: Mapping[str, Any]) -> Played:
        asked, trouble = self._asked(), self._trouble(answers)
        try:
            truth = self.truth(answers)
        except ValueError as error:
            return self._played(name, str(error).rstrip("."))
        right = [one for one in asked if one in answers and self._is_right(one, answers[one], truth[one])]
        if len(right) == len(asked):
            return Played(name=str(name), history=self._history(name), share=1.0)
        said = f"{len(right)} of the {len(asked)} answers {'is' if len(right) == 1 else 'are'} right"
        self.wrong(answers)
        shown = [said, *filter(None, [self.belief(answers)]), *trouble[:_SHOWN_MAX]]
        return self._played(name, "; ".join(shown), share=self.worth(len(right), len(asked)))

    def _is_right(self, question: str, answer: Any, truth: Any) -> bool:
        try:
            return self.right(question, answer, truth)
        except (TypeError, ValueError, ArithmeticError, LookupError, AttributeError):
            return False

    def _asked(self) -> tuple[str, ...]:
        return self.asked or tuple(self.questions)

    def _trouble(self, answers: Mapping[str, Any]) -> list[str]:
        """What can be said of a sheet without giving an answer away."""
        said = []
        for question, options in self.questions.items():
            answer = answers.get(question)
            if _is_blank(answer):
                said.append(f"{question} has no answer")
            elif options is not None and answer not in options:
                said.append(f"{question}: {answer!r:.60} is none of {', '.join(map(str, options))}")
        said += [f"nobody asked for {str(name)[:40]!r}" for name in answers if name not in self.questions]
        return said

    def _played(
        self, name: RunName, evidence: str, *, share: float = 0.0, blank: bool = False, failures: tuple[str, ...] = ()
    ) -> Played:
        violation = Violation(rule=self.rule.__name__, evidence=evidence)
        return Played(
            name=str(name), history=self._history(name), violations=(violation,), share=share, blank=blank, failures=failures
        )

    def _history(self, name: RunName) -> History:
        return History(run=str(name), title=self.title)


def _known_later(answers: Mapping[str, Any]) -> Mapping[str, Any]:
    return {}


@dataclass(frozen=True, kw_only=True)
class BackendSheet(AnswerSheet):
    """A sheet whose truth is found on a lane with backends, when the sheet is marked."""

    engine: ClassVar[Engine] = "backends"

    find: Callable[[Lane], Mapping[str, Any]]
    """Runs what is asked about, and says what came of it."""
    truth: Truth = _known_later

    def play_on(self, lane: Any, name: RunName) -> Played:
        """Ask the learner, then the backends."""
        lane.reset()
        return AnswerSheet.play_on(replace(self, truth=lambda answers: self.find(lane)), lane, name)


def _is_blank(answer: Any) -> bool:
    return answer is None or answer == "" or answer == [] or answer == {}


def called(lane: Lane | VirtualLane, function: str, arguments: Sequence[Any] = ()) -> Result:
    """What a function of the program says that needs no backends."""
    running = lane.subjects.start(function, list(arguments), ports=())
    while (result := running.poll()) is None:
        select.select([running.fileno()], [], [], 1.0)
    return result
