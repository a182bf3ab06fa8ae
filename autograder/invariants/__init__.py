"""Invariants: what must always be true of a run. They read its history and its states, and nothing else."""

from autograder.invariants.state import Message, Progress, State, Stored
from autograder.invariants.violation import Invariant, Violation

__all__ = ["Invariant", "Message", "Progress", "State", "Stored", "Violation"]
