"""Timeline: numbers over the seconds of one run, panel under panel, with what struck as marks across all of them.

Every line has a dash and a name of its own beside its colour, every mark a number that the list below explains, and all
numbers stand in a table as well.
"""

from __future__ import annotations

import base64
import html
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from autograder.diagram.colors import DARK, LIGHT, variables
from autograder.diagram.labels import clean

__all__ = ["Mark", "Panel", "Series", "Timeline"]

WIDTH, LEFT, RIGHT, TOP = 760, 66, 138, 44
PANEL, BETWEEN, FOOT = 104, 34, 40
ROWS_MAX = 12
SHAPES = {"worker": "M0,-8 L8,6 L-8,6 Z", "redis": "M-7,-7 H7 V7 H-7 Z", "gateway": "M0,-9 L9,0 L0,9 L-9,0 Z"}
"""A sign for each kind of process that can be struck."""
DASHES = ("", "7 4", "2 4", "9 3 2 3", "14 4")
"""One more than there are hues, so that the fifth line of a panel is not the first one again."""
HUES = ("ok", "unknown", "failed", "mut")
LABEL_APART = 15


@dataclass(frozen=True, kw_only=True)
class Series:
    """One line: its name, and a value for each moment; None where nobody knows."""

    name: str
    values: tuple[float | None, ...]


@dataclass(frozen=True, kw_only=True)
class Panel:
    """Lines that share a scale."""

    title: str
    unit: str
    series: tuple[Series, ...]


@dataclass(frozen=True, kw_only=True)
class Mark:
    """Something that struck: when, whom (its kind), and what happened in words."""

    at_s: float
    kind: Literal["worker", "redis", "gateway"]
    words: str


