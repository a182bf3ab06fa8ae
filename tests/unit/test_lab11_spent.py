"""A wrong answer spends an incident: in the learner's own file, and for a class in what the grader has seen."""

from __future__ import annotations

import json

import pytest

from autograder.backends import BackendError
from autograder.grading import spent
from autograder.grading.course import Course
from autograder.labs import find
from autograder.labs import lab11_sheet as sheet
from autograder.labs.codes import NoSuchCode
from autograder.labs.lab11_incidents import code_of
from autograder.labs.lab11_spent import OWNER, SPENT, answer_id, belongs, next_code, spend, spent_answers
from tests.wrong.programs import HERE, verdict_on

RIGHT = HERE.parent / "right" / "lab11_observability" / "reference.py"
WRONG = HERE / "lab11_observability" / "forgets_the_silent_ones.py"
ADA = {"incident": code_of("Ada Lovelace"), "component": "warehouse", "first": "warehouse-0094", "orders": ["p-256"]}


@pytest.fixture
def file(tmp_path, monkeypatch):
    monkeypatch.setenv(SPENT, str(tmp_path / "incidents.json"))
    monkeypatch.delenv(OWNER, raising=False)
    return tmp_path / "incidents.json"


def evidence(program):
    [task] = verdict_on(program, "lab11_observability", ["incident"], None).tasks
    return task.counterexample.violations[0].evidence if task.counterexample else ""


def test_a_wrong_answer_spends_the_incident_and_another_answer_to_it_is_not_marked(file):
    sheet.SHEET.wrong(ADA)
    assert next_code("Ada Lovelace", file) == code_of("Ada Lovelace", 2) != ADA["incident"]
    with pytest.raises(NoSuchCode, match="it is over"):
        sheet.truth({**ADA, "orders": ["p-256", "p-362"]})


def test_the_same_wrong_answer_is_marked_again_however_it_is_written(file):
    sheet.SHEET.wrong({**ADA, "orders": ["p-1", "p-2"]})
    assert sheet.truth({**ADA, "first": " warehouse-0094 ", "orders": ["p-2", "p-1", "p-2"]})["component"] == "warehouse"


def test_the_first_wrong_answer_stays_the_one_that_may_be_shown_again(file):
    spend(file, "a", "1")
    spend(file, "a", "2")
    assert spent_answers(file) == {"a": "1"}


def test_what_the_judge_finds_wrong_is_kept_and_shown_again_and_what_is_right_is_not(file):
    said = evidence(WRONG)
    assert "is over" in said and set(spent_answers(file)) == {ADA["incident"]}
    assert evidence(WRONG) == said
    assert "it is over. Run the cell" in evidence(RIGHT)  # the right answer comes too late
    file.unlink()
    assert evidence(RIGHT) == "" and spent_answers(file) == {}


def test_a_list_of_codes_as_it_was_kept_at_first_still_spends(file):
    file.write_text(json.dumps([ADA["incident"]]), encoding="utf-8")
    with pytest.raises(NoSuchCode, match="it is over"):
        sheet.truth(ADA)


@pytest.mark.parametrize("text", ["no json", "7", '"ada"'])
def test_a_file_that_cannot_be_read_spends_nothing(file, text):
    file.write_text(text, encoding="utf-8")
    assert next_code("Ada", file) == code_of("Ada")


def test_where_nobody_counts_nothing_is_spent(monkeypatch):
    monkeypatch.delenv(SPENT, raising=False)
    sheet.SHEET.wrong(ADA)
    assert sheet.truth(ADA)


@pytest.mark.parametrize(
    ("name", "learner", "is_own"),
    [
        ("Ada Lovelace", "Ada-Lovelace", True),
        ("Ada Lovelace", "Lovelace_Ada_12345_assignsubmission", True),
        ("Ada Lovelace", "adalovelace", True),
        ("s12345", "s12345", True),
        ("learner 12345", "12345", True),
        ("Maria Fernanda dos Santos Oliveira", "Maria-Fernanda-dos-Santos-Oliveira", True),
        ("Maria Fernanda dos Santos Oliveira", "Oliveira_dos_Santos_Maria_Fernanda_9", True),
        ("Bao", "Ada-Lovelace", False),
        ("Ada Bao", "Ada-Lovelace", False),
        ("learner 1", "12345", False),
        ("learner 12345 bao", "12345", False),
        ("Bao", "12345", False),
        ("Ad", "Ada-Lovelace", False),
    ],
)
def test_an_incident_belongs_to_the_learner_from_whose_name_it_was_drawn(name, learner, is_own):
    assert belongs(code_of(name), learner) is is_own


def test_in_a_class_somebody_elses_incident_is_not_marked_and_says_what_to_do(file, monkeypatch):
    monkeypatch.setenv(OWNER, "Bao")
    with pytest.raises(NoSuchCode, match="drawn from the name 'ada-lovelace', and this hand-in is by Bao.*Draw yours from 'Bao'"):
        sheet.truth(ADA)


def graded(course, learner, program):
    """What judging one hand-in says, as ``grade`` asks for it."""
    folder = course.root / "judged"
    with spent.counting(learner, spent.seen_of(course, learner), folder) as found:
        said = evidence(program)
    (folder / "incidents.json").unlink(missing_ok=True)
    spent.keep(course, learner, found)
    return said


def test_a_class_counts_what_the_grader_has_seen_of_each_learner(tmp_path, monkeypatch):
    monkeypatch.setenv(SPENT, "the teacher's own")
    course = Course(root=tmp_path)
    wrong = graded(course, "Ada-Lovelace", WRONG)
    assert spent.seen_of(course, "Ada-Lovelace").keys() == {ADA["incident"]}
    assert graded(course, "Ada-Lovelace", WRONG) == wrong  # graded again, it is judged as before
    assert "it is over" in graded(course, "Ada-Lovelace", RIGHT)
    assert graded(course, "Lovelace-Ada", RIGHT) == ""  # another learner, who has answered nothing wrongly
    assert spent.seen_of(course, "Lovelace-Ada") == {}
    assert "is not marked" in graded(course, "Bao", RIGHT)


def test_a_record_of_the_class_that_cannot_be_read_is_said_and_never_taken_for_empty(tmp_path):
    course = Course(root=tmp_path)
    course.incidents.parent.mkdir()
    course.incidents.write_text("{", encoding="utf-8")
    with pytest.raises(BackendError, match="which incidents the class has answered"):
        spent.seen_of(course, "Ada")


def test_two_answers_are_two_and_one_is_one():
    assert answer_id(ADA) == answer_id({**ADA, "orders": ["p-256", " p-256"]}) != answer_id({**ADA, "orders": ["p-256", "p-1"]})
    assert answer_id({}) != answer_id(ADA) and answer_id({"orders": "p-256"}) != answer_id({"orders": ["p-256"]})


def test_submit_says_that_an_incident_is_somebody_elses():
    from autograder.grading.program import Cell, Program

    source = f'def incident():\n    return {{"incident": "{ADA["incident"]}"}}\n'
    cell = Cell(id="i", role="solution", source=source, name="lab11, cell 9", task="solution-incident")
    program = Program(title="lab11", cells=(cell,))
    lab = find("lab11_observability")
    assert spent.not_own(lab, program, "Ada-Lovelace") == [] == spent.not_own(find("lab06_outbox"), program, "Bao")
    [said] = spent.not_own(lab, program, "Bao")
    assert "was not drawn from 'Bao'" in said and "--learner" in said
