"""What SQL is called and what it may do to others, told from its text."""

from __future__ import annotations

import pytest

from autograder.tap.sql import describe

SHAPES = [
    # plain statements
    ("select 1", "select", "read"),
    ("SELECT id FROM outbox WHERE published_at IS NULL ORDER BY id", "select outbox", "read"),
    ("select * from public.outbox as o join purchase p on p.id = o.purchase_id", "select outbox", "read"),
    ('select * from "Odd ""Table"""', 'select Odd "Table"', "read"),
    ("(select a from x) union (select b from y)", "select x", "read"),
    ("table purchase", "select purchase", "read"),
    ("values (1), (2)", "select", "read"),
    ("insert into inbox (event_id) values ($1) on conflict do nothing", "insert inbox", "write"),
    ("insert into shop.purchase select * from old", "insert purchase", "write"),
    ("update only outbox set published_at = now() where id = any($1)", "update outbox", "write"),
    ("delete from outbox where id in (select id from outbox limit 10)", "delete outbox", "write"),
    ("merge into stock s using basket b on b.item = s.item when matched then delete", "merge stock", "write"),
    ("truncate table outbox, inbox", "truncate outbox", "write"),
    # comments and strings hide nothing and are nothing
    ("/* a /* nested */ comment */ select 1 -- delete from outbox", "select", "read"),
    ("-- first\n\tupdate outbox set kind = 'x; delete from y'", "update outbox", "write"),
    ("select 'insert into x', $$ delete from y; $$, $t$ $$ $t$, E'it\\'s; update z'", "select", "read"),
    ("select ';' from purchase", "select purchase", "read"),
    # CTEs
    ("with due as (select * from outbox) select * from due", "select outbox", "read"),
    ("with a as (select * from outbox), b as (select * from a) select count(*) from b", "select outbox", "read"),
    ("with gone as (delete from outbox returning *) select * from gone", "delete outbox", "write"),
    ("with d as (select id from outbox for update) update outbox o set kind='x' from d", "update outbox", "write"),
    ("with d as (select id from outbox for update) select * from d", "select outbox", "lock"),
    ("with recursive t(n) as (values (1) union all select n + 1 from t) select * from t", "select t", "read"),
    ("with x as (select 1) insert into inbox select * from x", "insert inbox", "write"),
    # locks
    ("select * from purchase where id = $1 for update", "select purchase", "lock"),
    ("select * from purchase for no key update nowait", "select purchase", "lock"),
    ("select * from purchase for share", "select purchase", "lock"),
    ("select pg_advisory_xact_lock($1)", "select pg_advisory_xact_lock", "lock"),
    ("select pg_try_advisory_lock(1, 2) from generate_series(1, 2)", "select generate_series", "lock"),
    ("lock table only outbox in exclusive mode", "lock outbox", "lock"),
    # functions
    ("select nextval('outbox_id_seq')", "select nextval", "write"),
    ("select pg_notify('orders', $1)", "select pg_notify", "write"),
    ("select place_order($1)", "select place_order", "write"),
    ("select coalesce(max(id), 0)::numeric(10, 2), count(*) filter (where true) from x", "select x", "read"),
    ("select extract(epoch from now())", "select", "read"),
    ("select * from unnest($1::text[]) as t(id)", "select unnest", "read"),
    ("select case when exists (select 1 from inbox) then 1 end", "select inbox", "read"),
    ("select * into copy_of_outbox from outbox", "select into copy_of_outbox", "write"),
    # steering a transaction
    ("begin", "BEGIN", "control"),
    ("START TRANSACTION ISOLATION LEVEL SERIALIZABLE", "BEGIN", "control"),
    ("commit", "COMMIT", "end"),
    ("end", "COMMIT", "end"),
    ("abort", "ROLLBACK", "end"),
    ("rollback and chain", "ROLLBACK", "end"),
    ('savepoint "_pg3_1"', "SAVEPOINT", "control"),
    ("release savepoint a", "RELEASE", "control"),
    ("rollback to savepoint a", "ROLLBACK TO", "lock"),
    ("prepare transaction 'x'", "PREPARE TRANSACTION", "write"),
    ("commit prepared 'x'", "COMMIT PREPARED", "write"),
    ("set local lock_timeout = '1s'", "SET", "control"),
    ("show transaction_isolation", "SHOW", "control"),
    ("deallocate all", "DEALLOCATE", "control"),
    # the rest
    ("copy outbox (id, kind) from stdin", "copy outbox", "write"),
    ("copy shop.outbox to stdout", "copy outbox", "read"),
    ("copy (select * from outbox) to stdout", "copy outbox", "read"),
    ("notify orders, 'x'", "notify orders", "write"),
    ("listen orders", "LISTEN", "control"),
    ("declare c cursor for select * from outbox", "declare c", "read"),
    ("fetch 10 from c", "fetch c", "read"),
    ("explain select * from outbox", "explain", "read"),
    ("explain (analyze, buffers) delete from outbox", "explain", "write"),
    ("prepare p (int) as insert into inbox values ($1)", "prepare", "control"),
    ("execute p (1)", "execute p", "write"),
    ("call sweep()", "call sweep", "write"),
    ("do $$ begin delete from x; end $$", "do", "write"),
    ("create table if not exists shop.thing (id int)", "create table thing", "write"),
    ("create unique index concurrently if not exists i on outbox (id)", "create index i", "write"),
    ("drop table purchase", "drop table purchase", "write"),
    ("alter table purchase add note text", "alter table purchase", "write"),
    ("", "empty", "control"),
    (" ; -- nothing", "empty", "control"),
    ("$1", "$1", "write"),
]  # fmt: skip


