"""One Kafka partition of the embedded broker: offsets, duplicates, transactions, trimming, loss."""

from __future__ import annotations

import struct
import zlib
from pathlib import Path

import pytest

from autograder.backends.kafka.batch import received, whole
from autograder.backends.kafka.codes import Code, Refused
from autograder.backends.kafka.logfile import LogFile
from autograder.backends.kafka.partition import Aborted, Partition
from autograder.backends.kafka.producers import REMEMBERED_BATCHES
from tests.unit.broker_batches import batch, end


def partition(file: LogFile | None = None) -> Partition:
    return Partition("purchases", 0, [1, 2], file)


def filled(*counts: int) -> Partition:
    log = partition()
    for count in counts:
        log.append(batch(count=count))
    log.high_watermark = log.end
    return log


def test_messages_get_consecutive_offsets_whatever_the_producer_wrote() -> None:
    log = partition()
    assert [log.append(batch(count=count)) for count in (3, 1, 2)] == [0, 3, 4]
    assert log.end == 6
    read = log.read(0, 6, 10_000, at_least_one=True)
    assert [found.base for raw in read for found in whole(raw)] == [0, 3, 4]


@pytest.mark.parametrize(("offset", "bases"), [(0, [0, 3, 4]), (2, [0, 3, 4]), (3, [3, 4]), (5, [4]), (6, [])])
def test_reading_begins_with_the_batch_that_holds_the_offset(offset: int, bases: list[int]) -> None:
    log = filled(3, 1, 2)
    assert [found.base for found in log.from_offset(offset, log.end)] == bases


def test_reading_stops_at_the_limit_and_at_the_size_but_gives_at_least_one_batch_when_asked() -> None:
    log = filled(3, 1, 2)
    size = len(log.batches[0].raw)
    assert len(log.read(0, 4, 10_000, at_least_one=True)) == 2
    assert len(log.read(0, 6, 2 * size, at_least_one=True)) == 2
    assert len(log.read(0, 6, 2 * size - 1, at_least_one=True)) == 1
    assert len(log.read(0, 6, size - 1, at_least_one=True)) == 1
    assert log.read(0, 6, size - 1, at_least_one=False) == []


def test_a_duplicate_is_recognised_among_the_last_five_batches_and_no_more() -> None:
    log = partition()
    for sequence in range(REMEMBERED_BATCHES + 1):
        log.append(batch(7, sequence))
    assert log.producers.duplicate(batch(7, 1)) == 1
    assert log.producers.duplicate(batch(7, REMEMBERED_BATCHES + 1)) is None
    with pytest.raises(Refused) as refused:
        log.producers.duplicate(batch(7, 0))
    assert refused.value.code == Code.OUT_OF_ORDER_SEQUENCE_NUMBER


def test_sequence_numbers_begin_again_after_the_largest() -> None:
    log = partition()
    log.append(batch(7, 2**31 - 2, count=2))
    assert log.producers.duplicate(batch(7, 0)) is None


def test_the_marker_of_a_newer_epoch_fences_the_older_one() -> None:
    log = partition()
    log.append(batch(7, 0, transactional=True))
    log.append(end(7, commit=False, epoch=1))
    with pytest.raises(Refused) as refused:
        log.producers.duplicate(batch(7, 1))
    assert refused.value.code == Code.INVALID_PRODUCER_EPOCH


def test_the_last_stable_offset_waits_for_the_oldest_open_transaction() -> None:
    log = filled(2)
    log.append(batch(7, 0, transactional=True))
    log.append(batch(8, 0, transactional=True))
    log.high_watermark = log.end
    assert log.last_stable == 2
    log.append(end(7, commit=True))
    log.high_watermark = log.end
    assert log.last_stable == 3
    log.append(end(8, commit=False))
    log.high_watermark = log.end
    assert log.last_stable == log.end == 6
    assert log.aborted(0, 6) == [Aborted(8, 3, 5)]
    assert log.aborted(0, 3) == []


def test_trimming_drops_whole_batches_and_never_what_followers_lack() -> None:
    log = filled(3, 3)
    log.append(batch(count=1))
    log.trim(4)
    assert (log.start, [kept.base for kept in log.batches]) == (4, [3, 6])
    log.trim(7)
    assert (log.start, [kept.base for kept in log.batches]) == (6, [6])


def test_what_only_the_old_leader_had_is_lost_and_forgotten() -> None:
    log = partition()
    log.append(batch(7, 0))
    log.high_watermark = log.end
    log.append(batch(7, 1))
    assert log.truncate(log.high_watermark) == 1
    log.led_by(2)
    assert (log.end, log.leader, log.leader_epoch, log.epoch_end(0), log.epoch_end(1)) == (1, 2, 1, (0, 1), (1, 1))
    assert log.producers.duplicate(batch(7, 0)) == 0
    assert log.producers.duplicate(batch(7, 1)) is None


def test_a_log_file_gives_back_what_was_appended(tmp_path: Path) -> None:
    file = LogFile(tmp_path / "log")
    log = partition(file)
    log.append(batch(7, 0, count=2, transactional=True))
    log.append(batch(count=3))
    file.close()
    again = partition(LogFile(tmp_path / "log"))
    assert (again.end, again.high_watermark, again.last_stable) == (5, 5, 0)
    assert again.producers.duplicate(batch(7, 0, count=2)) == 0


@pytest.mark.parametrize("torn", [1, 60, 61, 70])
def test_a_torn_tail_is_cut_off_and_the_log_goes_on(tmp_path: Path, torn: int) -> None:
    path = tmp_path / "log"
    whole = batch(count=2, size=10)
    assert len(whole.raw) == 71
    path.write_bytes(whole.raw + whole.at(2, 0).raw[:torn])
    file = LogFile(path)
    log = partition(file)
    assert log.end == 2
    assert log.append(batch()) == 2
    file.close()
    assert partition(LogFile(path)).end == 3


def changed(raw: bytes, at: int, value: int, *, checked: bool = True) -> bytes:
    """The batch with one byte of another value, and with the checksum for that."""
    other = raw[:at] + bytes([value]) + raw[at + 1:]
    return other[:17] + struct.pack(">I", zlib.crc32(other[21:])) + other[21:] if checked else other


@pytest.mark.parametrize(("records", "code"), [
    (b"", Code.INVALID_RECORD),
    (b"\0" * 10, Code.INVALID_RECORD),
    (batch(size=10).raw[:-1], Code.INVALID_RECORD),
    (batch().raw + b"\0", Code.INVALID_RECORD),
    (batch().raw * 2, Code.INVALID_RECORD),
    (changed(batch().raw, 7, 9), Code.INVALID_RECORD),  # the base offset
    (changed(batch().raw, 16, 1), Code.INVALID_RECORD),  # the version
    (changed(batch().raw, 22, 0x20), Code.INVALID_RECORD),  # the attributes: a marker
    (changed(batch(count=2).raw, 60, 5), Code.INVALID_RECORD),  # the number of records
    (changed(batch(7, 0).raw, 53, 0xFF), Code.INVALID_RECORD),  # the sequence number
    (changed(batch(size=10).raw, 70, 1, checked=False), Code.CORRUPT_MESSAGE),
])
def test_a_producer_must_send_one_whole_and_sound_batch(records: bytes, code: Code) -> None:
    with pytest.raises(Refused) as refused:
        received(records, zlib.crc32)
    assert refused.value.code == code
