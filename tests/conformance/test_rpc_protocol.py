# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""docs/wire-protocol.md, lines and answers: how both servers read, number, keep and repeat."""

from __future__ import annotations

import json
from typing import Any

import pytest

from .driver import MARKER, Conversation, Server, line_of, source

NO_FRAMES = [
    b"not json", b"null", b"5", b'"text"', b"[]", b'[{"id":1,"op":"ping"}]', b"{}", b'{"op":"ping"}', b'{"id":1}',
    b'{"id":"1","op":"ping"}', b'{"id":null,"op":"ping"}', b'{"id":true,"op":"ping"}', b'{"id":0,"op":"ping"}',
    b'{"id":-1,"op":"ping"}', b'{"id":1.5,"op":"ping"}', b'{"id":1,"op":5}', b'{"id":1,"op":null}',
    b'{"id":1,"op":"ping","ack":"1"}', b'{"id":1,"op":"ping"', b'{"id":1,"op":"ping"}}', b'{"id":1,"op":"pi',
    b"\xff\xfe\xfd",
]  # fmt: skip


def test_a_line_that_is_no_frame_is_answered_and_uses_up_no_id(server: Server) -> None:
    with server.start() as conversation:
        conversation.send(b"\n".join(NO_FRAMES) + b"\n")
        answers = [conversation.next_answer() for _frame in NO_FRAMES]
        assert [answer["error"]["code"] for answer in answers] == ["bad_frame"] * len(NO_FRAMES)
        assert {answer["id"] for answer in answers} == {0}
        assert conversation.ask("ping") == {"seq": len(NO_FRAMES) + 1, "id": 1, "ok": True, "result": {}}


def test_half_a_line_costs_only_itself(server: Server) -> None:
    """A resend begins with a line feed (winrm facts F22)."""
    with server.start() as conversation:
        conversation.send(b'{"id":1,"op":"ping"}\n{"id":2,"op":"pi')
        assert conversation.next_answer()["id"] == 1
        conversation.send(b'\n{"id":2,"op":"ping"}\n')
        assert conversation.next_answer()["error"]["code"] == "bad_frame"
        assert conversation.next_answer() == {"seq": 3, "id": 2, "ok": True, "result": {}}


def test_a_line_may_arrive_byte_by_byte(server: Server) -> None:
    with server.start() as conversation:
        for byte in line_of({"id": 1, "op": "ping"}):
            conversation.send(bytes([byte]))
        assert conversation.next_answer()["ok"]


def test_empty_lines_and_carriage_returns_do_not_matter(server: Server) -> None:
    with server.start() as conversation:
        conversation.send(b'\n\r\n  \n{"id":1,"op":"ping"}\r\n\n{"id":2,"op":"ping"}\n')
        assert [conversation.next_answer()["id"] for _number in range(2)] == [1, 2]


def test_a_byte_order_mark_before_the_source_is_skipped(server: Server) -> None:
    with server.start(b"\xef\xbb\xbf" + source().preamble) as conversation:
        assert conversation.ask("hello")["result"]["runner_sha256"] == source().sha256


def test_a_source_with_carriage_returns_is_the_same_source(server: Server) -> None:
    with server.start(source().preamble.replace(b"\n", b"\r\n")) as conversation:
        assert conversation.ask("hello")["result"]["runner_sha256"] == source().sha256


def test_answers_stand_on_lines_of_their_own_in_ascii(server: Server) -> None:
    with server.start() as conversation:
        assert conversation.ask("hello")["ok"]
        conversation.ask("ping")
    assert [line.data[:5] for line in conversation.lines if line.data] == [MARKER, MARKER]
    assert [line.data for line in conversation.lines][::2] == [b"", b""]


TEXTS = [
    "Zażółć gęślą jaźń", "Большой", "日本語", "\U0001f4e7 mail \U0001d11e", 'quote " and \\ and /',
    "tab\tline\nreturn\r\x01\x7f",
    "O'Brien <o@x> & co", "2024-01-31T10:00:00Z", "2024-01-31T10:00:00.1234567+02:00", "/Date(1700000000000)/",
    "\x00", "\x002024-01-31", "a\x00b\x00", 'say "2024-01-31" and "/Date(1)/"', "\\\\", "\\", "-WhatIf:$false",
    "\u2018\u2019\u201a\u201b\u201c\u201d\u201e\u2013\u2014\u2015\u200f\u202e",
    "007", "true", "null", "\u2028\u2029\ufeff\u200b", "{Add}", "$(Get-Process) `n %PATH%", "é" * 2000,
]  # fmt: skip