@pytest.mark.parametrize(("sql", "label", "kind"), SHAPES)
def test_every_shape_has_its_label_and_kind(sql: str, label: str, kind: str) -> None:
    found = describe(sql)
    assert (found.label, found.kind) == (label, kind)


@pytest.mark.parametrize(("sql", "label", "kind"), SHAPES)
def test_only_writes_and_commits_have_an_effect(sql: str, label: str, kind: str) -> None:
    assert describe(sql).effect == (kind == "write" or label == "COMMIT")


def test_several_statements_are_called_after_those_that_matter() -> None:
    found = describe("begin; insert into purchase values (1); insert into outbox values (1); commit;")
    assert (found.label, found.kind, found.effect) == ("insert purchase; insert outbox; COMMIT", "write", True)


def test_many_statements_have_a_short_label() -> None:
    assert describe("".join(f"delete from t{i};" for i in range(9))).label == "delete t0; delete t1; delete t2; …"


def test_reads_then_commit_is_an_end_with_an_effect() -> None:
    found = describe("select 1; commit")
    assert (found.label, found.kind, found.effect) == ("select; COMMIT", "end", True)


def test_values_are_bound_outside_of_strings_only() -> None:
    sql = describe("insert into\n  purchase -- why\nvalues ($1, '$2', $2)")
    assert sql.bound(["'p-1'", "'Ada'"]) == "insert into purchase values ('p-1', '$2', 'Ada')"


def test_a_parameter_without_a_value_stays() -> None:
    assert describe("select $1, $2").bound(["1"]) == "select 1, $2"


def test_the_text_is_short_however_long_the_sql() -> None:
    found = describe("insert into purchase values " + ", ".join(["('lamp')"] * 50_000))
    assert found.label == "insert purchase"
    assert len(found.bound([])) == 300


def test_of_very_long_sql_only_the_beginning_is_read() -> None:
    found = describe("select 'x' from purchase where id in (" + "'p-1'," * 100_000 + "'p-2'); delete from purchase")
    assert (found.label, found.kind, found.effect) == ("select purchase", "write", True)


def test_a_prepared_statement_knows_what_it_prepares() -> None:
    found = describe("prepare p (int) as delete from inbox where id = $1")
    assert (found.prepares, found.inner.label, found.inner.effect) == ("p", "delete inbox", True)
    assert describe("execute p (1)").runs == "p"


@pytest.mark.parametrize(
    "sql", ["select 'open", "select $$open", "/* open", '"open', "select ((((", "))))", "\0", "é$a$"]
)
def test_sql_that_is_none_still_gets_a_label(sql: str) -> None:
    assert isinstance(describe(sql).label, str)


def test_statements_that_plan_a_query_take_a_snapshot_when_parsed() -> None:
    assert [describe(sql).takes_snapshot for sql in ("select 1", "update a set b=1", "begin", "commit")] == [
        True, True, False, False,
    ]  # fmt: skip
