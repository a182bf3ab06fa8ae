"""Story: the run in plain English, one line for each call and mark.

The picture and the report are for people who see both; the story carries the run alone.
"""

from __future__ import annotations

from autograder.diagram.events import Event, events, is_held, reached
from autograder.diagram.labels import BACKEND_NAMES, clean
from autograder.history import Call, History, Mark

__all__ = ["ask", "backend_name", "reply", "sentence", "story"]

_MARK_WORDS = {
    "start": "{0} starts",
    "crash": "{0} is killed",
    "restart": "{0} restarts",
    "cut": "{0} loses its connection",
    "park": "{0}'s call is held on its way",
    "pause": "{0} is paused",
    "resume": "{0} goes on",
    "end": "{0} has finished",
    "error": "{0} raises an error",
    "violation": "Rule broken",
}


def story(history: History) -> list[str]:
    """One line per event, in order: process, call, outcome; what was killed and which rule broke."""
    return [sentence(event) for event in events(history)]


def sentence(event: Event) -> str:
    """What happened, from its beginning to its end."""
    if isinstance(event.what, Mark):
        return _mark_sentence(event.what)
    return f"{ask(event.what)} … {reply(event.what)}"


def backend_name(backend: str) -> str:
    """The backend's name as people write it."""
    return BACKEND_NAMES.get(backend, clean(backend))


def ask(call: Call) -> str:
    """Who asks whom for what."""
    verb = "tells" if call.one_way else "asks"
    return f"{clean(call.process)} {verb} {backend_name(call.backend)}: {_cut(clean(call.request or call.label))}"


def reply(call: Call) -> str:
    """What became of the call, without its request."""
    waits = " and ".join(clean(process) for process in call.waits_for)
    if call.end is None and call.waits_for:
        return f"still waits for {waits}"
    before = f"waits for {waits}, then " if waits else ""
    return before + _outcome(call)


def _outcome(call: Call) -> str:
    backend, answer = backend_name(call.backend), _cut(clean(call.answer))
    if not reached(call):
        lost = f"held on its way to {backend}" if is_held(call) else f"never reached {backend}"
        return f"{lost}, and the caller sees: {answer}" if call.end is not None and answer else lost
    if call.one_way:
        return "it arrives"
    if call.end is None or call.outcome == "unknown":
        done = "the answer never arrived"
        if call.effect:  # only a fault of ours tells on which side of the effect the answer was lost
            known = call.fault.endswith("-after")
            done = f"{backend} did it, but {done}" if known else f"{done}: it may or may not have happened"
        return f"{done} (the caller sees: {answer})" if answer and call.end is not None else done
    verb = "answered" if call.outcome == "ok" else "refused"
    held = "held on its way, then " if is_held(call) else ""
    return f"{held}{verb} {answer}".rstrip() if verb == "answered" else f"{held}{verb}: {answer}".rstrip(": ")


def _mark_sentence(mark: Mark) -> str:
    text = _cut(clean(mark.text), 400)
    if mark.kind == "note":
        return f"{clean(mark.process)}: {text}" if mark.process else text
    words = _MARK_WORDS[mark.kind].format(backend_name(mark.process))
    return f"{words}: {text}" if text else words


def _cut(text: str, characters: int = 160) -> str:
    return text if len(text) <= characters else text[: characters - 1].rstrip() + "…"
