"""A feedback file, opened from disk as a learner opens it: report, picture and player, and nobody is asked for anything."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from autograder.diagram import Diagram, samples
from autograder.grading.feedback import feedback_page
from autograder.grading.notebook_file import read_notebook
from autograder.grading.restored import lab_cells, restored, with_reports
from tests.browser.chromium import Chromium, missing
from tests.unit.handin_notebooks import LAB, NAME, ROOT, answered, graded, put

pytestmark = pytest.mark.skipif(bool(missing()), reason=missing() or "a browser is here")

SAY = "document.querySelector('.fnd-say').textContent"


@pytest.fixture(scope="module")
def browser() -> Iterator[Chromium]:
    with Chromium() as browser:
        yield browser


@pytest.fixture
def feedback(tmp_path: Path) -> str:
    """Of a broken relay, with the picture of its run."""
    found = graded()
    relay = replace(found.tasks["relay"], html=Diagram(samples.out_of_order(), takeaway="Two relays overtake.").html())
    result = replace(found, tasks={**found.tasks, "relay": relay})
    cells = lab_cells(ROOT / "labs" / NAME / f"{NAME}.ipynb")
    notebook = with_reports(restored(read_notebook(put(answered(), tmp_path / f"{NAME}.ipynb")), cells), result)
    path = tmp_path / "feedback.html"
    path.write_text(feedback_page(LAB, "ada", notebook), encoding="utf-8")
    return path.as_uri()


@pytest.mark.parametrize("dark", [False, True])
def test_it_can_be_stepped_through_on_a_phone_and_fetches_nothing(browser, feedback, dark):
    page = browser.open(feedback, width=390, dark=dark)
    assert page.eval("document.querySelectorAll('figure.fnd-on').length") == 1
    page.eval("document.querySelector('.fnd-box').focus()")
    page.press("ArrowRight")
    assert page.eval(SAY).startswith("Step 1 of ")
    assert page.eval("document.documentElement.scrollWidth") <= 390
    assert [request for request in page.requests if not request.startswith("file:")] == []
    assert page.errors == []


def test_without_a_script_the_picture_and_its_text_are_there(browser, feedback):
    page = browser.open(feedback, javascript=False)
    assert page.eval("document.querySelector('figure.fnd img').naturalWidth") > 300
    page.click("figure.fnd summary")
    assert page.eval("document.querySelector('figure.fnd li').checkVisibility()")
