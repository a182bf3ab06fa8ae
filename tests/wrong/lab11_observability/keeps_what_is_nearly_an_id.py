"""Seven characters are as good as eight."""

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
    return sent if sent and re.fullmatch(r"[A-Za-z0-9-]{7,64}", sent) else str(uuid.uuid4())


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
