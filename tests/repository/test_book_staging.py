"""Staging and building: what becomes of a notebook, when outputs are made anew, and that a warning fails the build."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from autograder.notebook.bank import bank
from tests.repository.book_site import BOOK, extension
from tests.repository.tree import ROOT

DAY = ROOT / "days" / "day06_outbox.ipynb"
LAB = ROOT / "labs" / "lab06_outbox" / "lab06_outbox.ipynb"


def staged_day() -> dict:
    return extension("staging").day_page(json.loads(DAY.read_text("utf-8")), DAY, ROOT, bank())


def staged_lab() -> dict:
    return extension("staging").lab_page(json.loads(LAB.read_text("utf-8")), LAB, ROOT, bank())


def text_of(page: dict, kind: str = "") -> str:
    return "\n".join("".join(cell["source"]) for cell in page["cells"] if not kind or cell["cell_type"] == kind)


@pytest.mark.parametrize(
    ("link", "page", "there"),
    [
        ("day06_outbox.ipynb", "days/day00_start.ipynb", "../days/day06_outbox.ipynb"),
        ("../labs/lab06_outbox/lab06_outbox.ipynb", "days/day06_outbox.ipynb", "../labs/lab06_outbox.ipynb"),
        ("../../days/day06_outbox.ipynb#late", "labs/lab06_outbox/lab06_outbox.ipynb", "../days/day06_outbox.ipynb#late"),
        ("../book/glossary.md#relay", "days/day06_outbox.ipynb", "../glossary.md#relay"),
        ("https://www.postgresql.org/docs/", "days/day06_outbox.ipynb", "https://www.postgresql.org/docs/"),
        ("#here", "days/day06_outbox.ipynb", "#here"),
    ],
)
def test_a_link_leads_to_the_page_of_the_book(link, page, there):
    assert extension("staging").relinked(f"see [it]({link}).", page) == f"see [it]({there})."


def test_a_link_to_what_is_no_page_stops_the_build():
    with pytest.raises(ValueError, match=r"days/day06_outbox\.ipynb links to \.\./shop/schema\.sql"):
        extension("staging").relinked("[the schema](../shop/schema.sql)", "days/day06_outbox.ipynb")


def test_pieces_become_forms_and_their_cells_go():
    page = staged_day()
    assert text_of(page, "markdown").count('<form class="fortnight-piece" data-kind="quiz"') >= 8 + 5
    assert 'data-kind="predict"' in text_of(page, "markdown")
    for call in ("quiz(", "predict(", "recall("):
        assert call not in text_of(page, "code")


def test_of_a_lab_the_introduction_becomes_a_page_and_says_how_to_go_on():
    page = staged_lab()
    text = text_of(page)
    assert "## The rules" in text and "## Watch it break" in text and "./fortnight start" in text
    for task in ("## Task 1", "YOUR CODE HERE", "raise NotImplementedError", 'check("place_order")'):
        assert task not in text


def test_no_mark_of_nbgrader_reaches_the_site():
    assert all(set(cell["metadata"]) <= {"tags", "mystnb"} for page in (staged_day(), staged_lab()) for cell in page["cells"])


def test_ids_of_cells_are_unique():
    for page in (staged_day(), staged_lab()):
        ids = [cell["id"] for cell in page["cells"]]
        assert len(ids) == len(set(ids))


def test_a_plot_is_named_by_the_title_that_it_shows():
    alts = [cell["metadata"]["mystnb"]["image"]["alt"] for cell in staged_day()["cells"] if "mystnb" in cell["metadata"]]
    assert alts == ["A plot: Half the delay costs twice the queries. The text below reads it."]


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    for place in (DAY, LAB):
        there = tmp_path / place.relative_to(ROOT)
        there.parent.mkdir(parents=True)
        there.write_bytes(place.read_bytes())
    (tmp_path / "book").mkdir()
    return tmp_path


def test_what_has_not_changed_is_not_written_again(clone):
    stage = extension("staging").stage
    stage(clone, clone / "book")
    page = clone / "book" / "days" / DAY.name
    os.utime(page, (1000, 1000))
    stage(clone, clone / "book")
    assert page.stat().st_mtime == 1000


def test_the_page_of_a_notebook_that_is_gone_goes_too(clone):
    stage = extension("staging").stage
    stage(clone, clone / "book")
    (clone / "days" / DAY.name).unlink()
    stage(clone, clone / "book")
    assert list((clone / "book" / "days").iterdir()) == []
    assert [path.name for path in (clone / "book" / "labs").iterdir()] == [LAB.name]


def test_outputs_are_made_anew_when_the_code_of_the_course_changes(tmp_path):
    execution = extension("execution")
    code = tmp_path / "autograder" / "tap.py"
    code.parent.mkdir()
    code.write_text("label = 'COMMIT'", "utf-8")
    before = execution.cache_folder(tmp_path, tmp_path / "caches")
    before.mkdir(parents=True)
    assert execution.cache_folder(tmp_path, tmp_path / "caches") == before and before.exists()
    code.write_text("label = 'commit'", "utf-8")
    assert execution.cache_folder(tmp_path, tmp_path / "caches") != before and not before.exists()


def test_kernels_have_a_state_of_their_own_and_find_the_course(tmp_path):
    answers = tmp_path / "state" / "learner" / "answers.jsonl"
    answers.parent.mkdir(parents=True)
    answers.write_text("{}", "utf-8")
    environment = {"PYTHONPATH": "elsewhere"}
    extension("execution").prepare_kernels(environment, ROOT, tmp_path / "state")
    assert environment["FORTNIGHT_STATE"] == str(tmp_path / "state")
    assert environment["PYTHONPATH"].split(os.pathsep) == [str(ROOT), "elsewhere"]
    assert float(environment["FORTNIGHT_IDLE_S"]) <= 10
    assert not answers.exists()


def test_a_warning_fails_the_build_and_the_next_one_too(tmp_path):
    source = tmp_path / "source"
    source.mkdir()
    (source / "conf.py").write_text(f"import sys\nsys.path.append({str(BOOK / '_ext')!r})\nextensions = ['strict']\n", "utf-8")
    (tmp_path / "strict.py").write_text("from strictness import connect as setup\n", "utf-8")
    (source / "index.rst").write_text("Page\n====\n\n:doc:`nowhere`\n", "utf-8")
    command = [sys.executable, "-m", "sphinx", "-b", "html", str(source), str(tmp_path / "out")]
    environment = {**os.environ, "PYTHONPATH": str(tmp_path)}
    for _ in range(2):
        ran = subprocess.run(command, capture_output=True, text=True, env=environment, timeout=120, check=False)
        assert ran.returncode != 0 and "nowhere" in ran.stderr and "The book has warnings" in ran.stderr


def test_pages_load_no_icon_font_and_icons_come_late():
    lightened = extension("site_files").lightened
    page = (
        '<link href="_static/vendor/fontawesome/6.5.2/css/all.min.css?digest=1" rel="stylesheet" />\n'
        '<link rel="preload" as="font" type="font/woff2" crossorigin href="a.woff2" />\n'
        '<script src="_static/vendor/fontawesome/6.5.2/js/all.min.js"></script>'
    )
    once = lightened(page)
    assert "preload" not in once and "<noscript><link" in once and '<script defer src="_static/vendor/fontawesome' in once
    assert lightened(once) == once
