"""Lab 6 in JupyterLab, as `./fortnight start` opens it: checks, pictures, Validate, unsaved cells, interrupts, renames."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from autograder import backends
from autograder.backends.processes import wait_until
from autograder.backends.state import ROOT
from autograder.cli import jupyter, workspace
from tests.browser.chromium import Chromium, missing
from tests.browser.lab_page import LabPage, source_of, text_of, wait_for_notebook

pytestmark = pytest.mark.skipif(bool(missing()), reason=missing() or "a browser is here")

LAB = "labs/lab06_outbox/lab06_outbox.ipynb"
SETUP, SOLUTION, CHECK = "lab06-experiment-setup", "lab06-solution-place_order", "lab06-check-place_order"
REFERENCE = source_of(ROOT / "solutions" / "lab06_outbox" / "lab06_outbox.ipynb", SOLUTION)
NO_EVENT = """def place_order(at: Addresses, command: PlaceOrder) -> None:
    with psycopg.connect(at.postgres) as connection:
        connection.execute(
            "insert into purchase (id, buyer, item, quantity) values (%s, %s, %s, %s) on conflict (id) do nothing",
            (command.purchase_id, command.buyer, command.item, command.quantity),
        )
"""
"""Orders and tells nobody: broken in the first run, so that its check is short."""


@pytest.fixture(scope="module")
def course() -> Iterator[tuple[Path, str]]:
    """A learner's folder with the labs, and the address of a JupyterLab on it; a state folder of its own."""
    with pytest.MonkeyPatch.context() as patch:
        folder = Path(tempfile.mkdtemp(prefix="lab-"))  # short, because a socket's path must be
        patch.setenv("FORTNIGHT_STATE", str(folder / "state"))
        patch.setenv("JUPYTER_CONFIG_DIR", str(folder / "settings"))
        patch.setenv("JUPYTER_DATA_DIR", str(folder / "data"))
        patch.setenv("JUPYTER_CONFIG_PATH", str(folder / "exposed"))
        (folder / "exposed").mkdir()
        (folder / "exposed" / "jupyter_lab_config.json").write_text('{"LabApp": {"expose_app_in_browser": true}}')
        work = folder / "work"
        workspace.copy_course(ROOT, work, folder / "state" / "work.json")
        port = jupyter.free_port(9200 + os.getpid() % 400 * 2)  # other workers look for a port at the same moment
        with jupyter.serve(folder / "state" / "jupyter", ROOT, work, port=port, page=LAB) as (server, _):
            yield work, server.url
        backends.stop()
        shutil.rmtree(folder)


@pytest.fixture(scope="module")
def browser() -> Iterator[Chromium]:
    with Chromium() as browser:
        yield browser


@pytest.fixture(scope="module")
def lab(course: tuple[Path, str], browser: Chromium) -> LabPage:
    """The lab's notebook, open, its setup cell run."""
    page = browser.open(course[1], width=1200, height=1000)
    page.send("Emulation.setFocusEmulationEnabled", enabled=True)
    opened = wait_for_notebook(page, LAB)
    page.eval("panel.sessionContext.session.kernel.info.then(() => { window.unsavedOnOpening = panel.context.model.dirty; return 1 })")
    assert "In use: Kafka, Postgres, Redis" in text_of(opened.run(SETUP))
    return opened


@pytest.fixture(scope="module")
def broken(lab: LabPage) -> list[dict]:
    """What the check cell shows of a wrong program that was run and not saved."""
    lab.write(SOLUTION, NO_EVENT)
    lab.run(SOLUTION)
    outputs = lab.run(CHECK)
    lab.goto(CHECK)
    lab.shot("broken")
    return outputs


def test_an_opened_notebook_counts_as_saved(lab: LabPage) -> None:
    assert lab.page.eval("unsavedOnOpening") is False


def test_a_check_shows_one_report_and_returns_a_bare_number(broken: list[dict]) -> None:
    assert [one["output_type"] for one in broken] == ["display_data", "execute_result"]
    assert broken[1]["data"] == {"text/plain": "0"}
    assert "rule 1" in broken[0]["data"]["text/plain"] and "p-1" in broken[0]["data"]["text/plain"]


def test_a_cell_that_was_run_and_not_saved_is_judged(broken: list[dict], course: tuple[Path, str]) -> None:
    assert "raise NotImplementedError" in source_of(course[0] / LAB, SOLUTION)
    assert "not written yet" not in text_of(broken)
    assert "unsaved: place_order" in text_of(broken)


