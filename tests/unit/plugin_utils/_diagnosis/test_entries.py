# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where a text in a file ends and the next begins, and in which encoding."""

from __future__ import annotations

import codecs

import pytest
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._diagnosis.entries import decoded, entries_of
from hypothesis import given
from hypothesis import strategies as st


def split(text: str, separator: str | None = None) -> list[tuple[str, str]]:
    return [(entry.source, entry.text) for entry in entries_of("log", text, separator)]


@pytest.mark.parametrize(
    ("text", "entries"),
    [
        ("", []),
        ("\n \n\t\n", []),
        ("a", [("log:1", "a")]),
        ("\n\na\nb\n\n \nc\n", [("log:3", "a\nb"), ("log:7", "c")]),
        ("a\r\nb\r\n\r\nc", [("log:1", "a\nb"), ("log:4", "c")]),
        ("#1 - a\n  at b\n#2 - c\n  at d", [("log:1", "#1 - a\n  at b"), ("log:3", "#2 - c\n  at d")]),
        (
            "1/1/2012 1:1:1 : #1 - a\n1/1/2012 1:1:2 : #2 - b",
            [("log:1", "1/1/2012 1:1:1 : #1 - a"), ("log:2", "1/1/2012 1:1:2 : #2 - b")],
        ),
        (
            "Event ID:0\nDescription: #1 - a\nEvent ID:0\nDescription: #2 - b",
            [("log:1", "Event ID:0\nDescription: #1 - a\nEvent ID:0"), ("log:4", "Description: #2 - b")],
        ),
        ('#1 - subject "#2 - x"\nTicket #3 - y', [("log:1", '#1 - subject "#2 - x"\nTicket #3 - y')]),
    ],
)
def test_a_text_ends_at_an_empty_line_and_before_the_next_event(text: str, entries: list[tuple[str, str]]) -> None:
    assert split(text) == entries


def test_with_a_separator_nothing_else_parts_texts() -> None:
    text = "#1 - a\n\n#2 - b\n ---\n---\nc\n----\nd\n---"
    assert split(text, "---") == [("log:1", "#1 - a\n\n#2 - b"), ("log:6", "c\n----\nd")]
    assert split("a\n\nb", " ") == split("a\n\nb", "") == split("a\n\nb")


@given(st.lists(st.sampled_from(["a", "b c", "", " ", "#1 - x", ": #2 - y", "---"]), max_size=12))
def test_nothing_but_separators_is_lost_and_each_source_is_its_line(lines: list[str]) -> None:
    for separator in (None, "---"):
        entries = list(entries_of("log", "\n".join(lines), separator))
        kept = [line for entry in entries for line in entry.text.split("\n") if line.strip()]
        assert kept == [line for line in lines if line.strip() and line != separator]
        for entry in entries:
            first = int(entry.source.removeprefix("log:"))
            assert lines[first - 1 : first + entry.text.count("\n")] == entry.text.split("\n")


@pytest.mark.parametrize(
    "content",
    [
        "Zoë".encode(),
        codecs.BOM_UTF8 + "Zoë".encode(),
        codecs.BOM_UTF16_LE + "Zoë".encode("utf-16-le"),
        codecs.BOM_UTF16_BE + "Zoë".encode("utf-16-be"),
        "Zoë".encode("cp1252"),
    ],
)
def test_a_file_is_read_in_the_encodings_of_windows(content: bytes) -> None:
    assert decoded(content) == "Zoë"


@given(st.binary(max_size=40))
def test_no_file_is_unreadable(content: bytes) -> None:
    assert isinstance(decoded(content), str)
