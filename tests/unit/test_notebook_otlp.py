"""What is pushed, in the form of OpenTelemetry's protocol; whoever listens is played here, Jaeger and Prometheus are not."""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from opentelemetry import trace
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from prometheus_client import CollectorRegistry, Counter, Histogram

from autograder.notebook.otlp import metrics_message, push, traces_message


@pytest.fixture
def spans():
    kept, provider = InMemorySpanExporter(), TracerProvider(resource=Resource({"service.name": "relay"}), shutdown_on_exit=False)
    provider.add_span_processor(SimpleSpanProcessor(kept))
    tracer = provider.get_tracer("shop")
    with tracer.start_as_current_span("publish", kind=trace.SpanKind.PRODUCER) as outer, tracer.start_as_current_span(
        "inner", links=[trace.Link(outer.get_span_context())], attributes={"order_id": "p-1"}
    ):
        pass
    return kept.get_finished_spans()


@pytest.fixture
def registry():
    made = CollectorRegistry()
    Counter("shop_requests", "r", ["outcome"], registry=made).labels("ok").inc(3)
    duration = Histogram("shop_request_duration_seconds", "d", ["route"], buckets=(0.1, 0.3), registry=made).labels("/orders")
    for seconds in (0.05, 0.2, 0.25, 9.0):
        duration.observe(seconds)
    return made


@pytest.fixture
def listener(monkeypatch):
    """Takes what is posted, and keeps it by its path."""
    taken = {}

    class Take(BaseHTTPRequestHandler):
        def do_POST(self):
            taken[self.path] = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *args):
            """Silent."""

    server = HTTPServer(("127.0.0.1", 0), Take)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    monkeypatch.setenv("FORTNIGHT_OBSERVABILITY", "1")
    for name in ("OTLP", "PROMETHEUS"):
        monkeypatch.setenv(f"FORTNIGHT_{name}_PORT", str(server.server_port))
    yield taken
    server.shutdown()
    server.server_close()


def test_a_span_keeps_its_parent_its_links_and_its_service(spans):
    [resource] = traces_message(spans)["resourceSpans"]
    assert resource["resource"]["attributes"] == [{"key": "service.name", "value": {"stringValue": "relay"}}]
    inner, outer = resource["scopeSpans"][0]["spans"]
    assert (outer["name"], outer["kind"], "parentSpanId" in outer) == ("publish", 4, False)
    assert inner["parentSpanId"] == outer["spanId"] == inner["links"][0]["spanId"]
    assert inner["traceId"] == outer["traceId"] and len(inner["traceId"]) == 32


def test_a_histogram_is_counted_between_its_bounds(registry):
    [scope] = metrics_message(registry, "api")["resourceMetrics"][0]["scopeMetrics"]
    counter, histogram = scope["metrics"]
    assert (counter["name"], counter["sum"]["dataPoints"][0]["asDouble"]) == ("shop_requests", 3.0)
    [point] = histogram["histogram"]["dataPoints"]
    assert (histogram["unit"], point["explicitBounds"], point["bucketCounts"], point["count"]) == ("s", [0.1, 0.3], ["1", "2", "1"], "4")
    assert point["attributes"] == [{"key": "route", "value": {"stringValue": "/orders"}}]


def test_both_are_pushed_to_their_places(spans, registry, listener):
    assert "spans are in Jaeger. The metrics are in Prometheus" in repr(push(spans, registry))
    assert set(listener) == {"/v1/traces", "/api/v1/otlp/v1/metrics"}


def test_nobody_listens_and_it_says_so_in_one_sentence(spans, registry, listener, monkeypatch):
    monkeypatch.setenv("FORTNIGHT_OTLP_PORT", "1")
    assert "did not take them" in repr(push(spans, registry)) and "metrics are in Prometheus" in repr(push(spans, registry))


def test_in_the_other_worlds_the_signals_stay_here(spans, registry, monkeypatch):
    monkeypatch.delenv("FORTNIGHT_OBSERVABILITY", raising=False)
    assert "stay in this notebook" in repr(push(spans, registry))
