"""A subject runs the learner's function in a fork of its own and says what came of it."""

from __future__ import annotations

import os
import select
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

import shop
from autograder.grading import warmth
from autograder.grading.subject import Running, Zygote
from tests.unit.subject_support import of_cells, one_cell, play

CLONE = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def zygote() -> Iterator[Zygote]:
    with Zygote() as zygote:
        yield zygote


def test_a_function_gets_the_shops_dataclasses_and_gives_them_back(zygote: Zygote) -> None:
    command = shop.PlaceOrder(purchase_id="p-1", buyer="Ada", item="lamp")
    result = play(zygote, "def f(at, command): return [at.postgres, command]", shop.Addresses(postgres="dsn"), command)
    assert (result.kind, result.value) == ("returned", ["dsn", command])


def test_what_a_program_prints_is_kept_apart_from_its_answer(zygote: Zygote) -> None:
    source = """
        import sys
        def f():
            print('{"kind": "returned", "value": "forged"}')
            print("to stderr", file=sys.stderr)
            return "true"
    """
    result = play(zygote, source)
    assert (result.kind, result.value) == ("returned", "true")
    assert "forged" in result.output and "to stderr" in result.output


def test_an_exception_names_the_learners_cell_and_line_and_no_line_of_ours(zygote: Zygote) -> None:
    source = """
        import json
        def f():
            return json.loads("{")
    """
    result = play(zygote, source)
    assert (result.kind, result.error.partition(":")[0]) == ("raised", "JSONDecodeError")
    assert 'File "lab06_outbox, cell 7", line 4, in f' in result.traceback
    assert 'return json.loads("{")' in result.traceback
    assert "autograder" not in result.traceback and "decoder.py" not in result.traceback


def test_a_cell_that_fails_is_named_and_the_other_cells_still_count(zygote: Zygote) -> None:
    zygote.load(of_cells("x = 1\ny = nowhere", "def f(): return x"))
    result = zygote.start("f", []).wait()
    assert (result.kind, result.value) == ("returned", 1)
    assert result.broken_cells == ("lab06_outbox, cell 7, line 2: NameError: name 'nowhere' is not defined",)


def test_a_cell_that_is_not_python_is_named_when_it_is_loaded(zygote: Zygote) -> None:
    broken = zygote.load(of_cells("def f(:\n", "def g(): return 2"))
    assert broken == ["lab06_outbox, cell 7, line 1: invalid syntax"]
    assert zygote.start("g", []).wait().value == 2


def test_a_function_that_no_cell_defines_is_said_so(zygote: Zygote) -> None:
    result = play(zygote, "def g(): pass")
    assert (result.kind, result.error) == ("no function", "no cell defines f()")


def test_an_async_function_is_awaited(zygote: Zygote) -> None:
    assert play(zygote, "import asyncio\nasync def f():\n    await asyncio.sleep(0)\n    return 7").value == 7


def test_top_level_await_works_as_in_a_notebook(zygote: Zygote) -> None:
    assert play(zygote, "import asyncio\nx = await asyncio.sleep(0, 5)\ndef f(): return x").value == 5


def test_dataclasses_type_hints_and_pickle_find_their_module(zygote: Zygote) -> None:
    source = """
        from __future__ import annotations
        import dataclasses, pickle, typing
        @dataclasses.dataclass
        class Line:
            item: str
        def f():
            typing.get_type_hints(Line)
            return [__name__, pickle.loads(pickle.dumps(Line("mug"))).item]
    """
    assert play(zygote, source).value == ["__main__", "mug"]


def test_the_notebooks_own_functions_do_nothing_in_a_subject(zygote: Zygote) -> None:
    source = "from autograder.notebook import check, setup\nat = setup('6')\ncheck(6).anything()\ndef f(): return 1"
    result = play(zygote, source)
    assert (result.value, result.broken_cells) == (1, ())


def test_nothing_is_kept_from_one_run_to_the_next(zygote: Zygote) -> None:
    source = """
        import os, shop
        seen = []
        def f():
            before = [len(seen), hasattr(shop, "kept"), os.listdir(".")]
            seen.append(1); shop.kept = True; open("kept", "w").close()
            return before
    """
    zygote.load(one_cell(source))
    assert [zygote.start("f", []).wait().value for _ in range(2)] == [[0, False, []]] * 2


