"""A clone with nothing but the launcher in it, whose venv and pip are stand-ins."""

from __future__ import annotations

import shutil
from importlib.machinery import SourceFileLoader
from importlib.util import module_from_spec, spec_from_loader
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parents[2]

FAKE_PYTHON = """#!/bin/sh
here=$(dirname "$0")
case "$1" in
  -c) echo 3.12 ;;
  *) cat "$here/pip-says"
     mkdir -p "$here/../lib/python3.12/site-packages/rich-15.0.0.dist-info"
     exit $(cat "$here/pip-ends") ;;
esac
"""


@pytest.fixture
def launcher(tmp_path: Path) -> ModuleType:
    """The launcher of a clone in a temporary folder, whose venv and pip are stand-ins."""
    for name in ("fortnight", "requirements.txt", "requirements-extras.txt"):
        shutil.copy(ROOT / name, tmp_path)
    module = load(tmp_path / "fortnight")
    module.pip_says, module.pip_ends = "Collecting rich==15.0.0\nInstalling collected packages: rich\n", 0
    module.create = lambda: fake_environment(module)
    return module


def load(path: Path) -> ModuleType:
    """The launcher as a module; its file has no ending."""
    loader = SourceFileLoader("launcher", str(path))
    module = module_from_spec(spec_from_loader("launcher", loader))
    loader.exec_module(module)
    return module


def fake_environment(launcher: ModuleType) -> None:
    """An environment in which pip says and does what the test wants."""
    commands = Path(launcher.VENV, "bin")
    commands.mkdir(parents=True)
    Path(launcher.VENV, "lib", "python3.12", "site-packages").mkdir(parents=True)
    (commands / "pip-says").write_text(launcher.pip_says)
    (commands / "pip-ends").write_text(str(launcher.pip_ends))
    (commands / "python").write_text(FAKE_PYTHON)
    (commands / "python").chmod(0o755)
