"""The trace: one JSON line for every request that was answered and every event inside the broker."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from autograder.backends.kafka.wire import Request

__all__ = ["Trace"]


class Trace:
    """Writes to a file, or nowhere when there is none."""

    def __init__(self, path: Path | None, wall: Callable[[], float]) -> None:
        """`wall` gives seconds since 1970."""
        self._file = path.open("a", buffering=1) if path else None
        self._wall = wall
        self._requests = 0

    def event(self, event: str, **details: Any) -> None:
        """Note something that happened."""
        if self._file is not None:
            line = {"t": round(self._wall(), 6), "event": event, **details}
            self._file.write(json.dumps(line, default=str) + "\n")

    def request(self, connection: int, node: int, request: Request, answer: dict[str, Any]) -> None:
        """Note a request with what it did; a fetch that brought nothing is left out."""
        self._requests += 1
        if self._file is None or request.api is None:
            return
        details = _details(request, answer)
        if details is not None:
            self.event("request", number=self._requests, connection=connection, node=node, client=request.client,
                       api=request.api.name, **details)


def _details(request: Request, answer: dict[str, Any]) -> dict[str, Any] | None:
    name = request.api.name if request.api else ""
    if name == "Produce":
        return {"partitions": [[topic["name"], part["index"], part["base_offset"], int(part["error_code"])]
                               for topic in answer["responses"] for part in topic["partition_responses"]]}
    if name == "Fetch":
        partitions = [[topic["topic"], part["partition_index"], len(part["records"]), int(part["error_code"])]
                      for topic in answer["responses"] for part in topic["partitions"]
                      if part["records"] or part["error_code"]]
        return {"partitions": partitions} if partitions else None
    if name == "OffsetCommit":
        return {"group": request.body.group_id,
                "partitions": [[topic.name, part.partition_index, part.committed_offset]
                               for topic in request.body.topics for part in topic.partitions],
                "errors": sorted({int(part["error_code"])
                                  for topic in answer["topics"] for part in topic["partitions"]})}
    return {"error": int(answer["error_code"])} if "error_code" in answer else {}
