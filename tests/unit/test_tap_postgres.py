"""The Postgres conversation on streams that are cut at every byte."""

from __future__ import annotations

import struct

import pytest

from autograder.tap.postgres import PostgresConversation
from autograder.tap.request import Action, Request
from tests.unit import tap_postgres_messages as m
from tests.unit.tap_stand import Exchange, FakeDoor, FakeLink, Stand


def stand(*script: Exchange, link: FakeLink | None = None) -> Stand:
    """A session past its handshake, with a backend that follows the script."""
    made = Stand(PostgresConversation, [m.HELLO, *script], link)
    return made.say(m.HELLO[0])


def flushed(data: bytes) -> bytes:
    """The same messages as they reach the server when the tap cuts a pipeline: with a Flush behind them."""
    return data + m.FLUSH


OK = m.PARSED + m.BOUND + m.NO_DATA
INSERT = m.extended("insert into purchase values ($1, $2)", b"p-1", b"Ada")
INSERTED = OK + m.done("INSERT 0 1")
ONE = m.columns(23, 25) + m.row(b"1", b"lamp") + m.done("SELECT 1")
LONG = m.columns(23) + b"".join(m.row(str(n).encode()) for n in range(5)) + m.done("SELECT 5")


def conversation() -> tuple[bytes, list[Exchange]]:
    """One of everything that a client does when it does one thing at a time."""
    copy, rows = m.query("copy outbox from stdin"), m.message(b"d", b"1\tx\n") + m.COPY_DONE
    script = [
        (m.query("begin"), m.done("BEGIN") + m.ready(b"T")),
        (INSERT, INSERTED + m.ready(b"T")),
        (copy, m.message(b"G", b"\0\0\0")),
        (rows, m.done("COPY 1") + m.ready(b"T")),
        (m.extended("select id, item from purchase where id = $1", b"p-1"), m.PARSED + m.BOUND + ONE + m.ready(b"T")),
        (m.query("selec"), m.failure("42601", 'syntax error at or near "selec"') + m.ready(b"E")),
        (m.query("rollback"), m.done("ROLLBACK") + m.ready()),
        (m.TERMINATE, b""),
    ]
    return b"".join(asked for asked, _ in script), script


def test_requests_are_the_same_wherever_the_streams_are_cut() -> None:
    asked, script = conversation()
    told = b"".join(answer for _, answer in script)
    expected = ["BEGIN", "insert purchase", "copy outbox", "select purchase", "selec", "ROLLBACK"]
    for cut in range(len(asked) + 1):
        played, before = stand(*script), 0
        played.link.at_client.clear()
        for turn, _ in script:  # a client waits for its answer; for the server's "copy in" it has to
            played.say(turn, min(max(cut - before, 0), len(turn)))
            before += len(turn)
        assert played.link.labels() == expected, cut
        assert played.finished(), cut
        assert bytes(played.link.at_client) == told, cut


def test_a_handshake_may_come_byte_by_byte() -> None:
    made = Stand(PostgresConversation, [m.HELLO])
    for byte in m.HELLO[0]:
        made.say(bytes([byte]))
    assert bytes(made.link.at_client) == m.HELLO[1]
    assert made.link.backend_pid == 4711


def test_encryption_is_declined_and_asked_for_by_nobody_else() -> None:
    made = Stand(PostgresConversation, [m.HELLO])
    for code in (80877104, 80877103):
        made.say(struct.pack("!II", 8, code))
    assert bytes(made.link.at_client) == b"NN"
    made.say(m.HELLO[0])
    assert bytes(made.link.at_client) == b"NN" + m.HELLO[1]


def test_a_password_goes_through_and_is_no_request() -> None:
    password, answer = m.message(b"p", b"secret\0"), m.HELLO[1]
    made = Stand(PostgresConversation, [(m.HELLO[0], m.message(b"R", struct.pack("!I", 3))), (password, answer)])
    made.say(m.HELLO[0]).say(password)
    assert made.finished() and made.link.labels() == []


def test_a_cancel_request_goes_straight_through() -> None:
    cancel = struct.pack("!IIII", 16, 80877102, 4711, 99)
    made = Stand(PostgresConversation, [(cancel, b"")]).say(cancel)
    assert made.finished() and made.link.labels() == []


