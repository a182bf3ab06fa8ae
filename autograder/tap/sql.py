"""What a piece of SQL is called and what it may do to others, told from its text alone.

A *label* is a verb and a table (``insert outbox``) or, for what steers a transaction, one word (``COMMIT``): the same
for all values. Where the text cannot tell (a function that Postgres does not ship), the SQL counts as a write: one
crash point too many costs milliseconds, one too few hides a mistake.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

from autograder.tap.request import Kind, shortened
from autograder.tap.sql_functions import HARMLESS, LOCKING, NOT_FUNCTIONS
from autograder.tap.sql_tokens import Token, pieces, statements, tokens

__all__ = ["Sql", "describe"]

CACHED_CHARS_MAX = 10_000
READ_CHARS_MAX = 20_000
"""Of longer SQL only the beginning is read, and the rest is taken for a write: nobody may keep the judge busy."""
CTE_STEPS_MAX = 10
LABELS_MAX = 3
STRENGTH: dict[Kind, int] = {"control": 0, "read": 1, "lock": 2, "end": 3, "write": 4}
DML = ("insert", "update", "delete", "merge")
CONTROL = {
    "begin": "BEGIN", "start": "BEGIN", "savepoint": "SAVEPOINT", "release": "RELEASE", "set": "SET", "reset": "RESET",
    "show": "SHOW", "discard": "DISCARD", "deallocate": "DEALLOCATE", "listen": "LISTEN", "unlisten": "UNLISTEN",
    "close": "CLOSE", "load": "LOAD",
}  # fmt: skip
FILLERS = {"only", "table", "if", "not", "exists", "lateral", "into", "from", "concurrently", "or", "replace", "unique"}


@dataclass(frozen=True)
class Sql:
    """One query string, which may hold several statements."""

    label: str
    kind: Kind
    effect: bool
    pieces: tuple[str | int, ...] = ()
    """The text without comments, cut at its parameters; a number stands for a parameter."""
    prepares: str = ""
    """The name that a SQL-level PREPARE gives."""
    runs: str = ""
    """The name that a SQL-level EXECUTE runs."""
    inner: Sql | None = None
    """What was prepared."""

    @property
    def takes_snapshot(self) -> bool:
        """Would parsing it already look at the database? True for all that plans a query."""
        return self.kind in ("read", "lock", "write")

    def bound(self, values: Sequence[str]) -> str:
        """The text with the values in place of the parameters, shortened."""
        if len(self.pieces) == 1 and isinstance(self.pieces[0], str):
            return shortened(self.pieces[0])
        out = []
        for piece in self.pieces:
            if isinstance(piece, str):
                out.append(piece)
            else:
                out.append(values[piece - 1] if piece <= len(values) else f"${piece}")
        return shortened("".join(out))


@dataclass(frozen=True)
class _Statement:
    label: str
    kind: Kind
    prepares: str = ""
    runs: str = ""
    inner: _Statement | None = None

    @property
    def effect(self) -> bool:
        return self.kind == "write" or self.label == "COMMIT"


def describe(sql: str) -> Sql:
    """Label, kind and effect of a query string."""
    if len(sql) > READ_CHARS_MAX:
        return replace(_describe(sql[:READ_CHARS_MAX]), kind="write", effect=True)
    return _describe(sql) if len(sql) > CACHED_CHARS_MAX else _describe_cached(sql)


def _describe(sql: str) -> Sql:
    found = tokens(sql)
    parts = [_statement(part) for part in statements(found)]
    if len(parts) == 1:
        return _as_sql(parts[0], pieces(sql, found))
    return _several(parts, pieces(sql, found))


_describe_cached = lru_cache(maxsize=512)(_describe)


def _as_sql(one: _Statement, text: tuple[str | int, ...]) -> Sql:
    inner = _as_sql(one.inner, text) if one.inner else None
    return Sql(one.label, one.kind, one.effect, text, one.prepares, one.runs, inner)


def _several(parts: list[_Statement], text: tuple[str | int, ...]) -> Sql:
    if not parts:
        return Sql("empty", "control", False, text)
    matter = [part for part in parts if part.kind != "control"] or parts
    labels = list(dict.fromkeys(part.label for part in matter))
    label = "; ".join(labels[:LABELS_MAX]) + ("; …" if len(labels) > LABELS_MAX else "")
    kind = max((part.kind for part in parts), key=STRENGTH.__getitem__)
    return Sql(label, kind, any(part.effect for part in parts), text)


def _statement(part: list[Token]) -> _Statement:
    part = part[next((i for i, token in enumerate(part) if token.text != "("), len(part)) :]
    verb = part[0].word if part else ""
    if verb in CONTROL:
        return _Statement(CONTROL[verb], "control")
    special = SPECIAL.get(verb)
    return special(part) if special else _other(part)


def _ending(part: list[Token]) -> _Statement:
    """COMMIT, END, ROLLBACK, ABORT, and their relatives."""
    words = [token.word for token in part]
    commits = words[0] in ("commit", "end")
    if "prepared" in words:
        return _Statement(f"{'COMMIT' if commits else 'ROLLBACK'} PREPARED", "write")
    if "to" in words:
        return _Statement("ROLLBACK TO", "lock")
    return _Statement("COMMIT" if commits else "ROLLBACK", "end")


def _dml(part: list[Token]) -> _Statement:
    return _Statement(_named(part[0].word, _name(part, 1)), "write")


def _select(part: list[Token]) -> _Statement:
    if any(token.word == "into" and token.depth == part[0].depth for token in part):
        return _Statement(_named("select into", _name(part, _index(part, "into") + 1)), "write")
    called = _functions(part)
    kind: Kind = "read"
    if any(name not in HARMLESS and name not in LOCKING for name in called):
        kind = "write"
    elif any(name in LOCKING for name in called) or _locks_rows(part):
        kind = "lock"
    notable = next((name for name in called if name not in HARMLESS), "")
    return _Statement(_named("select", _source(part) or notable), kind)


def _table(part: list[Token]) -> _Statement:
    return _Statement(_named("select", _name(part, 1)), "read")


def _with(part: list[Token]) -> _Statement:
    """A CTE is called after its outer statement, or after the change that hides in it."""
    top = part[0].depth
    outer = next((i for i, t in enumerate(part) if t.depth == top and t.word in (*DML, "select", "values", "table")), 0)
    if not outer:
        return _Statement("with", "write")
    body = _statement(part[outer:])
    if part[outer].word in DML:
        return body
    for i, token in enumerate(part[:outer]):
        if token.word in DML and part[i - 1].text == "(":
            return _dml(part[i:])
    hidden = _select(part[1:outer]) if any(token.word == "select" for token in part[:outer]) else body
    kind = max(body.kind, hidden.kind, key=STRENGTH.__getitem__)
    return _Statement(_named("select", _real_source(part, outer)), kind)


def _copy(part: list[Token]) -> _Statement:
    writes = any(token.word == "from" and token.depth == part[0].depth for token in part)
    table = _source(part) if part[1:] and part[1].text == "(" else _name(part, 1)
    return _Statement(_named("copy", table), "write" if writes else "read")


def _explain(part: list[Token]) -> _Statement:
    start = next((i for i, t in enumerate(part) if t.word in (*DML, "select", "with", "values", "execute")), len(part))
    runs = any(token.word in ("analyze", "analyse") for token in part[:start])
    kind = _statement(part[start:]).kind if runs else "read"
    return _Statement("explain", kind)


def _prepare(part: list[Token]) -> _Statement:
    if len(part) > 1 and part[1].word == "transaction":
        return _Statement("PREPARE TRANSACTION", "write")
    start = next((i for i, token in enumerate(part) if token.word == "as" and token.depth == part[0].depth), len(part))
    return _Statement("prepare", "control", prepares=_name(part, 1), inner=_statement(part[start + 1 :]))


def _execute(part: list[Token]) -> _Statement:
    return _Statement(_named("execute", _name(part, 1)), "write", runs=_name(part, 1))


def _declare(part: list[Token]) -> _Statement:
    return _Statement(_named("declare", _name(part, 1)), "lock" if _locks_rows(part) else "read")


def _fetch(part: list[Token]) -> _Statement:
    return _Statement(_named(part[0].word, part[-1].word), "read")


def _lock(part: list[Token]) -> _Statement:
    return _Statement(_named("lock", _name(part, 1)), "lock")


def _other(part: list[Token]) -> _Statement:
    """Everything that defines something, and everything unknown: a write."""
    if not part:
        return _Statement("empty", "control")
    verb = part[0].word or part[0].text
    if verb in ("create", "drop", "alter"):
        what = next((token.word for token in part[1:] if token.word and token.word not in FILLERS - {"table"}), "")
        start = next((i for i, token in enumerate(part) if token.word == what), 0)
        return _Statement(_named(f"{verb} {what}".strip(), _name(part, start + 1)), "write")
    return _Statement(_named(verb, _name(part, 1)), "write")


SPECIAL = {
    "commit": _ending, "end": _ending, "rollback": _ending, "abort": _ending,
    "insert": _dml, "update": _dml, "delete": _dml, "merge": _dml,
    "select": _select, "values": _select, "table": _table, "with": _with, "copy": _copy, "explain": _explain,
    "prepare": _prepare, "execute": _execute, "declare": _declare, "fetch": _fetch, "move": _fetch, "lock": _lock,
}  # fmt: skip


def _named(verb: str, name: str) -> str:
    return f"{verb} {name}" if name else verb


def _index(part: list[Token], word: str) -> int:
    return next(i for i, token in enumerate(part) if token.word == word)


def _name(part: list[Token], start: int) -> str:
    """The table (or other thing) named at this place, without its schema."""
    at = start
    while at < len(part) and part[at].word in FILLERS and not part[at].quoted:
        at += 1
    if at >= len(part) or not part[at].word:
        return ""
    while at + 2 < len(part) and part[at + 1].text == "." and part[at + 2].word:
        at += 2
    return part[at].word


def _source(part: list[Token]) -> str:
    """The first table that is read: after the outermost FROM, or else the first FROM that is followed by a name."""
    froms = [i for i, token in enumerate(part) if token.word == "from" and not token.quoted]
    outer = [i for i in froms if part[i].depth == part[0].depth]
    inner = [i for i in froms if _belongs_to_select(part, i) and (not outer or i > outer[0])]
    return next((name for at in outer[:1] + inner if (name := _name(part, at + 1))), "")


def _belongs_to_select(part: list[Token], at: int) -> bool:
    """The FROM of a subquery, not the one inside ``extract(epoch from placed_at)``."""
    return any(token.word == "select" and token.depth == part[at].depth for token in part[:at])


def _real_source(part: list[Token], outer: int) -> str:
    """The table that a SELECT over CTEs reads in the end."""
    name = _source(part[outer:])
    for _ in range(CTE_STEPS_MAX):
        at = next((i for i in range(1, outer) if part[i].word == name and part[i].depth == part[0].depth), 0)
        body = next((i for i in range(at + 1, outer) if part[i].depth > part[0].depth and part[i].word == "select"), 0)
        if not at or not body:
            return name
        deeper = _source(part[body:outer])
        if deeper in ("", name):
            return name
        name = deeper
    return name


def _locks_rows(part: list[Token]) -> bool:
    pairs = zip(part, part[1:], strict=False)
    return any(one.word == "for" and two.word in ("update", "share", "no", "key") for one, two in pairs)


def _functions(part: list[Token]) -> list[str]:
    """The functions that are called: names before an opening bracket that is not a list of columns."""
    found, columns = [], _column_lists(part)
    for i, token in enumerate(part[:-1]):
        before = part[i - 1] if i else None
        alias = before is not None and (before.word == "as" or before.text == ")" or before.quoted)
        called = token.word and part[i + 1].text == "(" and token.word not in NOT_FUNCTIONS
        if called and not alias and i + 1 not in columns:
            found.append(token.word)
    return found


def _column_lists(part: list[Token]) -> set[int]:
    """Where the column list of a CTE opens: ``t(n) as (...)``. One pass, however deep the brackets are nested."""
    opened: dict[int, int] = {}
    found = set()
    for i, token in enumerate(part):
        if token.text == "(":
            opened[token.depth] = i
        elif token.text == ")" and token.depth in opened:
            after = [one.text.lower() for one in part[i + 1 : i + 3]]
            if after in (["as", "("], ["as", "materialized"]):
                found.add(opened[token.depth])
    return found
