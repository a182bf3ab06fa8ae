"""Linearizability: could one object, one call at a time, have given these answers?

An *operation* is a call on a shared object together with its answer. A history of operations is *linearizable* when each
can be placed at one instant between its call and its answer, so that a single object, taking them in that order, would
have said the same (Herlihy & Wing, Linearizability, 1990). It is *sequentially consistent* when there is such an order
that keeps each process's own order and may ignore the clock (Lamport, 1979).
"""

from autograder.invariants.linearizability.decision import BUDGET, Decision, decide, level
from autograder.invariants.linearizability.objects import Bag, Counter, Keyed, Register, SharedObject
from autograder.invariants.linearizability.operation import UNKNOWN, Operation
from autograder.invariants.linearizability.sequential import sequential_order
from autograder.invariants.linearizability.smaller import smallest

__all__ = [
    "BUDGET",
    "UNKNOWN",
    "Bag",
    "Counter",
    "Decision",
    "Keyed",
    "Operation",
    "Register",
    "SharedObject",
    "decide",
    "level",
    "sequential_order",
    "smallest",
]
