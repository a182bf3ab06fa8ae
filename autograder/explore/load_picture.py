"""A recording of a sale as a timeline and as a report: what was seen, in panels; what was counted, in words."""

from __future__ import annotations

from collections.abc import Sequence

from autograder.diagram.sale import Ruling, SaleReport
from autograder.diagram.timeline import Mark, Panel, Series, Timeline
from autograder.explore.load_record import FaultMark, Recording, Sample

__all__ = ["NOT_SHOWN", "costs_of", "report_of", "survived", "timeline_of"]

NOT_SHOWN = (
    "A sale under load is one schedule of very many: it shows bugs and never their absence. Not played: power cuts, clocks that "
    "differ, a network that splits, the death of Postgres."
)


def timeline_of(recording: Recording, *, title: str = "", takeaway: str = "") -> Timeline:
    """The sale second by second: what the backends hold, who waits, who was told what, how long it took."""
    samples = recording.samples
    panels = [
        Panel(title="Stock, purchases and payments", unit="units", series=tuple(_probed(samples, name) for name in _probes(samples))),
        Panel(
            title="Who has an answer, and who waits",
            unit="buyers",
            series=(_series("answered", samples, "answered"), _series("waiting", samples, "waiting")),
        ),
        Panel(
            title="Latency of those who were answered meanwhile",
            unit="s",
            series=(_seconds("p99", samples, "p99_ms"), _seconds("p50", samples, "p50_ms")),
        ),
        Panel(title="Throughput", unit="answers/s", series=(_throughput(samples),)),
    ]
    return Timeline(
        title=title or f"{recording.buyers:,} buyers, {recording.workers} workers",
        takeaway=takeaway,
        at_s=tuple(sample.at_s for sample in samples),
        panels=tuple(panel for panel in panels if panel.series),
        marks=tuple(_mark(fault) for fault in recording.faults if fault.at_s <= (samples[-1].at_s if samples else 0)),
    )


def _probes(samples: Sequence[Sample]) -> list[str]:
    return list(dict.fromkeys(name for sample in samples for name in sample.probes))


def _probed(samples: Sequence[Sample], name: str) -> Series:
    return Series(name=name, values=tuple(sample.probes.get(name) for sample in samples))


def _series(name: str, samples: Sequence[Sample], field: str) -> Series:
    return Series(name=name, values=tuple(float(getattr(sample, field)) for sample in samples))


def _seconds(name: str, samples: Sequence[Sample], field: str) -> Series:
    """Latencies; None while nobody was answered."""
    return Series(name=name, values=tuple(getattr(sample, field) / 1000 or None for sample in samples))


def _throughput(samples: Sequence[Sample]) -> Series:
    values: list[float | None] = [None]
    for before, after in zip(samples, samples[1:], strict=False):
        passed = after.at_s - before.at_s
        values.append((after.answered - before.answered) / passed if passed > 0 else None)
    return Series(name="answers", values=tuple(values[: len(samples)]))


def _mark(fault: FaultMark) -> Mark:
    kind = "worker" if fault.what.startswith("worker") else "redis" if fault.what == "redis" else "gateway"
    return Mark(at_s=fault.at_s, kind=kind, words=_sentence(fault))


def _sentence(fault: FaultMark) -> str:
    back = f", back after {fault.down_s * 1000:.0f} ms" if fault.down_s else ""
    if fault.words:
        return f"{fault.what} ended by itself ({fault.words}){back}"
    return f"{fault.what} killed at {fault.why}{back}"


def survived(recording: Recording) -> tuple[str, ...]:
    """One sentence for each fault of ours that struck."""
    return tuple(f"{_sentence(fault)}; {fault.answered:,} buyers had their answer" for fault in recording.faults if not fault.words)


def costs_of(recording: Recording) -> tuple[tuple[str, str], ...]:
    """What was counted: answers, seconds, requests, calls by backend, memory, processor time."""
    buyers = recording.buyers
    rows = [(f"told {word}", f"{count:,}") for word, count in recording.counts.items()]
    rows += [
        ("from the gate to the last answer", f"{recording.wall_s:.2f} s"),
        ("answers per second", f"{recording.per_s:,.0f}"),
        ("latency p50 / p99", f"{recording.latency.p50_ms / 1000:.2f} / {recording.latency.p99_ms / 1000:.2f} s"),
        ("requests (repeated)", f"{recording.requests:,} ({recording.retries:,})"),
    ]
    rows += [(f"calls to {name} per buyer", f"{count / buyers:.2f}") for name, count in recording.calls.items()]
    rows += [(f"{name} per buyer", f"{count / buyers:.2f}") for name, count in recording.served.items()]
    rows += [
        ("peak memory of the generator", f"{recording.generator_mb:.0f} MB"),
        ("peak memory of each worker", f"{' / '.join(f'{peak:.0f}' for peak in recording.worker_mb)} MB"),
        ("processor time, generator / workers", f"{recording.generator_cpu_s:.1f} / {recording.workers_cpu_s:.1f} s"),
    ]
    return tuple(rows)


def report_of(
    recording: Recording, rulings: Sequence[Ruling] = (), *, title: str = "", takeaway: str = "", not_shown: str = NOT_SHOWN
) -> SaleReport:
    """The report on a sale, with the rulings of whoever judged it.

    Make a :class:`Ruling` for each rule: its number, its text, ``kept``, ``broken`` or ``unknown``, what it was asked of, and
    the evidence. A sale that did not finish is unknown whatever they say, unless one of them is broken.
    """
    title = title or f"{recording.buyers:,} buyers, {recording.workers} workers"
    return SaleReport(
        title=title,
        timeline=timeline_of(recording, title=title, takeaway=takeaway),
        rulings=tuple(rulings),
        counts=costs_of(recording),
        survived=survived(recording),
        missed=tuple(recording.missed),
        not_shown=not_shown,
        why_unknown="" if recording.finished else recording.why,
    )
