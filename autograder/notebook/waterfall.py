"""Waterfall: the spans of one trace as bars, each below its parent, where the clocks of their services put them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from autograder.labs.lab11_signals import Span

__all__ = ["spans_of", "waterfall"]

SHADES = ("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00", "#57606a", "#8a6d00")
ROWS_MAX = 40


def spans_of(told: Iterable[Any]) -> list[Span]:
    """OpenTelemetry's finished spans, as this course draws them; ``service.name`` is the resource's."""
    return [
        Span(
            id=f"{one.context.span_id:016x}",
            parent=f"{one.parent.span_id:016x}" if one.parent else "",
            correlation_id=f"{one.context.trace_id:032x}",
            service=str(one.resource.attributes.get("service.name", "")),
            name=one.name,
            start_s=one.start_time / 1e9,
            ms=(one.end_time - one.start_time) / 1e6,
        )
        for one in told
    ]


def waterfall(spans: Sequence[Span], title: str = "") -> Any:
    """A matplotlib figure: a bar for each span, its children below it; the axis is in milliseconds from the first."""
    import matplotlib.pyplot as plt

    rows = _in_order(spans)[:ROWS_MAX]
    services = list(dict.fromkeys(span.service for span, _ in rows))
    begin_s = rows[0][0].start_s if rows else 0.0
    figure, axes = plt.subplots(figsize=(8, 0.9 + 0.3 * max(3, len(rows))), layout="constrained")
    for place, (span, depth) in enumerate(rows):
        start_ms, colour = 1000 * (span.start_s - begin_s), SHADES[services.index(span.service) % len(SHADES)]
        axes.barh(place, max(span.ms, 0.002 * _width_ms(rows)), left=start_ms, height=0.62, color=colour)
        axes.text(start_ms + span.ms, place, f" {span.ms:,.3g} ms" if span.ms < 1000 else f" {span.ms:,.0f} ms", va="center", fontsize=8)
    axes.set_yticks(range(len(rows)), [f"{'   ' * depth}{span.service} · {span.name}" for span, depth in rows], fontsize=9)
    for label in axes.get_yticklabels():
        label.set_horizontalalignment("left")
    axes.tick_params(axis="y", length=0, pad=_pad(rows))
    axes.invert_yaxis()
    axes.margins(x=0.12)
    axes.set_xlabel("milliseconds after the first span began, by each service's own clock")
    axes.set_title(title, loc="left", fontsize=11)
    for side in ("top", "right", "left"):
        axes.spines[side].set_visible(False)
    plt.close(figure)
    return figure


def _pad(rows: Sequence[tuple[Span, int]]) -> float:
    """Room for the longest name, in points."""
    return 5.2 * max((len(f"{span.service} · {span.name}") + 2 * depth for span, depth in rows), default=0)


def _width_ms(rows: Sequence[tuple[Span, int]]) -> float:
    begins, ends = [span.start_s * 1000 for span, _ in rows], [span.start_s * 1000 + span.ms for span, _ in rows]
    return max(1.0, max(ends) - min(begins))


def _in_order(spans: Sequence[Span]) -> list[tuple[Span, int]]:
    """Each span with its depth, parents before children; children as they are numbered or began."""
    known, found = {span.id for span in spans}, []

    def add(parent: Span | None, depth: int) -> None:
        for span in spans:
            if (span.parent not in known) if parent is None else (span.parent == parent.id):
                found.append((span, depth))
                add(span, depth + 1)

    add(None, 0)
    return found
