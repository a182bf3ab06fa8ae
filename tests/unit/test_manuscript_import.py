"""An edit made in JupyterLab comes back into the text, and nothing else changes."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from autograder.manuscript.build import ROOT
from autograder.manuscript.errors import ManuscriptError
from autograder.manuscript.import_ import import_notebook
from autograder.manuscript.pages import notebook, read_text
from autograder.manuscript.segments import Place

CLONE = Path(__file__).parent / "manuscript_clone"
Edit = Callable[[list[dict[str, Any]]], object]
DAY, LAB = "days/day06_outbox", "solutions/lab90_outbox/lab90_outbox"


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    shutil.copytree(CLONE, tmp_path, dirs_exist_ok=True)
    shutil.copy(ROOT / "nbgrader_config.py", tmp_path)
    for place, name, target in (("days", "day06_outbox", DAY), ("labs", "lab90_outbox", LAB)):
        file = tmp_path / f"{target}.ipynb"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(built((tmp_path / "manuscript" / place / f"{name}.md").read_text(), name, place))
    return tmp_path


def built(text: str, name: str, place: Place) -> str:
    return notebook(read_text(text, name=name, place=place, path=name))


def edit(clone: Path, target: str, change: Edit) -> str:
    """Edit a notebook as JupyterLab would save it, import it, return the text's new content."""
    file = clone / f"{target}.ipynb"
    data = json.loads(file.read_text())
    for cell in data["cells"]:
        cell["source"] = "".join(cell["source"])
        if cell["cell_type"] == "code":
            cell["outputs"], cell["execution_count"] = [{"output_type": "stream", "name": "stdout", "text": "7"}], 7
    change(data["cells"])
    data["metadata"]["language_info"] = {"name": "python", "version": "3.13.0"}
    file.write_text(json.dumps(data))
    return import_notebook(file, clone).read_text()


def original(target: str) -> str:
    place = "days" if target == DAY else "labs"
    return (CLONE / "manuscript" / place / f"{Path(target).name}.md").read_text()


def cell(cells: list[dict[str, Any]], id: str) -> dict[str, Any]:
    return next(cell for cell in cells if cell["id"] == id)


def new(source: str, kind: str = "markdown", **metadata: Any) -> dict[str, Any]:
    code = {"outputs": [], "execution_count": None} if kind == "code" else {}
    return {"cell_type": kind, "id": "0badcafe", "metadata": metadata, "source": source, **code}


@pytest.mark.parametrize("target", [DAY, LAB])
def test_a_notebook_that_was_only_run_leaves_the_text_as_it_is(clone: Path, target: str) -> None:
    assert edit(clone, target, lambda cells: None) == original(target)


def test_a_readers_own_answers_are_no_edit(clone: Path) -> None:
    def answer(cells: list[dict[str, Any]]) -> None:
        cell(cells, "day06-quiz-once-answer")["source"] = 'quiz("d06-once", answer="b")'
        cell(cells, "day06-recall-6")["source"] = 'recall(6, answers="abcda")'
        cell(cells, "day06-written-why-text")["source"] = "Because."

    assert edit(clone, DAY, answer) == original(DAY)


@pytest.mark.parametrize(
    ("target", "id", "old", "changed"),
    [
        (DAY, "day06-the-incident", "Ada buys a lamp.", "Bao buys two lamps."),
        (DAY, "day06-the-incident-4", "on its own", "alone"),
        (DAY, "day06-the-incident-5", 'seen = "two"', 'seen = "one"'),
        (DAY, "day06-predict-crash", "> - **b.** one", "> - **b.** exactly one"),
        (DAY, "day06-quiz-once", "warehouse receive", "warehouse see"),
        (DAY, "day06-written-why", "Why is twice", "Why, then, is twice"),
        (LAB, "lab90-solution-relay", "fetch_unpublished()", "fetch_new()"),
        (LAB, "lab90-given-schema", "purchases", "orders"),
        (LAB, "lab90-written-tradeoff-text", "The database pays", "Postgres pays"),
    ],
)
def test_an_edit_changes_its_own_lines_and_no_others(clone: Path, target: str, id: str, old: str, changed: str) -> None:
    def change(cells: list[dict[str, Any]]) -> None:
        assert old in cell(cells, id)["source"]
        cell(cells, id)["source"] = cell(cells, id)["source"].replace(old, changed)

    in_text = [words.replace("> - **b.**", "-") for words in (old, changed)]
    assert edit(clone, target, change) == original(target).replace(*in_text) != original(target)


def test_an_edited_option_goes_back_to_its_own_reply(clone: Path) -> None:
    def change(cells: list[dict[str, Any]]) -> None:
        question = cell(cells, "day06-quiz-once")
        question["source"] = question["source"].replace("The event twice.", "The same event, twice.")

    assert edit(clone, DAY, change) == original(DAY).replace("- [x] The event twice.", "- [x] The same event, twice.")