def test_the_picture_of_a_broken_run_can_be_stepped_through(broken: list[dict], lab: LabPage) -> None:
    assert lab.buttons(CHECK) == ["To the start", "Step back", "Play", "Step forward", "Whole run"]
    lab.page.click(".jp-OutputArea button[aria-label='Step back']")
    assert "The whole run" not in lab.page.eval("document.querySelector('.fnd-say').textContent")
    assert lab.page.errors == []


def test_a_notebook_that_nobody_trusts_shows_the_picture_and_the_text(
    broken: list[dict], lab: LabPage, course: tuple[Path, str], browser: Chromium
) -> None:
    notebook = json.loads((course[0] / LAB).read_text("utf-8"))
    notebook["cells"] = [one for one in notebook["cells"] if one["id"] in (SETUP, SOLUTION, CHECK)]
    notebook["cells"][-1]["outputs"] = broken
    (course[0] / "labs" / "from_a_friend.ipynb").write_text(json.dumps(notebook))
    page = browser.open(course[1].replace(LAB, "labs/from_a_friend.ipynb"), width=1200, height=1000)
    friend = wait_for_notebook(page, "labs/from_a_friend.ipynb")
    friend.goto(CHECK)
    page.wait_for(f"!!cell('{CHECK}').node.querySelector('img')")
    friend.shot("untrusted")
    assert page.eval(f"cell('{CHECK}').model.trusted") is False
    assert friend.buttons(CHECK) == []
    picture = page.eval(f"(i => [i.alt.length > 50, i.naturalWidth > 300])(cell('{CHECK}').node.querySelector('img'))")
    assert picture == [True, True]
    assert "rule 1" in page.eval(f"cell('{CHECK}').node.innerText")
    lab.page.send("Page.bringToFront")  # a tab in the background hardly moves


def test_what_was_saved_after_it_was_run_is_judged_as_saved(broken: list[dict], lab: LabPage) -> None:
    lab.write(SOLUTION, REFERENCE)
    lab.save()
    shown = lab.run(CHECK)
    lab.goto(CHECK)
    lab.shot("passed")
    assert shown[-1]["data"] == {"text/plain": "25"}
    assert "✓ passed" in text_of(shown)


def test_an_interrupted_check_says_one_sentence_and_leaves_nothing_running(lab: LabPage) -> None:
    lab.write(SOLUTION, REFERENCE)  # the whole sweep: long enough to be interrupted
    lab.save()
    lab.start(CHECK)
    lab.page.wait_for(f"/run [0-9]+ of/.test(JSON.stringify(cell('{CHECK}').model.outputs.toJSON()))", 60)
    assert len(backends.status()["leases"]) > 1
    lab.page.eval("jupyterapp.commands.execute('notebook:interrupt-kernel').then(() => 1)")
    shown = lab.finish(CHECK)
    lab.shot("interrupted")
    said = "".join(next(one for one in shown if one["output_type"] == "error")["traceback"])
    assert "You interrupted it" in said and "File " not in said
    assert wait_until(lambda: len(backends.status()["leases"]) == 1, 30)


def test_validate_says_which_checks_fail_and_why(lab: LabPage) -> None:
    lab.write(SOLUTION, NO_EVENT)
    lab.page.click(".validate-button")
    lab.page.wait_for("!!document.querySelector('.jp-Dialog')", 60)
    lab.shot("validate")
    said = lab.page.eval("document.querySelector('.jp-Dialog').innerText")
    assert 'check("place_order")' in said and "rule 1" in said
    assert "relay is not written yet" in said
    lab.page.click(".jp-Dialog .jp-mod-accept")


def test_a_renamed_notebook_is_still_the_one_that_is_judged(lab: LabPage, course: tuple[Path, str]) -> None:
    lab.write(SOLUTION, NO_EVENT)
    lab.save()
    renamed = LAB.replace("outbox.ipynb", "ada.ipynb")
    lab.page.eval(f"jupyterapp.serviceManager.contents.rename({json.dumps(LAB)}, {json.dumps(renamed)}).then(() => 1)")
    assert (course[0] / renamed).exists() and not (course[0] / LAB).exists()
    assert "rule 1" in text_of(lab.run(CHECK))
