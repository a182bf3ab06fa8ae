"""Push: spans and metrics to Jaeger and Prometheus, as OpenTelemetry's protocol in JSON over HTTP (OTLP 1.x).

They listen where the containers world runs with the profile ``observability`` (``observability/README.md``); elsewhere the
signals stay in the notebook, and :func:`push` says so.
"""

from __future__ import annotations

import json
import os
import time
import urllib.error
import urllib.request
from collections.abc import Iterable, Mapping
from typing import Any

from autograder.notebook.card import Card, quoted

__all__ = ["metrics_message", "push", "traces_message"]

TIMEOUT_S = 3.0
CUMULATIVE = 2
TAKEN_LATE_NS = 9 * 60 * 10**9
"""A sample that is older is not sent: Prometheus takes those of the last ten minutes (``observability/prometheus.yml``)."""
KINDS = {"INTERNAL": 1, "SERVER": 2, "CLIENT": 3, "PRODUCER": 4, "CONSUMER": 5}
STATUS = {"UNSET": 0, "OK": 1, "ERROR": 2}


def push(spans: Iterable[Any], registry: Any, service: str = "api") -> Card:
    """Send finished spans and the metrics of a registry to the containers of the profile ``observability``."""
    if not os.environ.get("FORTNIGHT_OBSERVABILITY"):
        return Card("These signals stay in this notebook. With the containers world and its profile `observability` they reach Jaeger, Prometheus and Grafana.")
    ports = {name: os.environ.get(f"FORTNIGHT_{name}_PORT", usual) for name, usual in (("OTLP", "4318"), ("PROMETHEUS", "9090"))}
    told = (
        (f"http://127.0.0.1:{ports['OTLP']}/v1/traces", traces_message(spans), "spans are in Jaeger"),
        (f"http://127.0.0.1:{ports['PROMETHEUS']}/api/v1/otlp/v1/metrics", metrics_message(registry, service), "metrics are in Prometheus"),
    )
    said = []
    for address, message, well in told:
        trouble = _sent(address, message)
        said.append(f"The {well}." if not trouble else f"{quoted(address)} did not take them: {quoted(trouble)}.")
    return Card(" ".join(said))


def traces_message(spans: Iterable[Any]) -> dict[str, Any]:
    """Finished spans of OpenTelemetry's SDK, by the service that made them."""
    by: dict[str, list[dict[str, Any]]] = {}
    for span in spans:
        by.setdefault(str(span.resource.attributes.get("service.name", "")), []).append(_span(span))
    return {"resourceSpans": [{"resource": _resource(name), "scopeSpans": [{"scope": {"name": "shop"}, "spans": own}]} for name, own in by.items()]}


def metrics_message(registry: Any, service: str) -> dict[str, Any]:
    """The counters, histograms and gauges of a Prometheus registry; what a histogram counts up to a bound becomes what lies between two.

    What only grows is told with the zero at which it began, if that was lately: a rate takes two values, and a push brings one.
    """
    now = time.time_ns()
    metrics: list[dict[str, Any]] = []
    for family in registry.collect():
        told = {"name": family.name} | ({"unit": "s"} if family.name.endswith("_seconds") else {})
        if family.type == "gauge":
            points = [{"attributes": _attributes(one.labels), "timeUnixNano": str(now), "asDouble": one.value} for one in family.samples]
            told["gauge"] = {"dataPoints": points}
        elif family.type == "counter":
            told["sum"] = {"dataPoints": _counters(family, now), "aggregationTemporality": CUMULATIVE, "isMonotonic": True}
        elif family.type == "histogram":
            told["histogram"] = {"dataPoints": _histograms(family, now), "aggregationTemporality": CUMULATIVE}
        else:
            continue
        metrics.append(told)
    return {"resourceMetrics": [{"resource": _resource(service), "scopeMetrics": [{"scope": {"name": "shop"}, "metrics": metrics}]}]}