@pytest.mark.parametrize("escaped", [True, False])
@pytest.mark.parametrize("text", TEXTS, ids=range(len(TEXTS)))
def test_texts_come_back_as_they_went(enforcing: Conversation, text: str, escaped: bool) -> None:
    number = enforcing.next_id()
    request = {
        "id": number,
        "op": "invoke",
        "cmdlet": "Get-Mailbox",
        "parameters": {"Filter": text},
        "select": ["Parameters"],
    }
    enforcing.send(json.dumps(request, ensure_ascii=escaped).encode() + b"\n")
    (row,) = enforcing.answer_to(number)["rows"]
    assert json.loads(row["Parameters"]) == {"Filter": text}
    assert enforcing.lines[-1].data.isascii()


def test_a_line_of_a_megabyte_goes_both_ways(enforcing: Conversation) -> None:
    text = "x" * 1_000_000 + "ż"
    (row,) = enforcing.call("Get-Mailbox", "Parameters", Filter=text)["rows"]
    assert json.loads(row["Parameters"]) == {"Filter": text}


def test_64_requests_at_once_are_served_in_order(server: Server) -> None:
    with server.connected() as conversation:
        first = conversation.last_id + 1
        numbers = range(first, first + 64)
        conversation.send(b"".join(line_of(invoke(number, f"m{number}@contoso.com")) for number in numbers))
        answers = [conversation.next_answer() for _number in numbers]
        assert [answer["id"] for answer in answers] == list(numbers)
        assert [answer["seq"] for answer in answers] == list(numbers)
        assert [identity(answer) for answer in answers] == [f"m{number}@contoso.com" for number in numbers]


def test_resume_gives_again_what_was_not_acknowledged(server: Server) -> None:
    with server.start() as conversation:
        conversation.send(b"".join(line_of({"id": number, "op": "ping"}) for number in range(1, 5)))
        first = [conversation.next_answer() for _number in range(4)]
        conversation.send_object({"id": 5, "op": "resume", "after": 2, "ack": 1})
        assert [conversation.next_answer() for _number in range(2)] == first[2:]
        assert conversation.next_answer() == {"seq": 5, "id": 5, "ok": True, "result": {"resent": 2}}
        conversation.send_object({"id": 6, "op": "resume", "after": 0})
        assert [conversation.next_answer()["seq"] for _number in range(5)] == [2, 3, 4, 5, 6]


def test_a_request_seen_before_is_not_run_again_but_its_ack_counts(server: Server) -> None:
    with server.connected() as conversation:
        number = conversation.last_id + 1
        again = invoke(number, "a@contoso.com")
        conversation.send(line_of(again) + line_of(again) + line_of({**again, "ack": number}))
        conversation.send_object({"id": number + 1, "op": "resume", "after": 0})
        assert conversation.next_answer()["id"] == number
        assert conversation.next_answer()["result"] == {"resent": 0}
        assert len(server.tenant.calls) == 1


def test_a_request_that_was_lost_is_run_after_later_ones(server: Server) -> None:
    with server.connected() as conversation:
        number = conversation.last_id + 1
        conversation.send(line_of(invoke(number + 1, "b@contoso.com")) + line_of(invoke(number, "a@contoso.com")))
        assert [identity(conversation.next_answer()) for _number in range(2)] == ["b@contoso.com", "a@contoso.com"]


def test_a_refused_request_uses_up_its_id(server: Server) -> None:
    with server.start() as conversation:
        conversation.send(line_of({"id": 1, "op": "nonsense"}) + line_of({"id": 1, "op": "ping"}))
        conversation.send_object({"id": 2, "op": "ping"})
        assert [conversation.next_answer()["id"] for _number in range(2)] == [1, 2]


def invoke(number: int, identity: str) -> dict[str, Any]:
    parameters = {"Identity": identity}
    return {"id": number, "op": "invoke", "cmdlet": "Get-Mailbox", "parameters": parameters, "select": ["Parameters"]}


def identity(answer: dict[str, Any]) -> str:
    return str(json.loads(answer["rows"][0]["Parameters"])["Identity"])
