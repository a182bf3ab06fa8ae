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
KINDS = {"INTERNAL": 1, "SERVER": 2, "CLIENT": 3, "PRODUCER": 4, "CONSUMER": 5}


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
    """The counters and histograms of a Prometheus registry; what a histogram counts up to a bound becomes what lies between two."""
    now = str(time.time_ns())
    metrics = []
    for family in registry.collect():
        if family.type == "counter":
            points = [_point(one.labels, now) | {"asDouble": one.value} for one in family.samples if one.name.endswith("_total")]
            metrics.append({"name": family.name, "sum": {"dataPoints": points, "aggregationTemporality": CUMULATIVE, "isMonotonic": True}})
        if family.type == "histogram":
            points = _histograms(family, now)
            unit = {"unit": "s"} if family.name.endswith("_seconds") else {}
            metrics.append({"name": family.name, **unit, "histogram": {"dataPoints": points, "aggregationTemporality": CUMULATIVE}})
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
        "links": [{"traceId": f"{one.context.trace_id:032x}", "spanId": f"{one.context.span_id:016x}"} for one in span.links],
    }


def _histograms(family: Any, now: str) -> list[dict[str, Any]]:
    """One point for each combination of labels."""
    found: dict[tuple[tuple[str, str], ...], dict[str, Any]] = {}
    for one in family.samples:
        labels = {name: value for name, value in one.labels.items() if name != "le"}
        point = found.setdefault(tuple(labels.items()), _point(labels, now) | {"upTo": []})
        if one.name.endswith("_bucket"):
            point["upTo"].append((float(one.labels["le"]), one.value))
        elif one.name.endswith("_sum"):
            point["sum"] = one.value
    for point in found.values():
        up_to = sorted(point.pop("upTo"))
        counts = [count for _, count in up_to]
        point["explicitBounds"] = [bound for bound, _ in up_to][:-1]
        point["bucketCounts"] = [str(int(count - before)) for before, count in zip([0.0, *counts], counts, strict=False)]
        point["count"] = str(int(counts[-1]))
    return list(found.values())


def _point(labels: Mapping[str, str], now: str) -> dict[str, Any]:
    return {"attributes": _attributes(labels), "timeUnixNano": now, "startTimeUnixNano": now}


def _resource(service: str) -> dict[str, Any]:
    return {"attributes": _attributes({"service.name": service})}


def _attributes(told: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [{"key": name, "value": {"stringValue": str(value)}} for name, value in told.items()]


def _sent(address: str, message: Mapping[str, Any]) -> str:
    """Why it was not taken, or nothing."""
    request = urllib.request.Request(address, json.dumps(message).encode(), {"Content-Type": "application/json"}, method="POST")
    try:
        with urllib.request.urlopen(request, timeout=TIMEOUT_S):
            return ""
    except (urllib.error.URLError, OSError) as error:
        return str(getattr(error, "reason", error))
