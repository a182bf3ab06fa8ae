"""The span of the pool's work has no parent."""

from __future__ import annotations

from opentelemetry import trace
from opentelemetry.trace import Link, SpanKind
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from shop.watched import POOL, Request, stock_of

W3C = TraceContextTextMapPropagator()


def in_pool(function, *args):
    """Do it in a thread of the pool, with the context of whoever asks."""
    return POOL.submit(function, *args).result()


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
