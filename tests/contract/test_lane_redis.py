"""A lane's Redis, in the world under test: nothing reaches another lane or outlives a run, and its commands are points of the run."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, suppress
from dataclasses import replace
from pathlib import Path

import pytest
import redis

from autograder.backends import Backends
from autograder.backends.worlds import open_world
from autograder.explore.lane import Lane
from autograder.explore.names import RunName
from autograder.explore.scenario import CRASH_FAULTS, Played, Scenario, named, strikes
from autograder.explore.schedules import ScheduleScenario
from autograder.explore.search import Walk, preemptions
from autograder.explore.stage import Job, Stage
from autograder.grading.lanes import LaneSpec, open_lane
from autograder.grading.program import Cell, Program
from autograder.history import History
from autograder.invariants import State, Stored, Violation
from autograder.labs import Lab, add
from tests.contract.under_test import WORLD

PROGRAM = '''
import psycopg
import redis


def shop(at):
    return redis.Redis.from_url(at.redis, decode_responses=True, retry=None)


def command(at, *words):
    return shop(at).execute_command(*words)


def look(at):
    """Cache aside, as most write it: quantity stands for the price."""
    cache = shop(at)
    seen = cache.get("price")
    if seen is None:
        with psycopg.connect(at.postgres) as connection:
            (seen,) = connection.execute("select quantity from purchase where id = 'lamp'").fetchone()
        cache.set("price", seen, ex=60)
    return int(seen)


def change(at, price):
    with psycopg.connect(at.postgres) as connection:
        connection.execute("update purchase set quantity = %s where id = 'lamp'", [price])
    shop(at).delete("price")


def get_then_decr(at):
    cache = shop(at)
    if int(cache.get("left")) > 0:
        cache.decr("left")
        cache.rpush("sold", "lamp")


def watch_then_decr(at):
    cache = shop(at)
    with cache.pipeline() as pipe:
        while True:
            try:
                pipe.watch("left")
                if int(pipe.get("left")) == 0:
                    return
                pipe.multi()
                pipe.decr("left")
                pipe.rpush("sold", "lamp")
                pipe.execute()
                return
            except redis.WatchError:
                continue


TAKE = """
    if tonumber(redis.call('get', 'left')) == 0 then return 0 end
    redis.call('decr', 'left')
    return redis.call('rpush', 'sold', 'lamp')