@dataclass(frozen=True, kw_only=True)
class Timeline:
    """Panels over one axis of seconds; shows itself in notebooks."""

    title: str
    takeaway: str
    at_s: tuple[float, ...]
    panels: tuple[Panel, ...]
    marks: tuple[Mark, ...] = ()

    def html(self) -> str:
        """The picture as a figure: image, words, marks and table; a fragment for a notebook, the book or a report."""
        address = "data:image/svg+xml;base64," + base64.b64encode(self.svg().encode()).decode()
        marks = "".join(f"<li>{_text(f'{mark.at_s:.2f} s: {mark.words}')}</li>" for mark in self.marks)
        listed = f'<ol style="padding-left:2.5em;margin:.4em 0">{marks}</ol>' if marks else ""
        return (
            '<figure class="fnt" style="margin:1em 0">'
            f'<div style="overflow-x:auto"><img alt="{_text(self._alternative())}" src="{address}" width="{WIDTH}" '
            f'style="width:100%;min-width:560px;max-width:{WIDTH}px;height:auto"></div>'
            f"<figcaption><strong>{_text(self.title.rstrip('.'))}.</strong> {_text(self.takeaway)}</figcaption>{listed}"
            '<details><summary style="display:list-item;cursor:pointer">Read this timeline as numbers</summary>'
            f"{self._table()}</details></figure>"
        )

    def text(self) -> str:
        """One line per series (what it was at the end, and its shape), and one per mark."""
        lines = [self.title, *([self.takeaway] if self.takeaway else [])]
        for panel in self.panels:
            for one in panel.series:
                last = next((value for value in reversed(one.values) if value is not None), None)
                lines.append(f"  {one.name:<16} {_sparkline(one.values)}  {_short(last)} {panel.unit} at the end")
        return "\n".join([*lines, *(f"  {number}. {mark.at_s:.2f} s: {mark.words}" for number, mark in enumerate(self.marks, 1))])

    def svg(self) -> str:
        """One complete picture, the same bytes for the same numbers."""
        height = _top(len(self.panels)) - BETWEEN + FOOT
        body = [part for number, panel in enumerate(self.panels) for part in self._panel(panel, _top(number))]
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" class="fnt-svg" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" '
            f'height="{height}" role="img" aria-label="{_text(self._alternative())}"><style>{_style()}</style>'
            f'<rect width="100%" height="100%" fill="var(--bg)"/>{"".join(self._strikes(height))}{"".join(body)}'
            f"{''.join(self._seconds(height))}</svg>"
        )

    @property
    def _end_s(self) -> float:
        return max([*self.at_s, *(mark.at_s for mark in self.marks), 0.001])

    def _x(self, at_s: float) -> float:
        return LEFT + at_s / self._end_s * (WIDTH - LEFT - RIGHT)

    def _panel(self, panel: Panel, top: float) -> Iterator[str]:
        values = [value for one in panel.series for value in one.values if value is not None]
        high = _nice(max([*values, 1e-9]))
        bottom = top + PANEL

        def y(value: float) -> float:
            return bottom - value / high * PANEL

        yield f'<text class="title" x="{LEFT}" y="{top - 9}">{_text(panel.title)}, {_text(panel.unit)}</text>'
        for share in (0.0, 0.5, 1.0):
            line = y(high * share)
            yield f'<line class="grid" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{line:.1f}" y2="{line:.1f}"/>'
            yield f'<text class="tick" x="{LEFT - 8}" y="{line + 4:.1f}" text-anchor="end">{_short(high * share)}</text>'
        ends: list[tuple[float, int]] = []
        for number, one in enumerate(panel.series):
            points = [(self._x(at), y(value)) for at, value in zip(self.at_s, one.values, strict=True) if value is not None]
            if not points:
                continue
            path = " ".join(f"{x:.1f},{py:.1f}" for x, py in points)
            yield f'<polyline class="line {HUES[number % len(HUES)]}" stroke-dasharray="{DASHES[number % len(DASHES)]}" points="{path}"/>'
            ends.append((points[-1][1], number))
        for place, number in _apart(ends, top, bottom):
            yield from self._label(panel.series[number].name, number, place)

    def _label(self, name: str, number: int, y: float) -> Iterator[str]:
        x = WIDTH - RIGHT + 6
        yield (
            f'<line class="line {HUES[number % len(HUES)]}" stroke-dasharray="{DASHES[number % len(DASHES)]}" x1="{x}" x2="{x + 22}" '
            f'y1="{y:.1f}" y2="{y:.1f}"/>'
        )
        yield f'<text class="name" x="{x + 27}" y="{y + 4:.1f}">{_text(name)}</text>'

    def _strikes(self, height: float) -> Iterator[str]:
        last = -100.0
        raised = False
        for number, mark in enumerate(self.marks, 1):
            x = self._x(mark.at_s)
            raised = x - last < 17 and not raised
            y, last = 24 - 13 * raised, x
            yield f'<line class="strike" x1="{x:.1f}" x2="{x:.1f}" y1="{y + 8}" y2="{height - FOOT}"/>'
            yield f'<g transform="translate({x:.1f} {y})"><path class="sign" d="{SHAPES[mark.kind]}"/>'
            yield f'<text class="number" y="4">{number}</text></g>'

    def _seconds(self, height: float) -> Iterator[str]:
        step = _step(self._end_s)
        for count in range(int(self._end_s / step) + 1):
            at_s = count * step
            yield f'<text class="tick" x="{self._x(at_s):.1f}" y="{height - FOOT + 18}" text-anchor="middle">{at_s:g}</text>'
        middle = (LEFT + WIDTH - RIGHT) / 2
        yield f'<text class="tick" x="{middle}" y="{height - 6}" text-anchor="middle">seconds since the gate opened</text>'

    def _alternative(self) -> str:
        last = [
            f"{one.name} {_short(value)} {panel.unit}"
            for panel in self.panels
            for one in panel.series
            if (value := next((value for value in reversed(one.values) if value is not None), None)) is not None
        ]
        struck = f" {len(self.marks)} faults struck." if self.marks else " Nothing struck."
        return f"Timeline of {self._end_s:.1f} seconds: {self.title.rstrip('.')}.{struck} At the end: {', '.join(last)}. {self.takeaway}"

    def _table(self) -> str:
        series = [(f"{one.name} ({panel.unit})", one.values) for panel in self.panels for one in panel.series]
        head = "".join(f'<th scope="col">{_text(name)}</th>' for name in ("s", *(name for name, _ in series)))
        chosen = _spread(len(self.at_s))
        rows = "".join(
            f'<tr><th scope="row">{self.at_s[row]:.2f}</th>' + "".join(f"<td>{_short(values[row])}</td>" for _, values in series) + "</tr>"
            for row in chosen
        )
        return f'<div style="overflow-x:auto"><table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></div>'

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        return {"text/html": self.html(), "text/plain": self.text()}


