"""The report of a sale: what was decided, rule by rule with its coverage, the timeline, what was survived, and what it cost.

Whoever judges a sale fills in a :class:`SaleReport`; this module only shows it: as HTML for a notebook and a page of its
own that prints well, and as text for a terminal.
"""

from __future__ import annotations

import html
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from autograder.diagram.labels import clean
from autograder.diagram.page import page
from autograder.diagram.timeline import Timeline

__all__ = ["Ruling", "SaleReport"]

Decision = Literal["kept", "broken", "unknown"]
SIGNS = {"kept": "✓", "broken": "✗", "unknown": "?"}
WORDS = {"kept": "passed", "broken": "broken", "unknown": "unknown"}
COLOURS = {"kept": "32", "broken": "31", "unknown": "33"}
WIDTH = 100


@dataclass(frozen=True, kw_only=True)
class Ruling:
    """What became of one rule in this sale."""

    number: int
    text: str
    """The rule as its invariant's docstring says it."""
    decision: Decision
    coverage: str = ""
    """What it was asked of: ``100,000 buyers, 1,000 units, 7 faults``."""
    evidence: str = ""
    """The sentence that says how it was broken, or why nobody can say."""


@dataclass(frozen=True, kw_only=True)
class SaleReport:
    """Everything that is shown of one sale."""

    title: str
    timeline: Timeline
    rulings: tuple[Ruling, ...] = ()
    counts: tuple[tuple[str, str], ...] = ()
    """What there was and what it cost, as (name, value): ``("told paid", "912")``."""
    survived: tuple[str, ...] = ()
    """The certificate: one sentence for each fault that struck."""
    missed: tuple[str, ...] = ()
    """Faults that were planned and never struck, and so were not survived either."""
    not_shown: str = ""
    """What no sale under load can show."""
    why_unknown: str = ""
    """Why there is no decision, where there is none."""

    @property
    def decision(self) -> Decision:
        """Broken if any rule is; else unknown if anything is; else kept."""
        decisions = {ruling.decision for ruling in self.rulings}
        if "broken" in decisions:
            return "broken"
        return "unknown" if "unknown" in decisions or self.why_unknown else "kept"

    @property
    def is_certified(self) -> bool:
        """Is every rule kept, with at least one fault survived?"""
        return self.decision == "kept" and bool(self.rulings) and bool(self.survived)

    def html(self) -> str:
        """The report as a fragment for a notebook."""
        return "\n".join(self._fragments())

    def page(self, path: Path | str) -> Path:
        """Write it as one file that needs nothing else; returns where."""
        target = Path(path)
        target.write_text(page(self.title, self._fragments()), encoding="utf-8")
        return target

    def text(self, colour: bool = False) -> str:
        """The report for a terminal: verdict, rules, figures, shapes over time."""
        lines = [_paint(f"{SIGNS[self.decision]} {self._headline()}", COLOURS[self.decision], colour)]
        for ruling in self.rulings:
            sign = _paint(SIGNS[ruling.decision], COLOURS[ruling.decision], colour)
            lines += _wrapped(f"  {sign} {ruling.number}. ", clean(ruling.text))
            lines += _wrapped("       ", clean(ruling.evidence or ruling.coverage))
        widest = max((len(name) for name, _ in self.counts), default=0)
        lines += ["", *(f"  {name:<{widest}}  {value}" for name, value in self.counts), "", self.timeline.text()]
        if self.is_certified:
            lines += ["", f"  {self._certificate()}"]
        lines += [f"  not struck: {sentence}" for sentence in self.missed]
        return "\n".join([*lines, *(_wrapped("  ", self.not_shown) if self.not_shown else [])])

    def _headline(self) -> str:
        if self.decision == "unknown":
            return f"unknown: {self.why_unknown or 'not every rule could be decided'}"
        broken = [str(ruling.number) for ruling in self.rulings if ruling.decision == "broken"]
        if broken:
            return f"broken: rule{'s' if len(broken) > 1 else ''} {', '.join(broken)}"
        return f"{clean(self.title)}: {len(self.rulings)} rules kept" if self.rulings else clean(self.title)

    def _certificate(self) -> str:
        count = len(self.survived)
        return f"Certificate: every rule held, and this sale survived {count} fault{'s' if count > 1 else ''}."

    def _fragments(self) -> list[str]:
        return [part for part in (self._verdict(), self._rules(), self.timeline.html(), self._survived(), self._figures()) if part]

    def _verdict(self) -> str:
        return f'<p role="status"><strong>{SIGNS[self.decision]} {_text(self._headline())}</strong></p>'

    def _rules(self) -> str:
        # What all were asked of is said once, above them.
        asked = {one.coverage for one in self.rulings}
        alike = len(asked) == 1
        rows = "".join(
            f'<tr><td style="white-space:nowrap">{SIGNS[one.decision]} {WORDS[one.decision]}</td>'
            f'<td style="text-align:left">{one.number}. {_text(one.text)}'
            f"{f'<br><strong>{_text(one.evidence)}</strong>' if one.evidence else ''}</td>"
            f"{'' if alike else f'<td>{_text(one.coverage)}</td>'}</tr>"
            for one in self.rulings
        )
        others = "" if alike else '<th scope="col">asked of</th>'
        head = f'<tr><th scope="col">verdict</th><th scope="col" style="text-align:left">rule</th>{others}</tr>'
        said = f"<p>Asked of {_text(asked.pop())}.</p>" if alike and any(asked) else ""
        return f"{said}<table><thead>{head}</thead><tbody>{rows}</tbody></table>" if rows else ""

    def _survived(self) -> str:
        rows = "".join(f"<li>{_text(sentence)}</li>" for sentence in self.survived)
        missed = "".join(f"<p>Not struck: {_text(sentence)}.</p>" for sentence in self.missed)
        if not self.is_certified:
            return missed
        return (
            '<section style="border:2px solid currentColor;border-radius:8px;padding:8px 18px;margin:1em 0;break-inside:avoid">'
            f"<p><strong>{_text(self._certificate())}</strong></p><ol>{rows}</ol>{missed}"
            f"<p><em>{_text(self.not_shown)}</em></p></section>"
        )

    def _figures(self) -> str:
        rows = "".join(
            f'<tr><th scope="row" style="text-align:left">{_text(name)}</th><td style="text-align:right">{_text(value)}</td></tr>'
            for name, value in self.counts
        )
        return f"<table><tbody>{rows}</tbody></table>" if rows else ""

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        return {"text/html": self.html(), "text/plain": self.text()}


def _wrapped(first: str, text: str) -> Iterator[str]:
    """A sentence behind its sign, continued below itself."""
    blank = " " * len(first.replace("\x1b", ""))
    yield from textwrap.wrap(text, WIDTH, initial_indent=first, subsequent_indent="       " if blank.strip() == "" else blank)


def _paint(text: str, code: str, colour: bool) -> str:
    return f"\x1b[{code}m{text}\x1b[0m" if colour else text


def _text(text: str) -> str:
    return html.escape(clean(text), quote=True)
