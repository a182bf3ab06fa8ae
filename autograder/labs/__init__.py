"""Labs: one module per lab says what is played, which rules must hold, and what each is worth."""

from __future__ import annotations

import importlib
import re

from autograder.labs.lab import Lab, Mistake, Rule, Task

__all__ = ["NAMES", "Lab", "Mistake", "Rule", "Task", "UnknownLab", "add", "find", "named"]

NAMES = (
    "lab01_consistency",
    "lab02_idempotency",
    "lab03_failure",
    "lab04_saga",
    "lab05_kafka",
    "lab06_outbox",
    "lab07_review",
    "lab08_scalability",
    "lab09_caching",
    "lab10_locking",
    "lab11_observability",
    "lab12_resilience",
    "lab13_tradeoffs",
    "lab14_flash_sale",
)
"""The labs there are, by the name of their folder."""


class UnknownLab(ValueError):
    """There is no lab of this name."""


def named(text: str) -> str:
    """The full name of a lab that is called ``6``, ``06``, ``lab06`` or ``lab06_outbox``."""
    match = re.fullmatch(r"(?:lab)?0*(\d+)(?:_\w*)?", text.strip().lower())
    for name in NAMES:
        if match and int(match[1]) == int(name[3:5]):
            return name
    there_are = ", ".join(f"{int(name[3:5])} ({name})" for name in NAMES)
    raise UnknownLab(f"There is no lab {text!r}. The labs there are: {there_are}.")


_made: dict[str, Lab] = {}


def add(lab: Lab) -> None:
    """Make a lab known to this process and to those that are forked from it later: one that was made for the moment."""
    _made[lab.name] = lab


def find(text: str) -> Lab:
    """The lab of this name, as :func:`named` reads names."""
    if text in _made:
        return _made[text]
    return importlib.import_module(f"autograder.labs.{named(text)}").LAB
