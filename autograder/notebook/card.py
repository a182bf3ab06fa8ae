"""A card: what a learning piece says, as accessible HTML where there is a page and as plain text elsewhere."""

from __future__ import annotations

import html
import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from markdown_it import MarkdownIt

__all__ = ["Card", "markdown_html", "plain", "quoted"]

# Raw HTML stays text, so that nothing a learner types becomes a tag.
_MARKDOWN = MarkdownIt("commonmark", {"html": False}).enable("table")
_SPECIAL = re.compile(r"([\\`*_{}\[\]<>()#+.!|~-])")
_SHOWN_CHARACTERS_MAX = 600


@dataclass(frozen=True)
class Card:
    """A few sentences of Markdown, displayed as the value of a notebook cell."""

    markdown: str
    data: Mapping[str, str] = field(default_factory=dict)
    """``data-`` attributes, by which the site's script finds the card."""

    def _repr_html_(self) -> str:
        data = "".join(f' data-{key}="{html.escape(value)}"' for key, value in self.data.items())
        return f'<div class="fortnight-card" role="note"{data}>\n{markdown_html(self.markdown)}</div>'

    def __repr__(self) -> str:
        return plain(self.markdown)


def markdown_html(markdown: str) -> str:
    """Markdown as HTML."""
    return str(_MARKDOWN.render(markdown))


def plain(markdown: str) -> str:
    """Markdown as it reads in a terminal."""
    text = re.sub(r"(?m)^\|[ :|-]+\|$\n?", "", markdown)
    text = re.sub(r"\*\*|(?<!`)`(?!`)", "", text)
    return re.sub(r"\\([\\`*_{}\[\]<>()#+.!|~-])", r"\1", text)


def quoted(text: str) -> str:
    """A learner's own words inside Markdown: on one line, shortened, and never taken for marks."""
    line = " ".join(text.split())
    if len(line) > _SHOWN_CHARACTERS_MAX:
        line = line[:_SHOWN_CHARACTERS_MAX] + " …"
    return _SPECIAL.sub(r"\\\1", line)
