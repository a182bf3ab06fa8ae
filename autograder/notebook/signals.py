"""Signals in a notebook: the lines, spans and metrics of an incident of one's own, to be searched, joined and drawn."""

from __future__ import annotations

import html
import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from autograder.grading.spent import spent_file
from autograder.labs.lab11_incidents import CONTRACTS, draw_of, incident_of
from autograder.labs.lab11_signals import Line, Sample, Signals, Span
from autograder.labs.lab11_spent import next_code
from autograder.notebook.card import markdown_html, plain
from autograder.notebook.trouble import Trouble, quiet_trouble
from autograder.notebook.waterfall import waterfall

__all__ = ["Lines", "SignalsView", "my_incident"]

SHOWN_MAX = 40
COLUMNS = ("line", "at", "level", "event", "correlation_id")
METRICS = {
    "shop_requests_total": "requests answered",
    "shop_pool_in_use": "connections in use (of 4)",
    "shop_pool_waiting": "waiting for a connection",
    "shop_gateway_attempts_total": "attempts at the gateway",
    "shop_outbox_unpublished": "rows unpublished",
    "shop_consumer_lag": "consumer lag",
}


@quiet_trouble
def my_incident(name: str) -> SignalsView:
    """The signals of the incident that belongs to this name now: the first, or the next after a wrong answer."""
    try:
        code = next_code(name, spent_file())
    except ValueError as error:
        raise Trouble(str(error)) from None
    return SignalsView(code, incident_of(code).signals)


class Lines(Sequence[Line]):
    """Some of the lines; shows itself as a table, and can be asked again."""

    def __init__(self, lines: Sequence[Line]) -> None:
        self._lines = list(lines)

    def __getitem__(self, place: Any) -> Any:
        return Lines(self._lines[place]) if isinstance(place, slice) else self._lines[place]

    def __len__(self) -> int:
        return len(self._lines)

    def __iter__(self) -> Iterator[Line]:
        return iter(self._lines)

    def where(self, text: str = "", **fields: Any) -> Lines:
        """Those that hold this text anywhere, and these values in these fields.

        >>> lines.where("p-256", service="warehouse", level="error")
        """
        kept = (line for line in self if all(line.get(name) == value for name, value in fields.items()))
        return Lines([line for line in kept if text in json.dumps(line, ensure_ascii=False)])

    def numbered(self) -> Lines:
        """By service, and within a service by the number of the line: an order that needs no clock."""
        return Lines(sorted(self, key=lambda line: (line["service"], line["line"])))

    def count(self, field: Any) -> dict[Any, int]:  # type: ignore[override]
        """How many lines have which value of a field, most first."""
        counts: dict[Any, int] = {}
        for line in self:
            counts[line.get(field)] = counts.get(line.get(field), 0) + 1
        return dict(sorted(counts.items(), key=lambda item: -item[1]))

    def _rows(self) -> list[tuple[str, ...]]:
        rows = []
        for line in self._lines[:SHOWN_MAX]:
            more = ", ".join(f"{key}={value}" for key, value in line.items() if key not in (*COLUMNS, "service", "span"))
            rows.append((*(str(line.get(name, "")) for name in COLUMNS), more))
        return rows

    def _rest(self) -> str:
        left = len(self) - SHOWN_MAX
        return f"{len(self)} lines" + (f"; {left} more are not shown: ask for fewer, or show [{SHOWN_MAX}:]" if left > 0 else "")

    def _repr_html_(self) -> str:
        cells = [[html.escape(cell) for cell in row] for row in self._rows()]
        head = "".join(f'<th scope="col" style="text-align:left">{name}</th>' for name in (*COLUMNS, "and"))
        body = "".join(
            "<tr>" + "".join(f'<td style="text-align:left;white-space:{"normal" if place == 5 else "nowrap"}">{_marked(cell, place)}</td>' for place, cell in enumerate(row)) + "</tr>"
            for row in cells
        )
        return f'<div style="overflow-x:auto"><table style="font-size:85%"><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table><p>{self._rest()}</p></div>'

    def __repr__(self) -> str:
        return "\n".join(["  ".join(row) for row in self._rows()] + [self._rest()])


