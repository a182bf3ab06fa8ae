"""The views of an incident: lines that are searched and joined, spans as a waterfall, metrics over time."""

from __future__ import annotations

import json

import pytest

from autograder.labs.lab11_incidents import code_of
from autograder.labs.lab11_spent import spend
from autograder.labs.lab11_signals import Span
from autograder.notebook.signals import my_incident
from autograder.notebook.trouble import Trouble
from autograder.notebook.waterfall import waterfall


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv("FORTNIGHT_STATE", str(tmp_path))
    return tmp_path


def test_lines_are_found_by_text_and_by_field():
    seen = my_incident("Bao")
    assert all("p-165" in str(line) for line in seen.where("p-165"))
    assert set(seen.where(service="stock", level="warning").count("event")) == {"slow.query"}
    assert len(seen.lines[:3]) == 3 and len(seen.where("no such text")) == 0


def test_lines_by_number_need_no_clock():
    numbers = [line["line"] for line in my_incident("Bao").where(service="stock").numbered()]
    assert numbers == sorted(numbers)


def test_a_journey_is_found_by_spans_also_where_the_ids_are_foreign():
    seen = my_incident("Leslie Lamport")
    [own] = {line["correlation_id"] for line in seen.where(event="request.received", order_id="p-137")}
    assert {line["correlation_id"] for line in seen.journey("p-137")} > {own}


def test_an_order_that_is_not_there_is_said_in_one_sentence():
    with pytest.raises(Trouble, match="No request in this recording orders 'p-1'"):
        my_incident("Bao").journey("p-1")


def test_a_long_table_says_what_it_leaves_out():
    table = my_incident("Bao").lines
    assert "more are not shown" in table._repr_html_() and table._repr_html_().count("<tr>") == 41
    assert "<script" not in table._repr_html_()


def test_the_views_draw_what_there_is():
    seen = my_incident("Bao")
    assert len(seen.waterfall("p-165").axes[0].patches) == len(seen._spans_of("p-165"))
    assert [axes.get_title(loc="left") for axes in seen.metrics().axes][0] == "requests answered"
    assert waterfall([]).axes[0].patches == [] or not list(waterfall([]).axes[0].patches)


def test_children_stand_below_their_parents_also_where_clocks_disagree():
    spans = [
        Span(id="a", parent="", correlation_id="", service="api", name="POST", start_s=5.0, ms=100),
        Span(id="b", parent="a", correlation_id="", service="stock", name="reserve", start_s=-9.0, ms=20),
    ]
    labels = [label.get_text() for label in waterfall(spans).axes[0].get_yticklabels()]
    assert labels == ["api · POST", "   stock · reserve"]


def test_the_next_incident_is_shown_after_a_wrong_answer(folder):
    spend(folder / "learner" / "incidents.json", code_of("Bao"), "an answer")
    shown = my_incident("Bao")
    assert shown.code == code_of("Bao", 2) and "It is number 2" in repr(shown)


def test_a_name_without_letters_is_refused():
    with pytest.raises(Trouble, match="give your own"):
        my_incident("42")


def test_signals_are_saved_as_lines_of_json(folder):
    seen = my_incident("Bao")
    assert seen.save(folder / "mine").endswith("lines.jsonl, spans.jsonl, metrics.jsonl")
    kept = [json.loads(line) for line in (folder / "mine" / "lines.jsonl").read_text("utf-8").splitlines()]
    assert kept == list(seen.lines)
    (folder / "file").write_text("", encoding="utf-8")
    with pytest.raises(Trouble, match="are not saved"):
        seen.save(folder / "file")
