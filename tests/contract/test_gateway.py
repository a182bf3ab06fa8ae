"""The payment gateway is a process of its own, speaks plain HTTP, and the tap sees every request."""

from collections.abc import Iterator

import pytest

from autograder.backends.gateway import GatewayServer, Sandbox
from autograder.tap import Tap
from shop import Charge, Gateway, InProgress, KeyReused, Refund, Refused, Unavailable, Unknown
from shop.payments import WINDOW_S
from tests.contract.tap_room import Room

LAMP = Charge(key="pay-1", purchase_id="p-1", buyer="Ada", amount=4900)


@pytest.fixture(scope="module")
def server() -> Iterator[GatewayServer]:
    with GatewayServer() as running:
        yield running


@pytest.fixture
def sandbox(server) -> Iterator[Sandbox]:
    door = server.sandbox()
    door.reset()
    yield door
    door.close()


@pytest.fixture
def gateway(server, sandbox) -> Gateway:
    return Gateway(server.address, timeout_s=0.2)


def test_the_same_key_gives_the_same_receipt_and_one_charge(gateway, sandbox):
    receipt = gateway.charge(LAMP)
    assert (receipt.status, receipt.amount) == ("charged", 4900)
    assert gateway.charge(LAMP) == gateway.look_up("pay-1") == receipt
    assert [row["key"] for row in sandbox.ledger()["charges"]] == ["pay-1"]


def test_the_same_key_with_another_body_is_refused(gateway, sandbox):
    gateway.charge(LAMP)
    with pytest.raises(KeyReused):
        gateway.charge(Charge(key="pay-1", purchase_id="p-1", buyer="Ada", amount=49))
    assert len(sandbox.ledger()["charges"]) == 1


def test_without_a_key_every_request_is_a_new_charge(gateway, sandbox):
    keyless = Charge(key="", purchase_id="p-1", buyer="Ada", amount=4900)
    assert gateway.charge(keyless).id != gateway.charge(keyless).id
    assert len(gateway.charges_of("p-1")) == 2


def test_a_declined_card_is_an_answer_and_stays_one(gateway, sandbox):
    sandbox.misbehave("declines")
    assert gateway.charge(LAMP).status == "declined"
    assert gateway.charge(LAMP) == gateway.look_up("pay-1")
    assert sandbox.ledger()["charges"] == []


@pytest.mark.parametrize(("behaviour", "charged"), [("hangs up", 1), ("silent", 1), ("drops", 0)])
def test_to_the_caller_charged_and_lost_look_the_same(gateway, sandbox, behaviour, charged):
    sandbox.misbehave(behaviour)
    with pytest.raises(Unknown):
        gateway.charge(LAMP)
    assert len(sandbox.ledger()["charges"]) == charged
    assert gateway.charge(LAMP).status == "charged"
    assert len(sandbox.ledger()["charges"]) == 1


def test_a_late_charge_is_in_progress_until_it_has_been_asked_about_twice(gateway, sandbox):
    sandbox.misbehave("late")
    with pytest.raises(Unknown):
        gateway.charge(LAMP)
    for ask in (gateway.look_up, lambda key: gateway.charge(LAMP)):
        with pytest.raises(InProgress):
            ask("pay-1")
    assert sandbox.ledger()["charges"] == []
    assert gateway.look_up("pay-1").status == "charged"


def test_a_gateway_that_takes_nothing_on_has_done_nothing(gateway, sandbox):
    sandbox.misbehave("unavailable")
    with pytest.raises(Unavailable):
        gateway.charge(LAMP)
    assert gateway.look_up("pay-1") is None


@pytest.mark.parametrize(("seconds", "charges"), [(WINDOW_S - 60, 1), (WINDOW_S + 1, 2)])
def test_a_key_is_remembered_for_the_window_and_no_longer(gateway, sandbox, seconds, charges):
    gateway.charge(LAMP)
    sandbox.pass_time(seconds)
    assert (gateway.look_up("pay-1") is None) == (charges == 2)
    gateway.charge(LAMP)
    assert len(gateway.charges_of("p-1")) == len(sandbox.ledger()["charges"]) == charges


