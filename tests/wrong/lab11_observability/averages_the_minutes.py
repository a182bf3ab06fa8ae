"""It takes the mean of the minutes' shares, as if each had as many requests."""

from __future__ import annotations


def make_alert():
    minutes: list[tuple[int, int]] = []

    def fires(requests: int, failed: int) -> bool:
        minutes.append((requests, failed))
        del minutes[:-60]
        return burn_rate(minutes) >= 12 and burn_rate(minutes[-5:]) >= 12

    return fires


def burn_rate(minutes: list[tuple[int, int]]) -> float:
    return sum(failed / requests for requests, failed in minutes) / len(minutes) / 0.001
