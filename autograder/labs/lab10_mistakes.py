"""Mistakes of lab 10 that are known by name, told from the way the checks break."""

from __future__ import annotations

from autograder.labs.lab import Mistake

__all__ = ["MISTAKES"]

MISTAKES: tuple[Mistake, ...] = ()