def test_a_refund_is_keyed_too_and_never_more_than_was_taken(gateway, sandbox):
    charge = gateway.charge(LAMP)
    half = Refund(key="back-1", charge_id=charge.id, amount=2450)
    assert gateway.refund(half) == gateway.refund(half) == gateway.look_up_refund("back-1")
    with pytest.raises(Refused):
        gateway.refund(Refund(key="back-2", charge_id=charge.id, amount=2451))
    assert [row["amount"] for row in sandbox.ledger()["refunds"]] == [2450]


def test_a_refund_can_be_told_to_fail_on_its_own(gateway, sandbox):
    sandbox.misbehave("unavailable", what="refund")
    charge = gateway.charge(LAMP)
    refund = Refund(key="back-1", charge_id=charge.id, amount=4900)
    with pytest.raises(Unavailable):
        gateway.refund(refund)
    assert gateway.refund(refund).status == "refunded"


def test_a_body_that_is_no_charge_is_refused(gateway, sandbox):
    with pytest.raises(Refused):
        gateway.charge(Charge(key="pay-1", purchase_id="p-1", buyer="Ada", amount=0))
    assert gateway.look_up("pay-1") is None


def test_a_key_may_be_any_text(gateway, sandbox):
    odd = Charge(key="Zoë O'Brien/1?", purchase_id="p 1&", buyer="Zoë", amount=1)
    assert gateway.charge(odd) == gateway.look_up(odd.key) == gateway.charges_of("p 1&")[0]


def test_the_sandbox_refuses_what_it_does_not_know(sandbox):
    with pytest.raises(ValueError, match="hangs up"):
        sandbox.misbehave("explodes")


def test_nobody_listens_is_no_effect():
    with pytest.raises(Unavailable):
        Gateway("http://127.0.0.1:9").charge(LAMP)


def test_the_tap_sees_every_request_and_may_drop_it(server, sandbox):
    with Tap() as tap:
        room = Room(tap)
        door = tap.door("checkout-1", "http", ("127.0.0.1", server.port))
        gateway = Gateway(f"http://{door.address}")
        assert room.play(lambda: gateway.charge(LAMP)).status == "charged"
        assert room.play(lambda: gateway.look_up("pay-1")).status == "charged"
        assert room.labels() == ["POST /charges", "GET /charges/…"]
        assert [request.effect for request in room.requests] == [True, False]
        tap.on_request = lambda request: "drop"
        with pytest.raises(Unknown):
            room.play(lambda: gateway.charge(Charge(key="pay-2", purchase_id="p-2", buyer="Bao", amount=1)))
    assert [row["key"] for row in sandbox.ledger()["charges"]] == ["pay-1"]


def test_a_webhook_is_told_at_least_once(gateway, sandbox):
    import json
    from http.server import BaseHTTPRequestHandler, HTTPServer

    heard = []

    class Shop(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            heard.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(204)
            self.end_headers()

        def log_message(self, *args: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Shop) as shop:
        sandbox.webhook(f"http://127.0.0.1:{shop.server_address[1]}/paid")
        sandbox.misbehave("tells twice")
        gateway.charge(LAMP)
        shop.handle_request(), shop.handle_request()
        sandbox.webhook("")
    assert heard[0] == heard[1]
    assert (heard[0]["event_id"], heard[0]["kind"], heard[0]["key"]) == ("ev-ch-1", "charge.charged", "pay-1")


def test_late_is_done_when_time_has_passed(gateway, sandbox):
    sandbox.misbehave("late", of="p-1")
    gateway.charge(Charge(key="pay-0", purchase_id="p-0", buyer="Bao", amount=1))
    with pytest.raises(Unknown):
        gateway.charge(LAMP)
    sandbox.pass_time(WINDOW_S + 1)
    assert [row["key"] for row in sandbox.ledger()["charges"]] == ["pay-0", "pay-1"]
