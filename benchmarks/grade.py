"""How fast a class is graded: learners a minute, and what judges at work side by side bring.

    python benchmarks/grade.py [LEARNERS] [TASK ...]

Grades the reference as so many hand-ins (6 without a number), with one judge and with as many as `grade` takes by
default, and compares the gradebooks. Tasks limit what is judged. Nothing of yours is touched.
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))
LAB = "lab06_outbox"


def main() -> None:
    """Grade one class twice and print the figures."""
    learners = int(sys.argv[1]) if len(sys.argv) > 1 else 6
    tasks = sys.argv[2:] or None
    from autograder import backends
    from autograder.grading.classroom import JUDGES

    with tempfile.TemporaryDirectory(prefix="fortnight-bench-") as folder:
        os.environ["FORTNIGHT_STATE"] = str(Path(folder) / "state")
        try:
            with backends.connect():
                one, first = graded(Path(folder) / "serial", learners, tasks, judges=1)
                many, second = graded(Path(folder) / "parallel", learners, tasks, judges=JUDGES)
        finally:
            backends.stop()
    print(f"{learners} hand-ins of {LAB}, {', '.join(tasks) if tasks else 'all tasks'}, {os.cpu_count()} processors")
    print(f"  1 judge    {one:6.1f} s  {60 * learners / one:6.1f} learners a minute")
    print(f"  {JUDGES} judges   {many:6.1f} s  {60 * learners / many:6.1f} learners a minute  {one / many:.2f} times as fast")
    print(f"  gradebooks {'byte-identical' if first == second else 'DIFFERENT'}")


def graded(root: Path, learners: int, tasks: list[str] | None, *, judges: int) -> tuple[float, str]:
    """Seconds for a class, and its gradebook as text."""
    from autograder.grading.classroom import grade_class
    from autograder.grading.course import Course
    from autograder.grading.gradebook import exported, open_gradebook
    from autograder.labs import find

    lab, course = find(LAB), Course(root=root)
    shutil.copytree(ROOT / "labs", root / "labs")
    for number in range(learners):
        path = course.submission(f"learner-{number:03}", LAB)
        path.parent.mkdir(parents=True)
        shutil.copy(ROOT / "solutions" / LAB / f"{LAB}.ipynb", path)
        path.with_name("timestamp.txt").write_text("2025-11-03 10:00:00 UTC\n")
    with open_gradebook(course, lab):
        began = time.monotonic()
    with ThreadPoolExecutor(judges) as executor:
        grade_class(lab, course=course, executor=executor, tasks=tasks)
    took = time.monotonic() - began
    with open_gradebook(course, lab) as gradebook:
        return took, exported(gradebook, lab)


if __name__ == "__main__":
    main()
