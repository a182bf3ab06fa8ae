"""Verdicts: points by rule, and a sentence for everything that is no verdict on the program."""

from __future__ import annotations

from dataclasses import replace

from autograder.explore.scenario import Played
from autograder.explore.sweep import Coverage, Swept
from autograder.grading.report import report_text
from autograder.grading.verdict import TaskVerdict, Verdict, findings, judge_task
from autograder.history import Call, History, Mark
from autograder.invariants import Violation
from autograder.labs import find
from tests.wrong.programs import golden

LAB = find("6")
RELAY = LAB.task("relay")
PUBLISHED = "nothing_committed_stays_unpublished"


def played(name: str, *rules: str) -> Played:
    call = Call(process="relay-1", backend="kafka", label="Produce purchases", request="p-a/1 → purchases", start=1)
    history = History(run=name, calls=(call,), marks=(Mark(kind="crash", process="relay-1", at=2, text="before it"),))
    return Played(name=name, history=history, violations=tuple(Violation(rule=rule, evidence="it is lost") for rule in rules))


def swept(scenario: str, *broken: Played, reached: int = 65, undisturbed: Played | None = None) -> Swept:
    return Swept(
        scenario=scenario,
        undisturbed=undisturbed or played(f"06.{scenario}.a1"),
        broken=broken,
        coverage=Coverage(calls=13, planned=65, reached=reached, faults=("kill-before", "park")),
        smallest=broken[0] if broken else None,
    )


ALL = tuple(swept(scenario.name) for scenario in RELAY.scenarios)


def test_a_task_whose_rules_all_hold_earns_all_its_points():
    verdict = judge_task(LAB, RELAY, ALL)
    assert (verdict.kind, verdict.points) == ("passed", RELAY.points_max)


def test_a_broken_rule_costs_its_own_points_and_no_others():
    run = played("06.relay.a1.kill-before.Produce-purchases.1", PUBLISHED)
    verdict = judge_task(LAB, RELAY, (swept("relay", run), *ALL[1:]))
    assert (verdict.kind, verdict.points) == ("broken", RELAY.points_max - RELAY.points[PUBLISHED])


def test_breaking_a_rule_without_a_fault_earns_nothing():
    run = played("06.relay.a1", PUBLISHED)
    verdict = judge_task(LAB, RELAY, (swept("relay", run, undisturbed=run), *ALL[1:]))
    assert verdict.points == 0


def test_a_sweep_that_reached_little_proves_nothing_and_earns_nothing():
    verdict = judge_task(LAB, RELAY, (swept("relay", reached=40), *ALL[1:]))
    assert (verdict.kind, verdict.points) == ("unknown", 0)
    assert judge_task(LAB, RELAY, (swept("relay", reached=64), *ALL[1:])).kind == "passed"


def few(*missing: str, planned: int = 8) -> Swept:
    """A small sweep that held its process before each call, and in which these calls did not come again."""
    coverage = Coverage(calls=planned, planned=planned, reached=planned - len(missing), faults=("pause",))
    unreached = tuple(f"06.late.a1l.pause.{call}" for call in missing)
    return Swept(scenario="late", undisturbed=played("06.late.a1l"), broken=(), coverage=coverage, unreached=unreached)


def test_a_call_or_two_that_a_kafka_client_makes_once_more_or_less_prove_nothing_against_a_program():
    calls = ("Produce-purchases.7", "Produce-purchases.8", "Produce-purchases.9")
    kinds = [judge_task(LAB, RELAY, (*ALL[1:], few(*calls[:count]))).kind for count in range(4)]
    assert kinds == ["passed", "passed", "passed", "unknown"]


def test_half_of_the_planned_points_must_be_reached_all_the_same():
    calls = ("Produce-purchases.2", "Produce-purchases.3")
    kinds = [judge_task(LAB, RELAY, (*ALL[1:], few(*calls, planned=planned))).kind for planned in (4, 3)]
    assert kinds == ["passed", "unknown"]


def test_a_call_that_the_program_itself_makes_has_to_come():
    assert judge_task(LAB, RELAY, (*ALL[1:], few("COMMIT.2"))).kind == "unknown"


def test_findings_say_which_rule_broke_under_which_fault_at_which_call():
    [found] = findings((swept("relay", played("06.relay.a1.park.COMMIT.2", PUBLISHED)),))
    assert (found.scenario, found.rule, found.fault, found.call) == ("relay", PUBLISHED, "park", "COMMIT")


def test_the_report_says_rule_run_replay_story_reason_and_coverage_in_this_order():
    run = played("06.relay.a1.kill-before.Produce-purchases.1", PUBLISHED)
    task = judge_task(LAB, RELAY, (swept("relay", run), *ALL[1:]))
    text = report_text(Verdict(lab=LAB.name, tasks=(task,)))
    places = [text.index(word) for word in ("✗ broken", "rule 2", "    run ", "    replay ", "    story ", "    so ", "    tried ")]
    assert places == sorted(places)
    assert f"./fortnight replay {run.name}" in text
    assert "65 of 65 crash points" in text
    assert LAB.not_shown in text


def test_a_grader_error_is_called_that_and_never_a_failure():
    task = TaskVerdict(task="relay", kind="error", points=0, points_max=35, said="Postgres died; check again.")
    text = report_text(Verdict(lab=LAB.name, tasks=(task,)))
    assert "grader error" in text and "Postgres died" in text and "broken" not in text


def test_stretch_points_are_kept_apart():
    tasks = tuple(
        TaskVerdict(task=task.name, kind="passed", points=task.points_max, points_max=task.points_max)
        for task in LAB.tasks
        if task.graded
    )
    assert "core 75 of 75, stretch 25 of 25" in report_text(Verdict(lab=LAB.name, tasks=tasks))


def test_the_points_of_the_lab_add_up_to_a_hundred():
    assert sum(task.points_max for task in LAB.tasks) == 100


def test_a_program_with_too_many_calls_is_unknown_and_says_so():
    verdict = judge_task(LAB, RELAY, (swept("relay", reached=40), *ALL[1:]))
    assert (verdict.kind, verdict.points) == ("unknown", 0)
    assert "25 of them are more than a check may take" in verdict.said


def told(notebook: str = "", *tasks: TaskVerdict) -> str:
    return report_text(Verdict(lab=LAB.name, tasks=tasks, notebook=notebook))


def test_the_replay_names_the_notebook_where_it_is_not_the_learners_own():
    broken = judge_task(LAB, RELAY, (swept("relay", played("06.relay.a1.kill-before.COMMIT.1", PUBLISHED)), *ALL[1:]))
    assert "./fortnight replay 06.relay.a1.kill-before.COMMIT.1\n" in told("", broken)
    assert "replay 06.relay.a1.kill-before.COMMIT.1 --notebook 'my {lab}.ipynb'\n" in told("my {lab}.ipynb", broken)


def test_the_graders_trouble_is_told_once():
    lost = [TaskVerdict(task=name, kind="error", points=0, points_max=25, said="Postgres is gone.") for name in ("place_order", "relay")]
    said = told("", *lost)
    assert said.count("Postgres is gone.") == 1 and said.count("grader error") == 2


def test_a_report_is_kept_without_the_protection_of_the_machine_that_wrote_it():
    verdict = Verdict(lab=LAB.name, tasks=(judge_task(LAB, RELAY, ALL),))
    protected = replace(verdict, protection="Your program ran in a process of its own.")
    assert golden(protected, "any") == golden(verdict, "any")
    assert golden(verdict, "any").count("\n\n") == report_text(verdict).count("\n\n") > 0
