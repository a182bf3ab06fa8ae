"""A timeline and the report of a sale: every line has a name, every mark a number, every number a place in a table."""

from __future__ import annotations

import re
import xml.etree.ElementTree as tree
from dataclasses import replace
from pathlib import Path

import pytest

from autograder.diagram.sale import Ruling, SaleReport
from autograder.diagram.timeline import Mark, Panel, Series, Timeline

UNITS = Panel(
    title="Stock",
    unit="units",
    series=(Series(name="left", values=(50.0, 20.0, 0.0)), Series(name="paid", values=(0.0, None, 50.0))),
)
STRUCK = (Mark(at_s=0.5, kind="redis", words="redis killed at answer 12"), Mark(at_s=0.51, kind="worker", words="worker-1 <killed>"))
TIMELINE = Timeline(title="Fifty lamps", takeaway="All are sold.", at_s=(0.0, 1.0, 2.0), panels=(UNITS,), marks=STRUCK)
KEPT = Ruling(number=1, text="Not one unit more than there is.", decision="kept", coverage="100 buyers")
REPORT = SaleReport(
    title="Fifty lamps",
    timeline=TIMELINE,
    rulings=(KEPT,),
    counts=(("told paid", "50"),),
    survived=("redis killed at answer 12",),
    not_shown="A power cut.",
)


def test_the_picture_is_well_formed_and_the_same_for_the_same_numbers() -> None:
    picture = TIMELINE.svg()
    assert tree.fromstring(picture).tag.endswith("svg")
    assert picture == replace(TIMELINE).svg()


def test_every_line_is_named_and_has_a_dash_of_its_own() -> None:
    picture = TIMELINE.svg()
    assert {"left", "paid"} <= set(re.findall(r'class="name"[^>]*>([^<]+)<', picture))
    dashes = re.findall(r'<polyline class="line \w+" stroke-dasharray="([^"]*)"', picture)
    assert len(dashes) == len(set(dashes)) == 2


def test_names_of_lines_that_end_together_do_not_cover_each_other() -> None:
    together = replace(UNITS, series=tuple(Series(name=name, values=(0.0, 1.0, 9.0)) for name in "abcd"))
    picture = replace(TIMELINE, panels=(together,)).svg()
    heights = sorted(float(y) for y in re.findall(r'class="name" x="[^"]*" y="([^"]*)"', picture))
    assert all(low - high >= 14.9 for high, low in zip(heights, heights[1:], strict=False))


def test_the_figure_says_in_words_what_it_shows() -> None:
    shown = TIMELINE.html()
    assert 'alt="Timeline of 2.0 seconds: Fifty lamps. 2 faults struck. At the end: left 0 units, paid 50 units. All are sold."' in shown
    assert shown.count("<tr>") == 4 and "<td>–</td>" in shown
    assert "<li>0.50 s: redis killed at answer 12</li>" in shown


def test_what_a_program_said_cannot_become_markup() -> None:
    assert "<killed>" not in TIMELINE.html() and "&lt;killed&gt;" in TIMELINE.html()


def test_the_terminal_gets_shapes_and_marks() -> None:
    said = TIMELINE.text()
    assert "paid" in said and "50 units at the end" in said and "2. 0.51 s: worker-1 <killed>" in said


@pytest.mark.parametrize("values", [(), (None, None, None), (0.0, 0.0, 0.0)])
def test_a_line_without_values_is_no_error(values: tuple[float | None, ...]) -> None:
    empty = replace(TIMELINE, at_s=(0.0, 1.0, 2.0)[: len(values)], panels=(replace(UNITS, series=(Series(name="left", values=values),)),))
    tree.fromstring(empty.svg())
    assert empty.html() and empty.text()


def test_the_certificate_needs_every_rule_and_a_fault() -> None:
    assert REPORT.is_certified and "survived 1 fault." in REPORT.html()
    assert not replace(REPORT, survived=()).is_certified
    broken = replace(REPORT, rulings=(KEPT, replace(KEPT, number=2, decision="broken", evidence="51 are paid")))
    assert broken.decision == "broken" and not broken.is_certified
    assert "Certificate" not in broken.html() and "broken: rule 2" in broken.text()


def test_a_sale_that_did_not_finish_is_unknown_unless_something_is_broken() -> None:
    unknown = replace(REPORT, why_unknown="it did not finish")
    assert unknown.decision == "unknown" and "it did not finish" in unknown.text()
    assert replace(unknown, rulings=(replace(KEPT, decision="broken"),)).decision == "broken"


def test_a_fault_that_never_struck_is_not_in_the_certificate() -> None:
    told = replace(REPORT, missed=("worker-1 killed at client call 90,000: that never came",)).html()
    assert "Not struck: worker-1 killed at client call 90,000: that never came." in told


def test_the_page_needs_nothing_else(tmp_path: Path) -> None:
    written = REPORT.page(tmp_path / "sale.html").read_text("utf-8")
    assert written.startswith("<!doctype html>") and "http" not in re.sub(r'xmlns="[^"]*"|http-equiv', "", written)
    assert "@media print" in written
