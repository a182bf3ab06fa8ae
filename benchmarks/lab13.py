"""What a check of lab 13 costs, and whether every learner's scenarios can be decided by arithmetic. It never passes or fails.

python benchmarks/lab13.py [REPETITIONS]         seconds of whole checks, until first counterexamples, and of the models
python benchmarks/lab13.py --scenarios [COUNT]   scenarios of so many names: how many options are right, how far is arithmetic off?
"""

from __future__ import annotations

import os
import sys
import time
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from autograder.grading.judge import judge  # noqa: E402
from autograder.invariants.tradeoffs import FLOOR, TOLERANCE  # noqa: E402
from autograder.labs import find  # noqa: E402
from autograder.labs.codes import code_of  # noqa: E402
from autograder.labs.lab13_scenarios import DECISIONS, Scenario, measured, scenario_of  # noqa: E402
from autograder.labs.lab13_scenarios import LAB as SALT  # noqa: E402
from shop.decisions import calls, reads, shape  # noqa: E402
from tests.wrong.programs import HERE, program, programs  # noqa: E402

LAB = find("13")
RIGHT, WRONG = HERE.parent / "right" / LAB.name, HERE / LAB.name
TASKS = {mistake.name: mistake.task for mistake in LAB.mistakes}
CORE = [task.name for task in LAB.tasks if task.graded and not task.stretch]


def load() -> str:
    """How busy the machine is: the figures mean little without it."""
    return f"load {os.getloadavg()[0]:.1f}"


def cpu_s() -> float:
    """Processor seconds of this process and of those that it has waited for."""
    return sum(os.times()[:4])


def whole_checks(repetitions: int) -> None:
    """Wall and processor seconds of a whole check of every right set of records, core and with stretch."""
    for path in programs(RIGHT):
        for what, tasks in (("core", CORE), ("core and stretch", None)):
            for _ in range(repetitions):
                measured.cache_clear()
                begin, worked = time.perf_counter(), cpu_s()
                verdict = judge(LAB.name, program(path), backends=None, tasks=tasks, lanes=2)
                took, work = time.perf_counter() - begin, cpu_s() - worked
                points = f"{verdict.points} of {verdict.points_max}"
                print(f"  {path.stem:28} {what:17} {took:5.1f} s, {work:5.1f} s of processors, {points}   {load()}")


def wrong_sheets() -> None:
    """Seconds until each wrong record has its verdict."""
    for path in programs(WRONG):
        begin = time.perf_counter()
        [task] = judge(LAB.name, program(path), backends=None, tasks=[TASKS[path.stem]], lanes=2).tasks
        named = task.mistake.name if task.mistake else "no name"
        print(f"  {path.stem:30} {task.kind:7} {time.perf_counter() - begin:5.1f} s   {named}   {load()}")


def models() -> None:
    """Simulated seconds in each real one."""
    code = code_of("Ada Lovelace", SALT)
    for name, decision in DECISIONS.items():
        scenario, begin = scenario_of(code, name), time.process_time()
        for option in decision.options:
            decision.play(option, scenario.tomorrow)
        took = (time.process_time() - begin) / len(decision.options)
        print(f"  {name:6} {_simulated_s(scenario):12,.0f} s in {took:5.2f} s of a processor: {_simulated_s(scenario) / took:14,.0f} times as fast")


def _simulated_s(scenario: Scenario) -> float:
    of = scenario.tomorrow
    return {
        "shape": lambda: shape.DAYS * 86_400.0,
        "talk": lambda: of.window_s,
        "reads": lambda: reads.READS / of.rate_per_s,
        "calls": lambda: calls.ORDERS / 100,  # at 100 orders a second
    }[scenario.decision.name]()


def scenarios(count: int) -> None:
    """The scenarios of so many names."""
    for name, decision in DECISIONS.items():
        sizes: Counter[int] = Counter()
        right: Counter[str] = Counter()
        disagree, far, worst = 0, 0, 0.0
        for number in range(count):
            scenario = scenario_of(code_of(f"learner {number}", SALT), name)
            sizes[len(scenario.right)] += 1
            right.update(scenario.right)
            for option in decision.options:
                found = measured(scenario.code, name, option)
                disagree += all(bound.holds(found[bound.number]) for bound in scenario.slo) is not (option in scenario.right)
                if option in scenario.right:
                    off = [_off(value, found[key]) for key, value in decision.expected(option, scenario.tomorrow).items()]
                    worst, far = max(worst, *off), far + sum(one > 1 for one in off)
        print(f"  {name:6} options that are right: {dict(sorted(sizes.items()))}, {dict(right)}")
        print(f"         {disagree} options decided otherwise; {far} numbers out of tolerance, the farthest used {worst:.0%} of it")


def _off(expected: float, found: float) -> float:
    """How much of its tolerance a number uses."""
    return abs(expected - found) / max(TOLERANCE * abs(found), FLOOR)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--scenarios"]:
        scenarios(int(sys.argv[2]) if len(sys.argv) > 2 else 200)
    else:
        whole_checks(int(sys.argv[1]) if len(sys.argv) > 1 else 1)
        wrong_sheets()
        models()
