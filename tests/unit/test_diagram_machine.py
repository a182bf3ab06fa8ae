"""A state machine as a picture: the state that it is in stands out without colour, and nothing typed becomes markup."""

from __future__ import annotations

import re

from autograder.diagram.machine import Arrow, Moment, machine

STATES = ("closed", "open", "half-open")
ARROWS = (Arrow("closed", "open", "3 failures"), Arrow("open", "half-open", "4 s"), Arrow("half-open", "closed", "a success"))


def drawn(**more: object) -> str:
    return machine(STATES, ARROWS, at="open", **more)


def test_the_state_that_it_is_in_is_marked_and_no_other():
    assert re.findall(r'<text class="now"[^>]*>([\w-]+)<', drawn()) == ["open"]


def test_the_way_that_was_taken_last_is_marked():
    assert 'class="small now"' not in drawn()
    assert re.findall(r'<text class="small now"[^>]*>([^<]+)<', drawn(moved=("closed", "open"))) == ["3 failures"]


def test_what_happened_so_far_stands_on_the_strip_in_order():
    strip = (Moment("ok", "0"), Moment("failed", "1"), Moment("away", "2"))
    shown = drawn(strip=strip, places=16)
    signs = [shown.index(sign) for sign in ('<circle class="ok"', '<path class="failed"', '<circle class="away"')]
    assert signs == sorted(signs)
    assert re.findall(r'y="250">(\d)<', shown) == ["0", "1", "2"]


def test_names_cannot_become_markup():
    assert "<b>" not in machine(("<b>",), (), at="<b>") and "&lt;b&gt;" in machine(("<b>",), (), at="<b>")
