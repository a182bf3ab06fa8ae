"""Machine: a state machine with the state that it is in, and a strip of what has happened so far, as a picture.

For :class:`autograder.diagram.Explorable`: one picture for every step, so that a reader can step through it.
"""

from __future__ import annotations

import html
from collections.abc import Sequence
from dataclasses import dataclass

from autograder.diagram.colors import LIGHT

__all__ = ["Arrow", "Moment", "machine"]

_WIDTH, _BOX, _HEIGHT, _TOP = 700, 128, 54, 84
_STYLE = (
    f"text{{font:14px system-ui,'DejaVu Sans',sans-serif;fill:{LIGHT['fg']};text-anchor:middle}}"
    f".small{{font-size:12px;fill:{LIGHT['mut']}}}.now{{font-weight:700}}"
    f"rect{{fill:{LIGHT['bg']};stroke:{LIGHT['line']};stroke-width:1.5}}"
    f"rect.now{{fill:{LIGHT['now']};stroke:{LIGHT['fg']};stroke-width:3}}"
    f"path{{fill:none;stroke:{LIGHT['line']};stroke-width:1.5}}path.now{{stroke:{LIGHT['ok']};stroke-width:4}}"
    f".ok{{fill:{LIGHT['ok']};stroke:none}}.failed{{stroke:{LIGHT['failed']};stroke-width:3}}"
    f".away{{fill:{LIGHT['bg']};stroke:{LIGHT['mut']};stroke-dasharray:3 3}}"
)


@dataclass(frozen=True)
class Arrow:
    """A way from one state to another, and when it is taken."""

    start: str
    end: str
    when: str


@dataclass(frozen=True)
class Moment:
    """One thing on the strip: ``ok``, ``failed`` or ``away``, with the number under it."""

    kind: str
    label: str


def machine(
    states: Sequence[str],
    arrows: Sequence[Arrow],
    *,
    at: str,
    moved: tuple[str, str] | None = None,
    strip: Sequence[Moment] = (),
    places: int = 0,
    legend: str = "",
) -> str:
    """The states in a row, the one that it is in marked; ``moved`` is the arrow that was taken last.

    ``places`` is how many things fit on the strip, so that the pictures of all steps have the same size.
    """
    x_of = {state: _WIDTH * (2 * number + 1) / (2 * len(states)) for number, state in enumerate(states)}
    body = [_arrow(arrow, x_of, (arrow.start, arrow.end) == moved) for arrow in arrows]
    body += [_box(state, x_of[state], state == at) for state in states]
    body += [_moment(moment, number, max(places, len(strip), 1)) for number, moment in enumerate(strip)]
    body.append(f'<text class="small" x="{_WIDTH / 2:.0f}" y="268">{_text(legend)}</text>')
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} 280" width="{_WIDTH}" height="280">'
        f"<style>{_STYLE}</style>{''.join(body)}</svg>"
    )


def _box(state: str, x: float, now: bool) -> str:
    mark = ' class="now"' if now else ""
    return (
        f'<rect{mark} x="{x - _BOX / 2:.0f}" y="{_TOP}" width="{_BOX}" height="{_HEIGHT}" rx="14"/>'
        f'<text{mark} x="{x:.0f}" y="{_TOP + 33}">{_text(state)}</text>'
    )


def _arrow(arrow: Arrow, x_of: dict[str, float], now: bool) -> str:
    """An arc above the row to the right, below the row to the left; longer ways go further out."""
    start, end = x_of[arrow.start], x_of[arrow.end]
    right, near = end > start, abs(end - start) < _WIDTH / 2
    side, edge = (-1, _TOP) if right else (1, _TOP + _HEIGHT)
    shift = (22 if near else 44) * (1 if right else -1)
    middle, far, tip = (start + end) / 2, edge + side * (44 if near else 88), edge + side * 2
    mark, style = (' class="now"', "small now") if now else ("", "small")
    words = edge - 30 if right else edge - 10 if near else edge + 60
    x = end - shift
    return (
        f'<path{mark} d="M{start + shift:.0f} {edge}Q{middle:.0f} {far:.0f} {x:.0f} {tip}"/>'
        f'<path{mark} d="M{x - 6:.0f} {tip + side * 9}L{x:.0f} {tip}L{x + 6:.0f} {tip + side * 9}"/>'
        f'<text class="{style}" x="{middle:.0f}" y="{words:.0f}">{_text(arrow.when)}</text>'
    )


def _moment(moment: Moment, number: int, places: int) -> str:
    room = (_WIDTH - 40) / places
    x, y, r = 20 + room * (number + 0.5), 226, min(9.0, room / 3)
    if moment.kind == "failed":
        falling, rising = f"M{x - r:.1f} {y - r:.1f}L{x + r:.1f} {y + r:.1f}", f"M{x + r:.1f} {y - r:.1f}L{x - r:.1f} {y + r:.1f}"
        sign = f'<path class="failed" d="{falling}{rising}"/>'
    else:
        sign = f'<circle class="{moment.kind}" cx="{x:.1f}" cy="{y}" r="{r:.1f}"/>'
    return f'{sign}<text class="small" x="{x:.1f}" y="{y + 24}">{_text(moment.label)}</text>'


def _text(text: str) -> str:
    return html.escape(text, quote=True)
