"""The recording of a sale under load: plain data, as it travels between processes and as rules and pictures read it.

A buyer who was never told anything final is *unknown*: not refused, not sold out, not served. Nothing here says more.
"""

from __future__ import annotations

import json
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields
from typing import Any

__all__ = ["FaultMark", "Histogram", "Recording", "Sample", "percentile_ms", "UNKNOWN"]

UNKNOWN = "unknown"
"""What a buyer knows who got no final answer."""
_EDGES_MS = tuple(round(1.25**power, 3) for power in range(70))


@dataclass(frozen=True, kw_only=True)
class Histogram:
    """How many latencies fell below each edge (ms), and the exact percentiles of all of them."""

    edges_ms: tuple[float, ...] = ()
    counts: tuple[int, ...] = ()
    """``counts[k]`` latencies lay in ``edges_ms[k-1] <= ms < edges_ms[k]``; the last count is what lay above."""
    p50_ms: float = 0.0
    p95_ms: float = 0.0
    p99_ms: float = 0.0
    max_ms: float = 0.0

    @classmethod
    def of(cls, latencies_ms: Iterable[float]) -> Histogram:
        """Count latencies given in milliseconds."""
        ordered = sorted(latencies_ms)
        counts = [0] * (len(_EDGES_MS) + 1)
        for latency in ordered:
            counts[bisect_right(_EDGES_MS, latency)] += 1
        last = max((place for place, count in enumerate(counts) if count), default=0)
        return cls(
            edges_ms=_EDGES_MS[: last + 1],
            counts=tuple(counts[: last + 1]),
            p50_ms=percentile_ms(ordered, 0.50),
            p95_ms=percentile_ms(ordered, 0.95),
            p99_ms=percentile_ms(ordered, 0.99),
            max_ms=ordered[-1] if ordered else 0.0,
        )

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Histogram:
        """What ``asdict`` made, after its way through JSON."""
        return cls(**{name: tuple(value) if isinstance(value, list) else value for name, value in data.items()})

    @property
    def total(self) -> int:
        """How many there were."""
        return sum(self.counts)


def percentile_ms(ordered: Sequence[float], share: float) -> float:
    """The value that this share of them did not exceed; 0 where there are none. ``ordered`` rises."""
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else 0.0


@dataclass(frozen=True, kw_only=True)
class FaultMark:
    """A fault that struck: who, at which counted event, and when."""

    what: str
    """``worker-2``, ``redis`` or ``gateway``."""
    why: str
    """The counted event: ``answer 20,000``, ``client call 731``; ``by itself`` where no fault of ours ended it."""
    at_s: float
    """Seconds after the gate opened."""
    answered: int
    """So many buyers had their final answer then."""
    down_s: float = 0.0
    """Until it served again; 0 where it never did."""
    words: str = ""
    """How a process ended that nobody killed, in a sentence."""


@dataclass(frozen=True, kw_only=True)
class Sample:
    """What was seen at one moment. All counts are since the gate opened."""

    at_s: float
    answered: int
    told: Mapping[str, int] = field(default_factory=dict)
    """Final answers by their word."""
    waiting: int = 0
    """Requests that a worker has and has not answered: the queue in front of and inside the workers."""
    probes: Mapping[str, float | None] = field(default_factory=dict)
    """What the plan asked the backends; None where a backend did not answer."""
    p50_ms: float = 0.0
    p99_ms: float = 0.0
    """Of the buyers answered since the sample before."""
    generator_mb: float = 0.0
    workers_mb: float = 0.0
    """Memory of all workers together."""


