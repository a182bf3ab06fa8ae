"""The Kafka broker as a process of ours; what it does is under test with the broker itself."""

from __future__ import annotations

import os
import signal
import socket
from pathlib import Path

import pytest

from autograder.backends import BackendError
from autograder.backends.broker import Broker, PrivateBroker


def listens(address: str) -> bool:
    host, port = address.split(":")
    try:
        socket.create_connection((host, int(port)), 5).close()
    except ConnectionRefusedError:
        return False
    return True


def test_private_brokers_share_nothing_and_end_with_their_block() -> None:
    with PrivateBroker() as one, PrivateBroker() as other:
        assert one.bootstrap != other.bootstrap
        assert listens(one.bootstrap) and listens(other.bootstrap)
        address = one.bootstrap
    assert not one.is_running() and not listens(address)


def test_a_durable_one_comes_back_where_it_was_after_a_kill(tmp_path: Path) -> None:
    with Broker(tmp_path) as broker:
        before = broker.address
        broker.kill()
        broker.start()
        assert broker.address == before and listens(before)


def test_an_operation_that_it_does_not_know_is_refused_in_words(broker: PrivateBroker) -> None:
    with pytest.raises(BackendError, match="The Kafka broker refuses 'fly': "):
        broker.op("fly")


def test_a_broker_that_died_says_so() -> None:
    with PrivateBroker() as broker:
        identity = broker._broker.identity  # noqa: SLF001
        assert identity is not None
        os.kill(identity.pid, signal.SIGKILL)
        broker._broker._server.process.wait()  # noqa: SLF001
        with pytest.raises(BackendError, match=r"did not answer 'log': it has ended \(signal SIGKILL\)"):
            broker.op("log", topic="purchases")


def test_the_reason_of_a_failed_start_is_quoted(tmp_path: Path) -> None:
    with pytest.raises(BackendError, match="does not start: .*no_such_broker.*The whole story is in"):
        Broker(tmp_path, program=("-m", "no_such_broker")).start()


def test_it_has_no_address_before_it_is_started(tmp_path: Path) -> None:
    with pytest.raises(BackendError, match="call start\\(\\) first"):
        assert Broker(tmp_path).address
