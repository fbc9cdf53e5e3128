# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Patterns: what they match, held against a slow and simple reading of them, and how long many take."""

from __future__ import annotations

import random
import re
import time

import pytest
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._policy.patterns import (
    Glob,
    Patterns,
    loose,
    pattern_fault,
    plain,
)


def simply(pattern: str, text: str) -> bool:
    """The meaning of a pattern, one character after the other."""
    if not pattern:
        return not text
    if pattern[0] == "*":
        return any(simply(pattern[1:], text[start:]) for start in range(len(text) + 1))
    return bool(text) and pattern[0] in ("?", text[0]) and simply(pattern[1:], text[1:])


def test_a_pattern_means_what_its_simplest_reading_says() -> None:
    chance = random.Random(8)
    for _draw in range(20_000):
        pattern = "".join(chance.choices("ab.@*?", k=chance.randint(0, 7)))
        text = "".join(chance.choices("ab.@", k=chance.randint(0, 8)))
        assert Glob(pattern).matches(text) is simply(pattern, text), (pattern, text)


def test_of_many_patterns_exactly_those_are_found_that_match() -> None:
    chance = random.Random(9)
    patterns = ["".join(chance.choices("ab.@*?", k=chance.randint(1, 6))) for _number in range(400)]
    many = Patterns((one, number) for number, one in enumerate(patterns))
    for _draw in range(500):
        text = "".join(chance.choices("ab.@", k=chance.randint(1, 7)))
        assert set(many.owners(text)) == {number for number, one in enumerate(patterns) if simply(one, text)}


def test_no_address_is_matched_by_nothing_and_by_everything() -> None:
    assert not Patterns([("*", 1)]).match("")


def test_what_a_regular_expression_or_a_shell_would_take_for_more_stands_for_itself() -> None:
    assert not Glob("a.b@x.y").matches("acb@x.y")
    assert not Glob("a+@x.y").matches("aa@x.y")
    assert not Glob("*@x.y").matches("a@x.y.evil.org")
    assert not Glob("*@x.y").matches("a@x.y\nevil")


def test_asterisks_that_make_others_try_for_years_take_no_time() -> None:
    began = time.process_time()
    assert not Glob("*a" * 40 + "*b@contoso.com").matches("a" * 560 + "@contoso.com")
    assert time.process_time() - began < 1


@pytest.mark.parametrize("form", [plain, loose])
def test_letter_case_and_how_an_accent_is_written_make_no_difference(form: object) -> None:
    assert callable(form)
    assert form("ZOË@Contoso.COM") == form("zoe\N{COMBINING DIAERESIS}@contoso.com") == form("zoë@contoso.com")


def test_look_alikes_are_the_same_for_rules_that_forbid_and_not_for_those_that_allow() -> None:
    wide = "\N{FULLWIDTH LATIN SMALL LETTER C}eo@contoso.com"
    assert loose(wide) == loose("ceo@contoso.com")
    assert plain(wide) != plain("ceo@contoso.com")


def test_a_domain_in_its_other_writing_is_another() -> None:
    """So docs/policy.md says that both are to be protected."""
    both = ["ceo@müller.de", "ceo@xn--mller-kva.de"]
    found = [Patterns([(loose(one), "")]).match(loose(other)) for one in both for other in both]
    assert found == [True, False, False, True]


@pytest.mark.parametrize("pattern", ["ceo@contoso.com", "*@contoso.com", "b?b@contoso.com", "*@*.contoso.com", "*@*"])
def test_addresses_and_patterns_for_them_are_fine(pattern: str) -> None:
    assert pattern_fault(pattern) is None


@pytest.mark.parametrize(
    "pattern",
    ["ceo", "*", "ceo@", "@contoso.com", "ceo@contoso", "*@contoso", "ce o@contoso.com", "[a-z]@contoso.com",
     "a,b@contoso.com", "ceo@contoso.com;", "smtp:ceo@contoso.com", "ceo\N{ZERO WIDTH SPACE}@contoso.com"],
)  # fmt: skip
def test_what_no_address_could_ever_match_is_no_rule(pattern: str) -> None:
    fault = pattern_fault(pattern)
    assert fault is not None
    assert re.search(re.escape(repr(pattern)), fault)
