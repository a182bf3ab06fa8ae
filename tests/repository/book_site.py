"""The book as tests see it: its sources, its extension's modules, and the site, built once however many workers ask."""

from __future__ import annotations

import fcntl
import importlib
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest
import yaml

from tests.repository.tree import ROOT

__all__ = ["BOOK", "data", "extension", "pages_of_the_toc", "site"]

BOOK = ROOT / "book"
BUILD_TIMEOUT_S = 1800


def data(name: str):
    """A data file of the book."""
    return yaml.safe_load((BOOK / "data" / f"{name}.yml").read_text("utf-8"))


def extension(name: str) -> ModuleType:
    """A module of the book's Sphinx extension, which no package holds."""
    folder = str(BOOK / "_ext")
    if folder not in sys.path:
        sys.path.append(folder)
    return importlib.import_module(name)


def pages_of_the_toc() -> list[str]:
    """The pages that the table of contents names, without their endings."""
    toc = yaml.safe_load((BOOK / "_toc.yml").read_text("utf-8"))
    return [toc["root"], *(chapter["file"] for part in toc["parts"] for chapter in part["chapters"])]


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Path:
    """The folder of the built pages, from a build that started without any."""
    folder = tmp_path_factory.getbasetemp()
    return _built_once((folder if worker_id == "master" else folder.parent) / "book")


def _built_once(folder: Path) -> Path:
    """Build into `folder`, unless another worker of this test run has: it leaves what the build said."""
    folder.mkdir(exist_ok=True)
    said = folder / "said"
    with open(folder / "lock", "w", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not said.exists():
            program = Path(sys.executable).with_name("jupyter-book")  # the package has no `python -m`
            command = [str(program), "build", "book/", "--path-output", str(folder)]
            ran = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=BUILD_TIMEOUT_S, check=False)
            said.write_text(f"{ran.returncode}\n{ran.stdout}{ran.stderr}", "utf-8")
    code, _, output = said.read_text("utf-8").partition("\n")
    assert code == "0", output[-8000:]
    return folder / "_build" / "html"
