"""No context variable at all: a log that knows its order is made at the door and handed on as an argument."""

from __future__ import annotations

import json
import sys
from datetime import datetime, timezone
from uuid import uuid4

from prometheus_client import Counter, Histogram

from shop import Addresses, Event
from shop.watched import POOL, Request, messages, pack, publish, save_order, stock_of, unpublished

LETTERS = set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-")


class Log:
    def __init__(self, service: str, order_id: str, correlation_id: str) -> None:
        self.correlation_id = correlation_id
        self._always = {"service": service, "order_id": order_id, "correlation_id": correlation_id}

    def __call__(self, level: str, event: str, **more) -> None:
        when = datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        sys.stdout.write(json.dumps({"timestamp": when, "level": level, "event": event, **self._always, **more}) + "\n")


def kept_or_new(sent: str | None) -> str:
    good = sent is not None and 8 <= len(sent) <= 64 and set(sent) <= LETTERS
    return sent if good else uuid4().hex


def place_order(at: Addresses, request: Request) -> dict:
    order = request.json()
    log = Log("api", order["purchase_id"], kept_or_new(request.header("x-correlation-id")))
    log("INFO", "request.received")
    there = POOL.submit(ask_stock, log, order["item"]).result()
    status = 201 if there >= order["quantity"] else 409
    if status == 201:
        save_order(at, order, {"x": log.correlation_id})
        log("INFO", "order.placed")
    else:
        log("WARNING", "order.refused", there=there)
    return {"status": status, "headers": {"x-correlation-id": log.correlation_id}}


def ask_stock(log: Log, item: str) -> int:
    there = stock_of(item)
    log("DEBUG", "stock.checked", there=there)
    return there


def relay(at: Addresses) -> int:
    waiting = unpublished(at)
    if not waiting:
        return 0
    event, headers = waiting[0]  # one at a time: whoever calls, calls again
    log = Log("relay", event.purchase_id, kept_or_new(headers.get("x")))
    publish(at, event, [("correlation-id", log.correlation_id.encode())])
    log("INFO", "event.published", event_id=event.id)
    return 1


def consume(at: Addresses) -> int:
    handled = 0
    for record in messages(at):
        event = Event.decode(record.value)
        sent = next((value.decode("utf-8", "replace") for name, value in record.headers if name == "correlation-id"), None)
        log = Log("warehouse", event.purchase_id, kept_or_new(sent))
        POOL.submit(pack, at, event).result()
        log("INFO", "parcel.packed", offset=record.offset)
        handled += 1
    return handled


def make_metrics(registry):
    bounds = [0.05 * 1.5**step for step in range(12)]
    requests = Counter("shop_requests_total", "Requests", ["route", "outcome"], registry=registry)
    seconds_taken = Histogram(
        "shop_request_duration_seconds", "Seconds", ["route"], buckets=sorted({*bounds, 0.3}), registry=registry
    )

    def observe(path: str, status: int | None, seconds: float) -> None:
        match path.partition("?")[0].split("/"):
            case ["", "orders"]:
                route = "/orders"
            case ["", ("orders" | "products") as what, _]:
                route = f"/{what}/{{id}}"
            case _:
                route = "other"
        outcome = "unknown" if status is None else "ok" if status < 500 else "failed"
        requests.labels(route=route, outcome=outcome).inc()
        seconds_taken.labels(route=route).observe(seconds)

    return observe


def incident() -> dict:
    return {
        "incident": "grace-hopper-1-a4e9",
        "component": "pool",
        "first": "pool-0113",
        "orders": [
            "p-309", "p-314", "p-378", "p-450", "p-515", "p-528", "p-540", "p-554", "p-560",
            "p-579", "p-738", "p-879",
        ],
    }