def test_the_tap_can_cancel_what_a_session_does() -> None:
    assert stand().talk.cancel() == struct.pack("!IIII", 16, 80877102, 4711, 99)
    assert Stand(PostgresConversation, []).talk.cancel() == b""


def test_a_door_is_for_its_user_alone() -> None:
    for user, refused in (("shop", False), ("postgres", True), ("", True)):
        link = FakeLink(FakeDoor(user="shop"))
        Stand(PostgresConversation, [], link).talk.from_client(m.startup(user))
        assert bool(link.refused) == refused
        if refused:
            assert b"C28000\0" in link.refused and b'for the user "shop"' in link.refused
            assert not link.at_server, "nothing may reach the server"


@pytest.mark.parametrize("data", [b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc", b"GET / HTTP/1.1\r\n\r\n", b"\0\0\0\1xxxx"])
def test_what_is_not_postgres_is_refused(data: bytes) -> None:
    link = FakeLink()
    Stand(PostgresConversation, [], link).talk.from_client(data)
    assert link.refused.startswith(b"E") and not link.at_server


@pytest.mark.parametrize("broken", [m.message(b"B", b"\0"), m.message(b"P", b"x"), m.message(b"B", b"\0\0\0\1\0")])
def test_a_broken_message_ends_its_link_only(broken: bytes) -> None:
    played = stand().say(broken)
    assert b"C08P01\0" in played.link.refused


def test_a_request_tells_what_was_asked_and_answered() -> None:
    played = stand((INSERT, INSERTED + m.ready(b"T")), (m.query("select 1"), LONG + m.ready(b"T")))
    played.say(INSERT + m.query("select 1"))
    insert, select = played.link.answered
    assert insert.text == "insert into purchase values ('p-1', 'Ada')"
    assert (insert.answer, insert.rows, insert.transaction, insert.error) == ("INSERT 0 1", 1, "open", None)
    assert (select.answer, select.rows) == ("(0) (1) (2) … 5 rows", 5)
    assert (insert.kind, insert.effect, select.kind, select.effect) == ("write", True, "read", False)
    assert (insert.number, insert.backend_pid, insert.process) == (0, 4711, "relay-1")


def test_answers_of_every_kind_read_well() -> None:
    returning = OK[:10] + m.columns(20) + m.row(b"7") + m.done("INSERT 0 1") + m.ready()
    played = stand(
        (m.query("select 1"), m.columns(23) + m.done("SELECT 0") + m.ready()),
        (m.query("insert into outbox values (1) returning id"), returning),
        (m.query("update outbox set id = null"), m.failure("23502", "null value in column") + m.ready()),
        (
            m.query("select null, true, 'a''b'"),
            m.columns(23, 16, 25) + m.row(None, b"t", b"a'b") + m.done("SELECT 1") + m.ready(),
        ),
    )
    played.say(b"".join(asked for asked, _ in list(played.script)))
    answers = [request.answer for request in played.link.answered]
    assert answers == ["no rows", "INSERT 0 1: (7)", "23502 null value in column", "(null, true, 'a''b')"]
    assert [request.error for request in played.link.answered] == [None, None, "23502", None]


# ---- holding


def hold(request: Request) -> Action:
    return "hold"


def test_a_held_request_has_not_reached_the_server_until_it_is_released() -> None:
    played = stand((INSERT, INSERTED + m.ready()))
    played.link.on_request = hold
    played.say(INSERT)
    (request,) = played.link.offered
    assert not played.link.at_server and not request.forwarded
    request.release()
    played.answer()
    assert played.finished() and request.answered


def test_a_held_answer_has_not_reached_the_client_until_it_is_released() -> None:
    played = stand((INSERT, INSERTED + m.ready()), (m.query("commit"), m.done("COMMIT") + m.ready()))
    played.link.on_answer = hold
    played.link.at_client.clear()
    played.say(INSERT + m.query("commit"))
    (request,) = played.link.answered
    assert not played.link.at_client and request.answer == "INSERT 0 1"
    assert played.link.labels() == ["insert purchase"], "the next request waits its turn"
    request.release()
    played.answer()
    assert played.link.labels() == ["insert purchase", "COMMIT"]
    assert bytes(played.link.at_client) == INSERTED + m.ready()


def test_a_dropped_request_cuts_its_link() -> None:
    for moment in ("on_request", "on_answer"):
        played = stand((INSERT, INSERTED + m.ready()))
        setattr(played.link, moment, lambda request: "drop")
        played.say(INSERT)
        assert played.link.closed
        assert bool(played.link.answered) == (moment == "on_answer")


def test_releasing_what_is_not_held_does_nothing() -> None:
    played = stand((INSERT, INSERTED + m.ready()))
    played.say(INSERT)
    played.link.offered[0].release()
    assert played.finished()


# ---- pipelines


def pipeline(*values: str) -> bytes:
    return b"".join(m.extended(f"insert into t{value} values (1)", end=b"") for value in values)


def test_every_execute_of_a_pipeline_is_a_request_of_its_own() -> None:
    first, second, third = (pipeline(value) for value in "abc")
    script = [(flushed(first), INSERTED), (flushed(second), INSERTED), (third + m.SYNC, INSERTED + m.ready())]
    for cut in range(len(first + second + third) + 6):
        played = stand(*script)
        played.link.at_client.clear()
        played.say(first + second + third + m.SYNC, cut)
        assert played.link.labels() == ["insert ta", "insert tb", "insert tc"]
        assert bytes(played.link.at_client) == 3 * INSERTED + m.ready()
        assert played.finished()


def test_after_an_error_a_pipeline_skips_to_its_sync() -> None:
    first, second, third = (pipeline(value) for value in "abc")
    broken = m.PARSED + m.failure("23505", "duplicate key")
    script = [
        (flushed(first), broken),
        (flushed(second), b""),
        (third + m.SYNC, m.ready()),
        (INSERT, INSERTED + m.ready()),
    ]
    played = stand(*script)
    played.link.at_client.clear()
    played.say(first + second + third + m.SYNC + INSERT)
    assert played.link.labels() == ["insert ta", "insert purchase"]
    assert played.link.answered[0].error == "23505"
    assert bytes(played.link.at_client) == broken + m.ready() + INSERTED + m.ready()


def test_a_flush_by_the_client_ends_a_request_and_the_sync_commits_it() -> None:
    asked = pipeline("a") + m.FLUSH
    played = stand((asked, INSERTED), (m.SYNC, m.ready()))
    played.say(asked).say(m.SYNC)
    assert played.link.labels() == ["insert ta", "COMMIT"]
    assert played.link.offered[1].text == "sync, which commits insert ta"
    assert played.link.offered[1].effect and played.link.offered[0].transaction == "open"


def test_a_sync_commits_nothing_inside_an_explicit_transaction() -> None:
    begin, insert = m.extended("begin", end=b""), pipeline("a") + m.FLUSH
    script = [(flushed(begin), OK + m.done("BEGIN")), (insert, INSERTED), (m.SYNC, m.ready(b"T"))]
    played = stand(*script)
    played.say(begin + insert + m.SYNC)
    assert played.link.labels() == ["BEGIN", "insert ta"]
    assert played.finished()


# ---- preparation


SELECT = "select item from purchase where id = $1"
PARSE_AHEAD = m.parse(SELECT, b"_pg3_0") + m.SYNC
RUN = m.bind(b"p-1", name=b"_pg3_0") + m.describe() + m.execute() + m.SYNC
ROW = m.columns(25) + m.row(b"lamp") + m.done("SELECT 1") + m.ready()


def test_a_parse_that_goes_ahead_is_held_as_the_request_it_prepares() -> None:
    played = stand((PARSE_AHEAD, m.PARSED + m.ready()), (RUN, m.BOUND + ROW))
    played.link.on_request = hold
    played.say(PARSE_AHEAD)
    (request,) = played.link.offered
    assert request.label == "select purchase" and request.preparing and not played.link.at_server
    request.release()
    played.answer()
    assert not request.answered, "it has only been parsed"
    played.say(RUN)
    assert played.link.labels() == ["select purchase"], "the Execute belongs to the same request"
    assert request.answered and not request.preparing
    assert request.text == "select item from purchase where id = 'p-1'" and request.answer == "('lamp')"


def test_a_parse_that_fails_is_the_whole_request() -> None:
    played = stand((PARSE_AHEAD, m.failure("42P01", "no such table") + m.ready()))
    played.say(PARSE_AHEAD)
    assert [request.error for request in played.link.answered] == ["42P01"]


def test_a_parse_without_its_execute_ends_when_something_else_comes() -> None:
    played = stand((PARSE_AHEAD, m.PARSED + m.ready()), (m.query("commit"), m.done("COMMIT") + m.ready()))
    played.say(PARSE_AHEAD).say(m.query("commit"))
    assert [request.label for request in played.link.answered] == ["select purchase", "COMMIT"]
    assert played.finished()


def test_preparing_what_takes_no_snapshot_is_no_request() -> None:
    ahead, close = m.parse("commit", b"c") + m.SYNC, m.message(b"C", b"Sc\0") + m.SYNC
    played = stand((ahead, m.PARSED + m.ready()), (close, m.message(b"3") + m.ready()), (m.SYNC, m.ready()))
    played.say(ahead).say(close).say(m.SYNC)
    assert played.link.labels() == [] and played.finished()


def test_an_execute_in_sql_is_called_after_what_was_prepared() -> None:
    prepare, run = m.query("prepare q (int) as delete from inbox where id = $1"), m.query("execute q (1)")
    played = stand((prepare, m.done("PREPARE") + m.ready()), (run, m.done("DELETE 1") + m.ready()))
    played.say(prepare + run)
    assert played.link.labels() == ["prepare", "delete inbox"]
    assert played.link.offered[1].text == "execute q (1)"


# ---- COPY


def test_a_copy_in_the_extended_protocol_has_two_syncs() -> None:
    copy, rows = m.extended("copy outbox from stdin"), m.message(b"d", b"1\n") + m.COPY_DONE + m.SYNC
    script = [(copy, OK + m.message(b"G", b"\0\0\0")), (rows, m.done("COPY 1") + m.ready())]
    played = stand(*script, (INSERT, INSERTED + m.ready()))
    played.say(copy).say(rows).say(INSERT)
    assert played.link.labels() == ["copy outbox", "insert purchase"] and played.finished()


def test_rows_that_come_after_a_copy_has_failed_are_nobodys() -> None:
    copy = m.query("copy outbox from stdin")
    played = stand(
        (copy, m.message(b"G", b"\0\0\0")), (m.message(b"d", b"x"), m.failure("22P02", "bad row") + m.ready())
    )
    played.say(copy).say(m.message(b"d", b"x")).say(m.message(b"d", b"y") + m.COPY_DONE)
    assert played.finished() and played.link.answered[0].error == "22P02"


def test_a_copy_in_the_extended_protocol_may_fail() -> None:
    copy, rows = m.extended("copy outbox from stdin"), m.message(b"d", b"x")
    script = [(copy, OK + m.message(b"G", b"\0\0\0")), (rows, m.failure("22P02", "bad row")), (m.SYNC, m.ready())]
    played = stand(*script, (INSERT, INSERTED + m.ready()))
    played.say(copy).say(rows).say(rows + m.COPY_DONE + m.SYNC).say(INSERT)
    assert [request.error for request in played.link.answered] == ["22P02", None] and played.finished()


def test_copy_out_is_one_request() -> None:
    told = m.message(b"H", b"\0\0\0") + m.message(b"d", b"1\n") + m.COPY_DONE + m.done("COPY 1") + m.ready()
    played = stand((m.query("copy outbox to stdout"), told)).say(m.query("copy outbox to stdout"))
    assert [request.answer for request in played.link.answered] == ["COPY 1"]


# ---- what comes without being asked for


def test_notifications_reach_the_client_while_its_request_is_held() -> None:
    played = stand((INSERT, INSERTED + m.ready()))
    played.link.on_request = hold
    played.say(INSERT)
    played.link.at_client.clear()
    news = m.message(b"A", struct.pack("!I", 1) + b"orders\0p-1\0")
    played.talk.from_server(news)
    assert bytes(played.link.at_client) == news
