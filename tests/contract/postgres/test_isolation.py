"""Isolation levels in Postgres: which anomalies each of them lets happen, and who is refused instead."""

from __future__ import annotations

import psycopg
import pytest
from psycopg import errors

from tests.contract.postgres.sessions import Session, Shop, rows

READ_UNCOMMITTED = psycopg.IsolationLevel.READ_UNCOMMITTED
READ_COMMITTED = psycopg.IsolationLevel.READ_COMMITTED
REPEATABLE_READ = psycopg.IsolationLevel.REPEATABLE_READ
SERIALIZABLE = psycopg.IsolationLevel.SERIALIZABLE
ALL = (READ_UNCOMMITTED, READ_COMMITTED, REPEATABLE_READ, SERIALIZABLE)
LAMP = "select quantity from stock where item = 'lamp'"
SELL = "update stock set quantity = quantity - 1 where item = 'lamp'"
OF_ADA = "select count(*) from stock where seller = 'Ada'"


def test_read_committed_is_what_nobody_asks_for(shop: Shop) -> None:
    assert rows(shop.session(), "show transaction_isolation") == [("read committed",)]


@pytest.mark.parametrize("level", ALL)
def test_no_level_reads_what_is_not_committed(shop: Shop, level: psycopg.IsolationLevel) -> None:
    ada, bao = shop.session(), shop.session(level)
    ada.execute(SELL)
    assert rows(bao, LAMP) == [(3,)]


@pytest.mark.parametrize(("level", "second"), [(READ_COMMITTED, 2), (REPEATABLE_READ, 3), (SERIALIZABLE, 3)])
def test_a_second_look_shows_what_was_committed_between_or_not(
        shop: Shop, level: psycopg.IsolationLevel, second: int) -> None:
    ada, bao = shop.session(), shop.session(level)
    assert rows(bao, LAMP) == [(3,)]
    ada.execute(SELL)
    ada.commit()
    assert rows(bao, LAMP) == [(second,)]


@pytest.mark.parametrize(("level", "second"), [(READ_COMMITTED, 3), (REPEATABLE_READ, 2), (SERIALIZABLE, 2)])
def test_a_new_row_appears_in_a_repeated_search_or_not(
        shop: Shop, level: psycopg.IsolationLevel, second: int) -> None:
    bao = shop.session(level)
    assert rows(bao, OF_ADA) == [(2,)]
    shop.do("insert into stock values ('ink', 1, 'Ada')")
    assert rows(bao, OF_ADA) == [(second,)]


def test_a_snapshot_begins_with_the_first_statement_and_not_with_begin(shop: Shop) -> None:
    bao = shop.session(REPEATABLE_READ)
    bao.execute("show timezone")
    shop.do(SELL)
    assert rows(bao, LAMP) == [(2,)]


def both_sell_what_they_have_read(shop: Shop, level: psycopg.IsolationLevel) -> None:
    """Read, think, write: the lost update when nobody is refused."""
    ada, bao = shop.session(level), shop.session(level)
    seen = [rows(session, LAMP)[0][0] for session in (ada, bao)]
    ada.execute(f"update stock set quantity = {seen[0] - 1} where item = 'lamp'")
    waiting = shop.later(bao, f"update stock set quantity = {seen[1] - 1} where item = 'lamp'")
    ada.commit()
    waiting.result(10)
    bao.commit()


def test_an_update_is_lost_at_read_committed(shop: Shop) -> None:
    both_sell_what_they_have_read(shop, READ_COMMITTED)
    assert shop.quantity() == 2


@pytest.mark.parametrize("level", [REPEATABLE_READ, SERIALIZABLE])
def test_a_lost_update_is_refused_from_repeatable_read_on(shop: Shop, level: psycopg.IsolationLevel) -> None:
    with pytest.raises(errors.SerializationFailure, match="concurrent update"):
        both_sell_what_they_have_read(shop, level)


