"""The short window is three times as long as it should be, so it rings after all is well."""

from __future__ import annotations


def make_alert():
    minutes: list[tuple[int, int]] = []

    def fires(requests: int, failed: int) -> bool:
        minutes.append((requests, failed))
        del minutes[:-60]
        return burn_rate(minutes) >= 12 and burn_rate(minutes[-15:]) >= 12

    return fires


def burn_rate(minutes: list[tuple[int, int]]) -> float:
    requests, failed = (sum(column) for column in zip(*minutes))
    return failed / requests / 0.001 if requests else 0.0
