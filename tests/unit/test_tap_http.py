"""The HTTP conversation on streams that are cut at every byte."""

from __future__ import annotations

import pytest

from autograder.tap.http import HttpConversation
from tests.unit.tap_stand import Exchange, Stand


def request(line: str, body: bytes = b"", *headers: str) -> bytes:
    length = f"Content-Length: {len(body)}\r\n" if body else ""
    return (
        f"{line} HTTP/1.1\r\nHost: gateway\r\n{length}{''.join(h + chr(13) + chr(10) for h in headers)}\r\n".encode()
        + body
    )


def answer(code: str, body: bytes = b"") -> bytes:
    return f"HTTP/1.1 {code}\r\ncontent-length: {len(body)}\r\n\r\n".encode() + body


CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4;x=y\r\nlamp\r\n5\r\n, mug\r\n0\r\nx-a: b\r\n\r\n"
SCRIPT: list[Exchange] = [
    (request("POST /charges", b'{"amount": 40}'), answer("201 Created", b'{"id": "c-1"}')),
    (request("GET /charges/c-1?full=1"), CHUNKED),
    (request("HEAD /charges"), b"HTTP/1.1 200 OK\r\ncontent-length: 999\r\n\r\n"),
    (request("DELETE /charges/7"), b"HTTP/1.1 204 No Content\r\n\r\n"),
    (request("POST /charges", b"x"), b"HTTP/1.1 100 Continue\r\n\r\n" + answer("402 Payment Required", b"no")),
    (b"PUT /a HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n", answer("200 OK")),
]


def stand(*script: Exchange) -> Stand:
    return Stand(HttpConversation, script)


def test_requests_are_the_same_wherever_the_streams_are_cut() -> None:
    asked = b"".join(one for one, _ in SCRIPT)
    for cut in range(len(asked) + 1):
        played = stand(*SCRIPT).say(asked, cut)
        assert played.link.labels() == [
            "POST /charges", "GET /charges/…", "HEAD /charges", "DELETE /charges/…", "POST /charges", "PUT /a",
        ], cut  # fmt: skip
        assert bytes(played.link.at_client) == b"".join(told for _, told in SCRIPT), cut
        assert played.finished()


def test_a_request_tells_what_was_asked_and_answered() -> None:
    played = stand(*SCRIPT).say(b"".join(one for one, _ in SCRIPT))
    texts = [one.text for one in played.link.answered]
    assert texts[:2] == ['POST /charges {"amount": 40}', "GET /charges/c-1?full=1"]
    assert [one.answer for one in played.link.answered] == [
        '201 {"id": "c-1"}', "200 lamp, mug", "200", "204", "402 no", "200",
    ]  # fmt: skip
    assert [one.error for one in played.link.answered] == [None, None, None, None, "402", None]
    assert [one.effect for one in played.link.answered] == [True, False, False, True, True, True]


def test_an_answer_without_a_length_ends_with_its_connection() -> None:
    told = b"HTTP/1.1 200 OK\r\n\r\nhello"
    played = stand((request("GET /"), told)).say(request("GET /"))
    assert not played.link.answered
    played.talk.server_ended()
    assert [one.answer for one in played.link.answered] == ["200 hello"]
    assert bytes(played.link.at_client) == told


def test_after_an_upgrade_bytes_are_bytes() -> None:
    told = b"HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\n\r\n"
    played = stand((request("GET /live"), told), (b"\x81\x00", b"\x8a\x00")).say(request("GET /live")).say(b"\x81\x00")
    assert bytes(played.link.at_client) == told + b"\x8a\x00"


BAD = [
    b"nonsense\r\n\r\n",
    b"POST / HTTP/1.1\r\ncontent-length: many\r\n\r\n",
    b"POST / HTTP/1.1\r\ncontent-length: 99999999999\r\n\r\n",
    b"POST / HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n",
    b"GET / HTTP/1.1\r\n" + b"a: b\r\n" * 20_000,
]


@pytest.mark.parametrize("data", BAD)
def test_what_is_not_http_is_refused(data: bytes) -> None:
    assert stand().say(data).link.refused.startswith(b"HTTP/1.1 400")