@dataclass(frozen=True, kw_only=True)
class Recording:
    """One sale under load, from the gate to the last answer and the end of the work behind it."""

    buyers: int
    workers: int
    seed: str
    finished: bool
    """Has every buyer a final answer, and was all background work done, before the limits?"""
    why: str = ""
    """Why it did not finish, in a sentence."""
    told: tuple[str, ...] = ()
    """By buyer, the word of the final answer; ``unknown`` for none."""
    answers: tuple[Mapping[str, Any] | None, ...] = field(default=(), repr=False)
    """By buyer, the whole final answer."""
    late: tuple[tuple[int, Mapping[str, Any]], ...] = ()
    """Final answers that came when the buyer no longer waited for them, and that say something else than the one they got."""
    pending: tuple[int, ...] = ()
    """Buyers without a final answer, in order."""
    wall_s: float = 0.0
    """From the gate to the last final answer (or the limit)."""
    settled_s: float = 0.0
    """From the gate until no worker had work left."""
    work_done: int = 0
    """What all rounds of background work said they did."""
    requests: int = 0
    retries: int = 0
    timeouts: int = 0
    errors: Mapping[str, int] = field(default_factory=dict)
    """What the program raised while it answered or worked, by its first line."""
    latency: Histogram = Histogram()
    """From the gate to the final answer, by buyer."""
    request: Histogram = Histogram()
    """From a request to its answer, whatever that says (``busy`` too); requests that nobody answered are not in it."""
    samples: tuple[Sample, ...] = field(default=(), repr=False)
    faults: tuple[FaultMark, ...] = ()
    missed: tuple[str, ...] = ()
    """Faults that were planned and whose event never came, one sentence each."""
    generator_mb: float = 0.0
    """Peak memory of the process that plays the buyers."""
    worker_mb: tuple[float, ...] = ()
    """Peak memory of each worker; the highest of its incarnations."""
    generator_cpu_s: float = 0.0
    workers_cpu_s: float = 0.0
    calls: Mapping[str, int] = field(default_factory=dict)
    """Requests that the workers sent, by backend, as counted inside them."""
    served: Mapping[str, float] = field(default_factory=dict)
    """What the backends counted themselves: ``postgres transactions``, ``redis commands``, ..."""
    state: Mapping[str, Any] = field(default_factory=dict, repr=False)
    """The backends at the end: ``tables``, ``redis``, ``charges``, ``refunds``, ``messages``."""

    @property
    def counts(self) -> dict[str, int]:
        """How many buyers were told what."""
        return dict(Counter(self.told).most_common())

    @property
    def per_s(self) -> float:
        """Final answers per second."""
        return (self.buyers - len(self.pending)) / self.wall_s if self.wall_s else 0.0

    def told_with(self, word: str) -> list[int]:
        """The buyers whose final answer was this word."""
        return [buyer for buyer, told in enumerate(self.told) if told == word]

    def to_json(self) -> dict[str, Any]:
        """As JSON can say it. A hundred thousand answers are few different ones, so each of those is written once."""
        shallow = {one.name: getattr(self, one.name) for one in fields(self)}
        table: dict[str, int] = {}
        texts = (json.dumps(answer, sort_keys=True) for answer in self.answers)
        numbers = [table.setdefault(text, len(table)) for text in texts]
        words: dict[str, int] = {}
        told = [words.setdefault(word, len(words)) for word in self.told]
        return shallow | {
            "told": {"words": list(words), "of": told},
            "answers": {"texts": list(table), "of": numbers},
            "latency": asdict(self.latency),
            "request": asdict(self.request),
            "samples": [asdict(sample) for sample in self.samples],
            "faults": [asdict(fault) for fault in self.faults],
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Recording:
        """What :meth:`to_json` made."""
        words = data["told"]["words"]
        answers = [json.loads(text) for text in data["answers"]["texts"]]
        tuples = {name: tuple(data[name]) for name in ("pending", "missed", "worker_mb")}
        return cls(
            **{
                **data,
                **tuples,
                "told": tuple(words[number] for number in data["told"]["of"]),
                "answers": tuple(answers[number] for number in data["answers"]["of"]),
                "late": tuple((buyer, answer) for buyer, answer in data["late"]),
                "latency": Histogram.from_json(data["latency"]),
                "request": Histogram.from_json(data["request"]),
                "samples": tuple(Sample(**sample) for sample in data["samples"]),
                "faults": tuple(FaultMark(**fault) for fault in data["faults"]),
            }
        )
