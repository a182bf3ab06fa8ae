"""Transactions of the embedded broker: fencing, ends, timeouts, and what is finished after a kill."""

from __future__ import annotations

import pytest

from autograder.backends.kafka.codes import Code, Refused
from autograder.backends.kafka.journal import Journal
from autograder.backends.kafka.offsets import Committed, Offsets, Place
from autograder.backends.kafka.transactions import TIMEOUT_MS_MAX, Transactions

PLACE = ("purchases", 0)


class World:
    """Transactions whose markers and clock a test can see and set."""

    def __init__(self) -> None:
        self.now = 0.0
        self.marks: list[tuple[Place, int, int, bool]] = []
        self.offsets = Offsets(Journal(None))
        self.transactions = Transactions(
            Journal(None), self.offsets, lambda *mark: self.marks.append(mark), lambda: self.now, lambda: 0)


@pytest.fixture
def world() -> World:
    return World()


def code(refused: pytest.ExceptionInfo[Refused]) -> Code:
    return refused.value.code


def test_the_next_instance_keeps_the_producer_id_and_raises_the_epoch(world: World) -> None:
    first = world.transactions.open("relay", 1000)
    producer, epoch = first.producer, first.epoch
    second = world.transactions.open("relay", 1000)
    assert (second.producer, second.epoch) == (producer, epoch + 1)


def test_the_next_instance_aborts_what_the_older_one_left_open(world: World) -> None:
    first = world.transactions.open("relay", 1000)
    world.transactions.add(first, places=[PLACE])
    world.transactions.open("relay", 1000)
    assert world.marks == [(PLACE, first.producer, 1, False)]


def test_a_fenced_instance_can_neither_send_nor_end(world: World) -> None:
    zombie = world.transactions.open("relay", 1000)
    producer, epoch = zombie.producer, zombie.epoch
    world.transactions.open("relay", 1000)
    with pytest.raises(Refused) as refused:
        world.transactions.of("relay", producer, epoch)
    assert code(refused) == Code.PRODUCER_FENCED
    with pytest.raises(Refused) as refused:
        world.transactions.may_write("relay", producer, epoch, PLACE)
    assert code(refused) == Code.INVALID_PRODUCER_EPOCH


def test_a_claim_to_an_old_epoch_is_refused_and_to_the_current_one_is_not(world: World) -> None:
    known = world.transactions.open("relay", 1000)
    producer = known.producer
    assert world.transactions.open("relay", 1000, (producer, 0)).epoch == 1
    assert world.transactions.open("relay", 1000, (producer, 1)).epoch == 2
    with pytest.raises(Refused) as refused:
        world.transactions.open("relay", 1000, (producer, 0))
    assert code(refused) == Code.PRODUCER_FENCED


def test_a_claim_whose_answer_was_lost_is_answered_again_unless_a_new_instance_came_between(world: World) -> None:
    producer = world.transactions.open("relay", 1000).producer
    assert world.transactions.open("relay", 1000, (producer, 0)).epoch == 1
    assert world.transactions.open("relay", 1000, (producer, 0)).epoch == 1
    assert world.transactions.open("relay", 1000).epoch == 2
    with pytest.raises(Refused):
        world.transactions.open("relay", 1000, (producer, 1))


def test_whose_transaction_took_too_long_goes_on_with_the_next_epoch(world: World) -> None:
    known = world.transactions.open("relay", 1000)
    world.transactions.add(known, places=[PLACE])
    world.now = 1.0
    world.transactions.expire()
    assert world.transactions.open("relay", 1000, (known.producer, 0)).epoch == 1


def test_sending_needs_an_open_transaction_that_includes_the_partition(world: World) -> None:
    known = world.transactions.open("relay", 1000)
    with pytest.raises(Refused) as refused:
        world.transactions.may_write("relay", known.producer, known.epoch, PLACE)
    assert code(refused) == Code.INVALID_TXN_STATE
    world.transactions.add(known, places=[PLACE])
    world.transactions.may_write("relay", known.producer, known.epoch, PLACE)
    world.transactions.end(known, commit=True)
    with pytest.raises(Refused):
        world.transactions.may_write("relay", known.producer, known.epoch, PLACE)


def test_an_end_may_be_repeated_but_not_reversed(world: World) -> None:
    known = world.transactions.open("relay", 1000)
    world.transactions.add(known, places=[PLACE])
    world.transactions.end(known, commit=True)
    world.transactions.end(known, commit=True)
    assert len(world.marks) == 1
    with pytest.raises(Refused) as refused:
        world.transactions.end(known, commit=False)
    assert code(refused) == Code.INVALID_TXN_STATE


def test_the_end_moves_the_offsets_of_its_groups(world: World) -> None:
    known = world.transactions.open("relay", 1000)
    world.transactions.add(known, groups=["warehouse"])
    world.transactions.may_commit_for(known, "warehouse")
    world.offsets.pend("warehouse", known.producer, PLACE, Committed(5))
    world.transactions.end(known, commit=True)
    assert world.offsets.of("warehouse") == {PLACE: Committed(5)}
    with pytest.raises(Refused):
        world.transactions.may_commit_for(known, "warehouse")


def test_a_transaction_is_aborted_at_its_timeout_and_not_before(world: World) -> None:
    known = world.transactions.open("relay", 1000)
    world.transactions.add(known, places=[PLACE])
    assert world.transactions.next_deadline() == 1.0
    world.now = 0.999
    world.transactions.expire()
    assert known.state == "Ongoing"
    world.now = 1.0
    world.transactions.expire()
    assert (known.state, known.epoch, world.transactions.next_deadline()) == ("CompleteAbort", 1, None)


@pytest.mark.parametrize("timeout_ms", [0, -1, TIMEOUT_MS_MAX + 1])
def test_a_timeout_that_makes_no_sense_is_refused(world: World, timeout_ms: int) -> None:
    with pytest.raises(Refused) as refused:
        world.transactions.open("relay", timeout_ms)
    assert code(refused) == Code.INVALID_TRANSACTION_TIMEOUT
    world.transactions.open("relay", TIMEOUT_MS_MAX)


@pytest.mark.parametrize(("state", "commit"), [("PrepareCommit", True), ("PrepareAbort", False)])
def test_what_was_decided_before_a_kill_is_finished_after_it(world: World, state: str, commit: bool) -> None:
    before = world.transactions.open("relay", 1000)
    world.transactions.add(before, places=[PLACE])
    after = World()
    after.transactions.restore({**before.entry(), "state": state})
    after.transactions.finish_prepared()
    assert after.marks == [(PLACE, before.producer, before.epoch, commit)]
    assert after.transactions.new_producer() > before.producer


def test_what_was_open_before_a_kill_stays_open_after_it(world: World) -> None:
    before = world.transactions.open("relay", 1000)
    world.transactions.add(before, places=[PLACE])
    after = World()
    after.transactions.restore(before.entry())
    after.transactions.finish_prepared()
    assert after.marks == []
    after.transactions.end(after.transactions.of("relay", before.producer, before.epoch), commit=True)
    assert after.marks == [(PLACE, before.producer, before.epoch, True)]