"""


def script_decr(at):
    shop(at).register_script(TAKE)()


def waits_for_its_turn(at):
    """A lock that is asked for again and again."""
    cache = shop(at)
    while not cache.set("lock", "me", nx=True):
        pass
    get_then_decr(at)
    cache.delete("lock")


def remembers_in_a_module(at):
    """It takes what is not there when its process has answered before."""
    import json
    json.answered = getattr(json, "answered", 0) + 1
    if script_decr(at) is None and json.answered > 2:
        shop(at).rpush("sold", "lamp")
'''
LAB = Lab(number=98, name="redis_lane", title="", day="", rules=(), tasks=(), redis=True)
add(LAB)


@pytest.fixture(scope="module")
def backends(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Backends]:
    """The world under test."""
    with open_world(WORLD, tmp_path_factory.mktemp("world")) as world:
        yield world.addresses()[0]


@pytest.fixture(scope="module")
def lanes(backends: Backends) -> Iterator[tuple[Lane, Lane]]:
    """Two lanes of one lab that needs Redis."""
    program = Program(title="redis", cells=(Cell(id="all", role="solution", source=PROGRAM, name="redis", task="all"),))
    with ExitStack() as cleanup:
        spec = LaneSpec(backends=backends, lab=LAB.name, program=program)
        yield open_lane(spec, cleanup), open_lane(spec, cleanup)


@pytest.fixture
def lane(lanes: tuple[Lane, Lane]) -> Lane:
    """The first of them, as at the beginning of a run."""
    lanes[0].reset()
    return lanes[0]


def told(lane: Lane, function: str, *arguments: object) -> str:
    """What became of one call: its value, or what it raised."""
    stage = Stage(lane, RunName(lab="98", scenario="one", input=("a1",)), target="shop-1")
    result = stage.once("shop-1", function, *arguments)
    return str(result.value) if result.kind == "returned" else result.error or result.kind


def test_a_lab_that_does_not_need_it_has_none(backends: Backends) -> None:
    add(Lab(number=97, name="no_redis", title="", day="", rules=(), tasks=()))
    with ExitStack() as cleanup:
        lane = open_lane(LaneSpec(backends=backends, lab="no_redis", program=Program(title="", cells=())), cleanup)
        stage = Stage(lane, RunName(lab="97", scenario="one", input=("a1",)), target="")
        assert lane.redis is None and stage.snapshot("now", ()).redis == {}


def test_flushing_everything_reaches_no_other_lane(lanes: tuple[Lane, Lane]) -> None:
    one, other = lanes
    one.reset(), other.reset()
    other.redis.ask("SET", "theirs", "1")
    assert told(one, "command", "FLUSHALL") == "True"
    assert told(one, "command", "EVAL", "redis.call('select', 3) return redis.call('flushall')", 0)
    assert other.redis.ask("GET", "theirs") == "1"


@pytest.mark.parametrize(
    "words",
    [("CONFIG", "SET", "maxmemory", "1"), ("SELECT", "1"), ("ACL", "SETUSER", "default", "off"), ("SHUTDOWN", "NOSAVE"),
     ("CLIENT", "PAUSE", "100000"), ("REPLICAOF", "127.0.0.1", "1"), ("BLPOP", "queue", "0"), ("SUBSCRIBE", "news"),
     ("XREAD", "BLOCK", "0", "STREAMS", "s", "$"), ("DEBUG", "SLEEP", "100")],
    ids=lambda words: words[0],
)  # fmt: skip
def test_what_would_outlive_the_run_or_wait_inside_redis_is_refused_in_one_sentence(lane: Lane, words: tuple[str, ...]) -> None:
    said = told(lane, "command", *words)
    assert "NoPermissionError" in said or "No permission" in said or words[0] in said
    lane.reset()
    assert told(lane, "command", "SET", "a", "1") == "True"


def test_an_endless_script_ends_with_its_run_and_the_next_begins_with_nothing(lane: Lane) -> None:
    stage = Stage(lane, RunName(lab="98", scenario="one", input=("a1",)), target="shop-1")
    actor = stage.start(Job("shop-1", "command", ("EVAL", "while true do end", 0)))
    stage.conductor.run(actor, until=lambda: bool(actor.in_flight))
    lane.tap.unwatch(actor.running)
    actor.running.kill()
    lane.reset()
    assert told(lane, "command", "SET", "a", "1") == "True"


def test_a_redis_that_has_died_is_there_again_for_the_next_run(lane: Lane) -> None:
    address = lane.redis.url
    with suppress(redis.RedisError):
        lane.redis.ask("SHUTDOWN", "NOSAVE")
    lane.reset()
    assert lane.redis.contents() == {} and lane.redis.url == address


def test_a_state_holds_what_redis_holds_and_for_how_long(lane: Lane) -> None:
    for words in (("SET", "a", "1", "EX", "60"), ("HSET", "h", "x", "1"), ("RPUSH", "l", "1", "2"), ("ZADD", "z", "2", "m")):
        assert told(lane, "command", *words)
    kept = Stage(lane, RunName(lab="98", scenario="one", input=("a1",)), "").snapshot("in the end", ()).redis
    assert {key: one.kind for key, one in kept.items()} == {"a": "string", "h": "hash", "l": "list", "z": "zset"}
    assert kept["l"] == Stored(kind="list", value=["1", "2"]) and kept["h"].value == {"x": "1"}
    assert 50_000 < (kept["a"].ttl_ms or 0) <= 60_000


def test_time_passes_without_waiting(lane: Lane) -> None:
    lane.redis.ask("SET", "short", "1", "PX", 900)
    lane.redis.ask("SET", "long", "1", "EX", 60)
    lane.redis.ask("SET", "for-ever", "1")
    lane.redis.pass_time(1000)
    kept = lane.redis.contents()
    assert set(kept) == {"long", "for-ever"} and 55_000 < (kept["long"].ttl_ms or 0) <= 59_000


# ---- crash points


def stays_as_it_was(history: History, state: State) -> Violation | None:
    """What is cached is what is stored."""
    cached = state.redis.get("price")
    price = state.rows("purchase")[0]["quantity"]
    if cached is not None and int(cached.value) != price:
        return Violation(rule=stays_as_it_was.__name__, evidence=f"the cache says {cached.value}, the table {price}")
    return None


def changing(stage: Stage) -> None:
    stage.seed("insert into purchase values ('lamp', 'Ada', 'lamp', 90)")
    stage.once("shop-1", "look")
    if stage.once("shop-2", "change", 80).kind == "killed":
        stage.note("shop-2", "nobody asks again")
    stage.snapshot("in the end", ("purchase",))


CHANGE = Scenario(
    name="change", title="A price changes", play=changing, input=("a1",), target="shop-2", faults=CRASH_FAULTS,
    rules=(stays_as_it_was,),
)  # fmt: skip


def test_commands_of_redis_are_crash_points_among_the_statements(lane: Lane) -> None:
    undisturbed = CHANGE.play_on(lane, named(CHANGE, "98"))
    assert undisturbed.violations == ()
    points = strikes(CHANGE, undisturbed.history)
    assert {(strike.label, strike.fault) for strike in points} >= {("DEL", "kill-before"), ("COMMIT", "kill-after")}
    broken = {
        str(strike.label): CHANGE.play_on(lane, named(CHANGE, "98", strike)).violations
        for strike in points
        if strike.fault == "kill-before"
    }
    assert broken["DEL"] and not broken["update-purchase"]


# ---- schedules


def never_below_nothing(history: History, state: State) -> Violation | None:
    """Two are not sold where there was one."""
    sold = state.redis["sold"].value if "sold" in state.redis else []
    return Violation(rule=never_below_nothing.__name__, evidence=f"sold {len(sold)}") if len(sold) != 1 else None


def meeting(*jobs: Job, alike: bool) -> ScheduleScenario:
    def prepare(stage: Stage) -> None:
        stage.seed("insert into purchase values ('lamp', 'Ada', 'lamp', 90)")
        stage.lane.redis.ask("SET", "left", 1)

    rule = never_below_nothing if alike else stays_as_it_was
    return ScheduleScenario(
        name="meet", title="They meet", input=("a1",), prepare=prepare, calls=lambda stage: jobs, alike=alike,
        finish=lambda stage: stage.snapshot("in the end", ("purchase",)), rules=(rule,),
    )  # fmt: skip


def every(lane: Lane, scenario: ScheduleScenario) -> list[tuple[Played, Walk]]:
    return list(scenario.every(lane, RunName(lab="98", scenario="meet", input=("a1",))))


def test_a_stale_set_is_found_and_reads_and_different_backends_commute(lane: Lane) -> None:
    walked = every(lane, meeting(Job("reader", "look"), Job("writer", "change", (80,)), alike=False))
    stale = [played for played, _ in walked if played.violations]
    # Reader: GET, select, COMMIT, SET; writer: update, COMMIT, DEL. Of their 35 orders few differ.
    assert stale and len(walked) < 20
    assert {played.violations[0].evidence for played in stale} == {"the cache says 90, the table 80"}


def test_get_then_decr_sells_twice_in_some_schedule(lane: Lane) -> None:
    walked = every(lane, meeting(Job("a", "get_then_decr"), Job("b", "get_then_decr"), alike=True))
    assert any(played.violations for played, _ in walked) and not walked[0][0].violations


@pytest.mark.parametrize("function", ["watch_then_decr", "script_decr", "waits_for_its_turn"])
def test_what_is_atomic_is_safe_in_every_schedule(lane: Lane, function: str) -> None:
    walked = every(lane, meeting(Job("a", function), Job("b", function), alike=True))
    assert 1 < len(walked) < 80
    assert [played.violations or played.failures for played, _ in walked if played.violations or played.failures] == []


def test_three_calls_meet_within_one_preemption(lane: Lane) -> None:
    def three(function: str) -> list[tuple[Played, Walk]]:
        jobs = [Job(process, function) for process in ("a", "b", "c")]
        return every(lane, replace(meeting(*jobs, alike=True), preemptions_max=1))

    safe, unsafe = three("script_decr"), three("get_then_decr")
    for played, walk in (*safe, *unsafe):
        assert {call.process for call in played.history.calls} == {"a", "b", "c"} and preemptions(walk) <= 1
    assert not any(played.violations for played, _ in safe)
    assert {played.violations[0].evidence for played, _ in unsafe if played.violations} >= {"sold 2"}
    assert len({walk.schedule for _, walk in unsafe}) == len(unsafe) > 3


def test_one_of_two_is_killed_after_each_of_its_effects_and_asked_again(lane: Lane) -> None:
    scenario = replace(meeting(Job("a", "get_then_decr"), Job("b", "get_then_decr"), alike=True), kills=True)
    scenario = replace(scenario, finish=_ask_again)
    walked = [played for played, _ in every(lane, scenario)]
    names = [RunName.parse(played.name) for played in walked]
    assert len(set(names)) == len(walked) > 2 and all(name.kills for name in names)
    for played in walked:
        assert [mark.kind for mark in played.history.marks].count("crash") == 1
        assert "restart" in [mark.kind for mark in played.history.marks]
    # Killed between DECR and RPUSH: the lamp is gone, and nobody has it.
    lost = next(played for played in walked if played.violations)
    again = scenario.play_on(lane, RunName.parse(lost.name))
    assert (again.history, again.violations) == (lost.history, lost.violations)


def _ask_again(stage: Stage) -> None:
    for job, result in list(stage.results):
        if result.kind == "killed":
            stage.until_done(job.process, job.function)
    stage.snapshot("in the end", ("purchase",))


def test_processes_that_stay_leave_nothing_for_the_next_schedule(lane: Lane) -> None:
    begun: list[int] = []
    start = lane.subjects.start

    def counted(*arguments: object, **named: object) -> object:
        running = start(*arguments, **named)
        begun.append(running.pid)
        return running

    lane.subjects.start = counted
    try:
        walked = every(lane, meeting(Job("a", "script_decr"), Job("b", "script_decr"), alike=True))
    finally:
        del lane.subjects.start
    assert len(begun) >= 2 * len(walked) and len(set(begun)) == 2


def test_what_breaks_only_in_a_process_that_answered_before_is_no_counterexample(lane: Lane) -> None:
    scenario = meeting(Job("a", "remembers_in_a_module"), Job("b", "remembers_in_a_module"), alike=True)
    assert any(played.violations for played, _ in every(lane, scenario))
    judged = scenario.play_on(lane, RunName(lab="98", scenario="meet", input=("a1",), schedule="all"))
    assert judged.violations == () and judged.schedules > 1


def test_a_container_of_its_own_is_started_from_the_worlds_image(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from autograder.grading import lane_redis

    asked: list[tuple[str, ...]] = []

    def docker(*words: str) -> str:
        asked.append(words)
        if words[0] == "ps":
            return "redis:8.2.1" if "publish=6400" in words else ""
        return "127.0.0.1:49153" if words[0] == "port" else "0123abc"

    monkeypatch.setattr(lane_redis, "_docker", docker)
    backends = Backends(postgres="", redis="redis://127.0.0.1:6400/0", kafka="", world="containers")
    with ExitStack() as cleanup:
        lane_redis.begin_redis(backends, cleanup)
        (run,) = [words for words in asked if words[0] == "run"]
        assert "redis:8.2.1" in run and "127.0.0.1::6379" in run and "--rm" in run
    assert asked[-1] == ("rm", "--force", "--volumes", "0123abc")
