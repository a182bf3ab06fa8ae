"""SQL cut into tokens: enough of Postgres's lexer to see past strings, comments and quoted names."""

from __future__ import annotations

import re
from dataclasses import dataclass

__all__ = ["Token", "pieces", "statements", "tokens"]

TOKEN = re.compile(
    r"""(?P<space>\s+|--[^\n]*)
      | (?P<comment>/\*)
      | (?P<string>[eE]'(?:[^'\\]|\\.|'')*'|(?:[bBxXnN]|[uU]&)?'(?:[^']|'')*')
      | (?P<dollar>\$(?:[^\W\d]\w*)?\$)
      | (?P<parameter>\$\d+)
      | (?P<quoted>"(?:[^"]|"")*")
      | (?P<word>[^\W\d][\w$]*)
      | (?P<number>\d[\d.eE_]*)
      | (?P<symbol>.)""",
    re.VERBOSE | re.DOTALL,
)
COMMENT_EDGE = re.compile(r"/\*|\*/")


@dataclass(frozen=True, slots=True)
class Token:
    """One token: where it stands, how deep in brackets, and its word if it is a name or a keyword."""

    text: str
    start: int
    end: int
    depth: int
    word: str = ""
    quoted: bool = False
    parameter: int = 0


def tokens(sql: str) -> list[Token]:
    """All tokens except spaces and comments."""
    found: list[Token] = []
    at, depth = 0, 0
    while at < len(sql):
        match = TOKEN.match(sql, at)
        kind, start, at = match.lastgroup, at, match.end()
        if kind == "space":
            continue
        if kind == "comment":
            at = _comment_end(sql, start)
            continue
        if kind == "dollar":
            close = sql.find(match[0], at)
            at = len(sql) if close < 0 else close + len(match[0])
        text = sql[start:at]
        depth -= text == ")"
        found.append(_token(kind, text, start, at, depth))
        depth += text == "("
    return found


def _token(kind: str | None, text: str, start: int, end: int, depth: int) -> Token:
    if kind == "word":
        return Token(text, start, end, depth, word=text.lower())
    if kind == "quoted":
        return Token(text, start, end, depth, word=text[1:-1].replace('""', '"'), quoted=True)
    if kind == "parameter":
        return Token(text, start, end, depth, parameter=int(text[1:]))
    return Token(text, start, end, depth)


def _comment_end(sql: str, start: int) -> int:
    """Comments nest in Postgres."""
    depth, at = 0, start
    while edge := COMMENT_EDGE.search(sql, at):
        depth += 1 if edge[0] == "/*" else -1
        at = edge.end()
        if depth == 0:
            return at
    return len(sql)


def statements(found: list[Token]) -> list[list[Token]]:
    """The tokens cut at semicolons; empty statements left out."""
    out: list[list[Token]] = [[]]
    for token in found:
        if token.text == ";" and token.depth <= 0:
            out.append([])
        else:
            out[-1].append(token)
    return [part for part in out if part]


def pieces(sql: str, found: list[Token]) -> tuple[str | int, ...]:
    """The text on one line, without comments, cut at its parameters (given as their numbers)."""
    out: list[str | int] = []
    text, end = "", 0
    for token in found:
        text += " " if token.start > end and end else ""
        end = token.end
        if token.parameter:
            out += [text, token.parameter]
            text = ""
        else:
            text += token.text
    return tuple(piece for piece in (*out, text) if piece != "") or ("",)
