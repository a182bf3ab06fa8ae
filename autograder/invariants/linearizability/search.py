"""Search: just-in-time linearization of the operations on one object.

The search goes through calls and answers in the order of time and keeps every *configuration*: a state that the object
may be in, and which of the pending operations have taken effect by then. An operation is placed no earlier than an
answer makes it necessary (Lowe, Testing for linearizability, 2017). Three things keep the configurations few:

- An operation that only reads is placed as soon as it fits. That loses nothing: it changes no state.
- Open operations of one kind are used in the order of their start, because exchanging two of them changes nothing.
- Of two configurations that differ in open operations only, the one that has used fewer is enough: it can do all the
  other can.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from autograder.invariants.linearizability.objects import IMPOSSIBLE, SharedObject, State
from autograder.invariants.linearizability.operation import Operation

__all__ = ["Found", "search"]


@dataclass(frozen=True)
class _Step:
    """One operation placed: what it left, at which event of the search, and what was placed before it."""

    operation: Operation
    state: State
    event: int
    before: _Step | None


Configuration = tuple[State, int]
"""A state, and the pending operations that have taken effect, as bits."""
Configurations = dict[Configuration, "_Step | None"]


@dataclass(frozen=True, kw_only=True)
class Found:
    """What a search found."""

    fits: bool | None
    """None when the budget ran out first."""
    tried: int
    """Configurations that were tried."""
    order: tuple[Operation, ...] = ()
    """An order that explains every answer, when there is one."""
    stuck: Operation | None = None
    """The operation whose answer no configuration explains."""
    states: tuple[State, ...] = ()
    """The states that the object can have had while that operation was pending."""


def search(thing: SharedObject, operations: Sequence[Operation], budget: int) -> Found:
    """Look for an order of the operations on one object that explains every answer."""
    return _Search(thing, operations, budget).run()


class _Search:
    def __init__(self, thing: SharedObject, operations: Sequence[Operation], budget: int) -> None:
        self.thing = thing
        self.budget = budget
        # An open operation that only reads has told nobody anything.
        self.operations = [one for one in operations if not (one.is_open and thing.only_reads(one))]
        self.configurations: Configurations = {(thing.start, 0): None}
        self.pending: dict[int, Operation] = {}
        self.began: dict[int, int] = {}
        self.free: list[int] = []
        self.bits = 0
        self.reads = 0
        self.open = 0
        self.earlier_twins: dict[int, int] = {}
        self.event = 0
        self.tried = 0

    def run(self) -> Found:
        """Go through all events; stop where nothing is left or the budget is spent."""
        bit_of: dict[int, int] = {}
        for self.event, (answered, index) in enumerate(self._events()):
            operation = self.operations[index]
            if not answered:
                bit_of[index] = self._begin(operation)
                continue
            bit = bit_of.pop(index)
            without = self._close(bit)
            if self.tried > self.budget:
                return Found(fits=None, tried=self.tried)
            if not self.configurations:
                return Found(fits=False, tried=self.tried, stuck=operation, states=self._states(without, bit))
            self._forget(bit)
        last = min(self.configurations.items(), key=lambda item: item[0][1].bit_count())[1]
        return Found(fits=True, tried=self.tried, order=tuple(_path(last)))

    def _events(self) -> list[tuple[bool, int]]:
        """Calls and answers in the order of time; at the same time a call comes first, so that the two overlap."""
        calls = [(one.start, False, index) for index, one in enumerate(self.operations)]
        answers = [(one.end, True, index) for index, one in enumerate(self.operations) if one.end is not None]
        return [(answered, index) for _, answered, index in sorted([*calls, *answers])]

    def _begin(self, operation: Operation) -> int:
        bit = self.free.pop() if self.free else 1 << self.bits
        self.bits = max(self.bits, bit.bit_length())
        self.pending[bit], self.began[bit] = operation, self.event
        if operation.is_open:
            same = (operation.name, operation.argument, operation.key)
            twins = (b for b in self._open_bits() if same == _kind(self.pending[b]))
            self.earlier_twins[bit] = sum(twins)
            self.open |= bit
        if self.thing.only_reads(operation):
            self.reads |= bit
            before, self.configurations = self.configurations, {}
            for (state, done), step in before.items():
                done, step = self._with_reads(state, done, step, bit)
                self.configurations[state, done] = step
        return bit

    def _open_bits(self) -> Iterator[int]:
        return (bit for bit in self.pending if bit & self.open)

    def _close(self, bit: int) -> Configurations:
        """The answer of ``bit`` has come: keep what contains it. Returns the configurations that could not."""
        contains: Configurations = {}
        without: Configurations = {}
        for (state, done), step in self.configurations.items():
            if done & bit:
                contains[state, done ^ bit] = step
            else:
                without[state, done] = step
        stack = list(without)
        while stack and self.tried <= self.budget:
            here = stack.pop()
            for state, done, step in self._next(here, without[here]):
                if done & bit:
                    contains.setdefault((state, done ^ bit), step)
                elif (state, done) not in without:
                    without[state, done] = step
                    stack.append((state, done))
        self.configurations = self._fewest_open(contains)
        return without

    def _next(self, here: Configuration, step: _Step | None) -> Iterator[tuple[State, int, _Step | None]]:
        """Every way to place one more pending operation."""
        state, done = here
        for bit, operation in self.pending.items():
            if done & bit or (bit & self.open and self.earlier_twins[bit] & ~done):
                continue
            new = self.thing.after(state, operation)
            if new is IMPOSSIBLE or (bit & self.open and new == state):
                continue
            self.tried += 1
            placed = _Step(operation, new, self.event, step)
            yield new, *self._with_reads(new, done | bit, placed, self.reads)

    def _with_reads(self, state: State, done: int, step: _Step | None, reads: int) -> tuple[int, _Step | None]:
        """Place every one of these pending reads that fits."""
        left = reads & ~done
        while left:
            bit = left & -left
            left ^= bit
            if self.thing.after(state, self.pending[bit]) is not IMPOSSIBLE:
                done, step = done | bit, _Step(self.pending[bit], state, self.event, step)
        return done, step

    def _fewest_open(self, configurations: Configurations) -> Configurations:
        if not self.open or len(configurations) < 2:
            return configurations
        alike: dict[Configuration, list[int]] = {}
        for state, done in configurations:
            alike.setdefault((state, done & ~self.open), []).append(done & self.open)
        if len(alike) == len(configurations):
            return configurations
        kept: Configurations = {}
        for (state, live), used in alike.items():
            for one in _minimal(used):
                kept[state, live | one] = configurations[state, live | one]
        return kept

    def _forget(self, bit: int) -> None:
        del self.pending[bit], self.began[bit]
        self.reads &= ~bit
        self.free.append(bit)

    def _states(self, configurations: Configurations, bit: int) -> tuple[State, ...]:
        """Every state that a configuration has gone through while this operation was pending.

        Where the operation would have fitted, that way was gone too, and another answer refuted it.
        """
        began, operation = self.began[bit], self.pending[bit]
        found: dict[State, None] = {}
        for step in configurations.values():
            while step is not None and step.event >= began:
                found[step.state] = None
                step = step.before
            found[step.state if step is not None else self.thing.start] = None
        return tuple(one for one in found if self.thing.after(one, operation) is IMPOSSIBLE) or tuple(found)


def _kind(operation: Operation) -> tuple[object, ...]:
    return operation.name, operation.argument, operation.key


def _minimal(sets: list[int]) -> list[int]:
    """The sets of bits that contain no other of them."""
    kept: list[int] = []
    for one in sorted(sets, key=int.bit_count):
        if not any(other & one == other for other in kept):
            kept.append(one)
    return kept


def _path(step: _Step | None) -> list[Operation]:
    found = []
    while step is not None:
        found.append(step.operation)
        step = step.before
    return found[::-1]
