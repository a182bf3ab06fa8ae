"""The reference of lab 11: a context variable, carried into the pool, into the row, into Kafka and out again."""

from __future__ import annotations

import json
import re
import uuid
from contextvars import ContextVar, copy_context
from datetime import datetime, timezone

from opentelemetry import trace
from opentelemetry.trace import Link, SpanKind
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator
from prometheus_client import Counter, Histogram

from shop import Addresses, Event
from shop.watched import POOL, Request, messages, pack, publish, save_order, stock_of, unpublished

CORRELATION = ContextVar("correlation_id", default="")
SERVICE = ContextVar("service", default="")


def log(event: str, level: str = "info", **fields) -> None:
    line = {
        "timestamp": datetime.now(timezone.utc).isoformat(),
        "level": level,
        "service": SERVICE.get(),
        "event": event,
        "correlation_id": CORRELATION.get(),
    }
    print(json.dumps(line | fields))


def usable(sent: str | None) -> str:
    """What was sent, where it can be trusted; else a new id."""
    return sent if sent and re.fullmatch(r"[A-Za-z0-9-]{8,64}", sent) else str(uuid.uuid4())


def in_pool(function, *args):
    """Do it in a thread of the pool, with the context of whoever asks."""
    return POOL.submit(copy_context().run, function, *args).result()


def place_order(at: Addresses, request: Request) -> dict:
    SERVICE.set("api")
    CORRELATION.set(usable(request.header("X-Correlation-Id")))
    order = request.json()
    order_id = order["purchase_id"]
    log("request.received", order_id=order_id)
    if not in_pool(check_stock, order):
        log("order.refused", "warning", order_id=order_id)
        return answer(409)
    save_order(at, order, {"correlation_id": CORRELATION.get()})
    log("order.placed", order_id=order_id)
    return answer(201)


def check_stock(order: dict) -> bool:
    there = stock_of(order["item"])
    log("stock.checked", order_id=order["purchase_id"], item=order["item"], there=there)
    return there >= order["quantity"]


def answer(status: int) -> dict:
    return {"status": status, "headers": {"X-Correlation-Id": CORRELATION.get()}}


def relay(at: Addresses) -> int:
    SERVICE.set("relay")
    events = unpublished(at)
    for event, headers in events:
        CORRELATION.set(usable(headers.get("correlation_id")))
        publish(at, event, [("correlation-id", CORRELATION.get().encode())])
        log("event.published", order_id=event.purchase_id)
    return len(events)


def consume(at: Addresses) -> int:
    SERVICE.set("warehouse")
    handled = 0
    for record in messages(at):
        sent = dict(record.headers).get("correlation-id", b"")
        CORRELATION.set(usable(sent.decode("ascii", "replace")))
        in_pool(pack_one, at, Event.decode(record.value))
        handled += 1
    return handled


def pack_one(at: Addresses, event: Event) -> None:
    pack(at, event)
    log("parcel.packed", order_id=event.purchase_id)


BUCKETS = (0.01, 0.025, 0.05, 0.1, 0.2, 0.3, 0.5, 0.75, 1, 1.5, 2.5, 5, 10)


def make_metrics(registry):
    requests = Counter("shop_requests", "Requests, by route and outcome", ["route", "outcome"], registry=registry)
    duration = Histogram(
        "shop_request_duration_seconds", "Duration of requests", ["route"], buckets=BUCKETS, registry=registry
    )

    def observe(path: str, status: int | None, seconds: float) -> None:
        route = route_of(path)
        requests.labels(route, outcome_of(status)).inc()
        duration.labels(route).observe(seconds)

    return observe


def route_of(path: str) -> str:
    parts = path.split("?")[0].strip("/").split("/")
    if parts == ["orders"]:
        return "/orders"
    if len(parts) == 2 and parts[0] in ("orders", "products"):
        return f"/{parts[0]}/{{id}}"
    return "other"


def outcome_of(status: int | None) -> str:
    if status is None:
        return "unknown"
    return "failed" if status >= 500 else "ok"


def incident() -> dict:
    return {
        "incident": "ada-lovelace-1-5f69",
        "component": "warehouse",
        "first": "warehouse-0094",
        "orders": ["p-256", "p-362", "p-499", "p-559", "p-947"],
    }


W3C = TraceContextTextMapPropagator()


def serve_traced(tracer, request: Request) -> dict:
    caller = W3C.extract(dict(request.headers))
    with tracer.start_as_current_span("POST /orders", context=caller, kind=SpanKind.SERVER) as span:
        order = request.json()
        span.set_attribute("order_id", order["purchase_id"])
        in_pool(check_stock_traced, tracer, order)
        headers = {}
        W3C.inject(headers)
        return headers


def check_stock_traced(tracer, order: dict) -> None:
    with tracer.start_as_current_span("check stock", attributes={"order_id": order["purchase_id"]}):
        stock_of(order["item"])


def publish_traced(tracer, order_id: str, headers: dict) -> list[tuple[str, bytes]]:
    request = W3C.extract(headers)
    with tracer.start_as_current_span(
        "publish", context=request, kind=SpanKind.PRODUCER, attributes={"order_id": order_id}
    ):
        sent = {}
        W3C.inject(sent)
    return [(name, value.encode()) for name, value in sent.items()]


def pack_traced(tracer, batch: list[tuple[str, list[tuple[str, bytes]]]]) -> None:
    contexts = [W3C.extract({name: value.decode() for name, value in headers}) for _, headers in batch]
    links = [Link(trace.get_current_span(context).get_span_context()) for context in contexts]
    with tracer.start_as_current_span("pack batch", kind=SpanKind.CONSUMER, links=links):
        for order_id, _ in batch:
            with tracer.start_as_current_span("pack", attributes={"order_id": order_id}):
                pass


def make_alert():
    minutes: list[tuple[int, int]] = []

    def fires(requests: int, failed: int) -> bool:
        minutes.append((requests, failed))
        del minutes[:-60]
        return burn_rate(minutes) >= 12 and burn_rate(minutes[-5:]) >= 12

    return fires


def burn_rate(minutes: list[tuple[int, int]]) -> float:
    requests, failed = (sum(column) for column in zip(*minutes))
    return failed / requests / 0.001 if requests else 0.0
