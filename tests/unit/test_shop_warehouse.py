"""The warehouse: one parcel per key, in every mood; and its client over real HTTP."""

from __future__ import annotations

import pytest

from shop import Pack, Unavailable, Unknown
from shop import Warehouse as Client
from shop.warehouse import MOODS, Warehouse, serve

LAMP = {"purchase_id": "p-1", "item": "lamp", "quantity": 1}
PACK = Pack(key="p-1", **LAMP)


@pytest.fixture
def warehouse():
    return Warehouse()


@pytest.fixture
def client(warehouse):
    server = serve(warehouse)
    yield Client(f"http://127.0.0.1:{server.server_address[1]}")
    server.shutdown()
    server.server_close()


def test_the_same_key_is_one_parcel(client, warehouse):
    assert client.look_up("p-1") is None
    assert client.pack(PACK) == client.pack(PACK) == client.look_up("p-1")
    assert warehouse.parcels() == ({"key": "p-1", **LAMP},)


def test_what_is_cancelled_is_never_packed_also_when_it_comes_late(client, warehouse):
    assert client.cancel("p-1").status == "cancelled"
    assert client.pack(PACK).status == "cancelled"
    assert warehouse.parcels() == ()


def test_what_is_packed_stays_packed(client):
    client.pack(PACK)
    assert client.cancel("p-1").status == "packed"


def test_a_warehouse_that_stands_still_packs_nothing_and_cancels(client, warehouse):
    warehouse.reset("stands still")
    for _ in range(3):
        with pytest.raises(Unavailable):
            client.pack(PACK)
    assert client.cancel("p-1").status == "cancelled"


def test_one_that_opens_later_refuses_one_request(client, warehouse):
    warehouse.reset("opens later")
    with pytest.raises(Unavailable):
        client.pack(PACK)
    assert client.pack(PACK).status == "packed"


def test_one_that_has_none_left_refuses_for_good(client, warehouse):
    warehouse.reset("refuses")
    assert client.pack(PACK).status == client.cancel("p-1").status == "refused"


def test_one_that_goes_away_packs_first_and_is_closed_for_two_requests(client, warehouse):
    warehouse.reset("goes away")
    assert client.pack(PACK).status == "packed"
    for ask in (client.pack, client.cancel):
        with pytest.raises(Unavailable):
            ask(PACK if ask == client.pack else "p-1")
    assert client.look_up("p-1").status == "packed"


def test_a_slow_one_hangs_up_and_packs_in_the_end_unless_it_was_cancelled(client, warehouse):
    for cancelled in (False, True):
        warehouse.reset("is slow")
        with pytest.raises(Unknown):
            client.pack(PACK)
        assert client.look_up("p-1") is None
        if cancelled:
            client.cancel("p-1")
        warehouse.settle()
        assert len(warehouse.parcels()) == (0 if cancelled else 1)


def test_a_slow_one_is_asked_again_and_packs_once(client, warehouse):
    warehouse.reset("is slow")
    with pytest.raises(Unknown):
        client.pack(PACK)
    assert client.pack(PACK).status == "packed"
    warehouse.settle()
    assert len(warehouse.parcels()) == 1


@pytest.mark.parametrize("body", [None, [], {}, {**LAMP, "quantity": 0}, {**LAMP, "quantity": "1"}, {**LAMP, "colour": "red"}])
def test_what_is_no_parcel_is_refused_in_words(warehouse, body):
    assert warehouse.pack("p-1", body)[0] == 400
    assert warehouse.pack("", LAMP)[0] == 400


def test_an_unknown_mood_is_refused_with_those_there_are(warehouse):
    with pytest.raises(ValueError, match="stands still"):
        warehouse.reset("in a bad mood")
    assert all(MOODS.values())
