"""The learner's version of every lab, made by nbgrader's own generate_assignment in a folder that is thrown away.

Nothing is written into the clone: neither labs/ (``--force`` would delete a learner's work there) nor the gradebook
(a release made here must not make nbgrader skip the one that fills it).
"""

from __future__ import annotations

import logging
import os
import tempfile
from collections.abc import Mapping
from pathlib import Path

from .errors import ManuscriptError

__all__ = ["released"]


def released(solutions: Mapping[str, str], *, config_file: Path) -> dict[str, str]:
    """From the text of each lab's source notebook to the text of its release, by lab name."""
    if not solutions:
        return {}
    with tempfile.TemporaryDirectory(prefix="fortnight-release-") as folder:
        root = Path(folder).resolve()
        for name, source in solutions.items():
            file = root / "solutions" / name / f"{name}.ipynb"
            file.parent.mkdir(parents=True)
            file.write_text(source, "utf-8")
        api = _nbgrader(root, config_file)
        return {name: _release(api, root, name) for name in solutions}


def _nbgrader(root: Path, config_file: Path):  # type: ignore[no-untyped-def]
    # Imported here: it takes more than a second, which a build of days alone need not pay.
    from nbgrader.apps import NbGraderAPI
    from traitlets.config import Config
    from traitlets.config.loader import PyFileConfigLoader

    config = Config(PyFileConfigLoader(config_file.name, path=str(config_file.parent)).load_config())
    config.CourseDirectory.root = str(root)
    config.CourseDirectory.db_url = "sqlite://"
    config.GenerateAssignment.no_database = True
    config.SaveCells.enabled = False
    api = NbGraderAPI(config=config)
    api.log.setLevel(logging.CRITICAL)
    return api


def _release(api, root: Path, name: str) -> str:  # type: ignore[no-untyped-def]
    before = os.getcwd()
    try:
        result = api.generate_assignment(name, force=True)
    finally:
        os.chdir(before)
    file = root / str(api.coursedir.release_directory) / name / f"{name}.ipynb"
    if not result["success"] or not file.exists():
        reason = (result.get("error") or result.get("log") or "no reason given").strip().splitlines()[-1]
        raise ManuscriptError(f"nbgrader could not release {name}: {reason}")
    return file.read_text("utf-8")
