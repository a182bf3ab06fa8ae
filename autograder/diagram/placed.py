"""Placed: what a layout consists of. Positions are pixels of the picture; nothing here knows SVG."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

__all__ = ["Arrow", "Band", "Bar", "Dot", "Glyph", "Lane", "Layout", "Part", "Piece", "Segment", "Words"]

Tone = Literal["ok", "unknown", "failed", "plain"]


@dataclass(frozen=True)
class Lane:
    """A process or a backend: one column."""

    name: str
    kind: Literal["process", "backend"]
    x: float


@dataclass(frozen=True)
class Segment:
    """A stretch of a lane's line."""

    x: float
    top: float
    bottom: float
    kind: Literal["process", "backend", "dead", "paused"]


@dataclass(frozen=True)
class Bar:
    """A stretch of a process's time: its transaction, or its wait for a lock."""

    x: float
    top: float
    bottom: float
    kind: Literal["transaction", "wait"]
    state: Literal["committed", "rolled back", "open", ""] = ""
    title: str = ""


@dataclass(frozen=True)
class Arrow:
    """A request or an answer; ``lost`` and ``held`` ones end on their way."""

    start: tuple[float, float]
    end: tuple[float, float]
    tone: Tone
    fate: Literal["arrives", "lost", "held"] = "arrives"
    room: float = 3
    """How far before its end the tip stands, so that the sign there stays free."""


@dataclass(frozen=True)
class Dot:
    """Where a request meets its backend: filled when others can see what it changed."""

    x: float
    y: float
    tone: Tone
    effect: bool


@dataclass(frozen=True)
class Glyph:
    """A small drawn sign."""

    x: float
    y: float
    kind: str


@dataclass(frozen=True)
class Words:
    """A line of text that starts at ``x``; ``y`` is its baseline."""

    x: float
    y: float
    text: str
    style: Literal["label", "answer", "side", "number", "rule"] = "label"


@dataclass(frozen=True)
class Band:
    """A box across all lanes: the broken rule, or a note of the judge."""

    y: float
    width: float
    height: float
    kind: Literal["violation", "note"]


Piece = Arrow | Dot | Glyph | Words | Band


@dataclass(frozen=True)
class Part:
    """What one step of the player adds: a request, an answer or a mark."""

    name: str
    """``3`` for what event 3 begins with, ``3a`` for its answer."""
    top: float
    bottom: float
    says: str
    pieces: tuple[Piece, ...]


@dataclass(frozen=True)
class Layout:
    """The whole picture, from top to bottom."""

    width: float
    height: float
    lanes: tuple[Lane, ...]
    lanes_bottom: float
    """Where the lanes end and their names stand again, or the legend begins."""
    names_again: bool
    segments: tuple[Segment, ...]
    bars: tuple[Bar, ...]
    parts: tuple[Part, ...]
    gaps: tuple[tuple[float, int], ...]
    """Where events were left out (y), and how many."""