def _span(span: Any) -> dict[str, Any]:
    return {
        "traceId": f"{span.context.trace_id:032x}",
        "spanId": f"{span.context.span_id:016x}",
        **({"parentSpanId": f"{span.parent.span_id:016x}"} if span.parent else {}),
        "name": span.name,
        "kind": KINDS[span.kind.name],
        "startTimeUnixNano": str(span.start_time),
        "endTimeUnixNano": str(span.end_time),
        "attributes": _attributes(span.attributes or {}),
        "status": {"code": STATUS[span.status.status_code.name]} | ({"message": span.status.description} if span.status.description else {}),
        "links": [{"traceId": f"{one.context.trace_id:032x}", "spanId": f"{one.context.span_id:016x}"} for one in span.links],
    }


def _counters(family: Any, now: int) -> list[dict[str, Any]]:
    points = []
    for samples in _by_labels(family):
        [value] = [one for one in samples if one.name.endswith("_total")]
        point = _point(value.labels, _began(samples, now), now) | {"asDouble": value.value}
        points += [*_zero(point, {"asDouble": 0.0}), point]
    return points


def _histograms(family: Any, now: int) -> list[dict[str, Any]]:
    points = []
    for samples in _by_labels(family):
        up_to = sorted((float(one.labels["le"]), one.value) for one in samples if one.name.endswith("_bucket"))
        counts = [count for _, count in up_to]
        between = [int(count - before) for before, count in zip([0.0, *counts], counts, strict=False)]
        point = _point(_without_bound(samples[0].labels), _began(samples, now), now) | {
            "explicitBounds": [bound for bound, _ in up_to][:-1],
            "bucketCounts": [str(count) for count in between],
            "count": str(int(counts[-1])),
            "sum": next(one.value for one in samples if one.name.endswith("_sum")),
        }
        points += [*_zero(point, {"bucketCounts": ["0"] * len(between), "count": "0", "sum": 0.0}), point]
    return points


def _by_labels(family: Any) -> list[list[Any]]:
    """The samples of a family, one list for each combination of labels."""
    found: dict[tuple[tuple[str, str], ...], list[Any]] = {}
    for one in family.samples:
        found.setdefault(tuple(_without_bound(one.labels).items()), []).append(one)
    return list(found.values())


def _without_bound(labels: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in labels.items() if name != "le"}


def _began(samples: Iterable[Any], now: int) -> int:
    """When this combination of labels was counted first, in nanoseconds; now, where the registry does not say."""
    return next((int(one.value * 1e9) for one in samples if one.name.endswith("_created")), now)


def _zero(point: Mapping[str, Any], nothing: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The point at which it began, unless Prometheus would find that too old to be taken."""
    began, now = int(point["startTimeUnixNano"]), int(point["timeUnixNano"])
    return [{**point, **nothing, "timeUnixNano": str(began)}] if now - TAKEN_LATE_NS < began < now else []


def _point(labels: Mapping[str, str], began: int, now: int) -> dict[str, Any]:
    return {"attributes": _attributes(labels), "startTimeUnixNano": str(began), "timeUnixNano": str(now)}


def _resource(service: str) -> dict[str, Any]:
    return {"attributes": _attributes({"service.name": service})}


def _attributes(told: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [{"key": name, "value": _value(value)} for name, value in told.items()]


def _value(value: Any) -> dict[str, Any]:
    """As the protocol tells values: a truth before a number, and a whole number as text, as JSON's own are not exact."""
    if isinstance(value, bool):
        return {"boolValue": value}
    if isinstance(value, int):
        return {"intValue": str(value)}
    if isinstance(value, float):
        return {"doubleValue": value}
    if isinstance(value, list | tuple):
        return {"arrayValue": {"values": [_value(one) for one in value]}}
    return {"stringValue": str(value)}


def _sent(address: str, message: Mapping[str, Any]) -> str:
    """Why it was not taken, or nothing."""
    request = urllib.request.Request(address, json.dumps(message).encode(), {"Content-Type": "application/json"}, method="POST")
    try:
        with urllib.request.urlopen(request, timeout=TIMEOUT_S):
            return ""
    except (urllib.error.URLError, OSError) as error:
        return str(getattr(error, "reason", error))
