"""The harness: it calls a program as its surroundings would, and says what came of it. Judge and notebooks use the same one.

A service writes its log to standard output, one line after the other. Nothing here raises what a program raises: it is told.
The functions of the program are named, and found in ``__main__``.
"""

from __future__ import annotations

import contextlib
import io
import os
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from shop.addresses import Addresses
from shop.watched.front import Request, Turns

__all__ = ["alerts", "once", "scrape", "serve", "traced", "written"]

THREADS = 2


def serve(at: Addresses, handler: str, requests: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Two threads handle the requests in turns: what each was answered, and the lines that were written."""
    with written() as lines:
        answers = _in_turns(lambda request: _named(handler)(at, request), requests)
    return {"answers": answers, "lines": lines}


def once(at: Addresses, function: str) -> dict[str, Any]:
    """Call it: what it returned or why not, and the lines that were written."""
    with written() as lines:
        told = _told(lambda: _named(function)(at))
    return {**told, "lines": lines}


def scrape(make: str, seen: Sequence[Sequence[Any]]) -> dict[str, Any]:
    """Show a program's metrics these requests (path, status or None, seconds): what its registry exposes in the end, and how many series it had halfway."""
    from prometheus_client import CollectorRegistry

    registry, halfway = CollectorRegistry(), 0

    def watch() -> None:
        nonlocal halfway
        observe = _named(make)(registry)
        for number, (path, status, seconds) in enumerate(seen):
            if number == len(seen) // 2:
                halfway = len(_series(_exposed(registry)))
            observe(path, status, seconds)

    told = _told(watch)
    return {**told, "exposed": _exposed(registry), "series_halfway": halfway}


def _exposed(registry: Any) -> str:
    """What a scrape would get, without the moments at which series were made."""
    from prometheus_client import generate_latest

    lines = generate_latest(registry).decode().splitlines(keepends=True)
    return "".join(line for line in lines if "_created" not in line.partition("{")[0])


def _series(text: str) -> list[str]:
    return [line for line in text.splitlines() if line and not line.startswith("#")]


def alerts(make: str, series: Sequence[Sequence[int]]) -> dict[str, Any]:
    """Give an alert one minute after the other (requests, failed): in which it fires."""

    def watch() -> list[bool]:
        fires = _named(make)()
        return [bool(fires(total, failed)) for total, failed in series]

    return _told(watch)


def traced(serve_one: str, publish_one: str, pack_all: str, requests: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Serve, publish and pack with a tracer that keeps what it is told: the spans that were ended."""
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import SimpleSpanProcessor
    from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

    kept = InMemorySpanExporter()
    provider = TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(SimpleSpanProcessor(kept))
    tracer = provider.get_tracer("shop")

    def run() -> None:
        rows = _in_turns(lambda request: _named(serve_one)(tracer, request), requests)
        broken = [row["trouble"] for row in rows if isinstance(row, dict) and set(row) == {"trouble"}]
        if broken:
            raise RuntimeError(broken[0])
        names = [request["body"]["purchase_id"] for request in requests]
        sent = [(name, list(_named(publish_one)(tracer, name, row))) for name, row in zip(names, rows, strict=True)]
        _named(pack_all)(tracer, sent)

    with written():
        told = _told(run)
    return {**told, "spans": [_plain(span) for span in kept.get_finished_spans()]}


for _entry in (serve, once, scrape, alerts, traced):
    _entry.needs_program = True  # type: ignore[attr-defined]


def _named(function: str) -> Callable[..., Any]:
    """A function of the program."""
    return getattr(sys.modules["__main__"], function)


def _plain(span: Any) -> dict[str, Any]:
    return {
        "name": span.name,
        "kind": span.kind.name,
        "trace": f"{span.context.trace_id:032x}",
        "id": f"{span.context.span_id:016x}",
        "parent": f"{span.parent.span_id:016x}" if span.parent else "",
        "links": [f"{link.context.span_id:016x}" for link in span.links],
        "attributes": {name: str(value) for name, value in (span.attributes or {}).items()},
    }


def _in_turns(handle: Callable[[Request], Any], requests: Sequence[Mapping[str, Any]]) -> list[Any]:
    """Thread 1 handles the first request, the third and so on, thread 2 the others."""
    names = [f"request thread {number + 1}" for number in range(min(THREADS, len(requests)))]
    turns, answers = Turns(names), [None] * len(requests)

    def work(number: int) -> None:
        turns.begin(names[number])
        try:
            for place in range(number, len(requests), len(names)):
                request = Request(requests[place].get("headers", {}), requests[place].get("body", {}))
                told = _told(lambda: handle(request))
                answers[place] = told["value"] if "value" in told else told
        finally:
            turns.end()

    threads = [threading.Thread(target=work, args=(number,), name=names[number]) for number in range(len(names))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return answers


def _told(action: Callable[[], Any]) -> dict[str, Any]:
    try:
        value = action()
        return {"value": value}
    except Exception as error:
        return {"trouble": f"{type(error).__name__}: {error}"}


@contextlib.contextmanager
def written() -> Iterator[list[str]]:
    """The lines that are written to standard output inside, by whatever thread and library; they are there at the end."""
    lines: list[str] = []
    if not _is_the_real_one():
        held = io.StringIO()
        with contextlib.redirect_stdout(held):
            yield lines
        lines += held.getvalue().splitlines()
        return
    with tempfile.TemporaryFile() as file:
        sys.stdout.flush()
        kept = os.dup(1)
        os.dup2(file.fileno(), 1)
        try:
            yield lines
        finally:
            sys.stdout.flush()
            os.dup2(kept, 1)
            os.close(kept)
            file.seek(0)
            lines += file.read().decode("utf-8", "replace").splitlines()


def _is_the_real_one() -> bool:
    try:
        return sys.stdout.fileno() == 1
    except (OSError, AttributeError, ValueError):
        return False
