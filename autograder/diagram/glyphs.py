"""Glyphs: the small signs of the diagram, drawn as paths around (0, 0), because fonts miss such characters.

Each sign has a shape of its own; none depends on its colour.
"""

from __future__ import annotations

__all__ = ["GLYPHS", "WORDS"]

GLYPHS = {
    "crash": "M-7-7L7 7M7-7L-7 7",
    "restart": "M4.6-2.6A5.3 5.3 0 1 0 5.2 1.5M5.4-6V-2.2H1.6",
    "cut": "M-6.5 0H-3M3 0H6.5M-3-3.5V3.5M3-3.5V3.5",
    "park": "M-2.6-4.5V4.5M2.6-4.5V4.5",
    "held": "M-2.2-4V4M2.2-4V4",
    "pause": "M-2.6-4.5V4.5M2.6-4.5V4.5",
    "resume": "M-2.8-4.6L4.6 0L-2.8 4.6Z",
    "start": "M-2.8-4.6L4.6 0L-2.8 4.6Z",
    "end": "M-3.8-3.8H3.8V3.8H-3.8Z",
    "error": "M0-5.4V1.4M0 4.4V5",
    "violation": "M0-4.6V1.6M0 4.6V5.2",
    "note": "M0-1V5M0-5V-4.4",
    "commit": "M-4.8.3L-1.4 3.8L5-3.6",
    "rollback": "M-1.2-5L-4.8-1.6L-1.2 1.8M-4.4-1.6H1.6A3.1 3.1 0 0 1 1.6 4.6H-2",
    "wait": "M-3.8-5H3.8M-3.8 5H3.8M-3-5C-3-1.6 3 1.6 3 5M3-5C3-1.6-3 1.6-3 5",
    "lock": "M-4-.8H4V5H-4ZM-2.6-.8V-3A2.6 2.6 0 0 1 2.6-3V-.8",
    "lost": "M-4.5-4.5L4.5 4.5M4.5-4.5L-4.5 4.5",
}

WORDS = {
    "crash": "killed",
    "restart": "starts again",
    "cut": "connection cut",
    "held": "held on its way",
    "lost": "never arrives",
    "commit": "committed",
    "rollback": "rolled back",
    "lock": "waits for a lock",
    "pause": "paused",
    "error": "error",
}
"""What the legend says about those that need a word."""
