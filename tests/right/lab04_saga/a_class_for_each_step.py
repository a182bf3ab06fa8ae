"""Each step is an object with a way there and a way back; the saga is a list of them, and the log holds their names."""

from __future__ import annotations

from contextlib import closing

import psycopg
from kafka import KafkaProducer
from psycopg.rows import dict_row

from shop import TOPIC, Addresses, Charge, Event, Gateway, Pack, PlaceOrder, Refund, Unavailable, Unknown, Warehouse

PRICE = 4_900
ENDED = ("confirmed", "cancelled")


def begin(connection: psycopg.Connection, command: PlaceOrder) -> None:
    """The first step, one transaction: the order is there and its items are off the shelf. A repeated command changes nothing."""
    with connection.transaction():
        row = (command.purchase_id, command.buyer, command.item, command.quantity, PRICE * command.quantity)
        added = connection.execute(
            "insert into purchase (id, buyer, item, quantity, amount) values (%s, %s, %s, %s, %s) on conflict do nothing", row
        )
        if added.rowcount == 1:
            taken = (command.quantity, command.item)
            connection.execute("update stock set free = free - %s where item = %s", taken)


def load(connection: psycopg.Connection, purchase_id: str) -> dict:
    """The order as it is now: id, buyer, item, quantity, amount, status."""
    cursor = connection.cursor(row_factory=dict_row)
    return cursor.execute("select * from purchase where id = %s", [purchase_id]).fetchone()


def announce(at: Addresses, order: dict) -> None:
    """Tell Kafka that the order is confirmed, and wait for the acknowledgement. May be repeated."""
    event = Event(purchase_id=order["id"], version=1, kind="OrderConfirmed", payload={"buyer": order["buyer"]})
    with closing(KafkaProducer(bootstrap_servers=at.kafka)) as producer:
        producer.send(TOPIC, key=event.key, value=event.encode()).get()


class NotPossible(Exception):
    """This step has not been done, and never will be."""


class Payment:
    name = "payment"

    def do(self, at: Addresses, order: dict) -> None:
        charge = Charge(key=order["id"], purchase_id=order["id"], buyer=order["buyer"], amount=order["amount"])
        if again(lambda: Gateway(at.gateway).charge(charge)).status == "declined":
            raise NotPossible

    def undo(self, at: Addresses, order: dict) -> None:
        [charged] = again(lambda: Gateway(at.gateway).charges_of(order["id"]))
        refund = Refund(key=f"{order['id']}-undo", charge_id=charged.id, amount=charged.amount)
        again(lambda: Gateway(at.gateway).refund(refund))


class Parcel:
    name = "parcel"

    def do(self, at: Addresses, order: dict) -> None:
        warehouse = Warehouse(at.warehouse)
        pack = Pack(key=order["id"], purchase_id=order["id"], item=order["item"], quantity=order["quantity"])
        try:
            parcel = again(lambda: warehouse.pack(pack))
        except (Unavailable, Unknown):
            parcel = again(lambda: warehouse.cancel(order["id"]))
        if parcel.status != "packed":
            raise NotPossible

    def undo(self, at: Addresses, order: dict) -> None:
        raise AssertionError("nobody can unpack a parcel")


STEPS = (Payment(), Parcel())


def again(call):
    """Three attempts with the same key."""
    for attempt in (1, 2, 3):
        try:
            return call()
        except (Unavailable, Unknown):
            if attempt == 3:
                raise


class Saga:
    def __init__(self, at: Addresses, connection: psycopg.Connection, purchase_id: str) -> None:
        self.at, self.connection = at, connection
        self.order = load(connection, purchase_id)
        rows = connection.execute("select entry from saga_log where purchase_id = %s", [purchase_id]).fetchall()
        self.log = {entry for (entry,) in rows}

    def note(self, entry: str) -> None:
        self.connection.execute("insert into saga_log (purchase_id, entry) values (%s, %s)", (self.order["id"], entry))
        self.log.add(entry)

    def run(self) -> str:
        if self.order["status"] in ENDED:
            return self.order["status"]
        for step in STEPS:
            if step.name in self.log or "back" in self.log:
                continue
            try:
                step.do(self.at, self.order)
            except NotPossible:
                self.note("back")
            else:
                self.note(step.name)
        return self.back() if "back" in self.log else self.end()

    def back(self) -> str:
        for step in reversed(STEPS):
            if step.name in self.log and f"no {step.name}" not in self.log:
                step.undo(self.at, self.order)
                self.note(f"no {step.name}")
        with self.connection.transaction():
            back = (self.order["quantity"], self.order["item"])
            self.connection.execute("update stock set free = free + %s where item = %s", back)
            self.connection.execute("update purchase set status = 'cancelled' where id = %s", [self.order["id"]])
        return "cancelled"

    def end(self) -> str:
        announce(self.at, self.order)
        self.connection.execute("update purchase set status = 'confirmed' where id = %s", [self.order["id"]])
        return "confirmed"


def place_order(at: Addresses, command: PlaceOrder) -> str:
    with psycopg.connect(at.postgres, autocommit=True) as connection:
        begin(connection, command)
        return Saga(at, connection, command.purchase_id).run()


def recover(at: Addresses) -> int:
    with psycopg.connect(at.postgres, autocommit=True) as connection:
        ids = connection.execute("select id from purchase where status = 'pending' order by id").fetchall()
        return sum(Saga(at, connection, purchase_id).run() not in ENDED for (purchase_id,) in ids)


def seen() -> dict[str, str]:
    return {
        "s1": "seen",
        "s2": "never",
        "s3": "seen",
        "s4": "never",
        "s5": "seen",
        "s6": "never",
        "s7": "seen",
        "s8": "never",
        "s9": "never",
        "s10": "seen",
    }
