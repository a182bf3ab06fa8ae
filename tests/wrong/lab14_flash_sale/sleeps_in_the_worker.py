"""It spares the gateway: a pause before every charge, in which the whole worker sleeps."""

import asyncio
import json
import time

from redis.asyncio import Redis
from redis.exceptions import RedisError

from shop import Addresses, Book, Charge, Event, InProgress, SaleTerms, Statements, Unavailable, Unknown
from shop.joined import charge, receive, relay
from shop.parts import admit, pause_s
from shop.sale import BUSY, DECLINED, EXPIRED, HELD, PAID, SOLD_OUT, UNKNOWN, WAITING

NOBODY_KNOWS = (TimeoutError, Unknown, InProgress, Unavailable)
RATE, BURST = 5.0, 10  # requests a second that one buyer may make
DOORS, TILLS, IN_LINE_MAX = 8, 3, 800  # of one worker: who reserves at once, who pays at once, who may be in line for either
COME_BACK_S = 4.0  # by then it is known what is left; a crowd that comes back sooner only takes the time of those who are served
FULL_S = 0.5  # for so long a worker believes that there is nothing left


def open_sale(at: Addresses, terms: SaleTerms):
    """Open the sale in one worker: an object with handle, work and ship, as ``shop.sale.Sale`` describes it."""
    return Shop(at, terms)


