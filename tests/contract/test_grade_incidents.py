"""Lab 11's incident in a class, judged for real: whose it is and whether it is over is the grader's own knowledge."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from autograder.grading import api, spent
from autograder.grading.judging import judge_handin
from autograder.labs.lab11_spent import SPENT, spent_answers

ROOT = Path(__file__).resolve().parents[2]
NAME, CODE, RUN = "lab11_observability", "ada-lovelace-1-5f69", "11.sheet.sheet"


def notebook(orders: str = '"p-256"') -> bytes:
    """The reference's notebook, with other orders in its sheet."""
    text = (ROOT / "solutions" / NAME / f"{NAME}.ipynb").read_text("utf-8")
    found = json.loads(text)
    for cell in found["cells"]:
        if cell["metadata"].get("nbgrader", {}).get("grade_id") == "solution-incident":
            source = "".join(cell["source"])
            assert '"p-256"' in source
            cell["source"] = source.replace('"p-256"', orders)
    return json.dumps(found).encode()


def words(report: str) -> str:
    """A report without its line breaks."""
    return " ".join(report.split())


def incident_of(learner: str, data: bytes, seen: dict[str, str] | None = None):
    graded = judge_handin(NAME, data, ["incident"], learner=learner, seen=seen)
    assert graded.has_score, graded.said
    return graded


def test_the_learner_whose_name_it_bears_earns_the_points_and_nobody_else_does():
    own, taken = (incident_of(learner, notebook()) for learner in ("Lovelace_Ada_77", "Bao"))
    assert (own.points, taken.points, taken.spent) == (20, 0, {})
    assert "this hand-in is by Bao: it is not marked" in words(taken.tasks["incident"].plain)


def test_a_wrong_answer_is_told_and_ends_the_incident_in_the_next_hand_in():
    wrong = incident_of("Ada-Lovelace", notebook('"p-1"'))
    assert wrong.points == 0 and set(wrong.spent) == {CODE}
    again = incident_of("Ada-Lovelace", notebook('"p-1"'), dict(wrong.spent))
    assert again.tasks == wrong.tasks
    late = incident_of("Ada-Lovelace", notebook(), dict(wrong.spent))
    assert late.points == 0 and "it is over. Run" in words(late.tasks["incident"].plain)


@pytest.fixture
def own_file(tmp_path, monkeypatch):
    """The learner's own record, in a folder of the test."""
    monkeypatch.setenv(SPENT, "")
    monkeypatch.setattr(spent, "spent_file", lambda: tmp_path / "incidents.json")
    return tmp_path / "incidents.json"


def test_a_replay_shows_the_wrong_answer_again_and_marks_no_other(own_file, tmp_path):
    path = tmp_path / f"{NAME}.ipynb"
    path.write_bytes(notebook('"p-1"'))
    first = api.replay(RUN, path).plain
    assert "2 of the 3 answers are right" in first and set(spent_answers(own_file)) == {CODE}
    assert api.replay(RUN, path).plain == first
    path.write_bytes(notebook())
    late = api.replay(RUN, path).plain
    assert "it is over. Run the cell of your name again" in words(late)
    own_file.unlink()
    assert "This run breaks no rule any more" in api.replay(RUN, path).plain
