"""nbgrader's configuration: its own commands work on this course, from a fresh clone on.

nbgrader keeps all it makes under .nbgrader/. Releases go to .nbgrader/release and never to labs/: on a fresh clone
nbgrader would skip labs that exist, and with --force it deletes the folder first, a learner's work included.
"""

import os
import sys

_root = os.path.dirname(os.path.abspath(__file__))
_work = ".nbgrader"  # Joined with "/" below, because nbgrader puts these values into regular expressions.

# nbgrader makes neither the folder of its gradebook (nor of its exchange), nor does it find `alembic` when it is called
# by its full path.
os.makedirs(os.path.join(_root, _work, "exchange"), exist_ok=True)
_commands = os.path.dirname(sys.executable)
if os.environ.get("PATH", "").split(os.pathsep)[0] != _commands:
    os.environ["PATH"] = _commands + os.pathsep + os.environ.get("PATH", "")

c = get_config()  # noqa: F821  (given by nbgrader)

# -- Layout ------------------------------------------------------------------------------------------------------
c.CourseDirectory.root = _root
c.CourseDirectory.course_id = "fortnight"
c.CourseDirectory.source_directory = "solutions"
c.CourseDirectory.release_directory = f"{_work}/release"
c.CourseDirectory.submitted_directory = f"{_work}/submitted"
c.CourseDirectory.autograded_directory = f"{_work}/autograded"
c.CourseDirectory.feedback_directory = f"{_work}/feedback"
c.CourseDirectory.solution_directory = f"{_work}/solution"
c.CourseDirectory.source_with_tests_directory = f"{_work}/source_with_tests"
c.CourseDirectory.db_url = "sqlite:///" + os.path.join(_root, _work, "gradebook.db")
c.CourseDirectory.ignore = [".ipynb_checkpoints", "*.pyc", "__pycache__", ".pytest_cache", "feedback", "*.md"]
c.Exchange.root = os.path.join(_root, _work, "exchange")
c.Exchange.cache = os.path.join(_root, _work, "cache")

# -- Hardening ---------------------------------------------------------------------------------------------------
# A deleted check cell comes back, and no tag that a learner sets makes a cell be skipped.
c.OverwriteCells.add_missing_cells = True
c.Execute.skip_cells_with_tag = "no-such-tag"
# `nbgrader validate` plays a whole task in one cell; the judge has its own limit for each run.
c.Execute.timeout = 600
c.Execute.extra_arguments = ["--HistoryManager.hist_file=:memory:", "--log-level=40"]

# -- Grading -----------------------------------------------------------------------------------------------------
# The preprocessors of `nbgrader autograde` that run and score a notebook are replaced here by the judge.
if _root not in sys.path:
    sys.path.insert(0, _root)
c.Autograde.exporter_class = "autograder.grading.autograde.HandInExporter"
c.Autograde.sanitize_preprocessors = ["autograder.grading.autograde.Judge"]
c.Autograde.autograde_preprocessors = [
    "nbgrader.preprocessors.AssignLatePenalties",
    "nbgrader.preprocessors.CheckCellMetadata",
]
c.Autograde.pre_convert_hook = "autograder.grading.autograde.set_aside_what_is_no_file"
c.GenerateFeedback.exporter_class = "autograder.grading.autograde.FeedbackExporter"

# nbgrader reads the course's path as a pattern, so in such a folder it finds no hand-in; ./fortnight grade does.
if any(mark in _root for mark in "[]*?"):
    print(f"nbgrader finds nothing in {_root}: give the folder a name without [ ] * ?", file=sys.stderr)
