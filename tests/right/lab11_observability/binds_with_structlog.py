"""structlog with its context variables, and a pool of its own whose every job brings its context along."""

from __future__ import annotations

import re
import secrets
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context

import structlog
from prometheus_client import Counter, Histogram
from structlog.contextvars import bind_contextvars, clear_contextvars, get_contextvars

from shop import Addresses, Event
from shop.watched import Request, messages, pack, publish, save_order, stock_of, unpublished

structlog.configure(
    processors=[
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.JSONRenderer(),
    ],
    logger_factory=structlog.PrintLoggerFactory(),
)
log = structlog.get_logger()


class CarryingPool(ThreadPoolExecutor):
    def submit(self, function, /, *args, **named):
        return super().submit(copy_context().run, function, *args, **named)


CARRYING = CarryingPool(max_workers=3)


def begin(service: str, sent: str | None, order_id: str) -> str:
    known = re.fullmatch(r"[\w-]{8,64}", sent or "", re.ASCII) and "_" not in sent
    correlation_id = sent if known else secrets.token_hex(16)
    clear_contextvars()
    bind_contextvars(service=service, correlation_id=correlation_id, order_id=order_id)
    return correlation_id


def place_order(at: Addresses, request: Request) -> dict:
    order = request.json()
    correlation_id = begin("api", request.header("X-Correlation-ID"), order["purchase_id"])
    log.info("request.received")
    enough = CARRYING.submit(is_there, order).result()
    if enough:
        save_order(at, order, {name: get_contextvars()[name] for name in ("correlation_id",)})
        log.info("order.placed")
    else:
        log.warning("order.refused", item=order["item"])
    return {"status": 201 if enough else 409, "headers": {"X-Correlation-Id": correlation_id}}


def is_there(order: dict) -> bool:
    there = stock_of(order["item"])
    log.info("stock.checked", there=there)
    return there >= order["quantity"]


def relay(at: Addresses) -> int:
    done = 0
    for done, (event, headers) in enumerate(unpublished(at), start=1):
        correlation_id = begin("relay", headers.get("correlation_id"), event.purchase_id)
        log.info("event.published")
        publish(at, event, [("correlation-id", correlation_id.encode())])
    return done


def consume(at: Addresses) -> int:
    handled = 0
    for record in messages(at):
        event = Event.decode(record.value)
        begin("warehouse", dict(record.headers or ()).get("correlation-id", b"").decode("latin-1"), event.purchase_id)
        CARRYING.submit(pack_it, at, event).result()
        handled += 1
    return handled


def pack_it(at: Addresses, event: Event) -> None:
    pack(at, event)
    log.info("parcel.packed", quantity=event.payload["quantity"])


class Red:
    def __init__(self, registry) -> None:
        self.requests = Counter("shop_requests", "By route and outcome", ("route", "outcome"), registry=registry)
        steps = (0.02, 0.04, 0.08, 0.15, 0.3, 0.6, 1.2, 1.6, 2.0, 2.4, 4.8)
        self.duration = Histogram("shop_request_duration_seconds", "By route", ("route",), buckets=steps, registry=registry)

    def observe(self, path: str, status: int | None, seconds: float) -> None:
        found = re.match(r"/(orders|products)/[^/?]+$", path.split("?")[0])
        route = f"/{found[1]}/{{id}}" if found else "/orders" if path.split("?")[0] == "/orders" else "other"
        self.requests.labels(route, {None: "unknown"}.get(status, "ok" if (status or 0) < 500 else "failed")).inc()
        self.duration.labels(route).observe(seconds)


def make_metrics(registry):
    return Red(registry).observe


def incident() -> dict:
    return {
        "incident": "barbara-liskov-1-b638",
        "component": "gateway",
        "first": "gateway-0056",
        "orders": ["p-205", "p-516", "p-663", "p-805", "p-889", "p-895"],
    }


def make_alert():
    requests, failures = [], []

    def fires(count: int, failed: int) -> bool:
        requests.append(count)
        failures.append(failed)
        long = sum(failures[-60:]) > 0.01 * sum(requests[-60:])
        short = sum(failures[-5:]) > 0.01 * sum(requests[-5:])
        return long and short

    return fires
