"""The rule of the incident of lab 11; the sheet is marked by the fault that was injected."""

from __future__ import annotations

from autograder.history import History
from autograder.invariants.state import State
from autograder.invariants.violation import Violation

__all__ = ["RULE", "the_incident_is_understood"]


def the_incident_is_understood(history: History, state: State) -> Violation | None:
    """The component whose contract was broken, the first line with which it broke it, and exactly the orders that this touched: all three."""
    return None


RULE = the_incident_is_understood.__name__
