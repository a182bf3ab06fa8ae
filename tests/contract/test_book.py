"""The book of a sale says the same about the real Postgres and about the stand-in of virtual time."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from autograder.backends.databases import SCHEMA, create_database, drop_database, learner_address
from autograder.simulation.simulation import Simulation
from autograder.simulation.stand_ins import SimulatedPostgres
from autograder.simulation.telling import tell
from shop import Book, Refused
from shop.book import SIMULATED, node_at
from shop.sale import SaleTerms

SALE = SCHEMA.with_name("sale.sql")
Act = Callable[[Book], Awaitable[Any]]
BEGIN = "insert into stock (item, shard, free) values ('lamp', 0, 2)"


class Asking:
    """A process of a simulation that does one thing with its book."""

    act: Act

    def __init__(self, node: Any, terms: SaleTerms) -> None:
        node_at(SIMULATED + node.name, node)
        self.address = SIMULATED + node.name

    async def ask(self) -> Any:
        async with Book(self.address) as book:
            await book.execute(BEGIN)
            return await type(self).act(book)


def simulated(act: Act) -> Any:
    class Here(Asking):
        pass

    Here.act = staticmethod(act)

    async def story(sim: Simulation) -> Any:
        sim.service("postgres", SimulatedPostgres(sim, SALE))
        sim.process("asker", Here, SaleTerms())
        answer = await sim.client("test").call("asker", "ask")
        assert answer.ok, answer.error
        return answer.value

    return tell(story, Simulation())


@pytest.fixture(scope="module")
def real(postgres_address: str) -> Any:
    def ask(act: Act) -> Any:
        url = create_database(postgres_address, "book_under_test", schema=SALE)

        async def go() -> Any:
            async with Book(learner_address(url)) as book:
                await book.execute(BEGIN)
                return await act(book)

        try:
            return asyncio.run(go())
        finally:
            drop_database(postgres_address, "book_under_test")

    return ask


@pytest.fixture(params=["real", "simulated"])
def ask(request: pytest.FixtureRequest) -> Callable[[Act], Any]:
    return request.getfixturevalue("real") if request.param == "real" else simulated


TAKE = "update stock set free = free - 1 where item = %(item)s and free > 0 returning free"


def test_a_conditional_update_says_what_is_left_and_then_nothing(ask):
    async def act(book: Book) -> Any:
        return [await book.execute(TAKE, item="lamp") for _ in range(3)]

    assert ask(act) == [[{"free": 1}], [{"free": 0}], []]


def test_a_known_key_is_not_inserted_again(ask):
    async def act(book: Book) -> Any:
        sql = "insert into purchase (id, buyer, item, since) values (%(key)s, 'Ada', 'lamp', %(now)s) on conflict (id) do nothing returning id, status"
        return [await book.execute(sql, key="k-1", now=1.5) for _ in range(2)]

    assert ask(act) == [[{"id": "k-1", "status": "held"}], []]


def test_what_raises_in_a_transaction_leaves_nothing(ask):
    async def act(book: Book) -> Any:
        try:
            async with book.transaction() as tx:
                await tx.execute(TAKE, item="lamp")
                raise LookupError
        except LookupError:
            return await book.execute("select free from stock")

    assert ask(act) == [{"free": 2}]


def test_others_see_what_is_committed_and_nothing_else(ask):
    async def act(book: Book) -> Any:
        async with book.transaction() as tx:
            await tx.execute(TAKE, item="lamp")
            return await tx.execute("select free from stock")

    assert ask(act) == [{"free": 1}]


def test_a_constraint_refuses(ask):
    async def act(book: Book) -> Any:
        try:
            await book.execute("update stock set free = free - 3")
        except Refused:
            return "refused"

    assert ask(act) == "refused"


def test_a_transaction_that_only_reads_for_update_is_one_too(ask):
    async def act(book: Book) -> Any:
        async with book.transaction() as tx:
            [row] = await tx.execute("select free from stock where item = %(item)s for update skip locked", item="lamp")
            await tx.execute("update stock set free = %(free)s", free=row["free"] - 2)
        return await book.execute("select free from stock")

    assert ask(act) == [{"free": 0}]


def test_a_statement_that_is_wrong_is_an_error_of_the_program(ask):
    async def act(book: Book) -> Any:
        try:
            await book.execute("select lamps from stock")
        except Exception as error:
            return "stock" in str(error) or "lamps" in str(error)

    assert ask(act) is True
