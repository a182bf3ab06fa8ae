"""A process is known by its number and its start."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys

import pytest

from autograder.backends.processes import Identity, command_line, end, free_port, identify, is_running, keep_port, wait_until

STUBBORN = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('deaf', flush=True); signal.pause()"


def child(program: str = "input()") -> subprocess.Popen[str]:
    return subprocess.Popen([sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def test_we_run_and_our_start_is_part_of_who_we_are() -> None:
    us = identify(os.getpid())
    assert us is not None and is_running(us)
    assert not is_running(Identity(pid=us.pid, started="some other time"))


def test_a_zombie_does_not_run() -> None:
    with child() as process:
        found = identify(process.pid)
        assert found is not None
        process.kill()
        assert wait_until(lambda: not is_running(found), 5)
        assert identify(process.pid) is None


def test_end_insists() -> None:
    with child(STUBBORN) as process:
        assert process.stdout is not None and process.stdout.readline() == "deaf\n"
        found = identify(process.pid)
        assert found is not None
        end(found, first=signal.SIGTERM, grace_s=0.05)
        assert process.wait(5) == -signal.SIGKILL


def test_end_spares_a_stranger_with_the_same_number() -> None:
    with child() as process:
        end(Identity(pid=process.pid, started="long ago"))
        assert process.poll() is None
        process.kill()


def test_a_command_line_is_words() -> None:
    assert "-c" in command_line_of_child()


def command_line_of_child() -> list[str]:
    with child(STUBBORN) as process:
        assert process.stdout is not None
        process.stdout.readline()
        words = command_line(process.pid)
        process.kill()
    return words


def test_the_preferred_port_is_kept_when_it_is_free() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert free_port(port) != port
    assert free_port(port) == port


def test_waiting_has_a_deadline() -> None:
    assert wait_until(lambda: True, 0.0)
    assert not wait_until(lambda: False, 0.01)


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere a kept port would keep its own server out too")
def test_a_kept_port_refuses_callers_and_lets_its_own_server_come_and_go():
    port = free_port()
    with keep_port(port):
        for _ in range(2):
            with pytest.raises(ConnectionRefusedError):
                socket.create_connection(("127.0.0.1", port))
            assert free_port(port) == port
            with socket.socket() as server:
                server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                server.bind(("127.0.0.1", port))
                server.listen()
                socket.create_connection(("127.0.0.1", port)).close()
        with socket.socket() as other, pytest.raises(OSError, match="in use"):
            other.bind(("127.0.0.1", port))
