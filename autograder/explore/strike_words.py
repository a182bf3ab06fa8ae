"""Strikes as a reader of a notebook writes them: ``kill-after COMMIT #2``, or two of them with ``then`` between."""

from __future__ import annotations

from autograder.explore.names import BadRunName, Strike, slug
from autograder.explore.scenario import CRASH_FAULTS, EVICT, PAUSE
from autograder.explore.virtual import DOUBLES, LOSSES

__all__ = ["strike_of", "strikes_of"]

FAULTS = (*CRASH_FAULTS, *PAUSE, *EVICT, *LOSSES, *DOUBLES)


def strike_of(text: str) -> Strike | None:
    """``kill-after COMMIT #2`` as a strike; nothing for an empty text."""
    if not text.strip():
        return None
    fault, _, point = text.strip().partition(" ")
    label, _, occurrence = point.partition("#")
    if fault not in FAULTS or not label.strip() or not (occurrence or "1").strip().isdecimal():
        raise BadRunName(
            f"{text!r} names no fault: write one of {', '.join(FAULTS)}, then the call, as in 'kill-after COMMIT #1'."
        )
    return Strike(fault=fault, label=slug(label.strip()), occurrence=int(occurrence or 1))


def strikes_of(text: str) -> tuple[Strike | None, Strike | None]:
    """``kill-after COMMIT #1 then kill-before COMMIT #1`` as two strikes; the second counts from the first one on."""
    first, _, then = text.partition(" then ")
    return strike_of(first), strike_of(then)
