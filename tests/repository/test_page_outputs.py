"""What a reader of the site would stumble over: formulas that no page draws, and objects that a plot leaves below itself."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted((ROOT / "manuscript").glob("*/*.md"))
FENCED = re.compile(r"^(`{3,})([^\n]*)\n(.*?)^\1$", re.MULTILINE | re.DOTALL)
FORMULA = re.compile(r"\$[A-Za-z0-9(\\][^$\n]*\$")
LEFT_BELOW = re.compile(r"^(axes|plt)\.(legend|plot|text|set|set_title|bar|axhline|axvline|axvspan|semilogy)\(.*\)$")


def formulas(text: str) -> list[str]:
    """What looks like TeX outside of cells and of code; the book's configuration draws none."""
    return FORMULA.findall(re.sub(r"`[^`\n]*`", "", FENCED.sub("", text)))


def left_below(text: str) -> list[str]:
    """Last lines of cells whose value is an object of the plot; a semicolon keeps it back."""
    lasts = [found[3].rstrip().rpartition("\n")[2] for found in FENCED.finditer(text) if found[2].startswith("python")]
    return [last for last in lasts if LEFT_BELOW.match(last)]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_no_page_has_a_formula_that_stays_tex(page):
    assert formulas(page.read_text("utf-8")) == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_no_plot_leaves_an_object_below_itself(page):
    assert left_below(page.read_text("utf-8")) == []


def test_both_are_found_where_they_are():
    text = "The mean is $1 - e^{-wl}$, and it costs $5.\n```python\naxes.plot(x)\naxes.legend(loc=1)\n```\n"
    assert (formulas(text), left_below(text)) == (["$1 - e^{-wl}$"], ["axes.legend(loc=1)"])
