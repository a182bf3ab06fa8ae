"""The player in a real browser: the whole run first, then every way to step through it, in every place it is shown."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from autograder.diagram import Diagram, page, samples
from autograder.history import Call, History
from tests.browser.chromium import Chromium, Page, missing

pytestmark = pytest.mark.skipif(bool(missing()), reason=missing() or "a browser is here")

_SAY = "document.querySelector('.fnd-say').textContent"
_WHOLE = "The whole run. Step through it, or click an event to see what came before it."
_PAPER = "getComputedStyle(document.querySelector('figure')).backgroundColor"
_LIGHT, _DARK = "rgb(255, 255, 255)", "rgb(17, 22, 29)"


@pytest.fixture(scope="module")
def browser() -> Iterator[Chromium]:
    with Chromium() as browser:
        yield browser


def _file(folder: Path, markup: str) -> str:
    path = folder / "page.html"
    path.write_text(markup, encoding="utf-8")
    return path.as_uri()


@pytest.fixture
def report(tmp_path: Path) -> str:
    return _file(tmp_path, page("Report", [Diagram(samples.out_of_order(), takeaway="Two relays overtake.").html()]))


def _bare(markup: str, *, html: str = "", body: str = "") -> str:
    return f'<!doctype html><html {html}><meta charset="utf-8"><body {body}>{markup}</body></html>'


def _focus(tab: Page) -> None:
    tab.eval("document.querySelector('.fnd-box').focus()")


def test_the_whole_run_is_shown_first_and_nothing_moves_by_itself(browser, report):
    tab = browser.open(report)
    assert tab.eval(_SAY) == _WHOLE
    assert tab.eval("document.querySelector('.fnd-later').style.transform") != "translateY(0px)"
    assert tab.eval("document.querySelectorAll('.fnd-dim').length") == 0
    assert tab.eval("document.querySelector('[aria-label=Play]') !== null")
    assert (tab.errors, tab.requests) == ([], [report])


def test_keys_step_through_the_run(browser, report):
    tab = browser.open(report)
    _focus(tab)
    tab.press("ArrowRight")
    assert tab.eval(_SAY).startswith("Step 1 of 23. relay-1 asks Postgres: select")
    tab.press("ArrowRight")
    assert tab.eval(_SAY) == "Step 2 of 23. Postgres → relay-1: answered 1 row: p-1/1"
    tab.press("ArrowLeft")
    assert tab.eval(_SAY).startswith("Step 1 of 23.")
    tab.press("End")
    assert tab.eval(_SAY) == _WHOLE
    tab.press("Home")
    assert tab.eval(_SAY).startswith("Step 1 of 23.")


def test_space_plays_and_pauses(browser, report):
    tab = browser.open(report, reduced_motion=True)
    _focus(tab)
    tab.press(" ")
    assert tab.eval("document.querySelector('[aria-label=Pause]').textContent") == "Pause"
    tab.wait_for(f"{_SAY}.startsWith('Step 2')")
    tab.press(" ")
    assert tab.eval("document.querySelector('[aria-label=Play]').textContent") == "Play"


def test_buttons_and_the_slider_step_too(browser, report):
    tab = browser.open(report)
    tab.click("[aria-label='Step forward']")
    tab.click("[aria-label='Step forward']")
    assert tab.eval(_SAY).startswith("Step 2 of 23.")
    tab.click("[aria-label='Whole run']")
    assert tab.eval(_SAY) == _WHOLE
    tab.eval("(r => { r.value = 4; r.oninput(); })(document.querySelector('.fnd-bar input'))")
    assert tab.eval(_SAY).startswith("Step 5 of 23.")
    assert tab.eval("document.querySelector('.fnd-bar input').ariaValueText").startswith("Postgres →")


def test_hover_explains_an_event(browser, report):
    tab = browser.open(report)
    tab.hover("[data-part='4'] text.label")
    assert tab.eval(_SAY) == "relay-2 asks Kafka: publish p-1/2 OrderCancelled → purchases"


def test_a_click_dims_what_cannot_have_had_influence_and_a_second_click_undoes_it(browser, report):
    tab = browser.open(report)
    tab.click("[data-part='6'] text.label")
    dimmed = tab.eval("[...document.querySelectorAll('.fnd-dim')].map(g => g.dataset.part)")
    assert {"1", "1a", "8", "13"} <= set(dimmed) and not {"3", "4", "5a", "6"} & set(dimmed)
    assert tab.eval(_SAY).startswith("Bright: everything that can have influenced this.")
    tab.click("[data-part='6'] text.label")
    assert tab.eval("document.querySelectorAll('.fnd-dim').length") == 0


def test_buttons_are_large_enough_for_a_thumb_and_the_page_does_not_scroll_sideways(browser, report):
    tab = browser.open(report, width=390)
    sizes = tab.eval("[...document.querySelectorAll('.fnd-bar button')].map(b => [b.offsetWidth, b.offsetHeight])")
    assert len(sizes) == 5 and all(width >= 44 and height >= 44 for width, height in sizes)
    assert tab.eval("document.documentElement.scrollWidth") <= 390
    assert tab.eval("(b => b.scrollWidth > b.clientWidth)(document.querySelector('.fnd-box'))")


def test_without_scripts_the_picture_and_the_text_stand(browser, report):
    tab = browser.open(report, width=390, javascript=False)
    tab.send("Emulation.setScriptExecutionDisabled", value=False)
    assert tab.eval("document.querySelector('img').naturalWidth") > 400
    assert tab.eval("document.querySelectorAll('details li').length") == 13
    assert tab.eval("document.querySelector('.fnd-bar')") is None
    assert tab.eval("document.documentElement.scrollWidth") <= 390


def test_what_jupyterlab_leaves_of_an_untrusted_output_is_picture_and_text(browser, tmp_path):
    markup = Diagram(samples.dual_write()).html()
    sanitized = re.sub(r"<script>.*?</script>| data-fnd=\"\d+\"", "", markup, flags=re.DOTALL)
    tab = browser.open(_file(tmp_path, _bare(sanitized)))
    assert tab.eval("document.querySelector('img').naturalWidth") > 400
    assert "shop is killed" in tab.eval("document.querySelector('details').textContent")


@pytest.mark.parametrize(
    ("html", "body", "system_dark", "paper"),
    [
        ("", "", False, _LIGHT),
        ("", "", True, _DARK),
        ('data-theme="dark"', "", False, _DARK),
        ('data-theme="light"', "", True, _LIGHT),
        ("", 'data-jp-theme-light="false"', False, _DARK),
        ("", 'data-jp-theme-light="true"', True, _LIGHT),
    ],
)
def test_light_and_dark_follow_the_page_before_the_system(browser, tmp_path, html, body, system_dark, paper):
    url = _file(tmp_path, _bare(Diagram(samples.dual_write()).html(), html=html, body=body))
    tab = browser.open(url, dark=system_dark)
    assert tab.eval(_PAPER) == paper
    assert tab.eval("getComputedStyle(document.querySelector('.fnd-svg')).backgroundColor") == paper


def test_while_stepping_the_current_row_and_the_names_of_the_lanes_stay_in_view(browser, report):
    tab = browser.open(report, width=390, height=600, reduced_motion=True)
    _focus(tab)
    tab.press("Home")
    for _ in range(18):
        tab.press("ArrowRight")
    assert tab.eval(_SAY).startswith("Step 19 of 23. warehouse asks Postgres: insert into inbox")
    inside = "(([s, b]) => s.top >= b.top && s.bottom <= b.bottom + 1)([%s, '.fnd-box'].map(%s))"
    place = "q => document.querySelector(q).getBoundingClientRect()"
    assert tab.eval(inside % ("'.fnd-now'", place))
    assert tab.eval(inside % ("'.fnd-head'", place))


def test_a_printed_page_is_light_and_has_no_buttons(browser, report):
    tab = browser.open(report, dark=True, media="print")
    assert tab.eval(_PAPER) == _LIGHT
    assert tab.eval("getComputedStyle(document.querySelector('.fnd-ui')).display") == "none"


def test_two_figures_on_a_page_are_upgraded_once_each(browser, tmp_path):
    both = Diagram(samples.dual_write()).html() + Diagram(samples.lock_wait()).html()
    tab = browser.open(_file(tmp_path, _bare(both)))
    assert tab.eval("document.querySelectorAll('.fnd-bar').length") == 2
    assert tab.errors == []


def test_a_script_in_a_label_or_in_a_report_never_runs(browser, tmp_path):
    attack = "</script><img src=x onerror=\"document.title='owned'\"><svg onload=\"document.title='owned'\">"
    call = Call(process=attack, backend="redis", label=attack, request=attack, answer=attack, start=1, end=2)
    figure = Diagram(History(run="r", processes=(attack,), calls=(call,)), title=attack).html()
    injected = "<script>document.title='owned'</script><p onclick='x' id='p'>slipped through</p>"
    tab = browser.open(_file(tmp_path, page("Mine", [figure, injected])))
    _focus(tab)
    tab.press("ArrowRight")
    assert tab.eval("document.title") == "Mine"
    assert tab.eval("document.querySelectorAll('.fnd-bar').length") == 1


def test_a_run_in_which_nothing_happened_stays_a_picture(browser, tmp_path):
    tab = browser.open(_file(tmp_path, page("Empty", [Diagram(History(run="nothing")).html()])))
    assert tab.eval("document.querySelector('.fnd-bar')") is None
    assert tab.errors == []
