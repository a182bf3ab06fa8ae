"""Locks in Postgres: who waits for whom, who does not want to wait, and who gives up."""

from __future__ import annotations

from typing import Any

import psycopg
import pytest
from psycopg import errors

from tests.contract.postgres.sessions import Shop, rows

LAMP = "select quantity from stock where item = 'lamp'"
SELL = "update stock set quantity = quantity - 1 where item = 'lamp'"
SELL_MUG = "update stock set quantity = quantity - 1 where item = 'mug'"


def test_a_second_writer_waits_for_the_first_and_then_counts_on(shop: Shop) -> None:
    ada, bao = shop.session(), shop.session()
    ada.execute(SELL)
    waiting = shop.later(bao, SELL)
    assert shop.blockers(bao) == {ada.info.backend_pid}
    ada.commit()
    waiting.result(10)
    bao.commit()
    assert shop.quantity() == 1


def test_a_second_writer_goes_on_from_the_old_row_when_the_first_gives_up(shop: Shop) -> None:
    ada, bao = shop.session(), shop.session()
    ada.execute("update stock set quantity = 100 where item = 'lamp'")
    waiting = shop.later(bao, SELL)
    ada.rollback()
    waiting.result(10)
    bao.commit()
    assert shop.quantity() == 2


def test_readers_wait_for_nobody(shop: Shop) -> None:
    ada, bao = shop.session(), shop.session()
    ada.execute(SELL)
    assert rows(bao, LAMP) == [(3,)]


def test_writers_of_different_rows_do_not_meet(shop: Shop) -> None:
    ada, bao = shop.session(), shop.session()
    ada.execute(SELL)
    bao.execute(SELL_MUG)
    assert shop.blockers(bao) == set()


@pytest.mark.parametrize(("first", "second", "waits"), [
    ("update", "update", True), ("update", "no key update", True), ("update", "share", True),
    ("update", "key share", True), ("no key update", "share", True), ("no key update", "key share", False),
    ("share", "share", False), ("share", "key share", False), ("share", "no key update", True),
    ("key share", "no key update", False), ("key share", "update", True),
])
def test_row_locks_exclude_each_other_as_documented(shop: Shop, first: str, second: str, waits: bool) -> None:
    ada, bao = shop.session(), shop.session()
    ada.execute(f"{LAMP} for {first}")
    waiting = shop.later(bao, f"{LAMP} for {second}")
    assert (shop.blockers(bao) == {ada.info.backend_pid}) is waits
    ada.rollback()
    assert waiting.result(10) == [(3,)]


def test_a_row_that_refers_to_another_does_not_stop_its_seller(shop: Shop) -> None:
    shop.do("create table sold (item text references stock)")
    try:
        ada, bao = shop.session(), shop.session()
        ada.execute("insert into sold values ('lamp')")
        bao.execute(SELL)
        assert shop.blockers(bao) == set()
    finally:
        shop.end()
        shop.do("drop table sold")


def test_who_does_not_want_to_wait_is_told_so(shop: Shop) -> None:
    ada, bao = shop.session(), shop.session()
    ada.execute(f"{LAMP} for update")
    with pytest.raises(errors.LockNotAvailable):
        bao.execute(f"{LAMP} for update nowait")


def test_who_skips_locked_rows_gets_the_next_ones(shop: Shop) -> None:
    claim = "select item from stock order by item limit 1 for update skip locked"
    sessions = [shop.session() for _ in range(4)]
    assert [rows(session, claim) for session in sessions] == [[("lamp",)], [("mug",)], [("pen",)], []]
    sessions[1].rollback()
    assert rows(sessions[3], claim) == [("mug",)]


def test_of_two_that_wait_for_each_other_one_is_refused_and_the_other_goes_on(shop: Shop) -> None:
    ada, bao = shop.session(), shop.session()
    ada.execute(SELL)
    bao.execute(SELL_MUG)
    waiting = shop.later(ada, SELL_MUG)
    with pytest.raises(errors.DeadlockDetected):
        _first_refused(waiting, bao)
    for session in (ada, bao):
        if session.info.transaction_status == psycopg.pq.TransactionStatus.INERROR:
            session.rollback()
        else:
            session.commit()
    assert {shop.quantity("lamp") + shop.quantity("mug")} == {6}


def _first_refused(waiting: Any, closer: Any) -> None:
    """Close the cycle; whoever of the two is the victim, its error comes out here."""
    closed: Exception | None = None
    try:
        closer.execute(SELL)
    except errors.DeadlockDetected as error:
        closed = error
        closer.rollback()
    waiting.result(20)
    if closed is not None:
        raise closed


def test_a_lock_is_waited_for_no_longer_than_was_said(shop: Shop) -> None:
    ada, bao = shop.session(), shop.session()
    ada.execute(SELL)
    bao.execute("set local lock_timeout = '50ms'")
    with pytest.raises(errors.LockNotAvailable):
        bao.execute(SELL)


def test_a_statement_runs_no_longer_than_was_said(shop: Shop) -> None:
    ada, bao = shop.session(), shop.session()
    ada.execute(SELL)
    bao.execute("set local statement_timeout = '50ms'")
    with pytest.raises(errors.QueryCanceled, match="statement timeout"):
        bao.execute(SELL)


def test_who_holds_a_transaction_open_and_does_nothing_is_cut_off(shop: Shop) -> None:
    idle, bao = shop.session(), shop.session()
    idle.execute("set local idle_in_transaction_session_timeout = '50ms'")
    idle.execute(SELL)
    shop.later(bao, SELL).result(10)
    with pytest.raises((errors.IdleInTransactionSessionTimeout, psycopg.OperationalError)):
        idle.execute("select 1")


def test_an_advisory_lock_is_for_whoever_asks_first(shop: Shop) -> None:
    ada, bao = shop.session(), shop.session()
    assert rows(ada, "select pg_try_advisory_lock(42)") == [(True,)]
    assert rows(bao, "select pg_try_advisory_lock(42), pg_try_advisory_lock(43)") == [(False, True)]
    waiting = shop.later(bao, "select 'mine' from pg_advisory_lock(42)")
    assert shop.blockers(bao) == {ada.info.backend_pid}
    ada.rollback()
    assert not waiting.done()
    ada.execute("select pg_advisory_unlock(42)")
    assert waiting.result(10) == [("mine",)]


@pytest.mark.parametrize("end", ["commit", "rollback"])
def test_an_advisory_lock_of_a_transaction_goes_with_it(shop: Shop, end: str) -> None:
    ada, bao = shop.session(), shop.session()
    assert rows(ada, "select pg_try_advisory_xact_lock(42)") == [(True,)]
    assert rows(bao, "select pg_try_advisory_xact_lock(42)") == [(False,)]
    getattr(ada, end)()
    assert rows(bao, "select pg_try_advisory_xact_lock(42)") == [(True,)]


def test_an_advisory_lock_of_a_session_goes_when_the_session_is_lost(shop: Shop) -> None:
    ada, bao = shop.session(), shop.session()
    assert rows(ada, "select pg_try_advisory_lock(42)") == [(True,)]
    waiting = shop.later(bao, "select 'mine' from pg_advisory_lock(42)")
    shop.do("select pg_terminate_backend(%s)", [ada.info.backend_pid])
    assert waiting.result(10) == [("mine",)]
