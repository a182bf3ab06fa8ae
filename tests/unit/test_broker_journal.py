"""The journal of the embedded broker: what it keeps, and what a kill may leave in it."""

from __future__ import annotations

from pathlib import Path

from autograder.backends.kafka.journal import Journal, entries
from autograder.backends.kafka.offsets import Committed, Offsets

PLACE = ("purchases", 0)


def test_entries_come_back_in_order(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "journal")
    journal.rewrite([{"kind": "producer", "id": 1}])
    journal.write("producer", id=2)
    journal.close()
    assert [entry["id"] for entry in entries(tmp_path / "journal")] == [1, 2]


def test_nothing_is_written_before_the_state_was_read_back(tmp_path: Path) -> None:
    Journal(tmp_path / "journal").write("producer", id=1)
    assert not (tmp_path / "journal").exists()


def test_a_torn_last_line_is_left_out_even_when_it_reads_as_json(tmp_path: Path) -> None:
    path = tmp_path / "journal"
    for torn in ('{"kind":"prod', '{"kind":"producer","id":2}'):
        path.write_text('{"kind":"producer","id":1}\n' + torn)
        assert [entry["id"] for entry in entries(path)] == [1]


def test_a_rewritten_journal_holds_only_what_still_counts(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "journal")
    journal.rewrite([])
    offsets = Offsets(journal)
    for offset in range(100):
        offsets.commit("warehouse", PLACE, Committed(offset))
    assert len(list(entries(tmp_path / "journal"))) == 100
    journal.rewrite(offsets.entries())
    journal.close()
    (entry,) = entries(tmp_path / "journal")
    assert entry["offset"] == 99


def test_offsets_of_a_transaction_count_when_it_commits_and_not_when_it_aborts() -> None:
    offsets = Offsets(Journal(None))
    offsets.pend("warehouse", 7, PLACE, Committed(5))
    assert (offsets.of("warehouse"), offsets.unstable("warehouse")) == ({}, {PLACE})
    offsets.resolve("warehouse", 7, commit=True)
    assert (offsets.of("warehouse"), offsets.unstable("warehouse")) == ({PLACE: Committed(5)}, set())
    offsets.pend("warehouse", 7, PLACE, Committed(9))
    offsets.resolve("warehouse", 7, commit=False)
    assert offsets.of("warehouse") == {PLACE: Committed(5)}


def test_a_topic_takes_its_offsets_along() -> None:
    offsets = Offsets(Journal(None))
    offsets.commit("warehouse", PLACE, Committed(5))
    offsets.pend("warehouse", 7, PLACE, Committed(6))
    offsets.drop_topic("purchases")
    offsets.resolve("warehouse", 7, commit=True)
    assert offsets.groups() == set()
