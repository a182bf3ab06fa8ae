"""What Compose prints while it works, as short sentences for the person who waits."""

from __future__ import annotations

import re

from autograder.backends.containers.service import SERVICES

__all__ = ["sentence_of"]

NAMES = {service: name for name, service in SERVICES.items()}
CONTAINER = re.compile(r"^\s*Container \S*?-(?P<service>[a-z]+)-\d+\s+(?P<state>[A-Z][a-z]+)\s*$")
PULL = re.compile(r"^\s*(?P<service>[a-z]+) (?P<state>Pulling|Pulled)\s*$")
SAY = {
    "Starting": "{} starts ...",
    "Waiting": "{} gets ready ...",
    "Healthy": "{} is ready.",
    "Pulling": "{} is being fetched ...",
    "Pulled": "{} is here.",
}


def sentence_of(line: str) -> str | None:
    """The sentence for one line; None for lines that say nothing to people."""
    found = CONTAINER.match(line) or PULL.match(line)
    if not found or found["state"] not in SAY:
        return None
    service = found["service"]
    return SAY[found["state"]].format(NAMES.get(service, service.capitalize()))
