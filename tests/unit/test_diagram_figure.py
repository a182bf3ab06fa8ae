"""The figure: complete without a script, the same bytes every time, and nothing a learner typed becomes markup."""

from __future__ import annotations

import base64
import json
import re
import xml.etree.ElementTree as ElementTree
from html.parser import HTMLParser
from itertools import product

import pytest

from autograder.diagram import Diagram, page, samples
from autograder.diagram.colors import DARK, LIGHT
from autograder.diagram.glyphs import GLYPHS
from autograder.diagram.player import script_hash, script_source
from autograder.history import Call, History, Mark

_HOSTILE = (
    "</script><script>alert(1)</script>]]>\"' onload='x' <img src=x onerror=alert(1)> &lt; \x00\x1b[31m \u202e\ud83d"
)
_SVG = "{http://www.w3.org/2000/svg}"


def _hostile() -> History:
    call = Call(process=_HOSTILE, backend="redis", label=_HOSTILE, request=_HOSTILE, answer=_HOSTILE, start=1, end=2)
    error = Mark(kind="error", process=_HOSTILE, at=3, text=_HOSTILE)
    history = History(run=_HOSTILE, title=_HOSTILE, processes=(_HOSTILE,), calls=(call,), marks=(error,))
    return history.with_violation(_HOSTILE, _HOSTILE)


class _Elements(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag, attrs):
        self.found.append((tag, dict(attrs)))


def _elements(text: str) -> list[tuple[str, dict[str, str | None]]]:
    parser = _Elements()
    parser.feed(text)
    return parser.found


def test_the_picture_is_well_formed_and_holds_every_label():
    root = ElementTree.fromstring(Diagram(samples.out_of_order()).svg())
    texts = [element.text for element in root.iter(f"{_SVG}text")]
    assert root.tag == f"{_SVG}svg"
    assert {"warehouse", "relay-1", "relay-2", "Postgres", "Kafka", "COMMIT", "offset 0"} <= set(texts)


def test_the_same_history_gives_the_same_bytes():
    assert Diagram(samples.lock_wait()).html() == Diagram(samples.lock_wait()).html()
    again = History.from_lines(samples.lock_wait().to_lines())
    assert Diagram(again).svg() == Diagram(samples.lock_wait()).svg()


def test_two_pictures_on_one_page_do_not_share_names():
    names = [re.search(r'pattern id="([^"]+)"', Diagram(s()).svg())[1] for s in (samples.dual_write, samples.lock_wait)]
    assert len(set(names)) == 2


def test_nothing_a_learner_typed_becomes_markup_in_the_picture():
    root = ElementTree.fromstring(Diagram(_hostile(), takeaway=_HOSTILE).svg())
    tags = {element.tag.removeprefix(_SVG) for element in root.iter()}
    assert tags <= {"svg", "style", "defs", "pattern", "rect", "g", "text", "title", "line", "path", "circle"}
    assert not [name for element in root.iter() for name in element.attrib if name.startswith("on")]


def test_nothing_a_learner_typed_becomes_markup_in_the_figure():
    found = _elements(Diagram(_hostile(), title=_HOSTILE, takeaway=_HOSTILE).html())
    assert [tag for tag, _ in found].count("script") == 1
    assert [tag for tag, _ in found].count("img") == 1
    assert not [name for _, attributes in found for name in attributes if name.startswith("on")]


def test_the_text_form_prints_no_control_characters():
    text = Diagram(_hostile()).text()
    assert all(character.isprintable() or character == "\n" for character in text)


def test_the_figure_stands_without_its_script():
    markup = Diagram(samples.dual_write(), title="Two writes", takeaway="Nobody is told.").html()
    image = next(attributes for tag, attributes in _elements(markup) if tag == "img")
    picture = base64.b64decode(image["src"].removeprefix("data:image/svg+xml;base64,"))
    assert ElementTree.fromstring(picture).tag == f"{_SVG}svg"
    assert "Two writes" in image["alt"] and "Nobody is told." in image["alt"]
    assert "<figcaption><strong>Two writes.</strong> Nobody is told.</figcaption>" in markup
    assert '<li value="4">shop is killed: before its send</li>' in markup


def test_the_notebook_gets_markup_and_text():
    bundle = Diagram(samples.dual_write())._repr_mimebundle_()
    assert set(bundle) == {"text/html", "text/plain"}
    assert "  4. shop is killed" in bundle["text/plain"]


def test_a_run_in_which_nothing_happened_says_so():
    empty = Diagram(History(run="nothing"))
    assert "Nothing happened in this run." in empty.svg()
    assert "Nothing happened in this run." in empty.text()


def test_the_steps_of_the_player_are_the_rows_of_the_picture():
    diagram = Diagram(samples.out_of_order())
    steps = json.loads(ElementTree.fromstring(diagram.svg()).attrib["data-steps"])
    assert [step[2] for step in steps] == [part.name for part in diagram.layout.parts]
    assert steps[0][3].startswith("relay-1 asks Postgres: select")


def test_the_player_is_small_and_asks_nobody_for_anything():
    source = script_source()
    assert len(source.encode()) < 10_000
    assert "</script" not in source
    assert re.findall(r"https?://[^'\"]+", source) == ["http://www.w3.org/2000/svg"]
    assert not re.search(r"\b(fetch|XMLHttpRequest|eval|localStorage|import)\b", source)


def test_a_page_is_complete_and_lets_only_the_player_run():
    text = page("Lab 6 <report>", [Diagram(samples.dual_write()).html(), "<p>Points: 12</p>"])
    policy = next(a["content"] for tag, a in _elements(text) if tag == "meta" and "http-equiv" in a)
    assert f"script-src '{script_hash()}'" in policy and "default-src 'none'" in policy
    assert "<title>Lab 6 &lt;report&gt;</title>" in text and "<p>Points: 12</p>" in text
    assert not [a for _, a in _elements(text) if a.get("href") or (a.get("src") or "data:")[:5] != "data:"]


def _luminance(colour: str) -> float:
    channels = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def _contrast(one: str, other: str) -> float:
    high, low = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize(("shades", "name"), list(product((LIGHT, DARK), ("ok", "unknown", "failed", "crash", "line"))))
def test_lines_stand_out_from_the_page(shades, name):
    assert _contrast(shades[name], shades["bg"]) >= 3


@pytest.mark.parametrize(("shades", "under"), list(product((LIGHT, DARK), ("bg", "head", "now", "warn"))))
def test_text_can_be_read_on_everything_it_stands_on(shades, under):
    assert _contrast(shades["fg"], shades[under]) >= 4.5
    assert _contrast(shades["mut"], shades[under]) >= 4.5


def test_every_sign_has_a_shape_of_its_own():
    alike = {frozenset(pair) for pair in (("crash", "lost"), ("park", "pause"), ("start", "resume"))}
    shapes: dict[str, list[str]] = {}
    for name, path in GLYPHS.items():
        shapes.setdefault(path, []).append(name)
    assert all(len(names) == 1 or frozenset(names) in alike for names in shapes.values())
