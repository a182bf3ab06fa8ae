"""The watched shop: two requests under way in the same way each time, and a harness that tells what a program does."""

from __future__ import annotations

import sys
import threading
from contextvars import ContextVar
from types import ModuleType

import pytest

from shop import Addresses
from shop.watched import POOL, Request, stock_of
from shop.watched import harness
from shop.watched.front import require_pool

AT = Addresses()
CONTEXT: ContextVar[str] = ContextVar("context", default="")


@pytest.fixture
def program(monkeypatch):
    """What the harness finds in ``__main__``."""
    main = ModuleType("__main__")
    monkeypatch.setitem(sys.modules, "__main__", main)
    return main


def asked(*names):
    return [{"headers": {"X-Id": name}, "body": {"purchase_id": name, "item": "lamp"}} for name in names]


def test_two_requests_take_turns_at_their_bodies_always_in_the_same_way(program):
    steps = []

    def handler(at, request):
        name = request.header("x-id")
        steps.append(f"{name} begins")
        request.json()
        steps.append(f"{name} goes on")
        return name

    program.handler = handler
    answers = harness.serve(AT, "handler", asked("a", "b", "c"))["answers"]
    assert answers == ["a", "b", "c"]
    assert steps == ["a begins", "b begins", "a goes on", "c begins", "b goes on", "c goes on"]


def test_a_thread_that_handles_another_request_keeps_its_context(program):
    def handler(at, request):
        before = CONTEXT.get()
        CONTEXT.set(request.header("X-Id"))
        return before

    program.handler = handler
    assert harness.serve(AT, "handler", asked("a", "b", "c"))["answers"] == ["", "", "a"]


def test_what_blocks_is_refused_outside_of_a_pool(program):
    program.handler = lambda at, request: stock_of("lamp")
    [answer] = harness.serve(AT, "handler", asked("a"))["answers"]
    assert "call it from a thread of the pool" in answer["trouble"]
    program.handler = lambda at, request: POOL.submit(stock_of, "lamp").result()
    assert harness.serve(AT, "handler", asked("a"))["answers"] == [12]
    with pytest.raises(RuntimeError, match="pack blocks"):
        require_pool("pack")


def test_lines_of_every_thread_are_told_and_so_is_what_goes_wrong(program):
    def handler(at, request):
        print("first")
        POOL.submit(print, "second").result()
        raise ValueError("no lamp")

    program.handler = handler
    told = harness.serve(AT, "handler", asked("a"))
    assert told == {"answers": [{"trouble": "ValueError: no lamp"}], "lines": ["first", "second"]}
    program.relay = lambda at: print("x") or 3
    assert harness.once(AT, "relay") == {"value": 3, "lines": ["x"]}


def test_a_request_without_a_body_or_a_header_has_none():
    request = Request()
    assert (request.header("X-Id"), request.json()) == (None, {})


def test_metrics_are_scraped_halfway_and_in_the_end(program):
    def make(registry):
        from prometheus_client import Counter

        counter = Counter("shop_requests", "r", ["route"], registry=registry)
        return lambda path, status, seconds: counter.labels(path).inc()

    program.make = make
    told = harness.scrape("make", [("/a", 200, 0.1), ("/a", 200, 0.1), ("/b", 200, 0.1), ("/c", None, 0.1)])
    assert told["series_halfway"] == 1 and told["value"] is None
    assert told["exposed"].count("shop_requests_total{") == 3 and "_created" not in told["exposed"]


def test_an_alert_hears_one_minute_after_the_other(program):
    def make():
        heard = []
        return lambda total, failed: heard.append(failed) or len(heard)

    program.make = make
    assert harness.alerts("make", [(1, 0), (1, 1)]) == {"value": [True, True]}
    assert harness.alerts("nothing", [])["trouble"].startswith("AttributeError")


def test_no_thread_of_a_request_is_left(program):
    program.handler = lambda at, request: None
    harness.serve(AT, "handler", asked("a", "b"))
    assert not [one for one in threading.enumerate() if one.name.startswith("request")]
