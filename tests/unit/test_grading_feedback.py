"""The feedback page: reports, the learner's own code, comments; nothing hidden, nothing remote, nothing that runs."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from autograder.grading.feedback import feedback_page
from autograder.grading.notebook_file import read_notebook
from autograder.grading.restored import lab_cells, restored, with_reports
from tests.unit.handin_notebooks import LAB, NAME, ROOT, answered, cell, graded, put, reference

CELLS = lab_cells(ROOT / "labs" / NAME / f"{NAME}.ipynb")


@pytest.fixture
def page_of(tmp_path):
    def make(notebook, result=None, refusal="", scores=None, comment=None):
        after = with_reports(restored(read_notebook(put(notebook, tmp_path / f"{NAME}.ipynb")), CELLS), result or graded())
        for one in after.cells:
            marks = one.metadata.get("nbgrader") or {}
            if marks.get("grade"):
                marks["score"] = (scores or {}).get(marks["grade_id"], 5.0)
            if marks.get("solution"):
                marks["comment"] = comment
        return feedback_page(LAB, "ada", after, refusal=refusal)

    return make


def test_it_shows_points_by_task_with_core_and_stretch_apart(page_of):
    page = page_of(answered())
    assert "Points: core 15 of 75, stretch 15 of 25." in page
    assert '<a href="#check-relay">The relay</a></td><td>core</td><td>5 of 35</td>' in page
    assert page.count("<p>the report</p>") == 6


def test_a_task_without_full_points_is_told_where_hints_are(page_of):
    page = page_of(answered(), scores={"check-receive": 15.0})
    assert "./fortnight hint 6 relay</code>" in page
    assert "./fortnight hint 6 receive</code>" not in page
    assert "Two systems, no common commit" in page


def test_the_learners_code_is_escaped_and_coloured(page_of):
    page = page_of(answered(relay='def relay(at):\n    return "<script>alert(1)</script>"'))
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    assert '<span class="k">def</span>' in page


def test_markup_in_an_own_cell_or_a_written_answer_stays_text(page_of):
    notebook = answered()
    notebook["cells"].append({"cell_type": "code", "metadata": {}, "source": "'<img src=x onerror=alert(1)>'", "outputs": []})
    cell(notebook, "written-l06-tradeoff")["source"] = "<script src='https://shop.example/x.js'></script>"
    page = page_of(notebook, comment="<b>well</b>")
    assert "<img src=x" not in page and "<script src" not in page and "<b>well" not in page
    assert "&lt;b&gt;well&lt;/b&gt;" in page


def test_outputs_that_a_learner_forged_are_not_in_it(page_of):
    notebook = answered()
    data = {"text/html": "<script>forged()</script>"}
    cell(notebook, "check-relay")["outputs"] = [{"output_type": "display_data", "data": data, "metadata": {}}]
    assert "forged" not in page_of(notebook)


def test_nothing_is_fetched_and_no_other_script_may_run(page_of):
    page = page_of(answered())
    assert "default-src 'none'" in page
    assert not re.search(r"(?:src|href)=[\"'](?:https?:)?//", page)


def test_the_reference_is_not_in_the_page_of_an_empty_hand_in(page_of):
    page = page_of(answered())
    solution = "".join(cell(reference(), "solution-relay")["source"])
    inner = solution.split("### BEGIN SOLUTION")[1].split("### END SOLUTION")[0]
    assert not any(line.strip() in page for line in inner.splitlines() if len(line.strip()) > 30)
    assert "rubric" not in page.lower()


def test_a_rejected_hand_in_is_told_above_what_counts(page_of):
    page = page_of(answered(), refusal="It is no <notebook>.")
    assert "<strong>Your last hand-in was rejected.</strong> It is no &lt;notebook&gt;. What counts is on this page." in page


def test_the_labs_own_cells_are_not_shown_again_and_what_the_judge_said_is(page_of):
    notebook = answered()
    notebook["cells"].append({"cell_type": "code", "metadata": {}, "source": "LAMPS = 12", "outputs": []})
    page = page_of(notebook, result=replace(graded(), tail="Cell 9 is a copy of cell 8 and was left out."))
    assert "LAMPS" in page and "Cell 9 is a copy of cell 8" in page
    assert "autograder.notebook" not in page.replace("</span>", "").replace('<span class="nn">', "")


def test_a_very_long_cell_is_cut(page_of):
    page = page_of(answered(relay="def relay(at):\n    return 0\n" + "# lamp\n" * 20_000))
    assert "more characters" in page and len(page) < 500_000
