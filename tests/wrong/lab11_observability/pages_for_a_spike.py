"""It fires when more than one of a hundred requests of the last minute has failed."""

from __future__ import annotations


def make_alert():
    def fires(requests: int, failed: int) -> bool:
        return failed > 0.01 * requests

    return fires
