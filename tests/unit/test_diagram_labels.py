"""Labels: safe to print, and shortened by meaning."""

from __future__ import annotations

import pytest

from autograder.diagram.labels import brief, clean, fit, text_width, wrap


@pytest.mark.parametrize(
    ("request_text", "shown"),
    [
        (
            "insert into outbox (purchase_id, version, kind, payload) values ('p-1', 1, 'OrderPlaced', '{\"a\": {}}')",
            "insert into outbox (p-1, 1, OrderPlaced, {…})",
        ),
        (
            "insert into inbox values ('p-1/2') on conflict do nothing",
            "insert into inbox (p-1/2) on conflict do nothing",
        ),
        (
            "select id, purchase_id, kind from outbox where id = 1 for update",
            "select … from outbox where id = 1 for update",
        ),
        ("select id from outbox", "select id from outbox"),
        (
            "update outbox set published_at = '2026-03-01 09:00:00+00'::timestamptz",
            "update outbox set published_at = (time)",
        ),
        ("select '6f1c1f0e-0000-4000-8000-000000000000'", "select 6f1c1f0e…"),
        ("COMMIT", "COMMIT"),
        ("", ""),
    ],
)
def test_a_request_is_shortened_by_meaning(request_text, shown):
    assert brief(request_text) == shown


def test_a_long_update_keeps_its_condition_and_a_long_select_its_lock():
    update = "update outbox set published_at = clock_timestamp(), attempts = attempts + 1 where id = 7"
    select = "select … from outbox where published_at is null order by id limit 100 for update skip locked"
    assert fit(update, 300).endswith(" where id = 7")
    assert fit(select, 300).endswith(" for update skip locked")
    assert all(text_width(fit(text, 300)) <= 300 for text in (update, select))


def test_what_cannot_be_printed_is_replaced():
    assert clean("a\x00b\x1b[31mred\u202edesrever\ud800\n\tnext") == "a\ufffdbred\ufffddesrever\ufffd next"


@pytest.mark.parametrize("width", [60, 200, 500])
def test_wrapped_lines_are_never_wider_than_asked(width):
    lines = wrap("No order without its message, and no message without its order: p-1 " * 4, width)
    assert 1 <= len(lines) <= 4
    assert all(text_width(line) <= width for line in lines)
