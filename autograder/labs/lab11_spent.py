"""Whose incident one may answer, and how often: a wrong answer spends it, and a class answers incidents of its own names.

Whoever counts sets the two environment variables: ``check`` and ``replay`` to the learner's own file, ``grade`` to what it
has itself seen of that learner, and to the learner's name. Nothing that a hand-in says of itself is believed.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from autograder.labs import codes
from autograder.labs.codes import NoSuchCode
from autograder.labs.lab11_incidents import NAME_LENGTH_MAX, code_of, name_of

__all__ = ["OWNER", "SPENT", "answer_id", "belongs", "name_for", "next_code", "note_wrong", "refuse", "spend", "spent_answers"]

SPENT = "FORTNIGHT_SPENT_INCIDENTS"
"""The environment variable with the file of the incidents that were answered wrongly; unset where nobody counts."""
OWNER = "FORTNIGHT_INCIDENT_OWNER"
"""The environment variable with the learner whose incidents alone are marked; unset where nobody asks."""


def refuse(code: str, answers: Mapping[str, Any]) -> None:
    """Raise NoSuchCode for somebody else's incident, and for a second answer to one that was answered wrongly.

    The same wrong answer is marked again: so a replay and a second grading show what the first showed.
    """
    owner = os.environ.get(OWNER)
    if owner and not belongs(code, owner):
        raise NoSuchCode(
            f"Incident {code} was drawn from the name {name_of(code)!r}, and this hand-in is by {owner}: it is not marked. Draw"
            f" yours from {name_for(owner)!r}, answer that one and hand in again."
        )
    file = os.environ.get(SPENT)
    if file and spent_answers(Path(file)).get(code, answer_id(answers)) != answer_id(answers):
        raise NoSuchCode(
            f"Incident {code} was answered, and the answer was wrong: it is over. Run the cell of your name again; it shows another."
        )


def note_wrong(answers: Mapping[str, Any]) -> None:
    """Spend the incident of an answer that was found to be wrong, where anybody counts."""
    file = os.environ.get(SPENT)
    if file:
        with suppress(OSError):  # a full disk costs nobody their points: the same incident may then be answered again
            spend(Path(file), str(answers["incident"]).strip(), answer_id(answers))


def answer_id(answers: Mapping[str, Any]) -> str:
    """Which answer this is: the same for the same component, line and set of orders, however they are written down."""
    orders = answers.get("orders")
    named = sorted({str(one).strip() for one in orders}) if isinstance(orders, list) else str(orders)
    said = [str(answers.get("component")).strip(), str(answers.get("first")).strip(), named]
    return hashlib.sha256(json.dumps(said).encode()).hexdigest()[:16]


def belongs(code: str, learner: str) -> bool:
    """Was this incident drawn from words of the learner's name in the class? Raises NoSuchCode.

    ``Ada Lovelace`` may hand in as ``Lovelace_Ada_12345`` or ``adalovelace``. Who is a number without letters, 12345, draws
    from ``learner 12345``.
    """
    drawn, own = name_of(code), codes.slug_from(learner)
    if not any(letter.isalpha() for letter in own):
        return drawn == _kept(name_for(learner))
    if drawn == _kept(own) or drawn.replace("-", "") == own.replace("-", ""):
        return True
    *words, last = drawn.split("-")
    known = own.split("-")
    ends = any(one.startswith(last) for one in known) if len(drawn) >= NAME_LENGTH_MAX - 1 else last in known  # it may be cut
    return ends and set(words) <= set(known) and any(letter.isalpha() for letter in drawn)


def name_for(learner: str) -> str:
    """A name from which a learner of the class may draw."""
    return learner if any(letter.isalpha() for letter in learner) else f"learner {learner}"


def _kept(name: str) -> str:
    return codes.slug_from(name)[:NAME_LENGTH_MAX].strip("-")


def spent_answers(file: Path) -> dict[str, str]:
    """The incidents that were answered wrongly, as this file has them, each with its wrong answer."""
    try:
        found = json.loads(file.read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    if isinstance(found, dict):
        return {str(code): str(answer) for code, answer in found.items()}
    return {str(code): "" for code in found} if isinstance(found, list) else {}  # a list is what was kept at first


def spend(file: Path, code: str, answer: str) -> None:
    """Note the first wrong answer to this incident; raises OSError where it cannot be noted."""
    spent = spent_answers(file)
    if code in spent:
        return
    file.parent.mkdir(parents=True, exist_ok=True)
    draft = file.with_name(f".{file.name}.{os.getpid()}")
    draft.write_text(json.dumps({**spent, code: answer}, sort_keys=True), encoding="utf-8")
    os.replace(draft, file)


def next_code(name: str, file: Path) -> str:
    """The first incident of this name that was not answered wrongly yet; raises ValueError for a name without letters."""
    spent, draw = spent_answers(file), 1
    while code_of(name, draw) in spent:
        draw += 1
    return code_of(name, draw)
