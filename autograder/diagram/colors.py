"""Colours: one palette for every picture of the course, and its shades for thin lines on a light and on a dark page.

``PALETTE`` is for plots with broad marks. ``LIGHT`` and ``DARK`` hold the same hues for diagrams, shifted until a line
has a contrast of at least 3:1 and text of at least 4.5:1 against the page. Colour never stands alone: a lost message is
also dashed and ends in a cross, a failed one is dotted.
"""

from __future__ import annotations

__all__ = ["DARK", "LIGHT", "PALETTE", "variables"]

PALETTE = {
    "ok": "#0072B2",
    "unknown": "#E69F00",
    "failed": "#CC79A7",
    "crash": "#000000",
}

LIGHT = {
    "bg": "#ffffff",
    "fg": "#1b1f24",
    "mut": "#57606a",
    "line": "#6e7781",
    "back": "#afb8c1",
    "head": "#eef1f4",
    "ok": "#0072b2",
    "unknown": "#b27200",
    "failed": "#b4528a",
    "crash": "#000000",
    "now": "#fff3c4",
    "warn": "#fdf1f6",
}

DARK = {
    "bg": "#11161d",
    "fg": "#e9eef4",
    "mut": "#a3adb8",
    "line": "#8b96a3",
    "back": "#4b5663",
    "head": "#232b36",
    "ok": "#5db8f0",
    "unknown": "#f0b040",
    "failed": "#e79cc5",
    "crash": "#ffffff",
    "now": "#3b3512",
    "warn": "#35202b",
}


def variables(shades: dict[str, str]) -> str:
    """The shades as CSS custom properties."""
    return "".join(f"--{name}:{value};" for name, value in shades.items())
