"""The picture with its parameters in view, in a real browser: by mouse and keyboard, and without a script."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from autograder.diagram import Explorable, Frame
from tests.browser.chromium import Chromium, Page, missing

pytestmark = pytest.mark.skipif(bool(missing()), reason=missing() or "a browser is here")

SAYS = "document.querySelector('.fnx-say').textContent"
POLICIES, LOADS = ("round robin", "random"), tuple(f"{percent} %" for percent in range(40, 100, 10))
SVG = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 200 100" width="200" height="100"><text y="20">{}</text></svg>'


@pytest.fixture(scope="module")
def browser() -> Iterator[Chromium]:
    with Chromium() as browser:
        yield browser


@pytest.fixture
def tab(browser: Chromium, tmp_path: Path) -> Page:
    frames = {
        (policy, load): Frame(svg=SVG.format(f"{policy} {load}"), says=f"{policy} at {load}")
        for policy in POLICIES
        for load in LOADS
    }
    picture = Explorable(title="Two policies", choices={"policy": POLICIES, "load": LOADS}, frames=frames)
    path = tmp_path / "page.html"
    path.write_text(f'<!doctype html><meta charset="utf-8"><body>{picture.html() * 2}</body>', encoding="utf-8")
    return browser.open(path.as_uri())


def test_it_begins_with_its_first_values_and_asks_nothing_of_a_network(tab: Page):
    assert tab.eval(SAYS) == "round robin at 40 %"
    assert tab.eval("document.querySelector('figure img').naturalWidth") == 200
    assert tab.errors == [] and len(tab.requests) == 1


def test_few_values_are_all_in_sight_and_a_click_chooses_one(tab: Page):
    tab.click("input[value=random]")
    assert tab.eval(SAYS) == "random at 40 %"
    assert "random 40 %" in tab.eval("decodeURIComponent(document.querySelector('figure img').src)")
    assert tab.eval("document.querySelector('figure img').alt") == "Two policies. With policy random, load 40 %: random at 40 %"


def test_many_values_stand_on_a_slider_that_the_keyboard_moves(tab: Page):
    tab.eval("document.querySelector('input[type=range]').focus()")
    tab.press("ArrowRight")
    tab.press("ArrowRight")
    assert tab.eval(SAYS) == "round robin at 60 %"
    assert tab.eval("document.querySelector('input[type=range]').ariaValueText") == "60 %"
    assert tab.eval("document.querySelector('output').textContent") == "60 %"


def test_two_figures_on_a_page_do_not_share_their_values(tab: Page):
    tab.click("input[value=random]")
    assert tab.eval("[...document.querySelectorAll('.fnx-say')].map(p => p.textContent)") == [
        "random at 40 %",
        "round robin at 40 %",
    ]
