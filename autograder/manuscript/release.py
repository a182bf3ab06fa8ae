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
from typing import Any

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
        config = _config(root, config_file)
        return {name: _release(config, root, name) for name in solutions}


def _config(root: Path, config_file: Path) -> Any:
    """The course's own nbgrader configuration, working on `root` and without a gradebook."""
    # Imported here and below: nbgrader takes more than a second, which a build of days alone need not pay.
    from traitlets.config import Config
    from traitlets.config.loader import PyFileConfigLoader

    config = Config(PyFileConfigLoader(config_file.name, path=str(config_file.parent)).load_config())
    config.CourseDirectory.root = str(root)
    config.GenerateAssignment.no_database = True
    config.SaveCells.enabled = False
    return config


def _release(config: Any, root: Path, name: str) -> str:
    from nbgrader.converters import GenerateAssignment
    from nbgrader.coursedir import CourseDirectory

    course = CourseDirectory(config=config, assignment_id=name)
    converter = GenerateAssignment(coursedir=course, config=config)
    converter.log = _silent()
    before = os.getcwd()
    try:
        converter.start()
    except (Exception, SystemExit) as error:  # Whatever nbgrader raises is a text that it cannot release.
        raise ManuscriptError(f"nbgrader could not release {name}: {error or type(error).__name__}") from error
    finally:
        os.chdir(before)
    return (root / course.release_directory / name / f"{name}.ipynb").read_text("utf-8")


def _silent() -> logging.Logger:
    log = logging.Logger("nbgrader release")
    log.addHandler(logging.NullHandler())
    return log
