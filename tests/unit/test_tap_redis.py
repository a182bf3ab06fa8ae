"""The Redis conversation on streams that are cut at every byte."""

from __future__ import annotations

import pytest

from autograder.tap.redis import RedisConversation
from autograder.tap.resp import Scanner, decode, shown
from tests.unit.tap_stand import Exchange, Stand


def command(*words: str) -> bytes:
    out = b"*%d\r\n" % len(words)
    for word in words:
        out += b"$%d\r\n%s\r\n" % (len(word.encode()), word.encode())
    return out


def stand(*script: Exchange) -> Stand:
    return Stand(RedisConversation, script)


SCRIPT: list[Exchange] = [
    (command("HELLO", "3"), b"%1\r\n+proto\r\n:3\r\n"),
    (command("SET", "stock:lamp", "5"), b"+OK\r\n"),
    (command("GET", "stock:lamp"), b"$1\r\n5\r\n"),
    (command("HGETALL", "lamp"), b"%1\r\n$1\r\na\r\n*2\r\n:1\r\n_\r\n"),
    (command("MGET", "a", "b"), b"*2\r\n$-1\r\n$3\r\na\r\n\r\n"),
    (command("INCR", "word"), b"-WRONGTYPE Operation against a key\r\n"),
    (command("SCRIPT", "LOAD", "return 1"), b"$3\r\nabc\r\n"),
]


def test_commands_are_the_same_wherever_the_streams_are_cut() -> None:
    asked = b"".join(one for one, _ in SCRIPT)
    for cut in range(len(asked) + 1):
        played = stand(*SCRIPT).say(asked, cut)
        assert played.link.labels() == ["SET", "GET", "HGETALL", "MGET", "INCR", "SCRIPT LOAD"], cut
        assert bytes(played.link.at_client) == b"".join(answer for _, answer in SCRIPT), cut
        assert played.finished()


def test_a_command_tells_what_was_asked_and_answered() -> None:
    played = stand(*SCRIPT).say(b"".join(one for one, _ in SCRIPT))
    requests = played.link.answered
    assert [request.text for request in requests][:2] == ["SET stock:lamp 5", "GET stock:lamp"]
    assert [request.answer for request in requests][:4] == ["OK", "5", "{a: [1, nil]}", "[nil, <3 bytes>]"]
    assert [request.kind for request in requests] == ["write", "read", "read", "read", "write", "read"]
    assert [request.error for request in requests][3:5] == [None, "WRONGTYPE"]


def test_the_effect_of_a_transaction_is_made_by_exec() -> None:
    asked = [command("MULTI"), command("SET", "a", "1"), command("GET", "a"), command("EXEC")]
    answers = [b"+OK\r\n", b"+QUEUED\r\n", b"+QUEUED\r\n", b"*2\r\n+OK\r\n$1\r\n1\r\n"]
    played = stand(*zip(asked, answers, strict=True)).say(b"".join(asked))
    assert [(one.label, one.kind) for one in played.link.answered] == [
        ("MULTI", "control"), ("SET", "control"), ("GET", "control"), ("EXEC", "write"),
    ]  # fmt: skip
    assert played.link.answered[-1].text == "EXEC (SET a 1; GET a)"
    assert played.link.answered[-1].answer == "[OK, 1]"


def test_a_transaction_that_only_reads_has_no_effect() -> None:
    asked = command("MULTI") + command("GET", "a") + command("EXEC")
    played = stand()
    played.link.on_request = lambda request: "forward"
    played.say(asked)
    for answer in (b"+OK\r\n", b"+QUEUED\r\n", b"*1\r\n$1\r\n1\r\n"):
        played.talk.from_server(answer)
    assert [one.effect for one in played.link.answered] == [False, False, False]


def test_commands_after_a_transaction_have_effects_again() -> None:
    played = stand((command("MULTI"), b"+OK\r\n"), (command("DISCARD"), b"+OK\r\n"), (command("INCR", "a"), b":1\r\n"))
    played.say(command("MULTI") + command("DISCARD") + command("INCR", "a"))
    assert [one.effect for one in played.link.answered] == [False, False, True]


def test_a_pipeline_is_one_request_after_the_other() -> None:
    played = stand((command("INCR", "a"), b":1\r\n"), (command("INCR", "b"), b":1\r\n"))
    played.link.on_request = lambda request: "hold"
    played.say(command("INCR", "a") + command("INCR", "b"))
    assert [one.text for one in played.link.offered] == ["INCR a"]
    played.link.offered[0].release()
    played.answer()
    assert [one.text for one in played.link.offered] == ["INCR a", "INCR b"]


