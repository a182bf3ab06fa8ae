"""Bars: what each option comes to, number by number, beside the bound that it must keep. A small SVG for an explorable."""

from __future__ import annotations

import html
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

__all__ = ["Row", "bars"]

WIDTH, LEFT, RIGHT = 680, 212, 560
LINE, HEAD = 24, 34
BLUE, ORANGE, INK = "#0072B2", "#E69F00", "#24292f"
CLIP = 2.5
"""A bar that is longer than so many times its bound is cut, and an arrow says so."""


@dataclass(frozen=True, kw_only=True)
class Row:
    """One number: what it is called, its value for each option, and the bound where there is one."""

    name: str
    values: Mapping[str, float]
    bound: float | None = None
    at_most: bool = True

    def keeps(self, value: float) -> bool:
        """Is this value within the bound?"""
        return self.bound is None or (value <= self.bound if self.at_most else value >= self.bound)


def bars(rows: Sequence[Row]) -> str:
    """The picture: a group of bars for each number, with its bound as a dashed line."""
    high = sum(HEAD + LINE * len(row.values) for row in rows) + 12
    parts = [
        f"<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 {WIDTH} {high}' width='{WIDTH}' height='{high}' "
        f"font-family='sans-serif' font-size='13' fill='{INK}'><rect width='{WIDTH}' height='{high}' fill='#fff'/>"
    ]
    top = 0
    for row in rows:
        parts += _group(row, top)
        top += HEAD + LINE * len(row.values)
    return "".join(parts) + "</svg>"


def _group(row: Row, top: int) -> Iterable[str]:
    scale = _scale(row)
    asks = "" if row.bound is None else f": at {'most' if row.at_most else 'least'} {row.bound:g}"
    yield f"<text x='12' y='{top + 24}' font-weight='bold'>{html.escape(row.name)}{asks}</text>"
    if row.bound is not None:
        x, end = LEFT + row.bound / scale * (RIGHT - LEFT), top + HEAD + LINE * len(row.values)
        yield (
            f"<line x1='{x:.1f}' x2='{x:.1f}' y1='{top + HEAD - 2}' y2='{end - 2}' stroke='{INK}' stroke-width='1.5'"
            " stroke-dasharray='5 3'/>"
        )
    for number, (option, value) in enumerate(row.values.items()):
        y, good = top + HEAD + LINE * number, row.keeps(value)
        long = max(min(value, scale) / scale * (RIGHT - LEFT), 1.0)
        sign = "" if row.bound is None else ("✓ " if good else "✗ ")
        more = " →" if value > scale else ""
        yield f"<text x='{LEFT - 8}' y='{y + 14}' text-anchor='end'>{html.escape(option)}</text>"
        yield f"<rect x='{LEFT}' y='{y + 2}' width='{long:.1f}' height='16' fill='{BLUE if good else ORANGE}' opacity='.92'/>"
        yield (
            f"<text x='{LEFT + long + 6:.1f}' y='{y + 14}' stroke='#fff' stroke-width='5' paint-order='stroke'>"
            f"{sign}{_short(value)}{more}</text>"
        )


def _scale(row: Row) -> float:
    longest = max(*row.values.values(), row.bound or 0.0, 1e-9)
    return min(longest, CLIP * row.bound) if row.bound and row.at_most else longest


def _short(value: float) -> str:
    return f"{value:.0f}" if value >= 100 else f"{value:.1f}" if value >= 10 else f"{value:.2f}".rstrip("0").rstrip(".")
