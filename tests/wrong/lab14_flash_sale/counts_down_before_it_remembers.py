"""The naive sale of the lab: count down in Redis, charge the card, write it down."""

import json

from redis.asyncio import Redis

from shop import Addresses, Book, Charge, Event, SaleTerms
from shop.joined import charge, receive, relay
from shop.sale import DECLINED, PAID, SOLD_OUT


class NaiveShop:
    """Count down in Redis, charge the card, write it down."""

    def __init__(self, at: Addresses, terms: SaleTerms) -> None:
        self.at, self.terms = at, terms
        self.book, self.redis = Book(at.postgres), Redis.from_url(at.redis, decode_responses=True)

    async def handle(self, request: dict) -> dict:
        key, buyer = request["key"], request["buyer"]
        await self.redis.set("left", self.terms.stock, nx=True)
        if await self.redis.decr("left") < 0:
            return {"status": SOLD_OUT}
        receipt = await charge(self.at, Charge(key=key, purchase_id=key, buyer=buyer, amount=self.terms.price))
        if receipt.status == "declined":
            await self.redis.incr("left")
            return {"status": DECLINED}
        await self.write_down(key, buyer, request["correlation_id"])
        return {"status": PAID}

    async def write_down(self, key: str, buyer: str, correlation_id: str) -> None:
        async with self.book.transaction() as tx:
            [order] = await tx.execute(
                """
                insert into purchase (id, buyer, item, status, correlation_id)
                values (%(key)s, %(buyer)s, %(item)s, 'paid', %(correlation_id)s)
                returning buyer, item, quantity, correlation_id
                """,
                key=key, buyer=buyer, item=self.terms.item, correlation_id=correlation_id,
            )  # fmt: skip
            await tx.execute(
                "insert into outbox (purchase_id, version, kind, payload) values (%(key)s, 1, 'OrderPlaced', %(payload)s)",
                key=key, payload=json.dumps(order),
            )  # fmt: skip

    async def work(self) -> int:
        return await relay(self.at)

    async def ship(self, event: dict) -> None:
        await receive(self.at, Event(**event))


def naive_open_sale(at: Addresses, terms: SaleTerms) -> NaiveShop:
    return NaiveShop(at, terms)
