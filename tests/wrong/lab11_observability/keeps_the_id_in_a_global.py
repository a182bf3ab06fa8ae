"""The id is kept in a global variable, and two requests are under way."""

from __future__ import annotations

import json
import uuid
from datetime import datetime, timezone

from shop import Addresses
from shop.watched import POOL, Request, save_order, stock_of

ID = ""


def log(event: str, **fields) -> None:
    now = datetime.now(timezone.utc).isoformat()
    print(json.dumps({"timestamp": now, "level": "info", "service": "api", "event": event, "correlation_id": ID} | fields))


def naive_place_order(at: Addresses, request: Request) -> dict:
    global ID
    ID = request.header("X-Correlation-Id") or str(uuid.uuid4())
    order = request.json()
    log("request.received", order_id=order["purchase_id"])
    there = POOL.submit(stock_of, order["item"]).result()
    log("stock.checked", order_id=order["purchase_id"], there=there)
    if there < order["quantity"]:
        log("order.refused", order_id=order["purchase_id"])
        return {"status": 409, "headers": {"X-Correlation-Id": ID}}
    save_order(at, order, {"correlation_id": ID})
    log("order.placed", order_id=order["purchase_id"])
    return {"status": 201, "headers": {"X-Correlation-Id": ID}}
