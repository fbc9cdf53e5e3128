# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Phrases are found as a whole, with anything for a ``*``, and only if they say enough."""

from __future__ import annotations

import re

import pytest
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._diagnosis.phrases import (
    LONGEST,
    Phrase,
    one_line,
)
from hypothesis import given
from hypothesis import strategies as st


def is_in(phrase: str, text: str) -> bool:
    return Phrase(phrase).is_in(one_line(text).casefold())


@pytest.mark.parametrize(
    ("phrase", "text", "found"),
    [
        ("send-as privilege", "no Send\u2010As\r\n\tprivilege.", True),
        ("straße gesperrt", "STRASSE GESPERRT", True),
        ('the "right"', "the \u201cright\u201d", True),
        ("5.7.60", "550 5.7.60 denied", True),
        ("5.7.60", "5.7.600 then 5.7.60", True),
        ("5.7.60", "5.7.600", False),
        ("5.7.60", "15.7.60", False),
        ("5.7.60*", "5.7.600", True),
        ("*5.7.60", "15.7.60", True),
        ("5.7.60 * denied", "5.7.60 is denied", True),
        ("5.7.60 * denied", "denied 5.7.60", False),
        ("5.7.60 * denied", "5.7.60 is undenied, denied", True),
        ("not * to * as", "not allowed to send as", True),
        ("送信できません", "今は送信できませんでした", True),
        ("denied.", "denied.x", True),
    ],
)
def test_a_phrase_is_found_as_a_whole(phrase: str, text: str, found: bool) -> None:
    assert is_in(phrase, text) is found


@pytest.mark.parametrize("phrase", ["", "*", "***", "abc", " ab * cd ", "a*b*c*d*e", "x" * (LONGEST + 1)])
def test_a_phrase_that_says_too_little_or_too_much_is_at_fault(phrase: str) -> None:
    assert Phrase(phrase).fault


@pytest.mark.parametrize("phrase", ["abcd", "a * bcde", "x" * LONGEST, "送信でき"])
def test_other_phrases_may_be_looked_for(phrase: str) -> None:
    assert Phrase(phrase).fault is None


@given(st.text("ab1. *", min_size=1, max_size=8).filter(str.strip), st.text("ab1. ", max_size=12))
def test_it_finds_what_a_regular_expression_would(phrase: str, text: str) -> None:
    plain = one_line(phrase)
    inner = ".*".join(map(re.escape, plain.split("*")))
    left = "(?<![ab1])" if plain[0].isalnum() else ""
    right = "(?![ab1])" if plain[-1].isalnum() else ""
    assert is_in(phrase, text) == bool(re.search(left + inner + right, one_line(text)))
