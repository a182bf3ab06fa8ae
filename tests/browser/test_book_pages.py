"""The book in a real browser, opened from disk: no request, no error, phones, the dark, the keyboard, no script."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.browser.chromium import Chromium, Page, missing
from tests.repository.book_site import pages_of_the_toc, site

__all__ = ["site"]

pytestmark = pytest.mark.skipif(bool(missing()), reason=missing() or "a browser is here")

DAY, LAB = "days/day06_outbox", "labs/lab06_outbox"
QUIZ = 'form[data-key="quiz-d06-once"]'
SAY = "document.querySelector('figure.fnd .fnd-say').textContent"


@pytest.fixture(scope="module")
def browser() -> Iterator[Chromium]:
    with Chromium() as browser:
        yield browser


def address(site: Path, page: str) -> str:
    return (site / f"{page}.html").as_uri()


def luminance(page: Page, selector: str) -> float:
    """How bright the letters of an element are, from 0 to 1."""
    colour = page.eval(f"getComputedStyle(document.querySelector({selector!r})).color")
    red, green, blue = (float(part) for part in colour[colour.index("(") + 1 : -1].split(",")[:3])
    return (0.2126 * red + 0.7152 * green + 0.0722 * blue) / 255


@pytest.mark.parametrize("name", pages_of_the_toc())
def test_a_page_fits_a_phone_and_asks_nobody(browser, site, name):
    page = browser.open(address(site, name), width=390)
    assert page.eval("document.documentElement.scrollWidth") <= 390
    assert [request for request in page.requests if not request.startswith("file:")] == []
    assert page.errors == []


def test_the_player_steps_through_a_run_of_the_day(browser, site):
    page = browser.open(address(site, DAY))
    assert page.eval("document.querySelectorAll('figure.fnd-on').length") >= 4
    page.eval("document.querySelector('figure.fnd .fnd-box').focus()")
    page.press("ArrowRight")
    assert page.eval(SAY).startswith("Step 1 of ")
    page.press("End")
    assert page.eval(SAY).startswith("The whole run.")


def test_without_a_script_the_picture_and_its_text_are_there(browser, site):
    page = browser.open(address(site, DAY), javascript=False)
    assert page.eval("document.querySelectorAll('figure.fnd img').length") >= 4
    assert page.eval("document.querySelector('figure.fnd img').naturalWidth") > 300
    page.click("figure.fnd summary")
    assert page.eval("document.querySelector('figure.fnd li').checkVisibility()")


def test_a_quiz_of_the_day_is_answered_and_remembered(browser, site):
    page = browser.open(address(site, DAY))
    page.click(f'{QUIZ} input[value="b"]')
    page.click(f"{QUIZ} button")
    said = page.eval(f"document.querySelector('{QUIZ} [role=status]').textContent")
    assert said.strip()
    page.go(address(site, DAY))
    assert page.eval(f"document.querySelector('{QUIZ} [role=status]').textContent") == said


def test_without_a_script_the_answers_of_a_quiz_are_one_click_away(browser, site):
    page = browser.open(address(site, DAY), javascript=False)
    page.click(f"{QUIZ} summary")
    assert page.eval(f"document.querySelector('{QUIZ} li').checkVisibility()")


def test_reports_and_cards_can_be_read_in_the_dark(browser, site):
    page = browser.open(address(site, LAB), dark=True)
    page.wait_for("document.documentElement.dataset.theme === 'dark'")
    assert luminance(page, ".cell_output section td") > 0.5
    page.go(address(site, DAY))
    assert luminance(page, ".fortnight-card p") > 0.5
    paper = page.eval("getComputedStyle(document.querySelector('.cell_output .text_html:has(.fortnight-card)')).backgroundColor")
    assert paper == "rgba(0, 0, 0, 0)"


def test_the_first_stop_of_the_keyboard_leads_to_the_text(browser, site):
    page = browser.open(address(site, "index"))
    page.press("Tab")
    assert page.eval("document.activeElement.textContent.trim()") == "Skip to main content"


@pytest.mark.parametrize("name", pages_of_the_toc())
def test_everything_that_can_be_pressed_has_a_name(browser, site, name):
    page = browser.open(address(site, name))
    page.send("Accessibility.enable")
    nodes = page.send("Accessibility.getFullAXTree")["nodes"]
    pressed = {"button", "link", "radio", "checkbox", "textbox", "slider"}
    nameless = [
        node["nodeId"]
        for node in nodes
        if not node.get("ignored") and node["role"]["value"] in pressed and not node.get("name", {}).get("value", "").strip()
    ]
    assert nodes and nameless == []


def test_the_search_finds_a_day_without_a_server(browser, site):
    page = browser.open(f"{address(site, 'search')}?q=outbox")
    page.wait_for("document.querySelectorAll('#search-results li').length > 0")
    assert "Outbox" in page.eval("document.querySelector('#search-results').textContent")
