"""Signs: how a mistake is told from the ways in which checks break. A lab's list of mistakes is written with them."""

from __future__ import annotations

from collections.abc import Callable

from autograder.labs.lab import Finding

__all__ = ["KILLED", "TWICE", "UNDISTURBED", "Sign", "all_of", "none_of", "seen"]

TWICE = "twice"
"""The fault of a run with two strikes, the second of them in what came after the first."""
KILLED = "killed"
"""The fault of a schedule in which one of those that meet is killed."""
Sign = Callable[[frozenset[Finding]], bool]
UNDISTURBED = "none"
"""The fault of a run in which nothing went wrong but the program."""


def seen(rule: str, scenario: str = "", fault: str = "", call: str = "", says: str = "") -> Sign:
    """Was this rule broken, in this scenario, by this fault at this call, with evidence that says this?

    What is left empty may be anything. A scenario that ends with ``*`` stands for all that begin so.
    """

    def fits(one: Finding) -> bool:
        return (
            one.rule == rule
            and (one.scenario.startswith(scenario[:-1]) if scenario.endswith("*") else scenario in ("", one.scenario))
            and fault in ("", one.fault)
            and call in ("", one.call)
            and says in one.evidence
        )

    return lambda found: any(map(fits, found))


def all_of(*signs: Sign) -> Sign:
    """Each of these."""
    return lambda found: all(sign(found) for sign in signs)


def none_of(*signs: Sign) -> Sign:
    """Not one of these."""
    return lambda found: not any(sign(found) for sign in signs)
