"""Figure: the diagram of one run as a reader meets it: picture, takeaway and the run as text.

The picture travels as an ``<img>`` with a data address, because JupyterLab's sanitizer drops inline SVG, styles and
scripts from notebooks that nobody has trusted yet, and keeps this.
"""

from __future__ import annotations

import base64
import html
from functools import cached_property
from typing import Any

from autograder.diagram.causes import causal_past
from autograder.diagram.events import events
from autograder.diagram.focus import Focus, focus
from autograder.diagram.labels import clean
from autograder.diagram.layout import lay_out
from autograder.diagram.placed import Layout
from autograder.diagram.player import script
from autograder.diagram.story import backend_name, sentence
from autograder.diagram.svg import draw
from autograder.history import History

__all__ = ["Diagram"]


class Diagram:
    """The space-time diagram of a history; shows itself in notebooks."""

    def __init__(self, history: History, title: str = "", takeaway: str = "", limit: int = 15) -> None:
        self.history = history
        self.title = clean(title or history.title or history.run)
        self.takeaway = clean(takeaway)
        self.limit = limit

    @cached_property
    def focus(self) -> Focus:
        """The events that are drawn."""
        return focus(self.history, self.limit)

    @cached_property
    def layout(self) -> Layout:
        """Where they stand."""
        return lay_out(self.history, self.focus)

    def svg(self) -> str:
        """One complete picture, the same bytes for the same history."""
        shown = {event.number for event in self.focus.shown}
        return draw(self.layout, name=self._alternative(), past=causal_past(self.history, shown))

    def html(self) -> str:
        """The figure with its player, as a fragment for a notebook, the book or a report."""
        picture = self.svg()
        address = "data:image/svg+xml;base64," + base64.b64encode(picture.encode()).decode()
        width = round(self.layout.width)
        caption = f"<strong>{_text(self.title.rstrip('.'))}.</strong>" + (f" {_text(self.takeaway)}" if self.takeaway else "")
        rows = "".join(f'<li value="{number}">{_text(line)}</li>' for number, line in self._lines())
        return (
            f'<figure class="fnd" data-fnd="{len(self.layout.parts)}" style="margin:1em 0">'
            f'<div style="overflow-x:auto"><img alt="{_text(self._alternative())}" src="{address}" width="{width}" '
            f'style="width:100%;min-width:{round(width * 0.82)}px;max-width:{width}px;height:auto"></div>'
            f"<figcaption>{caption}{_text(self._hidden())}</figcaption>"
            '<details><summary style="display:list-item;cursor:pointer">Read this run as text</summary>'
            f'<ol style="padding-left:2.5em">{rows}</ol></details></figure>{script()}'
        )

    def text(self) -> str:
        """The run as numbered lines, with its title and takeaway."""
        lines, last = [self.title], 0
        if not self.focus.shown:
            lines.append("Nothing happened in this run.")
        for number, line in self._lines():
            lines += _left_out(number - last - 1)
            lines.append(f"{number:>3}. {line}")
            last = number
        lines += _left_out(len(events(self.history)) - last)
        return "\n".join([*lines, self.takeaway] if self.takeaway else lines)

    def _lines(self) -> list[tuple[int, str]]:
        return [(event.number, sentence(event)) for event in self.focus.shown]

    def _hidden(self) -> str:
        return f" ({self.focus.hidden} more not shown.)" if self.focus.hidden else ""

    def _alternative(self) -> str:
        names = [backend_name(lane.name) if lane.kind == "backend" else lane.name for lane in self.layout.lanes]
        count = len(self.focus.shown)
        between = f" between {', '.join(map(clean, names))}" if names else ""
        takeaway = f" {self.takeaway}" if self.takeaway else ""
        return (
            f"Space-time diagram: {self.title}. {count} event{'' if count == 1 else 's'}{between}."
            f"{self._hidden()}{takeaway} The run is listed as text below."
        )

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        return {"text/html": self.html(), "text/plain": self.text()}


def _left_out(hidden: int) -> list[str]:
    return [f"     … {hidden} more not shown"] if hidden > 0 else []


def _text(text: str) -> str:
    return html.escape(text, quote=True)
