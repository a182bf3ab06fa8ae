"""The standard library's logging: a filter puts the context on every record, a formatter makes it JSON."""

from __future__ import annotations

import contextvars
import json
import logging
import re
import sys
import uuid
from datetime import datetime, timezone

from prometheus_client import Counter, Histogram

from shop import Addresses, Event
from shop.watched import POOL, Request, messages, pack, publish, save_order, stock_of, unpublished

CONTEXT: contextvars.ContextVar[dict] = contextvars.ContextVar("context")


class AddContext(logging.Filter):
    def filter(self, record: logging.LogRecord) -> bool:
        record.context = CONTEXT.get()
        return True


class AsJson(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        when = datetime.fromtimestamp(record.created, timezone.utc)
        line = {"timestamp": when.isoformat(), "level": record.levelname.lower(), "event": record.getMessage()}
        return json.dumps(line | record.context)


handler = logging.StreamHandler(sys.stdout)
handler.addFilter(AddContext())
handler.setFormatter(AsJson())
logger = logging.getLogger("shop")
logger.addHandler(handler)
logger.setLevel(logging.INFO)
logger.propagate = False


def enter(service: str, sent: str | None, order_id: str) -> str:
    own = sent if re.fullmatch("[a-zA-Z0-9-]{8,64}", sent or "") else f"shop-{uuid.uuid4()}"
    CONTEXT.set({"service": service, "correlation_id": own, "order_id": order_id})
    return own


def place_order(at: Addresses, request: Request) -> dict:
    order = request.json()
    own = enter("api", request.header("X-Correlation-Id"), order["purchase_id"])
    logger.info("request.received")
    context = contextvars.copy_context()
    there = POOL.submit(context.run, counted, order["item"]).result()
    if there < order["quantity"]:
        logger.warning("order.refused")
        return {"status": 409, "headers": {"X-Correlation-Id": own}}
    save_order(at, order, {"traveller": own, "from": "api"})
    logger.info("order.placed")
    return {"status": 201, "headers": {"X-Correlation-Id": own}}


def counted(item: str) -> int:
    there = stock_of(item)
    logger.info("stock.checked")
    return there


def relay(at: Addresses) -> int:
    events = unpublished(at)
    for event, headers in events:
        own = enter("relay", headers.get("traveller"), event.purchase_id)
        publish(at, event, [("source", b"relay"), ("correlation-id", own.encode("ascii"))])
        logger.info("event.published")
    return len(events)


def consume(at: Addresses) -> int:
    handled = 0
    for record in messages(at):
        event = Event.decode(record.value)
        enter("warehouse", dict(record.headers).get("correlation-id", b"").decode(errors="replace"), event.purchase_id)
        POOL.submit(contextvars.copy_context().run, packed, at, event).result()
        handled += 1
    return handled


def packed(at: Addresses, event: Event) -> None:
    logger.info("parcel.packed")
    pack(at, event)


KNOWN = {"/orders": "/orders"}
BOUNDS = (0.05, 0.1, 0.2, 0.3, 0.4, 0.6, 0.9, 1.3, 1.7, 2.2, 3, 4, 6)


def make_metrics(registry):
    labels = ["route", "outcome"]
    requests = Counter("shop_requests", "Requests of the API", labels, registry=registry)
    duration = Histogram("shop_request_duration_seconds", "Their seconds", labels[:1], buckets=BOUNDS, registry=registry)

    def observe(path, status, seconds):
        path = path.split("?")[0]
        kind = path.split("/")[1]
        deep = kind in ("orders", "products") and path.count("/") == 2
        route = KNOWN.get(path) or (f"/{kind}/{{id}}" if deep else "other")
        outcome = "unknown" if status is None else ("failed" if status // 100 == 5 else "ok")
        requests.labels(route, outcome).inc()
        duration.labels(route).observe(seconds)

    return observe


def incident() -> dict:
    return {
        "incident": "leslie-lamport-1-2d80",
        "component": "api",
        "first": "api-0176",
        "orders": [
            "p-137", "p-332", "p-462", "p-473", "p-536", "p-581", "p-639", "p-673", "p-696",
            "p-741", "p-844", "p-847", "p-859",
        ],
    }


def make_alert():
    seen = [(0, 0)] * 60

    def fires(requests, failed):
        seen.append((requests, failed))
        return all(share(seen[-length:]) >= 0.0144 for length in (60, 5))

    return fires


def share(minutes):
    requests = sum(count for count, _ in minutes)
    return sum(failed for _, failed in minutes) / max(1, requests)
