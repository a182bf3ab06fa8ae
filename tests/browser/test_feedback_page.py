"""A feedback file, opened from disk as a learner opens it: report, picture and player, and nobody is asked for anything."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from autograder.grading.feedback import feedback_page
from autograder.grading.notebook_file import read_notebook
from autograder.grading.report import report_html
from autograder.grading.restored import lab_cells, restored, with_reports
from autograder.grading.verdict import Verdict, judge_task
from autograder.labs import find
from tests.browser.chromium import Chromium, missing
from tests.unit.handin_notebooks import LAB, NAME, ROOT, answered, graded, put
from tests.unit.test_grading_verdicts import ALL, PUBLISHED, played, swept

pytestmark = pytest.mark.skipif(bool(missing()), reason=missing() or "a browser is here")

SAY = "document.querySelector('.fnd-say').textContent"


@pytest.fixture(scope="module")
def browser() -> Iterator[Chromium]:
    with Chromium() as browser:
        yield browser


@pytest.fixture
def feedback(tmp_path: Path) -> str:
    """Of a broken relay, with its report and the picture of its run; the notebook's name has no place to break."""
    found = graded()
    run = played("06.relay.a1.kill-before.Produce-purchases.1", PUBLISHED)
    task = judge_task(find("6"), find("6").task("relay"), (swept("relay", run), *ALL[1:]))
    told = report_html(Verdict(lab=NAME, tasks=(task,), notebook="/home/ada/fortnight/work/labs/lab06_outbox/lab06_outbox.ipynb"))
    relay = replace(found.tasks["relay"], html=told)
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
    assert page.eval("[...document.querySelectorAll('section table')].every(one => one.scrollWidth <= one.clientWidth)")
    assert page.eval("document.querySelectorAll('section table').length") == 1
    assert [request for request in page.requests if not request.startswith("file:")] == []
    assert page.errors == []


def test_without_a_script_the_picture_and_its_text_are_there(browser, feedback):
    page = browser.open(feedback, javascript=False)
    assert page.eval("document.querySelector('figure.fnd img').naturalWidth") > 300
    page.click("figure.fnd summary")
    assert page.eval("document.querySelector('figure.fnd li').checkVisibility()")
