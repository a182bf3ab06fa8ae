"""Retention in the embedded broker: whole segments, as in Apache Kafka."""

from __future__ import annotations

from dataclasses import replace

import pytest

from autograder.backends.kafka.codes import Code, Refused
from autograder.backends.kafka.partition import Partition
from autograder.backends.kafka.retention import Limits, start_by_retention
from autograder.backends.kafka.settings import SETTINGS, check_settings
from tests.unit.broker_batches import batch

NOW_MS = 1_000_000
LIMITS = Limits(age_ms=1000, size_bytes=-1, segment_bytes=1 << 30, segment_ms=1 << 30)
SIZE = len(batch().raw)


def filled(*ages_ms: int) -> Partition:
    log = Partition("purchases", 0, [1])
    for age_ms in ages_ms:
        log.append(batch(at_ms=NOW_MS - age_ms))
    log.high_watermark = log.end
    return log


@pytest.mark.parametrize(("ages_ms", "start"), [((1001,), 1), ((1000,), 0), ((9000, 2000), 2), ((9000, 1000), 0)])
def test_a_segment_goes_when_its_newest_message_is_too_old(ages_ms: tuple[int, ...], start: int) -> None:
    assert start_by_retention(filled(*ages_ms), LIMITS, NOW_MS) == start


@pytest.mark.parametrize(("segment_ms", "start"), [(3999, 2), (4000, 0)])
def test_a_segment_ends_when_a_message_is_so_much_younger_than_its_first(segment_ms: int, start: int) -> None:
    log = filled(9000, 8500, 5000, 500)
    assert start_by_retention(log, replace(LIMITS, segment_ms=segment_ms, age_ms=5000), NOW_MS) == start


@pytest.mark.parametrize(("segments", "start"), [(1, 3), (2, 2), (4, 0)])
def test_a_segment_ends_when_it_is_full(segments: int, start: int) -> None:
    log = filled(9000, 8000, 7000, 500)
    assert start_by_retention(log, replace(LIMITS, segment_bytes=segments * SIZE), NOW_MS) == start


@pytest.mark.parametrize(("size_bytes", "start"), [(4 * SIZE, 0), (3 * SIZE, 1), (3 * SIZE + 1, 0), (0, 4), (-1, 0)])
def test_the_oldest_segments_go_while_the_rest_is_still_as_large_as_allowed(size_bytes: int, start: int) -> None:
    limits = replace(LIMITS, age_ms=-1, size_bytes=size_bytes, segment_bytes=SIZE)
    assert start_by_retention(filled(1, 1, 1, 1), limits, NOW_MS) == start


def test_what_followers_lack_stays() -> None:
    log = filled(9000)
    log.high_watermark = 0
    assert start_by_retention(log, LIMITS, NOW_MS) == 0


def test_every_default_is_a_value_that_is_taken() -> None:
    check_settings({name: setting.default for name, setting in SETTINGS.items()})


def test_what_the_broker_cannot_do_is_refused_with_the_way_out() -> None:
    with pytest.raises(Refused, match="compacts nothing, so it refuses .*: use the native or container") as refused:
        check_settings({"cleanup.policy": "compact"})
    assert refused.value.code == Code.POLICY_VIOLATION
