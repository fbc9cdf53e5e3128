# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The language of -Filter: what is read, how it is grouped, what is refused."""

from __future__ import annotations

import pytest
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._tenant.opath import (
    All,
    Any,
    Comparison,
    FilterError,
    Not,
    parse,
)

A = Comparison("Name", "eq", "a")
B = Comparison("Alias", "eq", "b")
C = Comparison("Guid", "eq", "c")
TEXT_A, TEXT_B, TEXT_C = "Name -eq 'a'", "Alias -eq 'b'", "Guid -eq 'c'"


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("Name -eq 'O''Brien'", "O'Brien"),
        ('Name -eq "O\'Brien"', "O'Brien"),
        ('Name -eq "say ""so"""', 'say "so"'),
        ("Name -eq 'O\u2019\u2019Brien'", "O\u2019Brien"),
        ("Name -eq 'O\u2019'Brien'", "O'Brien"),
        ("Name -eq \u2018O''Brien\u201b", "O'Brien"),
        ("Name -eq '\u201cso\u201d'", "\u201cso\u201d"),
        ("Name -eq \u201cso\u201e", "so"),
        ("Name -eq '-or (x)'", "-or (x)"),
        ("Name -eq ''", ""),
        ("Name -EQ $True", True),
        ("Name -eq $false", False),
        ("Name -eq $null", None),
        ("Name -eq 12", "12"),
        ("  Name   -eq\t'Zoë'  ", "Zoë"),
    ],
)
def test_values(text: str, value: object) -> None:
    assert parse(text) == Comparison("Name", "eq", value)  # type: ignore[arg-type]


@pytest.mark.parametrize("operator", ["eq", "ne", "like", "notlike"])
def test_operators(operator: str) -> None:
    assert parse(f"Name -{operator} 'a'") == Comparison("Name", operator, "a")


@pytest.mark.parametrize(
    ("text", "condition"),
    [
        (f"{TEXT_A} -or {TEXT_B} -or {TEXT_C}", Any((A, B, C))),
        (f"{TEXT_A} -and {TEXT_B} -or {TEXT_C}", Any((All((A, B)), C))),
        (f"{TEXT_A} -or {TEXT_B} -AND {TEXT_C}", Any((A, All((B, C))))),
        (f"({TEXT_A} -or {TEXT_B}) -and {TEXT_C}", All((Any((A, B)), C))),
        (f"-not {TEXT_A} -and {TEXT_B}", All((Not(A), B))),
        (f"-not ({TEXT_A} -and -Not(({TEXT_B})))", Not(All((A, Not(B))))),
    ],
)
def test_and_binds_closer_than_or(text: str, condition: object) -> None:
    assert parse(text) == condition


def test_a_long_chain_is_read() -> None:
    assert parse(" -or ".join([TEXT_A] * 5000)) == Any((A,) * 5000)


@pytest.mark.parametrize(
    "text",
    [
        "", "Name", "Name -eq", "Name -eq a", "'a' -eq Name", "Name -eq 'a", "Name -eq 'O'Brien'", f"({TEXT_A}",
        f"{TEXT_A})", f"{TEXT_A} -or", f"{TEXT_A} {TEXT_B}", "Name -ceq 'a'", "Name = 'a'", "-not", "Name -eq 'a' ; x",
    ],
)  # fmt: skip
def test_what_is_no_filter_is_refused(text: str) -> None:
    with pytest.raises(FilterError):
        parse(text)