def withdraw(session: Session, item: str) -> None:
    """Take an item of Ada's off the shelf if that leaves her another one."""
    if rows(session, OF_ADA)[0][0] > 1:
        session.execute(f"update stock set seller = 'nobody' where item = '{item}'")


def test_write_skew_happens_at_repeatable_read(shop: Shop) -> None:
    ada, bao = shop.session(REPEATABLE_READ), shop.session(REPEATABLE_READ)
    withdraw(ada, "lamp")
    withdraw(bao, "mug")
    ada.commit()
    bao.commit()
    assert shop.do(OF_ADA) == [(0,)]


def test_write_skew_is_refused_at_serializable(shop: Shop) -> None:
    ada, bao = shop.session(SERIALIZABLE), shop.session(SERIALIZABLE)
    withdraw(ada, "lamp")
    withdraw(bao, "mug")
    ada.commit()
    with pytest.raises(errors.SerializationFailure, match="read/write dependencies"):
        bao.commit()
    assert shop.do(OF_ADA) == [(1,)]


def test_a_reader_alone_can_make_a_serializable_writer_fail(shop: Shop) -> None:
    """The receipt of Fekete, O'Neil and O'Neil: two writers are serializable until somebody looks."""
    writer, closer, looker = (shop.session(SERIALIZABLE) for _ in range(3))
    rows(writer, "select sum(quantity) from stock where seller = 'Bao'")
    closer.execute("update stock set quantity = 0 where item = 'pen'")
    closer.commit()
    assert rows(looker, "select item, quantity from stock where item in ('lamp', 'pen') order by item") == [
        ("lamp", 3), ("pen", 0)]
    looker.commit()
    with pytest.raises(errors.SerializationFailure):
        writer.execute(SELL)
        writer.commit()


def test_an_update_at_read_committed_looks_again_at_the_row_that_it_waited_for(shop: Shop) -> None:
    ada, bao = shop.session(), shop.session()
    ada.execute("update stock set quantity = 0 where item = 'lamp'")
    waiting = shop.later(bao, "update stock set quantity = quantity - 1 where item = 'lamp' and quantity > 0")
    ada.commit()
    waiting.result(10)
    bao.commit()
    assert shop.quantity() == 0


def test_of_two_that_insert_one_key_the_second_waits_and_is_refused(shop: Shop) -> None:
    ada, bao = shop.session(), shop.session()
    ada.execute("insert into stock values ('ink', 1, 'Ada')")
    waiting = shop.later(bao, "insert into stock values ('ink', 1, 'Bao')")
    ada.commit()
    with pytest.raises(errors.UniqueViolation):
        waiting.result(10)


def test_of_two_that_insert_one_key_the_second_does_nothing_when_it_says_so(shop: Shop) -> None:
    ada, bao = shop.session(), shop.session()
    ada.execute("insert into stock values ('ink', 1, 'Ada')")
    waiting = shop.later(bao, "insert into stock values ('ink', 1, 'Bao') on conflict do nothing returning item")
    ada.commit()
    assert waiting.result(10) == []


def test_after_an_error_a_transaction_does_nothing_until_it_ends_or_goes_back_to_a_savepoint(shop: Shop) -> None:
    ada = shop.session()
    ada.execute(SELL)
    ada.execute("savepoint before_the_error")
    with pytest.raises(errors.DivisionByZero):
        ada.execute("select 1 / 0")
    with pytest.raises(errors.InFailedSqlTransaction):
        ada.execute(LAMP)
    ada.execute("rollback to before_the_error")
    ada.commit()
    assert shop.quantity() == 2


def test_numbers_of_a_sequence_that_were_rolled_back_are_gone(shop: Shop) -> None:
    shop.do("create sequence receipt")
    try:
        ada = shop.session()
        assert rows(ada, "select nextval('receipt')") == [(1,)]
        ada.rollback()
        assert shop.do("select nextval('receipt')") == [(2,)]
    finally:
        shop.do("drop sequence receipt")
