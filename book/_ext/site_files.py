"""What the pages load: the script of the learning pieces comes in, everything that would ask another machine goes.

Every page that was written is mended once more: what the theme gets wrong for a reader with a keyboard or a screen
reader, and what a page opened from disk may not load.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from sphinx.application import Sphinx

__all__ = ["accessible", "connect", "lightened"]

_SCRIPT = Path("autograder/notebook/site.js")
_FONT_PRELOAD = re.compile(r'\s*<link rel="preload" as="font"[^>]*>')
_ICON_FONTS = re.compile(r'<link href="[^"]*/fontawesome/[^"]*\.css[^"]*" rel="stylesheet" />')
_SEARCH_FIELD = re.compile(r'(<button[^>]*search-button-field[^>]*?)\s+aria-label="Search"')
_ICON_SCRIPT = re.compile(r'<script (src="[^"]*/fontawesome/)')


def connect(app: Sphinx, root: Path) -> None:
    """Add our script, and drop the theme's scripts that load code from elsewhere."""
    app.connect("config-inited", lambda _, config: config.html_static_path.append(str(root / _SCRIPT)))
    app.add_js_file(_SCRIPT.name, loading_method="defer")
    app.connect("html-page-context", _without_thebe, priority=900)
    app.connect("build-finished", _mend)


def _without_thebe(app: Sphinx, page: str, template: str, context: dict[str, Any], doctree: object) -> None:
    """Thebe runs cells on a server elsewhere; its settings, set twice by Jupyter Book, break every page's console."""
    scripts = context.get("script_files", [])
    scripts[:] = [script for script in scripts if not _is_thebe(script)]


def _is_thebe(script: Any) -> bool:
    attributes = getattr(script, "attributes", {})
    return "thebe" in str(getattr(script, "filename", script)).lower() or "thebe" in str(attributes.get("body", ""))


def _mend(app: Sphinx, exception: Exception | None) -> None:
    if exception is None and app.builder.format == "html":
        for path in Path(app.outdir).rglob("*.html"):
            before = path.read_text("utf-8")
            after = accessible(lightened(before))
            if after != before:
                path.write_text(after, "utf-8")


def lightened(html: str) -> str:
    """A page whose icons come from the script alone, and later: a browser loads no fonts into a page from disk."""
    html = _FONT_PRELOAD.sub("", html)
    html = _ICON_FONTS.sub(lambda link: link[0] if _inside_noscript(link) else f"<noscript>{link[0]}</noscript>", html)
    return _ICON_SCRIPT.sub(r"<script defer \1", html)


def accessible(html: str) -> str:
    """A page whose search button and folds are called what they show, whose parts all stand in landmarks and whose tables scroll."""
    html = _SEARCH_FIELD.sub(r"\1", html)
    html = html.replace('<summary aria-label="Toggle hidden content">', "<summary>")
    html = html.replace('<th class="head"><p></p></th>', '<td class="head"></td>')
    html = html.replace(
        '<div class="pst-scrollable-table-container">',
        '<div class="pst-scrollable-table-container" role="group" aria-label="A table" tabindex="0">',
    )
    return html.replace(
        '<div class="bd-sidebar-primary bd-sidebar">',
        '<div class="bd-sidebar-primary bd-sidebar" role="region" aria-label="The site">',
    )


def _inside_noscript(match: re.Match[str]) -> bool:
    return match.string[: match.start()].endswith("<noscript>")