def test_a_value_that_json_cannot_say_is_named(zygote: Zygote) -> None:
    result = play(zygote, "def f(): return {1, 2}")
    assert (result.kind, result.value, result.error) == ("returned", None, "it returned a set, which JSON cannot say")


def test_a_list_that_contains_itself_is_a_result(zygote: Zygote) -> None:
    result = play(zygote, "def f():\n    x = []\n    x.append(x)\n    return x")
    assert (result.kind, result.value) == ("returned", None)


def test_threads_and_subprocesses_of_a_program_work(zygote: Zygote) -> None:
    source = """
        import concurrent.futures, subprocess, sys
        def f():
            with concurrent.futures.ThreadPoolExecutor(20) as pool:
                total = sum(pool.map(lambda n: n, range(20)))
            done = subprocess.run([sys.executable, "-c", "print(6 * 7)"], capture_output=True, text=True)
            return [total, done.stdout.strip(), done.stderr]
    """
    assert play(zygote, source).value == [190, "42", ""]


def test_two_runs_of_one_program_go_on_side_by_side(zygote: Zygote) -> None:
    zygote.load(one_cell("import sys\ndef f(n):\n    return n"))
    first, second = zygote.start("f", [1]), zygote.start("f", [2])
    assert (second.wait().value, first.wait().value) == (2, 1)


def listening() -> socket.socket:
    server = socket.create_server(("127.0.0.1", 0))
    server.settimeout(10)
    return server


_WAITS = """
    import socket, os, subprocess, sys
    def f(port, with_child):
        link = socket.create_connection(("127.0.0.1", port))
        if with_child:
            child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        link.send(b"here")
        link.recv(1)
"""


def waiting(zygote: Zygote, server: socket.socket, *, with_child: bool = False) -> tuple[Running, socket.socket]:
    """A run that has sent "here" and waits for an answer."""
    zygote.load(one_cell(_WAITS))
    port = server.getsockname()[1]
    running = zygote.start("f", [port, with_child], ports=[port])
    link, _ = server.accept()
    assert link.recv(4) == b"here"
    return running, link


def test_a_killed_run_is_gone_with_all_it_started_when_kill_returns(zygote: Zygote) -> None:
    with listening() as server:
        running, link = waiting(zygote, server, with_child=True)
        before = set(os.listdir(f"/proc/{running.pid}/task")) if os.path.isdir("/proc/self") else {"1"}
        result = running.kill()
        with link:
            assert link.recv(1) == b"", "its connection is closed"
    assert before and result.kind == "killed"
    with pytest.raises(ProcessLookupError):
        os.kill(running.pid, 0)


def test_a_run_that_waits_for_an_answer_is_quiet_and_one_that_works_is_not(zygote: Zygote) -> None:
    with listening() as server:
        running, link = waiting(zygote, server)
        with link, running:
            assert any(running.quiet() for _ in range(200_000))
    zygote.load(one_cell("def f():\n    while True: pass"))
    with zygote.start("f", []) as busy:
        assert not any(busy.quiet() for _ in range(50))


def test_a_finished_run_stays_as_it_was_when_it_is_killed_later(zygote: Zygote) -> None:
    zygote.load(one_cell("def f(): return 1"))
    running = zygote.start("f", [])
    assert running.wait() == running.kill() == running.poll()


def test_one_descriptor_wakes_whoever_waits_for_a_run(zygote: Zygote) -> None:
    with listening() as server:
        running, link = waiting(zygote, server)
        with link:
            number = running.fileno()
            timer = threading.Thread(target=link.send, args=(b"!",))
            timer.start()
            assert running.wait().kind == "returned"
            timer.join()
    assert number > 2


def test_a_run_that_hangs_ends_at_its_limit(zygote: Zygote) -> None:
    source = "import signal\ndef f():\n    signal.pthread_sigmask(signal.SIG_BLOCK, range(1, 65))\n    while True: pass"
    result = play(zygote, source, limit_s=0.3)
    assert (result.kind, result.error) == ("hung", "it was still running after 0.3 seconds")


