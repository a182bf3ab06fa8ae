"""Requests: what a notebook or a terminal asks of the judge, and the report that comes back, as JSON."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from autograder.diagram import page
from autograder.grading.report import report_html, report_text
from autograder.grading.verdict import Verdict, summary
from autograder.labs import find

__all__ = ["Report", "report_of"]


@dataclass(frozen=True, kw_only=True)
class Report:
    """A verdict in the forms in which people and programs read it."""

    title: str
    kind: str
    points: int
    points_max: int
    plain: str
    coloured: str
    html: str
    summary: Mapping[str, Any] = field(default_factory=dict)

    @property
    def verdict(self) -> str:
        """``passed``, ``broken``, ``unknown``, ``unanswered`` or ``error``."""
        return self.kind

    def text(self, colour: bool = False) -> str:
        """The report for a terminal (in colour) or a file."""
        return self.coloured if colour else self.plain

    def page(self, path: Path | str) -> Path:
        """Write the report as one self-contained HTML file; returns where."""
        target = Path(path)
        target.write_text(page(self.title, [self.html]), encoding="utf-8")
        return target

    def to_json(self) -> dict[str, Any]:
        """For the way between processes."""
        return asdict(self)

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Report:
        """What :meth:`to_json` made."""
        return cls(**data)


def report_of(verdict: Verdict) -> Report:
    """The report on a verdict."""
    lab = find(verdict.lab)
    return Report(
        title=f"Lab {lab.number}: {lab.title}" if lab.number else lab.title,
        kind=verdict.kind,
        points=verdict.points,
        points_max=verdict.points_max,
        plain=report_text(verdict),
        coloured=report_text(verdict, colour=True),
        html=report_html(verdict),
        summary=summary(verdict),
    )