def test_new_cells_become_segments_and_a_break_keeps_prose_apart(clone: Path) -> None:
    def add(cells: list[dict[str, Any]]) -> None:
        cells.insert(3, new("Between the two.\n\n```python\nshown()\n```"))
        cells.insert(4, {**new("Another one."), "id": "another"})
        cells.append({**new("s = '''\n```\n'''", "code", tags=["hide-input"]), "id": "code"})

    text = edit(clone, DAY, add)
    assert "Between the two.\n\n```py\nshown()\n```\n\n+++\n\nAnother one.\n\n## The incident" in text
    assert text.endswith("second one.\n```\n\n````python tags=\"hide-input\"\ns = '''\n```\n'''\n````\n")


def test_empty_cells_and_empty_last_lines_are_left_out(clone: Path) -> None:
    def change(cells: list[dict[str, Any]]) -> None:
        cell(cells, "day06-the-incident-2")["source"] = "lamp = 'lamp'\n\n"
        cells.extend([new("", "code"), {**new(" "), "id": "second"}])

    assert edit(clone, DAY, change) == original(DAY)


def test_a_mark_set_in_nbgraders_own_toolbar_is_understood(clone: Path) -> None:
    flags = {"grade": False, "solution": False, "locked": True, "task": False, "grade_id": "topic", "schema_version": 3}
    text = edit(clone, LAB, lambda cells: cells.insert(1, new("T = 1", "code", nbgrader=flags)))
    assert '```python given="topic"\nT = 1\n```\n' in text


def test_cells_that_were_moved_or_deleted_take_their_hints_along(clone: Path) -> None:
    def move(cells: list[dict[str, Any]]) -> None:
        hint = cell(cells, "lab90-hint-relay")
        cells.remove(hint)
        cells.remove(cell(cells, "lab90-given-schema"))
        cells.append(hint)

    text = edit(clone, LAB, move)
    assert "given=" not in text
    assert text.index("rung=1") > text.index("written id=") and text.count("````hint") == 1
    assert built(text, "lab90_outbox", "labs")


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (lambda cells: cells.remove(cell(cells, "day06-quiz-once")), "belong together and day06-quiz-once is missing"),
        (lambda cells: cell(cells, "day06-quiz-once").update(source="Gone"), "has 3 options in the text"),
        (lambda cells: cells.append(new("One.\n\n+++\n\nTwo.")), "cannot be said in the text ('One.\\n\\n+++"),
        (lambda cells: cells.append(new("x", "raw")), "raw cells have no place"),
        (lambda cells: cells.append({**new("![](attachment:a.png)"), "attachments": {"a.png": {}}}), "pasted image"),
        (
            lambda cells: cells.append({**cell(cells, "day06-quiz-once"), "id": "copy"}),
            "is a copy of a piece (d06-once)",
        ),
    ],
)
def test_an_edit_that_a_text_cannot_hold_is_refused_and_the_text_stays(
    clone: Path, change: Edit, sentence: str
) -> None:
    with pytest.raises(ManuscriptError) as caught:
        edit(clone, DAY, change)
    assert sentence in str(caught.value)
    assert (clone / "manuscript/days/day06_outbox.md").read_text() == original(DAY)


def test_a_check_cell_is_not_edited(clone: Path) -> None:
    with pytest.raises(ManuscriptError, match="undo the edit"):
        edit(clone, LAB, lambda cells: cell(cells, "lab90-check-relay").update(source="35"))


def test_a_notebook_that_no_text_knows_becomes_a_text(clone: Path) -> None:
    file = clone / "days" / "day07_review.ipynb"
    file.write_text(built("# Review\n\n```python experiment\n1\n```\n", "day07_review", "days"))
    assert import_notebook(file, clone).read_text() == "# Review\n\n```python experiment\n1\n```\n"


def test_an_edit_of_the_text_that_was_not_built_is_not_overwritten(clone: Path) -> None:
    text = clone / "manuscript/days/day06_outbox.md"
    text.write_text(edited := original(DAY).replace("Ada", "Bao"))
    with pytest.raises(ManuscriptError, match="was edited after this notebook was built"):
        import_notebook(clone / f"{DAY}.ipynb", clone)
    assert text.read_text() == edited


def test_labs_and_strangers_are_refused(clone: Path) -> None:
    for place, sentence in (("labs/lab90_outbox", "edit the notebook in solutions/"), ("work", "days/ or solutions/")):
        with pytest.raises(ManuscriptError, match=sentence):
            import_notebook(clone / place / "lab90_outbox.ipynb", clone)
    with pytest.raises(ManuscriptError, match="does not stand in"):
        import_notebook(clone.parent / "day06_outbox.ipynb", clone)
    (clone / f"{DAY}.ipynb").write_text("{")
    with pytest.raises(ManuscriptError, match="cannot read this notebook"):
        import_notebook(clone / f"{DAY}.ipynb", clone)
