"""Objects that operations speak to: what each operation does to the state, and what it must then have answered."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from autograder.invariants.linearizability.operation import UNKNOWN, Operation

__all__ = ["IMPOSSIBLE", "Bag", "Counter", "Keyed", "Register", "SharedObject"]


class _Impossible:
    """What no state can be."""


IMPOSSIBLE: Final = _Impossible()
"""The state after an operation that could not have had its answer."""

State = Hashable


class SharedObject(Protocol):
    """An object that does one operation at a time."""

    @property
    def start(self) -> State:
        """Its state before anything has happened."""

    def alone(self, key: Hashable) -> SharedObject:
        """The object that operations with this key speak to, when it can be judged alone."""

    def only_reads(self, operation: Operation) -> bool:
        """Does this operation leave every state as it is?"""

    def after(self, state: State, operation: Operation) -> State:
        """The state after the operation; ``IMPOSSIBLE`` when in this state it could not have answered as it did."""

    def notices(self, operation: Operation, others: Sequence[Operation]) -> bool:
        """Can the answer of any of the others depend on this change? True where nobody can tell."""

    def in_words(self, states: Iterable[State]) -> str:
        """``the register could only be 1 or 2``."""

    def told(self, operation: Operation) -> str:
        """``p2 read 2``."""


def _one_of(values: Iterable[object]) -> str:
    words = sorted({str(value) for value in values}, key=lambda word: (len(word), word))
    if len(words) > 5:
        words = [*words[:4], f"{len(words) - 4} other values"]
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} or {words[-1]}"


@dataclass(frozen=True)
class Register:
    """One value: ``write`` replaces it, ``read`` answers it, ``cas`` replaces it if it is the one expected.

    The argument of ``cas`` is the pair (expected, new); an answer of False means that it saw another value.
    """

    start: Hashable = None
    name: str = "the register"

    def alone(self, key: Hashable) -> Register:
        """Itself."""
        return self

    def only_reads(self, operation: Operation) -> bool:
        """A read, and a cas that was refused."""
        return operation.name == "read" or (operation.name == "cas" and operation.answer is False)

    def after(self, state: State, operation: Operation) -> State:
        """The value after a read, write or cas."""
        if operation.name == "write":
            return operation.argument
        if operation.name == "read":
            return state if operation.answer is UNKNOWN or operation.answer == state else IMPOSSIBLE
        return self._after_cas(state, operation)

    def _after_cas(self, state: State, operation: Operation) -> State:
        expected, new = operation.argument  # type: ignore[misc]
        fits = state == expected
        if operation.answer is UNKNOWN:
            return new if fits else state
        if operation.answer:
            return new if fits else IMPOSSIBLE
        return IMPOSSIBLE if fits else state

    def notices(self, operation: Operation, others: Sequence[Operation]) -> bool:
        """Whoever read the new value or expected it; and a refused cas, which tells only what it did not see."""
        new = operation.argument if operation.name == "write" else operation.argument[1]  # type: ignore[index]
        return any(
            (other.name == "read" and other.answer == new)
            or (other.name == "cas" and (other.answer is False or other.argument[0] == new))  # type: ignore[index]
            for other in others
        )

    def in_words(self, states: Iterable[State]) -> str:
        """``the register could only be 1 or 2``."""
        return f"{self.name} could only be {_one_of(states)}"

    def told(self, operation: Operation) -> str:
        """``p2 read 2``."""
        if operation.name == "write":
            return f"{operation.process} wrote {operation.argument}"
        if operation.name == "read":
            return f"{operation.process} read {operation.answer}"
        expected, new = operation.argument  # type: ignore[misc]
        end = {True: "and was obeyed", False: "and was refused"}.get(operation.answer, "")  # type: ignore[arg-type]
        return f"{operation.process} asked for {new} in place of {expected} {end}".rstrip()


@dataclass(frozen=True)
class Counter:
    """A number: ``add`` adds its argument (1 when there is none), ``read`` answers the sum."""

    start: int = 0
    name: str = "the count"

    def alone(self, key: Hashable) -> Counter:
        """Itself."""
        return self

    def only_reads(self, operation: Operation) -> bool:
        """A read."""
        return operation.name == "read"

    def after(self, state: State, operation: Operation) -> State:
        """The sum after an add or a read."""
        if operation.name == "add":
            return state + (1 if operation.argument is None else operation.argument)  # type: ignore[operator]
        return state if operation.answer is UNKNOWN or operation.answer == state else IMPOSSIBLE

    def notices(self, operation: Operation, others: Sequence[Operation]) -> bool:
        """Every read that can come after it."""
        return any(self.only_reads(other) and (other.end is None or other.end >= operation.start) for other in others)

    def in_words(self, states: Iterable[State]) -> str:
        """``the count could only be 3``."""
        return f"{self.name} could only be {_one_of(states)}"

    def told(self, operation: Operation) -> str:
        """``p2 read 4``."""
        if operation.name == "add":
            return f"{operation.process} added {1 if operation.argument is None else operation.argument}"
        return f"{operation.process} read {operation.answer}"


@dataclass(frozen=True)
class Bag:
    """A set of things: ``add`` and ``remove`` one, ``read`` answers all of them (as a frozenset)."""

    start: frozenset[Hashable] = frozenset()
    name: str = "the cart"

    def alone(self, key: Hashable) -> Bag:
        """Itself."""
        return self

    def only_reads(self, operation: Operation) -> bool:
        """A read."""
        return operation.name == "read"

    def after(self, state: State, operation: Operation) -> State:
        """What is in the bag after an add, a remove or a read."""
        if operation.name == "add":
            return state | {operation.argument}  # type: ignore[operator]
        if operation.name == "remove":
            return state - {operation.argument}  # type: ignore[operator]
        return state if operation.answer is UNKNOWN or operation.answer == state else IMPOSSIBLE

    def notices(self, operation: Operation, others: Sequence[Operation]) -> bool:
        """Every read that can come after it."""
        return any(self.only_reads(other) and (other.end is None or other.end >= operation.start) for other in others)

    def in_words(self, states: Iterable[State]) -> str:
        """``the cart could only hold lamp``."""
        return f"{self.name} could only hold {_one_of(map(_things, states))}"  # type: ignore[arg-type]

    def told(self, operation: Operation) -> str:
        """``p2 saw lamp and mug``."""
        if operation.name == "read":
            return f"{operation.process} saw {_things(operation.answer)}"  # type: ignore[arg-type]
        done = "added" if operation.name == "add" else "removed"
        return f"{operation.process} {done} {operation.argument}"


def _things(things: Iterable[Hashable]) -> str:
    return " and ".join(sorted(map(str, things))) or "nothing"


@dataclass(frozen=True)
class Keyed:
    """Many objects of one kind, told apart by the operation's key."""

    one: SharedObject
    start: frozenset[tuple[Hashable, State]] = frozenset()
    """The state of each object that has left its own start."""

    def alone(self, key: Hashable) -> SharedObject:
        """The one object of this key."""
        return self.one

    def only_reads(self, operation: Operation) -> bool:
        """As its object says."""
        return self.one.only_reads(operation)

    def after(self, state: State, operation: Operation) -> State:
        """The states of all objects after an operation on one of them."""
        states = dict(state)  # type: ignore[call-overload]
        new = self.one.after(states.get(operation.key, self.one.start), operation)
        if new is IMPOSSIBLE:
            return IMPOSSIBLE
        states[operation.key] = new
        return frozenset(states.items())

    def notices(self, operation: Operation, others: Sequence[Operation]) -> bool:
        """As its object says."""
        return self.one.notices(operation, [other for other in others if other.key == operation.key])

    def in_words(self, states: Iterable[State]) -> str:
        """``they could only be x = 1 or x = 1 and y = 2``."""
        words = (" and ".join(sorted(f"{key} = {value}" for key, value in state)) or "new" for state in states)  # type: ignore[attr-defined]
        return f"they could only be {_one_of(words)}"

    def told(self, operation: Operation) -> str:
        """As its object says, and which one it was."""
        return f"{self.one.told(operation)} of {operation.key}"
