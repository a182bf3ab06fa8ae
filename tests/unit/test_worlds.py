"""Which world a clone uses, and what a comparison of worlds says."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import pytest

from autograder.backends.errors import BackendError
from autograder.backends.worlds import chosen_world, remember_world
from autograder.cli.verbs import test as test_verb
from tests.worlds.comparison import Case, Said, cases, differences
from tests.worlds.record import keep, lines


@pytest.fixture(autouse=True)
def nothing_chosen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("FORTNIGHT_WORLD", raising=False)


def test_a_clone_that_chose_nothing_is_embedded(tmp_path: Path):
    assert chosen_world(tmp_path) == "embedded"


def test_what_was_remembered_holds_until_the_variable_says_otherwise(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    remember_world(tmp_path, "native")
    assert chosen_world(tmp_path) == "native"
    monkeypatch.setenv("FORTNIGHT_WORLD", "containers")
    assert chosen_world(tmp_path) == "containers"
    monkeypatch.delenv("FORTNIGHT_WORLD")
    assert chosen_world(tmp_path) == "native"


def test_a_world_that_there_is_not_is_refused_with_those_there_are(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("FORTNIGHT_WORLD", "docker")
    with pytest.raises(BackendError, match="says 'docker'; a world is called embedded, native or containers"):
        chosen_world(tmp_path)


BROKEN = Said(kind="broken", points=10, rules=("one",), run="06.place.p1")
CASE = Case(lab="lab06_outbox", path=Path("dual_write.py"), task="place_order", run="06.place.p1")


def test_worlds_agree_when_only_the_run_that_shows_it_differs():
    assert differences({CASE: {"embedded": BROKEN, "native": Said(kind="broken", points=10, rules=("one",), run="06.x.y")}}) == []


@pytest.mark.parametrize(
    "other",
    [
        Said(kind="passed", points=10, rules=("one",), run=""),
        Said(kind="broken", points=9, rules=("one",), run=""),
        Said(kind="broken", points=10, rules=("two",), run=""),
    ],
)
def test_another_verdict_other_points_and_other_rules_are_differences(other: Said):
    rows = {CASE: {"embedded": BROKEN, "native": other}}
    (sentence,) = differences(rows)
    assert sentence.startswith("lab06_outbox dual_write: embedded says ")
    assert "<- DIFFERS" in list(lines(rows))[1]


def test_the_record_keeps_other_labs_and_says_when_and_with_what(tmp_path: Path):
    path = tmp_path / "worlds.json"
    path.write_text(json.dumps({"lab99_other": {"compared": "2026-01-01"}}))
    versions = {"embedded": {"Kafka": "the embedded broker"}, "native": {"Kafka": "Apache Kafka 4.1.1"}}
    keep({CASE: {"embedded": BROKEN, "native": BROKEN}}, how="whole", versions=versions, path=path, today=date(2026, 11, 22))
    kept = json.loads(path.read_text())
    assert kept["lab99_other"] == {"compared": "2026-01-01"}
    assert (kept["lab06_outbox"]["compared"], kept["lab06_outbox"]["versions"]) == ("2026-11-22", versions)
    assert kept["lab06_outbox"]["programs"][0]["worlds"]["native"]["rules"] == ["one"]


def test_every_wrong_program_of_lab_6_has_a_kept_run_to_compare():
    from autograder.labs import find

    known = list(cases(find("6"), only_reference=True))
    assert [case.name for case in known if not case.task] == ["reference"]
    assert all(case.run for case in known if case.task)


def test_a_table_with_one_world_named_compares_it_with_the_embedded_one():
    assert test_verb.comparison(["--lab", "6"], "native")[2:] == [
        "tests.worlds", "--world", "embedded", "--world", "native", "--lab", "6",
    ]  # fmt: skip
    assert test_verb.comparison([], None)[2:] == ["tests.worlds"]
