"""The buckets end where it begins to matter."""

from __future__ import annotations

from prometheus_client import Counter, Histogram

BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25)


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
