"""What the pages load: the script of the learning pieces comes in, everything that would ask another machine goes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from sphinx.application import Sphinx

__all__ = ["connect"]

_SCRIPT = Path("autograder/notebook/site.js")


def connect(app: Sphinx, root: Path) -> None:
    """Add our script, and drop the theme's scripts that load code from elsewhere."""
    app.connect("config-inited", lambda _, config: config.html_static_path.append(str(root / _SCRIPT)))
    app.add_js_file(_SCRIPT.name, loading_method="defer")
    app.connect("html-page-context", _without_thebe, priority=900)


def _without_thebe(app: Sphinx, page: str, template: str, context: dict[str, Any], doctree: object) -> None:
    """Thebe runs cells on a server elsewhere; its settings, set twice by Jupyter Book, break every page's console."""
    scripts = context.get("script_files", [])
    scripts[:] = [script for script in scripts if not _is_thebe(script)]


def _is_thebe(script: Any) -> bool:
    attributes = getattr(script, "attributes", {})
    return "thebe" in str(getattr(script, "filename", script)).lower() or "thebe" in str(attributes.get("body", ""))