def _marked(cell: str, place: int) -> str:
    return f"<strong>{cell}</strong>" if place == 2 and cell in ("error", "warning") else cell


class SignalsView:
    """One recording: ``lines``, ``spans`` and ``samples``, with the views that an incident needs."""

    def __init__(self, code: str, signals: Signals) -> None:
        self.code = code
        self.lines = Lines(signals.lines)
        """In the order of their clocks."""
        self.spans: tuple[Span, ...] = signals.spans
        self.samples: tuple[Sample, ...] = signals.samples

    def where(self, text: str = "", **fields: Any) -> Lines:
        """As :meth:`Lines.where`, of all lines."""
        return self.lines.where(text, **fields)

    def journey(self, order_id: str) -> Lines:
        """All lines of one order, found by its spans and never by the ids that they carry; in the order of the spans."""
        inside = {span.id: place for place, span in enumerate(self._spans_of(order_id))}
        found = [line for line in self.lines if line.get("span") in inside]
        return Lines(sorted(found, key=lambda line: (inside[line["span"]], line["line"])))

    def waterfall(self, order_id: str) -> Any:
        """The spans of one order as bars, where the clocks of their services put them."""
        return waterfall(self._spans_of(order_id), f"What {order_id} has caused")

    def metrics(self) -> Any:
        """Six metrics over time, by the clock of whoever collects them."""
        import matplotlib.pyplot as plt

        figure, grid = plt.subplots(2, 3, figsize=(10, 4.4), sharex=True, layout="constrained")
        for axes, (name, title) in zip(grid.flat, METRICS.items(), strict=True):
            labels = dict.fromkeys(sample.labels for sample in self.samples if sample.name == name)
            for label, dash in zip(labels, ("-", "--", ":"), strict=False):
                points = [(sample.at_s, sample.value) for sample in self.samples if (sample.name, sample.labels) == (name, label)]
                axes.step(*zip(*points, strict=True), linestyle=dash, where="post", label=label)
            axes.set_title(title, fontsize=10, loc="left")
            axes.set_ylim(0, 1.1 * max(1, *(sample.value for sample in self.samples if sample.name == name)))
            if any(labels):
                axes.legend(fontsize=8)
        for axes in grid[1]:
            axes.set_xlabel("seconds after 10:00")
        plt.close(figure)
        return figure

    def save(self, folder: str | Path) -> str:
        """Write all signals into files of JSON lines; raises Trouble where that cannot be done."""
        place = Path(folder)
        told = {"lines": list(self.lines), "spans": map(asdict, self.spans), "metrics": map(asdict, self.samples)}
        try:
            place.mkdir(parents=True, exist_ok=True)
            for name, rows in told.items():
                text = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
                (place / f"{name}.jsonl").write_text(text, encoding="utf-8")
        except OSError as error:
            raise Trouble(f"The signals are not saved: {place} cannot be written ({error.strerror or error}).") from None
        return f"{place}: {', '.join(f'{name}.jsonl' for name in told)}"

    def _spans_of(self, order_id: str) -> list[Span]:
        roots = [line["span"] for line in self.lines if line["event"] == "request.received" and line.get("order_id") == order_id]
        if not roots:
            raise Trouble(f"No request in this recording orders {order_id!r}; ask for request.received to see which there are.")
        inside, found = {roots[0]}, []
        for span in self.spans:  # parents come before their children
            if span.id in inside or span.parent in inside:
                inside.add(span.id)
                found.append(span)
        return found

    def _markdown(self) -> str:
        orders = len(self.where(event="request.received"))
        rows = "\n".join(f"| `{name}` | {text} |" for name, text in CONTRACTS.items())
        again = "" if draw_of(self.code) == 1 else f" It is number {draw_of(self.code)}: the ones before were answered wrongly."
        return (
            f"Incident **{self.code}**: {orders} orders in 80 seconds, {len(self.lines):,} lines, {len(self.spans):,} spans.{again}\n\n"
            f"One of these contracts was broken. All others were kept.\n\n| component | its contract |\n|:--|:--|\n{rows}"
        )

    def _repr_html_(self) -> str:
        return f'<div class="fortnight-card" role="note">\n{markdown_html(self._markdown())}</div>'

    def __repr__(self) -> str:
        return plain(self._markdown())
