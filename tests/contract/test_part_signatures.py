"""What later labs build on keeps its signature: in the reference, in what learners get, and in every other right program."""

from __future__ import annotations

import ast
import json
from pathlib import Path

import pytest

from autograder.backends import ROOT
from autograder.labs.parts import SIGNATURES, function_of


def signatures(sources: list[str], function: str) -> list[ast.FunctionDef | ast.AsyncFunctionDef]:
    trees = [ast.parse(source) for source in sources]
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef)
    return [node for tree in trees for node in tree.body if isinstance(node, kinds) and node.name == function]


def code_cells(notebook: Path) -> list[str]:
    return ["".join(cell["source"]) for cell in json.loads(notebook.read_text("utf-8"))["cells"] if cell["cell_type"] == "code"]


def told(node: ast.FunctionDef | ast.AsyncFunctionDef) -> str:
    returns = f" -> {ast.unparse(node.returns)}" if node.returns else ""
    return f"{node.name}({ast.unparse(node.args)}){returns}"


@pytest.mark.parametrize("part", SIGNATURES)
@pytest.mark.parametrize("folder", ["solutions", "labs"])
def test_the_notebooks_of_the_lab_have_the_frozen_signature(part: str, folder: str) -> None:
    lab = part.partition("/")[0]
    [found] = signatures(code_cells(ROOT / folder / lab / f"{lab}.ipynb"), function_of(part))
    assert told(found) == SIGNATURES[part]


@pytest.mark.parametrize("part", SIGNATURES)
def test_every_right_program_can_be_called_like_it(part: str) -> None:
    lab = part.partition("/")[0]
    wanted = ast.parse(f"def {SIGNATURES[part]}: ...").body[0]
    for path in sorted((ROOT / "tests" / "right" / lab).glob("*.py")):
        for found in signatures([path.read_text("utf-8")], function_of(part)):
            assert len(found.args.args) == len(wanted.args.args), path.name
