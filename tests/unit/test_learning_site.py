"""The pieces as forms on the site: answerable with the script, readable without it."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

import autograder.notebook
from autograder.manuscript.pages import read_text
from autograder.manuscript.pieces import html, staged
from autograder.notebook.bank import Bank

CLONE = Path(__file__).parent / "manuscript_clone" / "manuscript"


def text(place: str, name: str):  # type: ignore[no-untyped-def]
    source = (CLONE / place / f"{name}.md").read_text()
    return read_text(source, name=name, place=place, path=name)  # type: ignore[arg-type]


TEXTS = [text("days", "day06_outbox"), text("labs", "lab90_outbox"), text("items", "day01")]
BANK = Bank.of(one.page() for one in TEXTS)


class Balanced(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: object) -> None:
        if tag not in ("input", "br"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


@pytest.mark.parametrize("id", BANK.ids)
def test_a_piece_is_one_block_of_balanced_html(id: str) -> None:
    block = html(BANK.find(id))  # type: ignore[arg-type]
    assert "\n\n" not in block and not block.startswith(" ")
    parser = Balanced()
    parser.feed(block)
    assert parser.open == []


def test_a_quiz_has_a_labelled_radio_per_option_and_its_key_in_the_fold() -> None:
    quiz = BANK.find("d06-once")
    form, fold = html(quiz).split("<details", 1)  # type: ignore[arg-type]
    assert form.count('<label><input type="radio"') == 3
    assert "data-right" not in form and fold.count("data-right") == 1
    assert 'aria-labelledby="quiz-d06-once-question"' in form and 'role="status"' in form


def test_code_with_blank_lines_stays_one_block() -> None:
    hints = BANK.find("lab90_outbox/relay")
    changed = type(hints)(**{**hints.__dict__, "rungs": ("a", "b", "```python\na\n\n\nb\n```")})  # type: ignore[union-attr]
    assert re.search(r"a&#10;\s*b", html(changed))


@pytest.mark.parametrize("one", TEXTS[:2], ids=lambda one: one.name)
def test_staging_puts_one_form_where_a_piece_stands_and_keeps_the_rest(one) -> None:  # type: ignore[no-untyped-def]
    cells = [
        {"cell_type": cell.kind, "id": cell.id, "source": cell.source, "metadata": cell.metadata} for cell in one.cells
    ]
    after = staged(cells, one.name, BANK)
    sources = "\n".join(cell["source"] for cell in after)
    assert not re.search(r"^(quiz|predict|recall|written|hint)\(", sources, re.M)
    assert [cell for cell in after if "<" not in cell["source"]] == [
        cell for cell in cells if cell in after and "<" not in cell["source"]
    ]
    ids = re.findall(r' id="([^"]+)"', sources)
    assert len(ids) == len(set(ids)) > 0


def test_recall_on_the_site_shows_questions_of_earlier_days() -> None:
    cells = [{"cell_type": "code", "id": "x", "source": "", "metadata": {"fortnight": {"mark": "recall", "id": "6"}}}]
    [cell] = staged(cells, "day06_outbox", BANK)
    assert 'data-key="recall-d01-two"' in cell["source"] and "d06-once" not in cell["source"]


def test_the_script_is_small_and_asks_no_other_machine() -> None:
    script = (Path(autograder.notebook.__file__).parent / "site.js").read_text()
    assert len(script.encode()) < 5000
    assert not re.search(r"https?:|fetch|import\s|XMLHttp|eval|innerHTML", script)
