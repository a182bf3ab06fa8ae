"""An incident of one's own: really run, the same everywhere, with one answer that can be read from its signals."""

from __future__ import annotations

import pytest

from autograder.labs import lab11_sheet as sheet
from autograder.labs.codes import NoSuchCode
from autograder.labs.lab11_incidents import code_of, draw_of, incident_of, name_of
from autograder.labs.lab11_shop import KINDS, record
from tests.unit.incident_solver import breaches, shortcuts, solve

NAMES = ("Ada Lovelace", "Grace Hopper", "Barbara Liskov", "Leslie Lamport", "Radia Perlman", "Bao", "Chidi", "nobody")
ADA = {"incident": code_of("Ada Lovelace"), "component": "warehouse", "first": "warehouse-0094"}


@pytest.mark.parametrize("name", NAMES)
def test_the_answer_is_unique_and_follows_from_the_signals(name):
    found = incident_of(code_of(name))
    assert solve(found.signals) == (found.component, found.first, frozenset(found.orders))
    assert found.component == KINDS[found.kind]


@pytest.mark.parametrize("name", NAMES)
def test_no_shortcut_gives_all_three_answers(name):
    found, tried = incident_of(code_of(name)), shortcuts(incident_of(code_of(name)).signals)
    assert tried["first ERROR line"] != found.first
    assert frozenset(found.orders) not in (tried["orders with status 5xx"], tried["orders with an ERROR line"])


def test_without_a_fault_every_contract_is_kept():
    assert breaches(record("a calm day", "poison loop", with_fault=False).signals) == []


def test_the_same_run_is_the_same_line_for_line():
    first, second = (record("again", "retry storm") for _ in range(2))
    assert (first.signals.lines, first.signals.spans, first.signals.samples) == (
        second.signals.lines, second.signals.spans, second.signals.samples,
    )  # fmt: skip


def test_the_lines_are_sorted_by_clocks_that_disagree():
    lines = incident_of(code_of("Bao")).signals.lines
    assert [line["at"] for line in lines] == sorted(line["at"] for line in lines)
    stock = [line["line"] for line in lines if line["service"] == "stock"]
    assert stock != sorted(stock)


def test_a_code_says_whose_incident_it_is_and_which():
    assert code_of(" Ada  LOVELACE ") == code_of("ada lovelace") == "ada-lovelace-1-5f69"
    assert (draw_of(code_of("Ada", 1)), draw_of(code_of("Ada", 12)), name_of(code_of("Ada B", 12))) == (1, 12, "ada-b")


def test_a_long_name_has_a_first_incident_and_a_next_one():
    first, second = (code_of("Maria Fernanda dos Santos Oliveira e Silva", draw) for draw in (1, 2))
    assert (draw_of(first), draw_of(second)) == (1, 2) and name_of(first) == name_of(second)


@pytest.mark.parametrize("code", ["ada-lovelace-1-0000", "ada", "", "-1-5f69"])
def test_a_code_that_belongs_to_nobody_is_refused(code):
    with pytest.raises(NoSuchCode):
        incident_of(code)


def test_a_name_without_letters_has_no_incident():
    with pytest.raises(ValueError, match="give your own"):
        code_of("12 34")


@pytest.mark.parametrize(
    ("orders", "are_right"),
    [
        (["p-947", "p-256", "p-362", "p-499", "p-559"], True),
        (["p-256", "p-362", "p-499", "p-559", "p-947", "p-947"], True),
        (["p-256", "p-362", "p-499", "p-559"], False),
        (["p-256", "p-362", "p-499", "p-559", "p-947", "p-100"], False),
        ("p-256 p-362", False),
    ],
)
def test_exactly_the_touched_orders_are_right_in_any_order(orders, are_right):
    assert sheet.right("orders", orders, sheet.truth({**ADA, "orders": ["p-1"]})["orders"]) is are_right


def test_nothing_is_marked_while_an_answer_is_missing():
    with pytest.raises(ValueError, match="orders is not answered yet"):
        sheet.truth({**ADA, "orders": []})


def test_the_report_names_the_kind_of_mistake_and_never_the_answer():
    said = sheet.belief({**ADA, "first": "warehouse-0097", "orders": ["p-256"]})
    assert sheet.LATER in said and "0094" not in said and "incident ada-lovelace-1-5f69 is over" in said
