"""Explorable: a picture with its parameters in view, computed for every combination of their values beforehand.

Nothing is computed when the reader turns a knob, so it works in a notebook, in the book without a server and in a file
opened from disk. Without a script the first picture and a table of all combinations remain.
"""

from __future__ import annotations

import base64
import html
import io
import itertools
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

__all__ = ["Explorable", "Frame", "explorable_script"]

Values = tuple[str, ...]
"""One value of every parameter, in the order of the parameters."""


@dataclass(frozen=True)
class Frame:
    """What one combination of values looks like, and the sentence that says it."""

    svg: str
    says: str

    @classmethod
    def of(cls, figure: Any, says: str) -> Frame:
        """A matplotlib figure as a frame; the same figure gives the same bytes. The figure is closed."""
        import matplotlib.pyplot as plt

        drawn = io.StringIO()
        with plt.rc_context({"svg.hashsalt": "fortnight", "svg.fonttype": "none"}):
            figure.savefig(drawn, format="svg", metadata={"Date": None}, facecolor="white")
        plt.close(figure)
        text = drawn.getvalue()
        return cls(svg=text[text.index("<svg") :], says=says)


@dataclass(frozen=True, kw_only=True)
class Explorable:
    """Pictures by the values of their parameters; shows itself in notebooks."""

    title: str
    choices: Mapping[str, Values]
    """What can be changed, with the values there are, in order."""
    frames: Mapping[Values, Frame]
    """One for every combination."""
    fixed: Mapping[str, str] = field(default_factory=dict)
    """What stays as it is; shown too, because a hidden parameter explains nothing."""
    start: Values = ()

    def __post_init__(self) -> None:
        missing = [values for values in self._combinations() if values not in self.frames]
        if missing:
            raise ValueError(f"There is no frame for {missing[0]}; every combination of the choices needs one.")
        if self.start and self.start not in self.frames:
            raise ValueError(f"It cannot start with {self.start}: there is no such frame.")

    def html(self) -> str:
        """The figure with its script, as a fragment for a notebook or the book."""
        start = self.start or next(self._combinations())
        first = self.frames[start]
        address = "data:image/svg+xml;base64," + base64.b64encode(first.svg.encode()).decode()
        return (
            f'<figure class="fnx" data-fnx="{_attribute(self._data(start))}" style="margin:1em 0">'
            f'<img alt="{_text(self._alternative(start))}" src="{address}" '
            'style="width:100%;max-width:720px;height:auto;background:#fff">'
            f"<figcaption><strong>{_text(self.title.rstrip('.'))}.</strong>{_text(self._fixed())}</figcaption>"
            '<details><summary style="display:list-item;cursor:pointer">All combinations as a table</summary>'
            f"{self._table()}</details></figure><script>{explorable_script()}</script>"
        )

    def text(self) -> str:
        """Every combination with its sentence, one a line."""
        lines = [f"{', '.join(values)}: {self.frames[values].says}" for values in self._combinations()]
        return "\n".join([f"{self.title}{self._fixed()}", *lines])

    def _combinations(self) -> Iterator[Values]:
        return itertools.product(*self.choices.values())

    def _data(self, start: Values) -> dict[str, Any]:
        frames = {"\n".join(values): [frame.svg, frame.says] for values, frame in self.frames.items()}
        choices = [[name, list(values)] for name, values in self.choices.items()]
        return {"title": self.title, "choices": choices, "start": list(start), "frames": frames}

    def _alternative(self, start: Values) -> str:
        chosen = ", ".join(f"{name} {value}" for name, value in zip(self.choices, start, strict=True))
        return f"{self.title.rstrip('.')}. With {chosen}: {self.frames[start].says}"

    def _fixed(self) -> str:
        if not self.fixed:
            return ""
        return " The same in every picture: " + ", ".join(f"{name} {value}" for name, value in self.fixed.items()) + "."

    def _table(self) -> str:
        head = "".join(f'<th scope="col">{_text(name)}</th>' for name in (*self.choices, "what happens"))
        rows = "".join(
            "<tr>" + "".join(f"<td>{_text(cell)}</td>" for cell in (*values, self.frames[values].says)) + "</tr>"
            for values in self._combinations()
        )
        return f"<table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>"

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        return {"text/html": self.html(), "text/plain": self.text()}


@cache
def explorable_script() -> str:
    """The script as it stands between ``<script>`` and ``</script>``; it wakes each figure once."""
    source = (Path(__file__).parent / "explorable.js").read_text(encoding="utf-8")
    return "\n".join(line.strip() for line in source.splitlines() if line.strip())


def _text(text: str) -> str:
    return html.escape(text, quote=True)


def _attribute(data: Any) -> str:
    """Data for an attribute in double quotes; pictures that quote with ' stay short."""
    return html.escape(json.dumps(data, ensure_ascii=False), quote=False).replace('"', "&quot;")
