"""Stuck: how a simulation ends that cannot go on, and what virtual time does not have."""

from __future__ import annotations

from typing import Literal

from shop.network import Broken

__all__ = ["HowStuck", "NoAnswer", "NoRealIO", "Stuck"]

HowStuck = Literal["deadlock", "livelock", "limit", "computing"]
"""Everybody waits; turns without end while time stands still; the time limit passed; a process that only computes."""


class Stuck(Exception):
    """The simulation cannot go on, or does not come to an end; the text says who waits for what."""

    def __init__(self, how: HowStuck, story: str) -> None:
        super().__init__(story)
        self.how = how


class NoAnswer(Broken):
    """The judge asked a process for something that it must be able to say, and it could not."""

    def __init__(self, reason: str, asked: str) -> None:
        super().__init__(reason)
        self.asked = asked


class NoRealIO(RuntimeError):
    """Code in virtual time wanted a real socket, pipe or subprocess."""