def test_pushes_answer_nothing() -> None:
    push = b">2\r\n+invalidate\r\n*1\r\n$1\r\na\r\n"
    played = stand((command("HELLO", "3"), b"%0\r\n")).say(command("HELLO", "3"))
    played.say(command("GET", "a"))
    played.talk.from_server(push + b"$1\r\n5\r\n" + push)
    assert played.link.answered[0].answer == "5"
    assert bytes(played.link.at_client) == b"%0\r\n" + push + b"$1\r\n5\r\n" + push


def test_a_subscription_hears_everything_until_its_end() -> None:
    joined = b"*3\r\n$9\r\nsubscribe\r\n$1\r\nc\r\n:1\r\n"
    news = b"*3\r\n$7\r\nmessage\r\n$1\r\nc\r\n$2\r\nhi\r\n"
    over = b"*3\r\n$11\r\nunsubscribe\r\n$1\r\nc\r\n:0\r\n"
    played = stand(
        (command("SUBSCRIBE", "c"), joined), (command("UNSUBSCRIBE"), over), (command("INCR", "a"), b":1\r\n")
    )
    played.say(command("SUBSCRIBE", "c"))
    played.talk.from_server(news)
    played.say(command("UNSUBSCRIBE")).say(command("INCR", "a"))
    assert bytes(played.link.at_client) == joined + news + over + b":1\r\n"
    assert played.link.labels() == ["INCR"] and played.finished()


def test_under_resp3_a_subscriber_may_go_on_asking() -> None:
    joined, news = b">3\r\n+subscribe\r\n+c\r\n:1\r\n", b">3\r\n+message\r\n+c\r\n+hi\r\n"
    played = stand(
        (command("HELLO", "3"), b"%0\r\n"), (command("SUBSCRIBE", "c"), joined), (command("GET", "a"), news + b"_\r\n")
    )
    played.say(command("HELLO", "3")).say(command("SUBSCRIBE", "c")).say(command("GET", "a"))
    assert [(one.label, one.answer) for one in played.link.answered] == [("GET", "nil")]


def test_a_client_that_wants_no_replies_gets_none() -> None:
    off, on = command("CLIENT", "REPLY", "OFF"), command("CLIENT", "REPLY", "ON")
    played = stand((off, b""), (command("INCR", "a"), b""), (on, b"+OK\r\n"), (command("INCR", "b"), b":1\r\n"))
    played.say(off + command("INCR", "a") + on + command("INCR", "b"))
    assert played.finished() and [one.text for one in played.link.answered] == ["INCR b"]


def test_a_refused_hello_leaves_the_old_protocol() -> None:
    played = stand((command("HELLO", "3"), b"-NOPROTO unsupported\r\n")).say(command("HELLO", "3"))
    assert not played.talk.resp3


@pytest.mark.parametrize("data", [b"*1\r\n:1\r\n", b"*x\r\n", b"*1\r\n?x\r\n", b"*2\r\n$1\r\na\r\n*1\r\n$1\r\nb\r\n"])
def test_what_is_no_command_is_refused(data: bytes) -> None:
    played = stand().say(data)
    assert played.link.refused.startswith(b"-ERR") and played.link.labels() == []


def test_commands_may_be_typed() -> None:
    played = stand((b"incr a\r\n", b":1\r\n")).say(b"\r\nincr a\r\n")
    assert played.link.labels() == ["INCR"]


@pytest.mark.parametrize(
    "value", [b"*-1\r\n", b"$-1\r\n", b"*0\r\n", b"~1\r\n#t\r\n", b",1.5\r\n", b"(123\r\n", b"!3\r\nERR\r\n"]
)
def test_every_value_ends_where_it_ends(value: bytes) -> None:
    scanner, buffer = Scanner(), bytearray()
    for byte in value[:-1]:
        buffer.append(byte)
        assert scanner.end(buffer) == -1
    buffer += value[-1:] + b"+next\r\n"
    assert scanner.end(buffer) == len(value)
    assert isinstance(shown(decode(value)), str)


def test_an_attribute_belongs_to_the_value_behind_it() -> None:
    value = b"|1\r\n+ttl\r\n:5\r\n$1\r\nx\r\n"
    assert Scanner().end(bytearray(value)) == len(value) and decode(value) == b"x"


def test_scanning_a_long_value_in_small_parts_takes_linear_time() -> None:
    parts = [b"*20000\r\n"] + [b"$1\r\nx\r\n"] * 20_000
    scanner, buffer = Scanner(), bytearray()
    for part in parts:
        buffer += part
        end = scanner.end(buffer)
        assert scanner._at == len(buffer) or end == len(buffer)
    assert end == len(buffer)