def _top(number: int) -> float:
    return TOP + 20 + number * (PANEL + BETWEEN)


def _apart(ends: Sequence[tuple[float, int]], top: float, bottom: float) -> list[tuple[float, int]]:
    """Where the names of lines stand: beside their ends, and never on top of each other."""
    placed: list[tuple[float, int]] = []
    for y, number in sorted(ends):
        placed.append((max(y, placed[-1][0] + LABEL_APART if placed else top), number))
    over = placed[-1][0] - bottom if placed else 0.0
    limit = bottom
    if over > 0:
        for place in reversed(range(len(placed))):
            placed[place] = (min(placed[place][0], limit), placed[place][1])
            limit = placed[place][0] - LABEL_APART
    return placed


def _spread(count: int) -> list[int]:
    """At most so many rows, evenly, the first and the last among them."""
    if count <= ROWS_MAX:
        return list(range(count))
    return sorted({round(place * (count - 1) / (ROWS_MAX - 1)) for place in range(ROWS_MAX)})


def _nice(high: float) -> float:
    """The next larger number that is easy to halve."""
    power = 10 ** math.floor(math.log10(high))
    return next(power * factor for factor in (1, 2, 4, 6, 8, 10) if power * factor >= high * 0.999)


def _step(end_s: float) -> float:
    power = 10 ** math.floor(math.log10(end_s / 4))
    return next(power * factor for factor in (1, 2, 5, 10) if end_s / (power * factor) <= 8)


def _short(value: float | None) -> str:
    if value is None:
        return "–"
    if value >= 10_000:
        return f"{value / 1000:.0f}k"
    return f"{value:,.0f}" if value >= 100 or value == int(value) else f"{value:.1f}" if value >= 1 else f"{value:.2f}"


def _sparkline(values: Sequence[float | None], width: int = 24) -> str:
    """The shape of a line in a terminal."""
    chosen = [values[round(place * (len(values) - 1) / max(1, width - 1))] for place in range(width)] if values else []
    high = max([value for value in chosen if value is not None], default=0.0) or 1.0
    return "".join("·" if value is None else "▁▂▃▄▅▆▇█"[min(7, int(value / high * 7.999))] for value in chosen)


def _style() -> str:
    return (
        f".fnt-svg{{{variables(LIGHT)}background:var(--bg);font-family:system-ui,-apple-system,'Segoe UI',Roboto,'Noto Sans','DejaVu Sans',sans-serif}}"
        ".fnt-svg text{fill:var(--fg);font-size:12px}.fnt-svg .title{font-weight:600;font-size:13px}"
        ".fnt-svg .tick{fill:var(--mut)}.fnt-svg .grid{stroke:var(--back);stroke-width:1;opacity:.55}"
        ".fnt-svg .line{fill:none;stroke-width:2.2;stroke-linejoin:round}"
        ".fnt-svg .ok{stroke:var(--ok)}.fnt-svg .unknown{stroke:var(--unknown)}.fnt-svg .failed{stroke:var(--failed)}.fnt-svg .mut{stroke:var(--mut)}"
        ".fnt-svg .strike{stroke:var(--fg);stroke-width:1;stroke-dasharray:3 4;opacity:.7}"
        ".fnt-svg .sign{fill:var(--bg);stroke:var(--fg);stroke-width:1.6}"
        ".fnt-svg .number{font-size:9.5px;font-weight:700;text-anchor:middle}"
        f"@media (prefers-color-scheme:dark){{.fnt-svg{{{variables(DARK)}}}}}"
    )


def _text(text: str) -> str:
    return html.escape(clean(text), quote=True)
