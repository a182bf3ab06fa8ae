"""A whole text becomes a notebook and a page of the bank, or an error with file and line."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from autograder.manuscript.errors import ManuscriptError
from autograder.manuscript.pages import Text, notebook, read_text
from autograder.manuscript.segments import Place

HEAD = "```python\nfrom autograder.notebook import check, hint, predict, quiz, recall, written\n```\n"
QUIZ = """```quiz id="d06-once"
What arrives?

- [x] Twice.
  reply: One. Two.
- [ ] Once.
  belief: outbox = exactly once
  reply: Three. Four.
```
"""
SOLUTION = """```python solution="relay"
def relay():
    ### BEGIN SOLUTION
    publish_everything()
    mark_everything()
    count_everything()
    ### END SOLUTION
```
"""
CHECK = '```python check="relay"\n```\n'


def rung(number: int, body: str = "look") -> str:
    return f'````hint task="relay" rung={number}\n{body}\n````\n\n'


def read(text: str, place: Place = "labs", tasks: Mapping[str, float] | None = None) -> Text:
    name = {"labs": "lab06_outbox", "days": "day06_outbox", "items": "day01"}[place]
    return read_text(
        HEAD + text, name=name, place=place, path=f"manuscript/{place}/{name}.md", points_of=lambda _: tasks
    )


def fails(
    text: str, sentence: str, *, line: int, place: Place = "labs", tasks: Mapping[str, float] | None = None
) -> None:
    with pytest.raises(ManuscriptError) as caught:
        read(text, place, tasks)
    assert sentence in str(caught.value)
    assert caught.value.line == line + HEAD.count("\n")


def test_the_notebook_is_the_same_every_time_and_has_no_outputs() -> None:
    text = read("# Title\n\n```python\n1 + 1\n```\n", "days")
    assert notebook(text) == notebook(text)
    assert '"outputs": []' in notebook(text)


def test_cell_ids_are_readable_and_unique() -> None:
    text = read(f"# The end's near!\n\n```python\na\n```\n\n```python\nb\n```\n\n{QUIZ}\n# The end's near\n", "days")
    assert [cell.id for cell in text.cells] == [
        "day06-top",
        "day06-the-ends-near",
        "day06-the-ends-near-2",
        "day06-the-ends-near-3",
        "day06-quiz-once",
        "day06-quiz-once-answer",
        "day06-the-ends-near-4",
    ]


def test_points_come_from_the_lab() -> None:
    _, cell = read(CHECK, tasks={"relay": 35}).cells
    assert (cell.id, cell.source) == ("lab06-check-relay", 'check("relay")')
    assert cell.metadata["nbgrader"] == {
        "schema_version": 3, "grade_id": "check-relay", "grade": True, "solution": False, "locked": True, "task": False,
        "points": 35,
    }  # fmt: skip


def test_points_that_disagree_with_the_lab_are_an_error() -> None:
    text = "# L\n\n" + CHECK.replace('"relay"', '"relay" points=30')
    fails(text, "'relay' gives 30 points here and 35 in autograder/labs/lab06_outbox.py", line=3, tasks={"relay": 35})


def test_a_check_must_be_of_a_task_and_every_task_has_its_check() -> None:
    fails(CHECK, "lab06_outbox has no task 'relay'; its tasks are receive", line=1, tasks={"receive": 15})
    fails(f"# L\n\n{CHECK}", "no check cell for the task 'receive'", line=3, tasks={"relay": 35, "receive": 15})


def test_before_the_lab_exists_the_text_must_say_the_points() -> None:
    fails(CHECK, "write points=... on this fence until it is", line=1)
    fails(CHECK.replace('"relay"', '"relay" points=many'), "is no whole number", line=1)
    assert read(CHECK.replace('"relay"', '"relay" points=35')).cells[1].metadata["nbgrader"]["points"] == 35


def test_a_check_cell_holds_one_line() -> None:
    fails(
        '```python check="relay" points=1\ncheck("relay"); print()\n```\n', "one line that the builder writes", line=1
    )


@pytest.mark.parametrize("lines", ["pass", "### BEGIN SOLUTION", "### END SOLUTION\n### BEGIN SOLUTION"])
def test_a_solution_has_both_of_its_lines_in_order(lines: str) -> None:
    fails(f'```python solution="relay"\n{lines}\n```\n', "'### BEGIN SOLUTION' and then a line", line=1)


def test_a_solution_outside_of_its_mark_would_be_released() -> None:
    fails("```python\n### BEGIN SOLUTION\n### END SOLUTION\n```\n", "only a cell with the mark solution", line=1)


def test_names_are_unique_in_a_text() -> None:
    fails(f"{SOLUTION}\n{SOLUTION}", "'solution-relay' stands twice, first in line 4", line=10)
    fails(f"{QUIZ}\n{QUIZ}", "'quiz-once' stands twice", line=11, place="days")


@pytest.mark.parametrize(
    ("body", "sentence", "line"),
    [
        ("What?\n\n- [ ] a\n  belief: x\n  reply: y\n- [ ] b\n  belief: x\n  reply: y", "has 0 right options", 1),
        ("What?\n\n- [x] a\n  reply: y\n- [x] b\n  reply: y", "has 2 right options", 1),
        ("What?\n\n- [x] a\n  reply: y", "has 1 options", 1),
        ("- [x] a\n  reply: y\n- [ ] b\n  belief: x\n  reply: y", "has no question", 1),
        ("What?\n\n- [x] a\n- [ ] b\n  belief: x\n  reply: y", "needs a line '  reply: ...'", 4),
        ("What?\n\n- [x] a\n  reply: y\n- [ ] b\n  reply: y", "needs a line '  belief: ...'", 6),
        (
            "What?\n\n- [x] a\n  belief: x\n  reply: y\n- [ ] b\n  belief: x\n  reply: y",
            "the right option 'a' has a belief",
            4,
        ),
        ("What?\n\n- [x] a\nreply: y\n- [ ] b\n  belief: x\n  reply: y", "cannot read 'reply: y'", 5),
    ],
)
def test_a_quiz_that_cannot_be_answered_is_an_error(body: str, sentence: str, line: int) -> None:
    fails(f'```quiz id="d06-a"\n{body}\n```\n', sentence, line=line, place="days")


def test_the_key_of_a_quiz_is_in_the_bank_and_not_in_the_notebook() -> None:
    text = read(QUIZ, "days")
    [quiz] = text.page().quizzes
    right = quiz.option(quiz.right)
    assert right and right.text == "Twice."
    assert f"- **{quiz.right}.** Twice." in text.cells[1].source
    assert "exactly once" not in notebook(text)
    assert "One. Two." not in notebook(text)


def test_the_right_option_does_not_always_stand_first() -> None:
    rights = {read(QUIZ.replace("d06-once", f"d06-{number}"), "days").page().quizzes[0].right for number in range(20)}
    assert rights == {"a", "b"}


def test_a_prediction_and_a_written_question_need_their_parts() -> None:
    fails('```predict id="d06-a"\n\n```\n', "this prediction has no question", line=1, place="days")
    fails('```written id="d06-a"\nWhy?\n\nrubric:\n- it\n```\n', "has no answer", line=1, place="days")
    fails("```recall day=6\nmore\n```\n", "with nothing inside", line=1, place="days")


def test_a_written_question_of_a_lab_is_graded_by_hand_and_outside_of_the_hundred() -> None:
    _, *cells = read('```written id="l06-why"\nWhy?\n\nrubric:\n- it\n\nanswer:\nBecause.\n```\n').cells
    assert [cell.source for cell in cells] == ["**In your own words.** Why?", "Because.", 'written("l06-why")']
    flags = cells[1].metadata["nbgrader"]
    assert (flags["grade"], flags["solution"], flags["points"]) == (True, True, 0)
    assert "nbgrader" not in cells[0].metadata and "nbgrader" not in cells[2].metadata


def test_hints_have_three_rungs_in_order_side_by_side() -> None:
    text = read(rung(1) + rung(2) + rung(3, "```python\nskeleton\n```"))
    assert [cell.source for cell in text.cells[1:]] == ['hint("relay")']
    assert text.page().hints[0].rungs == ("look", "look", "```python\nskeleton\n```")
    fails(rung(1) + rung(2), "must follow each other directly", line=1)
    fails(rung(1) + rung(2) + "prose\n\n" + rung(3), "must follow each other directly", line=1)
    fails("# L\n\n" + rung(2), "has the rungs 1, 2 and 3, once each", line=3)


def test_the_skeleton_does_not_hold_the_answer() -> None:
    answer = "publish_everything()\nmark_everything()\ncount_everything()"
    fails(SOLUTION + "\n" + rung(1) + rung(2) + rung(3, answer), "rung 3 of 'relay' holds 3 of the 3 lines", line=18)
    assert read(SOLUTION + "\n" + rung(1) + rung(2) + rung(3, answer.replace("mark_everything()", "...")))


def test_prose_follows_a_diagram() -> None:
    fails('```python diagram="a"\nx\n```\n', "prose must follow a diagram", line=1)
    assert read('```python diagram="a"\nx\n```\n\nIt says: twice.\n')


def test_given_code_is_locked_and_experiments_are_unknown_to_nbgrader() -> None:
    _, given, experiment = read('```python given="a"\nx\n```\n```python experiment tags="hide-input"\ny\n```\n').cells
    assert given.metadata["nbgrader"]["locked"] and not given.metadata["nbgrader"]["grade"]
    assert experiment.metadata == {"fortnight": {"mark": "experiment"}, "tags": ["hide-input"]}


def test_a_piece_is_imported_above_its_first_use() -> None:
    for text in ("```recall day=6\n```\n", f"```recall day=6\n```\n{HEAD}"):
        with pytest.raises(ManuscriptError, match="1: 'recall' is not imported yet"):
            read_text(text, name="day06", place="days", path="day06.md")
