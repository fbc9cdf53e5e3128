# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Lines and batches: bytes cut anywhere give the same events, and requests are ASCII on one line."""

from __future__ import annotations

import json
from typing import Any

import pytest
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._remote.frames import (
    BATCH_BYTES,
    Decoder,
    Event,
    Fatal,
    LogLine,
    Reply,
    batches,
    encode,
)
from hypothesis import given
from hypothesis import strategies as st

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
VALUES: st.SearchStrategy[Any] = st.none() | st.booleans() | st.integers() | TEXTS | st.lists(TEXTS, max_size=3)
BODIES = st.dictionaries(st.sampled_from(["Name", "User", "value"]), VALUES, max_size=3)


def reply(seq: int, body: dict[str, Any], ascii_only: bool = False) -> bytes:
    return b"@exo " + json.dumps({"seq": seq, "id": seq, "ok": True, **body}, ensure_ascii=ascii_only).encode()


def decoded(data: bytes) -> list[Event]:
    return Decoder().feed(data)


@given(st.lists(BODIES | TEXTS, max_size=6), st.lists(st.integers(1, 12), min_size=1), st.sampled_from(["\n", "\r\n"]))
def test_where_the_bytes_are_cut_does_not_matter(lines: list[Any], cuts: list[int], line_end: str) -> None:
    whole = b""
    for number, line in enumerate(lines, 1):
        text = reply(number, line) if isinstance(line, dict) else f"log {line!r}".encode()
        whole += text + line_end.encode()
    decoder, events, at = Decoder(), [], 0
    for turn in range(len(whole)):
        events += decoder.feed(whole[at : at + cuts[turn % len(cuts)]])
        at += cuts[turn % len(cuts)]
    assert events == decoded(whole)
    replies = [event for event in events if isinstance(event, Reply)]
    assert [each.body for each in replies] == [
        {"seq": number, "id": number, "ok": True, **line}
        for number, line in enumerate(lines, 1)
        if isinstance(line, dict)
    ]


def test_a_line_without_an_end_is_not_kept_for_ever() -> None:
    decoder = Decoder(longest=1000)
    for _time in range(100):
        assert decoder.feed(b"x" * 999) == []
        assert sum(map(len, decoder._parts)) <= 1000
    assert decoder.feed(b"the rest\n" + reply(1, {}) + b"\n") == [Reply(1, 1, True, {"seq": 1, "id": 1, "ok": True})]


@given(st.binary(max_size=200))
def test_whatever_a_program_prints_nothing_breaks(data: bytes) -> None:
    decoder = Decoder()
    decoder.feed(data)
    assert decoder.feed(b"\n" + reply(1, {}) + b"\n")[-1] == Reply(1, 1, True, {"seq": 1, "id": 1, "ok": True})


@pytest.mark.parametrize(
    ("line", "event"),
    [
        (b'@exo {"seq":0,"fatal":"language_mode"}', Fatal("language_mode")),
        (b'\xef\xbb\xbf@exo {"seq":0,"fatal":"x"}\r', Fatal("x")),
        (b"WARNING: x", LogLine("WARNING: x")),
        (b'text @exo {"seq":1,"id":1,"ok":true}', LogLine('text @exo {"seq":1,"id":1,"ok":true}')),
        (b"\xff\xfe", LogLine("\ufffd\ufffd")),
        (b"@exo nonsense", LogLine("@exo nonsense")),
        (b"@exo []", LogLine("@exo []")),
        (b'@exo {"id":1,"ok":true}', LogLine('@exo {"id":1,"ok":true}')),
        (b'@exo {"seq":true,"id":1,"ok":true}', LogLine('@exo {"seq":true,"id":1,"ok":true}')),
        (b'@exo {"seq":1,"id":"1","ok":true}', LogLine('@exo {"seq":1,"id":"1","ok":true}')),
        (b'@exo {"seq":1,"id":1}', LogLine('@exo {"seq":1,"id":1}')),
    ],
)
def test_line(line: bytes, event: Event) -> None:
    assert decoded(line + b"\n") == [event]


def test_empty_lines_are_nothing() -> None:
    assert decoded(b"\n\r\n\n") == []


def test_lists_in_the_wrapping_of_windows_powershell_are_lists() -> None:
    rows = {"value": [{"AccessRights": {"value": ["FullAccess"], "Count": 1}}], "Count": 1}
    (event,) = decoded(reply(1, {"rows": rows}) + b"\n")
    assert isinstance(event, Reply)
    assert event.body["rows"] == [{"AccessRights": ["FullAccess"]}]


@pytest.mark.parametrize("other", [{"value": [1], "Count": 2}, {"value": "x", "Count": 1}, {"value": [1]}])
def test_what_only_looks_like_the_wrapping_is_kept(other: dict[str, Any]) -> None:
    (event,) = decoded(reply(1, {"result": other}) + b"\n")
    assert isinstance(event, Reply)
    assert event.body["result"] == other


def test_after_a_loss_the_rest_of_the_line_is_not_taken_for_one() -> None:
    decoder = Decoder()
    assert decoder.feed(b'@exo {"seq":1,') == []
    decoder.skip_line()
    decoder.skip_line()
    assert decoder.feed(b'"id":1,"ok":true}') == []
    assert decoder.feed(b"\nnext\n") == [LogLine("next")]


def test_after_a_loss_between_lines_nothing_is_skipped() -> None:
    decoder = Decoder()
    decoder.feed(b"one\n")
    decoder.skip_line()
    assert decoder.feed(b"two\n") == [LogLine("two")]


@given(BODIES)
def test_a_request_is_one_line_of_ascii(fields: dict[str, Any]) -> None:
    line = encode(fields)
    assert line.isascii()
    assert line.count(b"\n") == 1
    assert line.endswith(b"\n")
    assert json.loads(line) == fields


@given(st.lists(st.binary(max_size=40).map(lambda data: data.replace(b"\n", b" ") + b"\n")), st.integers(2, 60))
def test_batches_hold_every_line_whole_and_none_too_much(lines: list[bytes], limit: int) -> None:
    sent = list(batches(lines, limit))
    assert all(len(batch) <= limit for batch in sent)
    received = [line for line in b"".join(sent).split(b"\n") if line]
    assert received == [line[:-1] for line in lines if line != b"\n"]


def test_each_batch_begins_with_a_line_feed_and_whole_lines_share_one() -> None:
    assert list(batches([b"a\n", b"b\n", b"c\n"], 5)) == [b"\na\nb\n", b"\nc\n"]
    assert list(batches([b"x" * 8 + b"\n"], 5)) == [b"\nxxxx", b"xxxx\n"]
    assert list(batches([])) == []
    assert len(next(batches([b"x" * 200_000 + b"\n"]))) == BATCH_BYTES