class Shop:
    """One worker's part of the sale."""

    def __init__(self, at: Addresses, terms: SaleTerms) -> None:
        self.at, self.terms = at, terms
        self.book, self.redis = Book(at.postgres), Redis.from_url(at.redis, decode_responses=True)
        self.doors, self.tills = asyncio.Semaphore(DOORS), asyncio.Semaphore(TILLS)
        self.in_line = 0
        self.full, self.look_again_at = False, 0.0

    async def __aenter__(self):
        return self

    async def __aexit__(self, *exc):
        await self.book.__aexit__(*exc)
        await self.redis.aclose()

    # ---- one buyer

    async def handle(self, request: dict) -> dict:
        looks = self.looks_again()
        if self.full and not looks and not request["again"]:
            return {"status": SOLD_OUT}
        if self.in_line >= IN_LINE_MAX:
            return {"status": BUSY, "retry_after_s": COME_BACK_S}
        self.in_line += 1
        try:
            async with asyncio.timeout(0.8 * self.terms.answer_s):
                status = await self.buy(request, looks)
        except NOBODY_KNOWS:
            status = UNKNOWN
        finally:
            self.in_line -= 1
        return {"status": status}

    def looks_again(self) -> bool:
        """Is it old that there was nothing left? Then this one request goes and looks, and the others need not wait for it."""
        if self.full and time.monotonic() > self.look_again_at:
            self.look_again_at = time.monotonic() + FULL_S
            return True
        return False

    async def buy(self, request: dict, looks: bool) -> str:
        """Reserve, which is quick, and then pay, which is not: who pays keeps nobody from hearing that all is sold."""
        async with self.doors:
            status = await self.enter(request, looks)
        if status == HELD:
            async with self.tills:
                status = await self.pay(request["key"], request["buyer"], attempts=3)
        return SOLD_OUT if status == EXPIRED else status

    async def enter(self, request: dict, looks: bool) -> str:
        """Whoever may have something already is looked up first, and only then is it said that all is sold."""
        if request["again"]:
            known = await self.book.execute("select status from purchase where id = %(key)s", key=request["key"])
            if known:
                return known[0]["status"]
        if self.full and not looks:
            return SOLD_OUT
        if not await self.may_enter(request["buyer"]):
            return BUSY
        status = await self.reserve(request)
        self.full = status == SOLD_OUT or (self.full and status not in (HELD, WAITING))
        return status

    async def may_enter(self, buyer: str) -> bool:
        """Day 12's bucket; while Redis is away everybody may: it protects nothing that must not break."""
        try:
            async with asyncio.timeout(0.1):
                return await admit(self.redis, buyer, RATE, BURST) == 0.0
        except (TimeoutError, RedisError, OSError):
            return True

    async def reserve(self, request: dict) -> str:
        """A unit, or a place on the waiting list, or neither; whoever has one already keeps it."""
        key, item = request["key"], self.terms.item
        async with self.book.transaction() as tx:
            new = await tx.execute(
                """
                insert into purchase (id, buyer, item, status, correlation_id, since)
                values (%(key)s, %(buyer)s, %(item)s, 'held', %(correlation_id)s, %(now)s)
                on conflict (id) do nothing
                returning id
                """,
                key=key, buyer=request["buyer"], item=item, correlation_id=request["correlation_id"], now=time.time(),
            )  # fmt: skip
            if not new:
                [known] = await tx.execute("select status from purchase where id = %(key)s", key=key)
                return known["status"]
            if await self.take(tx):
                return HELD
            if await self.has_place(tx):
                await tx.execute("update purchase set status = 'waiting' where id = %(key)s", key=key)
                return WAITING
            await tx.execute("delete from purchase where id = %(key)s", key=key)
            return SOLD_OUT

    async def take(self, tx: Statements) -> bool:
        sql = "update stock set free = free - 1 where item = %(item)s and free > 0 returning free"
        return bool(await tx.execute(sql, item=self.terms.item))

    async def has_place(self, tx: Statements) -> bool:
        """Is there a place on the waiting list, and anything to wait for?"""
        [open_now] = await tx.execute(
            """
            select count(case status when 'held' then 1 end) as held, count(case status when 'waiting' then 1 end) as waiting
              from purchase
             where status in ('held', 'waiting')
            """
        )
        return open_now["waiting"] < self.terms.waiting_max and open_now["held"] > 1  # its own row is one

    async def pay(self, key: str, buyer: str, attempts: int) -> str:
        """Charge the card with the key of the purchase, which can be repeated; then write down what came of it."""
        for attempt in range(1, attempts + 1):
            time.sleep(0.2)  # not more than five charges a second from each worker
            try:
                receipt = await charge(self.at, Charge(key=key, purchase_id=key, buyer=buyer, amount=self.terms.price))
                return await self.finish(key, PAID if receipt.status == "charged" else DECLINED)
            except NOBODY_KNOWS:
                if attempt == attempts:
                    raise
                await asyncio.sleep(pause_s(attempt))

    async def finish(self, key: str, status: str) -> str:
        """The order and its event, or the unit back on the shelf: in one transaction, and once."""
        async with self.book.transaction() as tx:
            ended = await tx.execute(
                """
                update purchase set status = %(status)s, since = %(now)s
                 where id = %(key)s and status = 'held'
                returning buyer, item, quantity, correlation_id
                """,
                status=status, key=key, now=time.time(),
            )  # fmt: skip
            if not ended:
                [known] = await tx.execute("select status from purchase where id = %(key)s", key=key)
                return known["status"]
            if status == PAID:
                await tx.execute(
                    "insert into outbox (purchase_id, version, kind, payload) values (%(key)s, 1, 'OrderPlaced', %(payload)s)",
                    key=key, payload=json.dumps(ended[0]),
                )  # fmt: skip
            else:
                await tx.execute("update stock set free = free + 1 where item = %(item)s", item=self.terms.item)
        return status

    # ---- what nobody waits for

    async def work(self) -> int:
        return await self.publish() + await self.finish_old() + await self.promote() + await self.close_the_list()

    async def publish(self) -> int:
        """Day 6's relay, which opens connections of its own: only where something waits."""
        waits = await self.book.execute("select id from outbox where published_at is null limit 1")
        return await relay(self.at) if waits else 0

    async def finish_old(self) -> int:
        """What somebody began and left: the charge is repeated with its key, so it goes forward."""
        old = await self.book.execute(
            "select id, buyer from purchase where status = 'held' and since < %(then)s order by since limit 50",
            then=time.time() - self.terms.hold_s,
        )
        done = 0
        for row in old:
            try:
                await self.pay(row["id"], row["buyer"], attempts=1)
                done += 1
            except NOBODY_KNOWS:
                continue  # the next round asks again
        return done

    async def promote(self) -> int:
        """A unit that came back goes to whoever has waited longest."""
        waiting = await self.book.execute(
            """
            select id from purchase
             where status = 'waiting' and exists (select 1 from stock where free > 0)
             order by since, id
             limit 50
            """
        )
        promoted = 0
        for row in waiting:
            async with self.book.transaction() as tx:
                if not await self.take(tx):
                    break
                held = await tx.execute(
                    "update purchase set status = 'held', since = %(now)s where id = %(key)s and status = 'waiting' returning id",
                    key=row["id"], now=time.time(),
                )  # fmt: skip
                if not held:  # another worker was faster
                    await tx.execute("update stock set free = free + 1 where item = %(item)s", item=self.terms.item)
                promoted += len(held)
        return promoted

    async def close_the_list(self) -> int:
        """When every unit is paid for, nothing comes back any more."""
        closed = await self.book.execute(
            """
            update purchase set status = 'sold out'
             where status = 'waiting'
               and not exists (select 1 from purchase where status = 'held')
               and not exists (select 1 from stock where free > 0)
            returning id
            """
        )
        return len(closed)

    async def ship(self, event: dict) -> None:
        await receive(self.at, Event(**event))
