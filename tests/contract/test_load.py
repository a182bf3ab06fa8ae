"""A sale under load, in the world under test: what the engine records is what happened, whoever was killed meanwhile."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from autograder.backends import Backends
from autograder.backends.worlds import open_world
from autograder.explore.load import LoadFault, LoadPlan, Probe, Recording, play_load, progress_line, strikes_for
from autograder.explore.load_lane import LoadLane
from autograder.grading.load_lane import open_live_lane
from autograder.grading.program import Cell, Program
from shop.gateway import is_declined
from shop.sale import FINAL, SaleTerms
from tests.contract.under_test import WORLD

STOCK = 20
SALE = '''
import asyncio
import redis.asyncio
from redis.exceptions import RedisError
from shop import Book
from shop.payments import Gateway, Unknown
from shop.network import Unavailable
from shop import Charge, InProgress


class Sale:
    """One conditional row; the status of a purchase is decided once."""

    def __init__(self, at, terms):
        self.at, self.terms, self.book = at, terms, Book(at.postgres)

    async def handle(self, request):
        key = request["key"]
        status = await self.reserved(key, request["buyer"])
        if status == "held":
            charge = Charge(key=key, purchase_id=key, buyer=request["buyer"], amount=self.terms.price)
            try:
                receipt = await asyncio.to_thread(Gateway(self.at.gateway).charge, charge)
            except (Unknown, InProgress, Unavailable):
                return {"status": "unknown"}
            status = await self.decided(key, "paid" if receipt.status == "charged" else "declined")
        return {"status": status}

    async def reserved(self, key, buyer):
        async with self.book.transaction() as tx:
            known = await tx.execute("select status from purchase where id = %(key)s", key=key)
            if known:
                return known[0]["status"]
            if not await tx.execute("update stock set free = free - 1 where free > 0 returning free"):
                return "sold out"
            await tx.execute(
                "insert into purchase (id, buyer, item) values (%(key)s, %(buyer)s, 'lamp')", key=key, buyer=buyer
            )
            return "held"

    async def decided(self, key, status):
        async with self.book.transaction() as tx:
            changed = await tx.execute(
                "update purchase set status = %(status)s where id = %(key)s and status = 'held' returning id",
                status=status, key=key,
            )
            if changed and status == "declined":
                await tx.execute("update stock set free = free + 1")
        return status

    async def work(self):
        return 0

    async def ship(self, event):
        """Nothing is published."""


async def open_sale(at, terms):
    return Sale(at, terms)
'''
SILENT = SALE.replace('        key = request["key"]\n', '        await asyncio.sleep(3600)\n        key = request["key"]\n')
BROKEN = SALE.replace("    return Sale(at, terms)", "    raise ValueError('no lamp was delivered')")
RAISES = SALE.replace('        key = request["key"]\n', '        key = request["kee"]\n')
AGAIN = SALE.replace(
    '        key = request["key"]\n',
    '        key = request["key"]\n'
    "        self.asked = getattr(self, 'asked', {})\n"
    "        self.asked[key] = self.asked.get(key, 0) + 1\n"
    "        if self.asked[key] < 4:\n"
    "            assert request['again'] is (self.asked[key] == 3), request\n"
    "            return {'status': ('busy', 'waiting', 'unknown')[self.asked[key] - 1], 'retry_after_s': 0.01}\n",
)
REMEMBERS = SALE.replace(
    '        key = request["key"]\n',
    '        key = request["key"]\n'
    "        if not hasattr(self, 'cache'):\n"
    "            self.cache = redis.asyncio.from_url(self.at.redis, retry=None)\n"
    "        try:\n"
    "            await self.cache.incr('seen')\n"
    "        except RedisError:\n"
    "            return {'status': 'busy'}\n",
)
LEAVES = SALE.replace("        return 0", "        import os\n        os._exit(3)")


@pytest.fixture(scope="module")
def backends(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Backends]:
    with open_world(WORLD, tmp_path_factory.mktemp("load")) as world:
        yield world.addresses()[0]


@pytest.fixture(scope="module")
def lanes(backends: Backends) -> Iterator[Any]:
    """One lane, on which each program is loaded when its sale is to be played."""
    with ExitStack() as cleanup:
        opened = open_live_lane(backends, program(SALE), cleanup)

        def lane(source: str) -> LoadLane:
            opened.subjects.load(program(source))
            return opened

        yield lane


def program(source: str) -> Program:
    return Program(title="sale", cells=(Cell(id="sale", role="free", source=source, name="sale, cell 1"),))


def plan(buyers: int = 120, **changes: Any) -> LoadPlan:
    settings: dict[str, Any] = {
        "terms": SaleTerms(stock=STOCK),
        "request": lambda number, again: {"key": f"k-{number}", "buyer": f"buyer {number}", "again": again},
        "final": frozenset(FINAL),
        "begin": f"insert into stock (item, free) values ('lamp', {STOCK})",
        "tables": ("stock", "purchase"),
        "probes": {"stock": Probe(backend="postgres", ask="select sum(free) from stock")},
    }
    return LoadPlan(buyers=buyers, **settings | changes)


def paid(recording: Recording) -> set[str]:
    return {row["id"] for row in recording.state["tables"]["purchase"] if row["status"] == "paid"}


def declined(recording: Recording) -> set[str]:
    """Who came as far as the gateway with a card that is no good."""
    return {row["id"] for row in recording.state["tables"]["purchase"] if is_declined(row["id"], 7)}


def test_a_calm_sale_sells_what_there_is_and_tells_everybody(lanes: Any) -> None:
    recording = play_load(lanes(SALE), plan())
    assert recording.finished, recording.why
    assert recording.counts == {"sold out": 100, "paid": STOCK}
    assert {f"k-{number}" for number in recording.told_with("paid")} == paid(recording)
    assert Counter(charge["purchase_id"] for charge in recording.state["charges"]) == Counter(paid(recording))
    assert recording.latency.total == 120 and not recording.faults and not recording.missed
    assert recording.calls["postgres"] >= 4 * 120 and recording.calls["gateway"] >= STOCK
    assert recording.samples[-1].probes == {"stock": 0.0}
    assert recording.samples[-1].answered == 120


def test_everybody_may_be_killed_at_counted_events_and_come_back(lanes: Any) -> None:
    faults = strikes_for(120, 2, stock=STOCK)
    recording = play_load(lanes(SALE), plan(faults=faults, payments={"hangs up": 5, "declines": 7}))
    assert recording.finished, recording.why
    assert recording.missed == ()
    struck = Counter((mark.what, mark.why) for mark in recording.faults)
    assert struck == Counter((fault.what, fault.why) for fault in faults)
    assert recording.retries > 0
    told = {f"k-{number}" for number in recording.told_with("paid")}
    charged = Counter(charge["purchase_id"] for charge in recording.state["charges"])
    assert set(recording.told_with("declined")) == {n for n in range(120) if f"k-{n}" in declined(recording)}
    assert told == paid(recording) == set(charged) and set(charged.values()) == {1}
    free = sum(row["free"] for row in recording.state["tables"]["stock"])
    assert len(told) + free == STOCK


def test_a_recording_travels_as_json(lanes: Any) -> None:
    recording = play_load(lanes(SALE), plan(buyers=30))
    assert Recording.from_json(json.loads(json.dumps(recording.to_json()))) == recording


def test_nothing_is_left_of_the_sale_before(lanes: Any) -> None:
    for _ in range(2):
        recording = play_load(lanes(SALE), plan(buyers=25))
        assert recording.counts == {"paid": STOCK, "sold out": 5}
        assert len(recording.state["charges"]) == STOCK


def test_a_sale_that_never_answers_did_not_finish_and_says_who_waits(lanes: Any) -> None:
    recording = play_load(lanes(SILENT), plan(buyers=6, limit_s=0.6))
    assert not recording.finished
    assert recording.why == "it did not finish: 0.6 s were over (buyers 0, 1, 2, 3, 4 ...)"
    assert recording.pending == tuple(range(6)) and set(recording.told) == {"unknown"}


def test_no_answer_in_time_is_unknown_and_asked_again_with_the_same_key(lanes: Any) -> None:
    recording = play_load(lanes(SILENT), plan(buyers=2, limit_s=1.0, ask_s=0.2))
    assert recording.timeouts >= 2 and recording.requests > 2
    assert recording.counts == {"unknown": 2}


def test_a_request_says_whether_something_may_have_been_done_for_it(lanes: Any) -> None:
    recording = play_load(lanes(AGAIN), plan(buyers=5, workers=1))
    assert recording.errors == {} and recording.counts == {"paid": 5}
    assert recording.requests == recording.request.total == 4 * 5


def test_a_buyer_gives_up_after_so_many_tries(lanes: Any) -> None:
    recording = play_load(lanes(RAISES), plan(buyers=3, tries_max=2))
    assert recording.requests == 6 and recording.errors == {"KeyError: 'kee'": 6}
    assert not recording.finished and "no final answer" in recording.why


def test_a_program_that_cannot_open_the_sale_is_told_in_its_own_words(lanes: Any) -> None:
    recording = play_load(lanes(BROKEN), plan(buyers=3))
    assert not recording.finished
    assert recording.why.startswith("no worker could open the sale: open_sale raised ValueError: no lamp was delivered")


def test_a_worker_that_ends_by_itself_is_started_again_and_marked(lanes: Any) -> None:
    recording = play_load(lanes(LEAVES), plan(buyers=5, restarts_max=2, settle_s=1.0))
    ended = [mark for mark in recording.faults if mark.why == "by itself"]
    assert ended and "exited with status 3" in ended[0].words


def test_a_redis_that_was_killed_remembers_and_one_that_forgets_is_empty(lanes: Any) -> None:
    calm = plan(buyers=40, faults=(LoadFault(what="redis", answered=40),))
    remembered = play_load(lanes(REMEMBERS), calm)
    assert int(remembered.state["redis"]["seen"]["value"]) >= 40
    forgot = play_load(lanes(REMEMBERS), plan(buyers=40, faults=(LoadFault(what="redis", answered=40, forgets=True),)))
    assert "seen" not in forgot.state["redis"]
    assert forgot.calls["redis"] >= 40


def test_a_fault_whose_event_never_comes_is_told(lanes: Any) -> None:
    recording = play_load(lanes(SALE), plan(buyers=10, faults=(LoadFault(what="worker-1", call=90_000),)))
    assert recording.finished
    assert recording.missed == ("worker-1 killed at client call 90,000: that never came",)


def test_progress_is_told_while_it_runs(lanes: Any) -> None:
    heard: list[str] = []
    play_load(lanes(SALE), plan(buyers=40), lambda sample: heard.append(progress_line(sample, 40)))
    assert "40 of 40 answered, 20 paid, 20 sold out, 0 waiting" in heard[-1]


def test_whoever_listens_to_the_lane_hears_one_line_a_second(lanes: Any) -> None:
    lane, heard = lanes(SALE), []
    lane.say = heard.append
    play_load(lane, plan(buyers=40))
    lane.say = lambda line: None
    assert heard and len({line.partition(".")[0] for line in heard}) == len(heard)


@pytest.mark.parametrize(
    "wrong",
    [{"what": "redis", "call": 3}, {"what": "worker-1"}, {"what": "worker-1", "answered": 1, "call": 1}, {"what": "gateway", "answered": 1, "forgets": True}],
)
def test_a_fault_needs_one_count_that_fits_it(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError):
        LoadFault(**wrong)


def test_the_gateway_knows_again_what_it_wrote_down(tmp_path: Path) -> None:
    from shop.gateway import Books

    body = {"purchase_id": "p-1", "buyer": "Ada", "amount": 4900}
    first = Books(tmp_path / "gateway")
    (status, answer), _ = first.post("charge", "pay-1", body)
    with (tmp_path / "gateway").open("a") as torn:
        torn.write('{"what": "charge", "key": "pay-')
    second = Books(tmp_path / "gateway")
    assert second.post("charge", "pay-1", body)[0] == (status, answer)
    assert len(second.ledger()["charges"]) == 1
    first.close()
    second.close()
