"""A picture with its parameters in view: every combination is there, and no parameter is hidden."""

from __future__ import annotations

import html
import json
import re

import pytest

from autograder.diagram import Explorable, Frame
from autograder.diagram.explorable import explorable_script

SVG = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 10 10"><text>"{}" & more</text></svg>'
CHOICES = {"policy": ("round robin", "random"), "load": ("50 %", "80 %")}


def frames() -> dict[tuple[str, ...], Frame]:
    return {
        (policy, load): Frame(svg=SVG.format(policy), says=f"{policy} at {load} takes 5 ms.")
        for policy in CHOICES["policy"]
        for load in CHOICES["load"]
    }


def balancing(**changed: object) -> Explorable:
    settings = {"title": "Four policies.", "choices": CHOICES, "frames": frames(), "fixed": {"instances": "10"}}
    return Explorable(**{**settings, **changed})


def test_the_picture_is_an_image_with_words_where_no_script_runs():
    shown = balancing(start=("random", "80 %")).html()
    assert 'alt="Four policies. With policy random, load 80 %: random at 80 % takes 5 ms."' in shown
    assert "data:image/svg+xml;base64," in shown
    assert shown.count("<tr>") == 5 and "<td>round robin at 80 % takes 5 ms.</td>" in shown


def test_what_stays_the_same_is_said():
    assert "The same in every picture: instances 10." in balancing().html()
    assert "same in every" not in balancing(fixed={}).html()


def test_the_script_gets_every_combination_whatever_is_written_in_it():
    data = json.loads(html.unescape(re.search(r'data-fnx="(.*?)"', balancing().html())[1]))
    assert data["choices"] == [["policy", ["round robin", "random"]], ["load", ["50 %", "80 %"]]]
    assert data["frames"]["random\n50 %"] == [SVG.format("random"), "random at 50 % takes 5 ms."]
    assert data["start"] == ["round robin", "50 %"]


def test_a_combination_without_a_frame_is_refused():
    known = frames()
    del known["random", "80 %"]
    with pytest.raises(ValueError, match=r"no frame for \('random', '80 %'\)"):
        balancing(frames=known)


def test_it_starts_with_a_frame_that_there_is():
    with pytest.raises(ValueError, match="cannot start with"):
        balancing(start=("fastest", "50 %"))


def test_a_terminal_gets_every_combination_as_a_line():
    assert balancing().text().splitlines()[1:] == [
        f"{policy}, {load}: {policy} at {load} takes 5 ms." for policy in CHOICES["policy"] for load in CHOICES["load"]
    ]


def test_the_script_is_small():
    assert len(explorable_script()) < 10_000


def test_a_figure_of_matplotlib_gives_the_same_bytes_each_time():
    def drawn() -> str:
        import matplotlib.pyplot as plt

        figure, axes = plt.subplots()
        axes.plot([1, 2, 3])
        return Frame.of(figure, "a line").svg

    assert drawn() == drawn() and drawn().startswith("<svg")