def test_clients_of_every_backend_reach_their_door_and_no_more(zygote: Zygote) -> None:
    source = """
        import psycopg, redis, asyncio
        from kafka import KafkaProducer
        def f(port):
            said = []
            for connect in (
                lambda: psycopg.connect(f"host=127.0.0.1 port={port} user=shop sslmode=disable connect_timeout=5"),
                lambda: redis.Redis(port=port, retry=None).ping(),
            ):
                try:
                    connect()
                except Exception as error:
                    said.append(type(error).__name__)
            return said
    """
    with listening() as server:
        threading.Thread(target=lambda: [server.accept()[0].close() for _ in range(2)], daemon=True).start()
        port = server.getsockname()[1]
        result = play(zygote, source, port, ports=(port,))
    assert result.value == ["OperationalError", "ConnectionError"]
    assert result.broken_cells == ()


def test_a_zygote_has_one_thread_and_no_connections_and_no_secrets(
    zygote: Zygote, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FORTNIGHT_SECRET", "tell nobody")
    source = """
        import os, threading
        def f():
            return [threading.active_count(), "FORTNIGHT_SECRET" in os.environ, sorted(os.environ)]
    """
    with Zygote() as fresh:
        threads, secret, names = play(fresh, source).value
    assert (threads, secret) == (1, False)
    assert not {"PGPASSWORD", "USER", "SSH_AUTH_SOCK"} & set(names)


def test_the_code_for_kafkas_messages_is_there_before_the_first_use(zygote: Zygote) -> None:
    source = """
        from kafka.protocol.consumer import FetchResponse, JoinGroupRequest
        from kafka.protocol.producer import ProduceRequest
        def f():
            return [bool(kind._struct._compiled_encoders) for kind in (ProduceRequest, JoinGroupRequest, FetchResponse)]
    """
    assert play(zygote, source).value == [True, True, True]


_JUDGE = """
import os, signal, sys
from autograder.grading.subject import Zygote
from tests.unit.subject_support import one_cell
zygote = Zygote(preload=())
zygote.load(one_cell("def f():\\n    while True: pass"))
print(zygote.start("f", []).pid, flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.mark.skipif(not hasattr(os, "pidfd_open"), reason="only Linux can wait for a process that is not its child")
def test_a_judge_that_is_killed_leaves_no_subject_running() -> None:
    judge = subprocess.run([sys.executable, "-c", _JUDGE], cwd=CLONE, stdout=subprocess.PIPE, text=True, check=False)
    try:
        subject = os.pidfd_open(int(judge.stdout))
    except ProcessLookupError:
        return
    try:
        assert select.select([subject], [], [], 20)[0], "the subject still runs"
    finally:
        os.close(subject)


def test_many_runs_leave_no_descriptor_open(zygote: Zygote) -> None:
    zygote.load(one_cell("def f(): return 1"))
    before = os.listdir("/dev/fd")
    for _ in range(20):
        zygote.start("f", []).kill()
    assert len(os.listdir("/dev/fd")) == len(before)


def test_a_program_pays_for_the_clients_that_it_names_and_for_no_others():
    assert warmth.wanted_by(["import redis.asyncio", "x = 'psycopg_pool'"], warmth.CLIENTS) == [
        "psycopg_pool", "redis", "redis.asyncio",
    ]  # fmt: skip
    assert not set(warmth.without_big(warmth.CLIENTS)) & {"psycopg", "kafka", "redis", "urllib.request"}


def test_a_client_that_the_program_names_is_there_before_its_first_line():
    source = "import sys\nfound = [name for name in ('kafka', 'red' + 'is') if name in sys.modules]\nimport kafka\ndef f():\n    return found"
    with Zygote() as zygote:
        assert play(zygote, source).value == ["kafka"]


@pytest.mark.parametrize("client", ["_psycopg", "_redis", "_kafka", "_asyncio"])
def test_a_client_can_be_warmed_as_it_is_pinned(client):
    """In the zygote a client that cannot be warmed is only slow, so nobody would notice."""
    words = [sys.executable, "-c", f"from autograder.grading import warmth; warmth.{client}()"]
    assert subprocess.run(words, cwd=CLONE, capture_output=True, text=True).stderr == ""
