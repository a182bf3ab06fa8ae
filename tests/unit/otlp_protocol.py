"""OpenTelemetry's protocol as JSON, as far as we speak it: which fields a message has and what may stand in them.

Written down from the definitions of opentelemetry-proto 1.x (trace, metrics, common, resource) and its rules for JSON: ids in
hexadecimal, 64-bit integers as decimal text, enumerations as numbers, no unknown field from a sender.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

__all__ = ["METRICS", "TRACES", "troubles"]

Kind = Any
TRACES, METRICS = "TracesData", "MetricsData"

MESSAGES: dict[str, dict[str, Kind]] = {
    "TracesData": {"resourceSpans": ["ResourceSpans"]},
    "ResourceSpans": {"resource": "Resource", "scopeSpans": ["ScopeSpans"], "schemaUrl": str},
    "ScopeSpans": {"scope": "Scope", "spans": ["Span"], "schemaUrl": str},
    "Span": {
        "traceId": "hex16", "spanId": "hex8", "parentSpanId": "hex8", "traceState": str, "name": str, "kind": range(6),
        "startTimeUnixNano": "uint64", "endTimeUnixNano": "uint64", "attributes": ["KeyValue"], "links": ["Link"], "status": "Status",
    },
    "Link": {"traceId": "hex16", "spanId": "hex8", "traceState": str, "attributes": ["KeyValue"]},
    "Status": {"message": str, "code": range(3)},
    "MetricsData": {"resourceMetrics": ["ResourceMetrics"]},
    "ResourceMetrics": {"resource": "Resource", "scopeMetrics": ["ScopeMetrics"], "schemaUrl": str},
    "ScopeMetrics": {"scope": "Scope", "metrics": ["Metric"], "schemaUrl": str},
    "Metric": {"name": str, "description": str, "unit": str, "gauge": "Gauge", "sum": "Sum", "histogram": "Histogram"},
    "Gauge": {"dataPoints": ["NumberPoint"]},
    "Sum": {"dataPoints": ["NumberPoint"], "aggregationTemporality": range(3), "isMonotonic": bool},
    "Histogram": {"dataPoints": ["HistogramPoint"], "aggregationTemporality": range(3)},
    "NumberPoint": {"attributes": ["KeyValue"], "startTimeUnixNano": "uint64", "timeUnixNano": "uint64", "asDouble": float, "asInt": "int64"},
    "HistogramPoint": {
        "attributes": ["KeyValue"], "startTimeUnixNano": "uint64", "timeUnixNano": "uint64", "count": "uint64", "sum": float,
        "bucketCounts": ["uint64"], "explicitBounds": [float], "min": float, "max": float,
    },
    "Resource": {"attributes": ["KeyValue"]},
    "Scope": {"name": str, "version": str, "attributes": ["KeyValue"]},
    "KeyValue": {"key": str, "value": "AnyValue"},
    "AnyValue": {"stringValue": str, "boolValue": bool, "intValue": "int64", "doubleValue": float, "arrayValue": "ArrayValue"},
    "ArrayValue": {"values": ["AnyValue"]},
}  # fmt: skip
TEXTS = {"hex16": r"(?!0{32})[0-9a-f]{32}", "hex8": r"(?!0{16})[0-9a-f]{16}", "uint64": r"\d{1,20}", "int64": r"-?\d{1,19}"}


def troubles(message: Any, kind: Kind, place: str = "") -> list[str]:
    """What a strict receiver would find wrong, each with its place; nothing where it would take all of it."""
    if isinstance(kind, list):
        if not isinstance(message, list):
            return [f"{place} is no list"]
        return [found for number, one in enumerate(message) for found in troubles(one, kind[0], f"{place}[{number}]")]
    if isinstance(kind, str) and kind in MESSAGES:
        return _message(message, kind, place)
    if isinstance(kind, str):
        right = isinstance(message, str) and re.fullmatch(TEXTS[kind], message)
    elif isinstance(kind, range):
        right = type(message) is int and message in kind
    else:
        right = type(message) in ((int, float) if kind is float else (kind,))
    return [] if right else [f"{place} is {message!r}"]


def _message(message: Any, kind: str, place: str) -> list[str]:
    if not isinstance(message, Mapping):
        return [f"{place} is no {kind}"]
    fields = MESSAGES[kind]
    found = [f"{place}.{name} is unknown to {kind}" for name in message if name not in fields]
    found += [one for name in message if name in fields for one in troubles(message[name], fields[name], f"{place}.{name}")]
    if kind == "HistogramPoint" and not found:
        counts = [int(count) for count in message["bucketCounts"]]
        if len(counts) != len(message["explicitBounds"]) + 1 or sum(counts) != int(message["count"]):
            found.append(f"{place} has buckets that do not fit its bounds or its count")
    return found
