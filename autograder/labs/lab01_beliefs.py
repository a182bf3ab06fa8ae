"""Wrong beliefs that show in the answer sheets of lab 1."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from autograder.labs.lab01_operations import AVAILABLE, OPERATIONS, WAIT

__all__ = ["ALONE", "INDUSTRY", "OLD", "OVERLAP", "of_histories", "of_operations"]

OLD = "every old value is taken for neither"
OVERLAP = "calls that overlap are ordered by their start"
ALONE = "two registers are explained each by itself"
INDUSTRY = "the answers follow the industry"


def of_histories(answers: Mapping[str, Any]) -> str:
    """What a sheet of histories seems to believe; nothing where it shows no belief that is known."""
    if answers.get("h2") == answers.get("h5") == "neither":
        return OLD
    if "linearizable" not in (answers.get("h4"), answers.get("h6")):
        return OVERLAP
    return ALONE if answers.get("h7") in ("sequential", "linearizable") else ""


def of_operations(answers: Mapping[str, Any]) -> str:
    """Does a sheet of operations say one thing of the bank and the other of the social network?"""
    by_industry = {one.name: WAIT if one.of == "bank" else AVAILABLE for one in OPERATIONS}
    agreeing = sum(answers.get(name) == said for name, said in by_industry.items())
    return INDUSTRY if agreeing >= len(by_industry) - 1 else ""
