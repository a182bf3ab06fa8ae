"""The book's own Sphinx extension: it stages the notebooks, fills the generated pages and keeps the build honest.

``jupyter-book build book/`` loads it by ``_config.yml``. Everything that a build makes lies in git-ignored folders.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

BOOK = Path(__file__).resolve().parent.parent
ROOT = BOOK.parent
for _folder in (str(ROOT), str(BOOK / "_ext")):
    if _folder not in sys.path:  # the course is used from its clone, and Jupyter Book starts us from anywhere
        sys.path.insert(0, _folder)

from sphinx.application import Sphinx  # noqa: E402

import generated_pages  # noqa: E402
import site_files  # noqa: E402
import strictness  # noqa: E402
from execution import cache_folder, prepare_kernels  # noqa: E402
from staging import stage  # noqa: E402

__all__ = ["setup"]


def setup(app: Sphinx) -> dict[str, bool | str]:
    """Stage the notebooks before Sphinx looks for documents, and connect what happens later."""
    stage(ROOT, BOOK)
    prepare_kernels(os.environ, ROOT, BOOK / "_build" / "state")
    app.connect("config-inited", lambda _, config: _configure(config), priority=400)
    app.connect("source-read", generated_pages.fill)
    site_files.connect(app, ROOT)
    strictness.connect(app)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}


def _configure(config: object) -> None:
    """What depends on this clone; Jupyter Book would resolve the cache against the current folder."""
    config.nb_execution_cache_path = str(cache_folder(ROOT, BOOK / "_build" / ".jupyter_cache"))  # type: ignore[attr-defined]
