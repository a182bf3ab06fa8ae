"""Names of runs: a short string that replays a run exactly.

``06.relay.a1-a2.kill-before.Produce-purchases.2`` is lab 6, scenario *relay*, with the events a1 and a2, in which the
process is killed before its second ``Produce purchases`` reaches Kafka. A run without a fault ends after its input; a
run with a second strike names it behind the first. ``10.reserve.s1.a1b4a3`` is a schedule of two calls: one turn of
the first, four of the second, three of the first; in ``a1b1axb3`` the first is killed where the ``x`` stands.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass

from autograder.faults import Fault

__all__ = ["NAME_LENGTH_MAX", "BadRunName", "RunName", "Strike", "is_slug_of", "slug"]

NAME_LENGTH_MAX = 64
LABEL_LENGTH_MAX = 22
SHORTER = range(LABEL_LENGTH_MAX - 1, 8, -1)
"""How long a label may be where a name with two strikes would be too long."""
_SCHEDULE = re.compile(r"all|([a-c]([0-9]+|x))+")


class BadRunName(ValueError):
    """The text is not the name of a run."""


@dataclass(frozen=True, kw_only=True)
class Strike:
    """Where a fault strikes: at the ``occurrence``-th call with this label of the process under test."""

    fault: str
    label: str
    occurrence: int = 1

    @property
    def what(self) -> Fault:
        """The fault as data; raises BadRunName where there is none of this name."""
        try:
            return Fault.named(self.fault)
        except ValueError as error:
            raise BadRunName(f"{self.fault!r} stands in the name of a run, but {error}.") from None

    @property
    def point(self) -> str:
        """The call in a reader's words: ``COMMIT #2``."""
        return f"{self.label} #{self.occurrence}"


@dataclass(frozen=True, kw_only=True)
class RunName:
    """The parts of a run's name."""

    lab: str
    scenario: str
    input: tuple[str, ...]
    strike: Strike | None = None
    then: Strike | None = None
    """A second strike, later than the first."""
    schedule: str = ""
    """Whose turn it is, of the calls that meet: ``a1b4a3``."""

    def __str__(self) -> str:
        name = self._with_labels(LABEL_LENGTH_MAX)
        for length in SHORTER if len(name) > NAME_LENGTH_MAX and self.then is not None else ():
            name = self._with_labels(length)
            if len(name) <= NAME_LENGTH_MAX:
                break
        return name

    def _with_labels(self, length_max: int) -> str:
        parts = [self.lab, self.scenario, "-".join(self.input) or "none"]
        for strike in (self.strike, self.then):
            if strike is not None:
                parts += [strike.fault, slug(strike.label, length_max), str(strike.occurrence)]
        if self.schedule:
            parts.append(self.schedule)
        return ".".join(parts)

    @property
    def preempts(self) -> bool:
        """Does its schedule take the turn from a call that could have gone on? Else one call simply follows the other."""
        turns = re.findall("[a-c]", self.schedule)
        return len(turns) > len(set(turns))

    @property
    def kills(self) -> bool:
        """Is one of the calls that meet killed in this schedule?"""
        return "x" in self.schedule

    @classmethod
    def parse(cls, text: str) -> RunName:
        """Read a name; its label stays a slug (see :func:`slug`), which is how strikes are matched."""
        parts = text.strip().split(".")
        if len(parts) not in (3, 4, 6, 9) or not all(parts) or len(text) > NAME_LENGTH_MAX:
            raise BadRunName(
                f"{text!r} is not the name of a run; a name looks like 06.relay.a1-a2.kill-before.COMMIT.1"
                " and stands in every report."
            )
        lab, scenario, tokens, *rest = parts
        schedule = rest.pop() if len(rest) == 1 else ""
        if schedule and not _SCHEDULE.fullmatch(schedule):
            raise BadRunName(f"{text!r} does not end with a schedule such as a1b4a3.")
        return cls(
            lab=lab,
            scenario=scenario,
            input=() if tokens == "none" else tuple(tokens.split("-")),
            strike=_strike(rest[:3], text) if rest else None,
            then=_strike(rest[3:], text) if rest[3:] else None,
            schedule=schedule,
        )


def _strike(parts: list[str], text: str) -> Strike:
    fault, label, occurrence = parts
    if not occurrence.isdecimal() or int(occurrence) < 1:
        raise BadRunName(f"{text!r} does not end with the number of a call, counted from 1.")
    return Strike(fault=fault, label=label, occurrence=int(occurrence))


def slug(label: str, length_max: int = LABEL_LENGTH_MAX) -> str:
    """A call's label as one short word of a run's name; equal labels give equal slugs.

    >>> slug("Produce purchases"), slug("POST /charges")
    ('Produce-purchases', 'POST-charges')
    """
    word = re.sub(r"[^A-Za-z0-9_*~]+", "-", label).strip("-") or "call"
    if len(word) <= length_max:
        return word
    digits = 6 if length_max == LABEL_LENGTH_MAX else 4
    return f"{word[: length_max - digits - 1]}~{hashlib.sha256(label.encode()).hexdigest()[:digits]}"


def is_slug_of(word: str, label: str) -> bool:
    """Does a word of a run's name stand for this label, whatever length the name left for it?"""
    whole = slug(label)
    return word == whole or word in {slug(whole, length) for length in SHORTER}
