"""From texts to committed files: build, check, import, and nbgrader's own release."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from autograder.manuscript.__main__ import main
from autograder.manuscript.build import ROOT
from autograder.manuscript.errors import ManuscriptError
from autograder.manuscript.release import released

CLONE = Path(__file__).parent / "manuscript_clone"


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("built")
    shutil.copytree(CLONE, root, dirs_exist_ok=True)
    shutil.copy(ROOT / "nbgrader_config.py", root)
    assert main(["--root", str(root), "build"]) == 0
    return root


@pytest.fixture
def clone(built: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(built, tmp_path / "clone"))


def files(root: Path) -> dict[str, bytes]:
    return {str(file.relative_to(root)): file.read_bytes() for file in root.rglob("*") if file.is_file()}


def run(root: Path, *arguments: str) -> int:
    return main(["--root", str(root), *arguments])


def sources(file: Path) -> dict[str, str]:
    return {cell["id"]: "".join(cell["source"]) for cell in json.loads(file.read_text())["cells"]}


def test_a_second_build_writes_the_same_bytes_and_nothing_else(clone: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = files(clone)
    for name in before:
        if name.endswith((".ipynb", ".json")):
            (clone / name).unlink()
    assert run(clone, "build") == 0
    assert files(clone) == before
    capsys.readouterr()
    assert run(clone, "build") == 0
    assert capsys.readouterr().out == "nothing to do: 6 files are up to date\n"


def test_the_release_asks_for_the_solution_and_keeps_the_rest(built: Path) -> None:
    source = sources(built / "solutions/lab90_outbox/lab90_outbox.ipynb")
    release = sources(built / "labs/lab90_outbox/lab90_outbox.ipynb")
    assert list(release) == list(source)
    differ = {id for id in source if source[id] != release[id]}
    assert differ == {"lab90-solution-relay", "lab90-written-tradeoff-text"}
    assert release["lab90-solution-relay"].endswith("    # YOUR CODE HERE\n    raise NotImplementedError()")
    assert release["lab90-written-tradeoff-text"] == "YOUR ANSWER HERE"


def test_no_answer_is_released(built: Path) -> None:
    for file in (*built.glob("labs/*/*"), *built.glob("days/*")):
        for secret in ("fetch_unpublished", "query per interval", "belief", "still unpublished", "It says who pays"):
            assert secret not in file.read_text(), file


def test_a_build_leaves_nbgraders_own_state_alone(built: Path) -> None:
    assert not (built / ".nbgrader" / "release").exists()
    assert not list(built.rglob("gradebook.db"))


def test_check_is_quiet_when_nothing_drifted(clone: Path) -> None:
    assert run(clone, "check") == 0


def test_check_names_each_file_that_drifted_and_the_command_that_mends_it(
    clone: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (clone / "days/day06_outbox.ipynb").write_text("{}")
    (clone / "labs/lab90_outbox/lab90_outbox.ipynb").unlink()
    (clone / "autograder/notebook/items/day02.json").write_text("{}")
    assert run(clone, "check") == 1
    items, day, lab = capsys.readouterr().out.splitlines()
    assert items.endswith("No text makes it: git rm autograder/notebook/items/day02.json")
    assert "python -m autograder.manuscript import days/day06_outbox.ipynb" in day
    assert lab.endswith("After an edit of the text: python -m autograder.manuscript build")
    assert run(clone, "build") == 0
    assert files(clone)["days/day06_outbox.ipynb"] != b"{}"


def test_an_edit_in_jupyterlab_is_imported_and_built_in_one_step(clone: Path) -> None:
    file = clone / "solutions/lab90_outbox/lab90_outbox.ipynb"
    file.write_text(file.read_text().replace('TOPIC = \\"purchases\\"', 'TOPIC = \\"orders\\"'))
    assert run(clone, "check") == 1
    assert run(clone, "import", str(file)) == 0
    assert run(clone, "check") == 0
    assert 'TOPIC = "orders"' in (clone / "manuscript/labs/lab90_outbox.md").read_text()


def test_one_name_builds_one_text(clone: Path) -> None:
    for file in (*clone.glob("days/*"), *clone.glob("labs/*/*")):
        file.unlink()
    assert run(clone, "build", "day06") == 0
    assert [file.name for file in (*clone.glob("days/*"), *clone.glob("labs/*/*"))] == ["day06_outbox.ipynb"]


@pytest.mark.parametrize(
    ("path", "text", "sentence"),
    [
        (
            "days/day06_outbox.md",
            "```python solutoin\n```\n",
            "manuscript/days/day06_outbox.md:1: unknown mark 'solutoin'",
        ),
        (
            "items/day02.md",
            (CLONE / "manuscript/items/day01.md").read_text(),
            "items/day02.md:3: the id 'd01-two' stands in",
        ),
        ("days/outbox.md", "# A\n", "manuscript/days/outbox.md: call it dayNN_topic.md"),
        ("days/day06_other.md", "# A\n", "day06_outbox.md:1: manuscript/days/day06_other.md has the same number"),
    ],
)
def test_a_text_that_is_wrong_ends_the_build_with_one_sentence(
    clone: Path, capsys: pytest.CaptureFixture[str], path: str, text: str, sentence: str
) -> None:
    (clone / "manuscript" / path).write_text(text)
    assert run(clone, "build") == 2
    assert sentence in capsys.readouterr().err


def test_a_name_that_no_text_has_is_an_error(clone: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(clone, "build", "day77") == 2
    assert "no text begins with day77" in capsys.readouterr().err


def test_what_nbgrader_refuses_is_an_error_with_its_reason(built: Path) -> None:
    source = (built / "solutions/lab90_outbox/lab90_outbox.ipynb").read_text().replace("check-relay", "solution-relay")
    with pytest.raises(ManuscriptError, match="could not release lab90_outbox: .*"):
        released({"lab90_outbox": source}, config_file=ROOT / "nbgrader_config.py")
