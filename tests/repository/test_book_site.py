"""The built site: every page, nothing from elsewhere, every link and anchor, and runs without an error in them."""

from __future__ import annotations

import re
from functools import cache
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

from autograder.labs import NAMES
from tests.repository.book_site import pages_of_the_toc, site

__all__ = ["site"]

LOADED = {"script": "src", "img": "src", "iframe": "src", "link": "href", "source": "src", "video": "src", "audio": "src"}
MADE_BY_SPHINX = {"genindex", "search"}


class Outline(HTMLParser):
    """The ids, links, loaded addresses and pictures of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.ids: set[str] = set()
        self.links: list[str] = []
        self.loaded: list[str] = []
        self.alts: list[str | None] = []

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        found = dict(attributes)
        self.ids.update(filter(None, [found.get("id"), found.get("name") if tag == "a" else None]))
        if tag == "a" and found.get("href"):
            self.links.append(str(found["href"]))
        if tag in LOADED and found.get(LOADED[tag]):
            self.loaded.append(str(found[LOADED[tag]]))
        if tag == "img":
            self.alts.append(found.get("alt"))


@cache
def outline(path: Path) -> Outline:
    read = Outline()
    read.feed(path.read_text("utf-8"))
    return read


def pages(site: Path) -> list[Path]:
    return [path for path in sorted(site.rglob("*.html")) if "_static" not in path.parts]


def text_of(site: Path, page: str) -> str:
    return (site / f"{page}.html").read_text("utf-8")


def test_every_page_is_built_and_no_other(site):
    names = {path.relative_to(site).with_suffix("").as_posix() for path in pages(site)}
    assert names - MADE_BY_SPHINX == set(pages_of_the_toc())


def test_nothing_is_loaded_from_elsewhere(site):
    remote = {
        f"{path.name}: {address}"
        for path in pages(site)
        for address in outline(path).loaded
        if urlsplit(address).scheme not in ("", "data") or address.startswith("//")
    }
    assert remote == set()


def test_no_stylesheet_and_no_script_of_a_page_asks_another_machine(site):
    styles = [path for path in site.rglob("*.css")]
    asking = [path.name for path in styles if re.search(r"(?:@import\s+|url\()\s*[\"']?(?:https?:)?//", path.read_text("utf-8"))]
    assert styles and asking == []
    for path in pages(site):
        scripts = "".join(re.findall(r"<script(?![^>]*src)[^>]*>(.*?)</script>", path.read_text("utf-8"), re.DOTALL))
        assert not re.search(r"https?://(?!www\.w3\.org/)|THEBE|MathJax", scripts), path.name


def test_every_link_inside_the_site_leads_to_a_page_and_a_place_on_it(site):
    broken = []
    for path in pages(site):
        for link in outline(path).links:
            address = urlsplit(link)
            if address.scheme:
                continue
            there = (path.parent / unquote(address.path)).resolve() if address.path else path.resolve()
            if not there.is_file():
                broken.append(f"{path.name}: {link}")
            elif address.fragment and there.suffix == ".html" and unquote(address.fragment) not in outline(there).ids:
                broken.append(f"{path.name}: {link}")
    assert broken == []


def test_every_picture_has_a_text_alternative_that_is_no_file_name(site):
    silent = [(path.name, alt) for path in pages(site) for alt in outline(path).alts if not alt or re.search(r"\.(png|svg)$", alt)]
    assert silent == []


def test_what_is_pressed_is_called_what_it_shows(site):
    """A name beside the text would keep the text from whoever speaks to the page: axe's label-content-name-mismatch."""
    folds = [text for path in pages(site) for text in re.findall(r"<summary[^>]*>", path.read_text("utf-8"))]
    assert folds and [text for text in folds if "aria-label" in text] == []


def test_the_days_show_real_runs(site):
    for page in ("days/day00_start", "days/day06_outbox", "labs/lab06_outbox"):
        text = text_of(site, page)
        assert "Read this run as text" in text, page
        for trouble in ("Traceback", "127.0.0.1", "No module named", "The judge ended"):
            assert trouble not in text, (page, trouble)


def test_the_introduction_of_the_lab_shows_the_verdict_on_its_naive_version(site):
    text = text_of(site, "labs/lab06_outbox")
    assert "broken · lab 6" in text and "No order without its message" in text and "crash points" in text


def test_generated_pages_hold_what_they_are_made_from(site):
    assert 'id="transactional-outbox"' in text_of(site, "glossary") and "транзакционный" in text_of(site, "glossary")
    assert "Implementing Recoverable Requests Using Queues" in text_of(site, "bibliography")
    assert text_of(site, "map").count("to come") >= 14 - len(NAMES)
    assert text_of(site, "diagram").count('class="fnd"') == 4
    assert "KIP-848" in text_of(site, "embedded") and "at most six steps" not in text_of(site, "embedded")
    assert "I want to fix a sentence" in text_of(site, "contributing")
    for path in pages(site):
        assert "<!-- generated" not in path.read_text("utf-8"), path.name


@pytest.mark.parametrize("page", ["index", "days/day06_outbox", "labs/lab06_outbox", "glossary"])
def test_a_page_has_one_main_heading_and_a_language(site, page):
    text = text_of(site, page)
    assert text.split('<article class="bd-article">')[1].count("<h1>") == 1 and '<html lang="en"' in text


@pytest.mark.parametrize("page", [page for page in pages_of_the_toc() if "/" not in page])
def test_a_written_page_describes_itself_to_search_engines(site, page):
    assert re.search(r'<meta content="[^"]{60,}" name="description" />', text_of(site, page))
