"""It says nothing before it has a whole hour that is bad."""

from __future__ import annotations


def make_alert():
    minutes: list[tuple[int, int]] = []

    def fires(requests: int, failed: int) -> bool:
        minutes.append((requests, failed))
        del minutes[:-60]
        return all(burn_rate([minute]) >= 12 for minute in minutes[-20:])

    return fires


def burn_rate(minutes: list[tuple[int, int]]) -> float:
    requests, failed = (sum(column) for column in zip(*minutes))
    return failed / requests / 0.001 if requests else 0.0
