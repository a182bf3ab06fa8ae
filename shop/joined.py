"""Your parts of earlier labs as a sale uses them: none of them keeps the other buyers waiting.

Behind each stands your own function (see ``shop.parts``), run in a thread, since it was written for a process that does one
thing at a time. In virtual time there are no threads and no sockets: there a stand-in makes the same calls in the same order to
the simulated Postgres, Kafka and gateway. ``pause_s`` (lab 3) and ``admit`` (lab 12) need neither and are imported as they are.
"""

from __future__ import annotations

import asyncio
import json
from dataclasses import asdict
from typing import Any

from shop import parts
from shop.addresses import Addresses
from shop.book import Book, node_at
from shop.commands import Charge, Refund
from shop.events import TOPIC, Event
from shop.network import Broken, Node, Unavailable
from shop.payments import TIMEOUT_S, Gateway, Receipt, Unknown, receipt_of, understood

__all__ = ["charge", "look_up", "receive", "refund", "relay"]


async def charge(at: Addresses, command: Charge) -> Receipt:
    """Your ``charge`` of lab 2: the wish is noted, the card is charged once per key, the answer is stored.

    Raises Unknown and InProgress when nobody knows yet, Unavailable when the gateway takes nothing on.
    """
    if (node := node_at(at.gateway)) is None:
        return await asyncio.to_thread(lambda: parts.charge(at, command))
    async with Book(at.postgres) as book:
        await book.execute(
            "insert into payment (key, purchase_id, buyer, amount) values (%(key)s, %(purchase_id)s, %(buyer)s, %(amount)s)"
            " on conflict (key) do nothing",
            **asdict(command),
        )
        [stored] = await book.execute("select status, charge_id, amount from payment where key = %(key)s", key=command.key)
        if stored["status"] != "started":
            taken = stored["amount"] if stored["status"] == "charged" else 0
            return Receipt(key=command.key, status=stored["status"], id=stored["charge_id"] or "", amount=taken)
        receipt = await look_up(at, command.key)
        if receipt is None:
            body = asdict(command)
            receipt = receipt_of(await _asked(node, "charge", body.pop("key"), body))
        await book.execute(
            "update payment set status = %(status)s, charge_id = %(id)s where key = %(key)s and status = 'started'",
            status=receipt.status, id=receipt.id or None, key=command.key,
        )  # fmt: skip
        return receipt


async def look_up(at: Addresses, key: str) -> Receipt | None:
    """What became of a payment's key, by the gateway; None when it does not know it. Raises as ``charge`` does."""
    if (node := node_at(at.gateway)) is None:
        return await asyncio.to_thread(Gateway(at.gateway).look_up, key)
    answer = await _asked(node, "look_up", key)
    return receipt_of(answer) if "status" in answer else None


async def refund(at: Addresses, command: Refund) -> Receipt:
    """Give money back, once per key. Raises as ``charge`` does, and Refused for more than is left of the charge."""
    if (node := node_at(at.gateway)) is None:
        return await asyncio.to_thread(Gateway(at.gateway).refund, command)
    body = asdict(command)
    return receipt_of(await _asked(node, "refund", body.pop("key"), body))


async def _asked(node: Node, method: str, *args: Any) -> dict[str, Any]:
    try:
        async with asyncio.timeout(TIMEOUT_S):
            status, answer = await node.call("gateway", method, *args)
    except (TimeoutError, ConnectionResetError, Broken) as error:
        raise Unknown(f"no answer to {method}") from error
    except ConnectionRefusedError as error:
        raise Unavailable("nobody takes connections at the gateway") from error
    return understood(status, answer)[1]


async def relay(at: Addresses) -> int:
    """Your ``relay`` of lab 6: publish what waits in the outbox, and return how many events that were."""
    if (node := node_at(at.kafka)) is None:
        return await asyncio.to_thread(lambda: parts.relay(at))
    published = 0
    async with Book(at.postgres) as book:
        waiting = await book.execute(
            "select id, purchase_id, version, kind, payload from outbox where published_at is null order by id"
        )
        for row in waiting:
            event = _event(row)
            await node.call("kafka", "produce", TOPIC, event.key.decode(), event.encode().decode())
            await book.execute("update outbox set published_at = '(now)' where id = %(id)s", id=row["id"])
            published += 1
    return published


def _event(row: dict[str, Any]) -> Event:
    payload = row["payload"]
    return Event(
        purchase_id=row["purchase_id"],
        version=row["version"],
        kind=row["kind"],
        payload=json.loads(payload) if isinstance(payload, str) else payload,
    )


async def receive(at: Addresses, event: Event) -> None:
    """Your ``receive`` of lab 6: one shipment for an event, however often it comes."""
    if node_at(at.postgres) is None:
        await asyncio.to_thread(lambda: parts.receive(at, event))
        return
    async with Book(at.postgres) as book, book.transaction() as tx:
        new = await tx.execute(
            "insert into inbox (event_id) values (%(id)s) on conflict (event_id) do nothing returning event_id", id=event.id
        )
        if new:
            await tx.execute(
                "insert into shipment (purchase_id, item, quantity) values (%(purchase_id)s, %(item)s, %(quantity)s)",
                purchase_id=event.purchase_id, item=event.payload["item"], quantity=event.payload["quantity"],
            )  # fmt: skip
