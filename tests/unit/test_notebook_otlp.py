"""What is pushed, in the form of OpenTelemetry's protocol; whoever listens is played here, Jaeger and Prometheus are not."""

from __future__ import annotations

import json
import re
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from opentelemetry import trace
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from autograder.labs.lab11_shop import record
from autograder.notebook import otlp
from autograder.notebook.otlp import metrics_message, push, traces_message
from tests.right.lab11_observability import reference
from tests.unit.otlp_protocol import METRICS, TRACES, troubles

BOARD = json.loads((Path(__file__).resolve().parents[2] / "observability" / "grafana" / "shop.json").read_text("utf-8"))


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
    Gauge("shop_consumer_lag", "l", ["topic"], registry=made).labels("orders").set(2)
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
    counter, histogram, gauge = scope["metrics"]
    assert (counter["name"], counter["sum"]["dataPoints"][-1]["asDouble"]) == ("shop_requests", 3.0)
    assert (gauge["name"], gauge["gauge"]["dataPoints"][0]["asDouble"]) == ("shop_consumer_lag", 2.0)
    *_, point = histogram["histogram"]["dataPoints"]
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


def test_what_is_pushed_is_the_protocol_to_the_letter(spans, registry):
    assert troubles(traces_message(spans), TRACES) == []
    assert troubles(metrics_message(registry, "api"), METRICS) == []


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda span: span.update(traceId="abc"), "traceId is 'abc'"),
        (lambda span: span.update(startTimeUnixNano=7), "startTimeUnixNano is 7"),
        (lambda span: span.update(kind="SERVER"), "kind is 'SERVER'"),
        (lambda span: span.update(parent="ab"), "parent is unknown to Span"),
    ],
)
def test_the_protocols_test_can_fail(spans, change, said):
    message = traces_message(spans)
    change(message["resourceSpans"][0]["scopeSpans"][0]["spans"][0])
    [found] = troubles(message, TRACES)
    assert said in found


def test_an_error_and_the_kind_of_a_value_travel_with_a_span():
    kept, provider = InMemorySpanExporter(), TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(SimpleSpanProcessor(kept))
    with provider.get_tracer("shop").start_as_current_span("pay", attributes={"attempt": 3, "late": True, "s": 0.5, "ids": ["a"]}) as span:
        span.set_status(trace.Status(trace.StatusCode.ERROR, "declined"))
    message = traces_message(kept.get_finished_spans())
    [told] = message["resourceSpans"][0]["scopeSpans"][0]["spans"]
    assert troubles(message, TRACES) == [] and told["status"] == {"code": 2, "message": "declined"}
    assert [one["value"] for one in told["attributes"]] == [
        {"intValue": "3"}, {"boolValue": True}, {"doubleValue": 0.5}, {"arrayValue": {"values": [{"stringValue": "a"}]}},
    ]  # fmt: skip


def points(registry, later_s, monkeypatch):
    """What is told of the counter and of the histogram's count, so long after they began."""
    now = otlp.time.time_ns() + int(later_s * 1e9)
    monkeypatch.setattr(otlp.time, "time_ns", lambda: now)
    counter, histogram, _ = metrics_message(registry, "api")["resourceMetrics"][0]["scopeMetrics"][0]["metrics"]
    of_counter, of_histogram = counter["sum"]["dataPoints"], histogram["histogram"]["dataPoints"]
    assert [point["timeUnixNano"] for point in of_counter][-1] == str(now)
    assert {point["startTimeUnixNano"] for point in of_counter} == {of_counter[0]["startTimeUnixNano"]}
    return [point["asDouble"] for point in of_counter], [point["count"] for point in of_histogram]


def test_one_push_is_enough_for_a_rate_since_the_zero_goes_with_it(registry, monkeypatch):
    assert points(registry, 60, monkeypatch) == ([0.0, 3.0], ["0", "4"])


def test_a_zero_that_prometheus_would_find_too_old_stays_here(registry, monkeypatch):
    assert points(registry, 600, monkeypatch) == ([3.0], ["4"])


def series_of(registry):
    """Names and labels under which Prometheus keeps what is pushed of a registry."""
    found = {}
    for metric in metrics_message(registry, "api")["resourceMetrics"][0]["scopeMetrics"][0]["metrics"]:
        [kind] = metric.keys() & {"sum", "histogram", "gauge"}
        labels = {one["key"] for point in metric[kind]["dataPoints"] for one in point["attributes"]} | {"job"}
        ending = {"sum": "_total", "histogram": "_bucket", "gauge": ""}[kind]
        found[metric["name"] + ending] = labels | ({"le"} if kind == "histogram" else set())
    return found


def test_the_dashboard_asks_for_names_and_labels_that_the_shop_has():
    made = CollectorRegistry()
    reference.make_metrics(made)("/orders", 200, 0.2)
    pushed = series_of(made)
    gauges = {sample.name for sample in record("a calm day", "poison loop", with_fault=False).signals.samples}
    for asked in [one["expr"] for panel in BOARD["panels"] for one in panel["targets"] if "expr" in one]:
        [name] = re.findall(r"\bshop_[a-z_]+", asked)
        assert name in pushed or name in gauges, asked
        labels = {label.strip() for inside in re.findall(r"by \(([^)]*)\)|\{(\w+)!?=", asked) for part in inside for label in part.split(",")} - {""}
        assert name not in pushed or labels <= pushed[name], asked


def test_the_dashboards_traces_are_those_of_a_service_of_day_11():
    [service] = [one["service"] for panel in BOARD["panels"] for one in panel["targets"] if "service" in one]
    text = (Path(__file__).resolve().parents[2] / "manuscript" / "days" / "day11_observability.md").read_text("utf-8")
    assert f'Service("{service}")' in text
