# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which profiles a mailbox has, by a column or by the first rule that fits, and which options cannot be meant."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._crm.settings import settings_of
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._crm.tables import ExportError, OptionError

from .samples import csv_text, listed, mailbox

ANN = "ann@contoso.com"


def profiles(row: list[str], *rules: dict[str, Any], column: str = "") -> list[str] | None:
    """What the host variable of the only mailbox says."""
    (found,) = listed(csv_text(row), profile_rules=list(rules), profile_column=column).mailboxes.values()
    return found.variables.get("mailbox_delegation_profile")


def test_without_column_and_rules_a_mailbox_says_nothing_of_profiles() -> None:
    assert profiles(mailbox(ANN)) is None


@pytest.mark.parametrize(
    ("cell", "named"),
    [("reader", ["reader"]), (" sender ; reader,,", ["sender", "reader"]), ("", None), (" , ", None)],
)
def test_a_column_names_one_profile_or_several(cell: str, named: list[str] | None) -> None:
    assert profiles(mailbox(ANN, Owner=cell), column="owner") == named


def test_rules_are_for_rows_whose_column_names_no_profile() -> None:
    rule = {"profile": "default"}
    assert profiles(mailbox(ANN, Owner="reader"), rule, column="Owner") == ["reader"]
    assert profiles(mailbox(ANN, Owner=""), rule, column="Owner") == ["default"]


@pytest.mark.parametrize(
    ("rule", "fits"),
    [
        ({"column": "OWNER", "value": "support*"}, True),
        ({"column": "Owner", "value": "support"}, False),
        ({"column": "Owner", "value": "Support ?eam"}, True),
        ({"column": "Status", "value": "support*"}, False),
        ({"address": "*@CONTOSO.com"}, True),
        ({"address": "*@fabrikam.com"}, False),
        ({"address": "ann@*", "column": "Owner", "value": "*team"}, True),
        ({"address": "bob@*", "column": "Owner", "value": "*team"}, False),
        ({"address": "ann@*", "column": "Owner", "value": "*desk"}, False),
        ({}, True),
    ],
)
def test_a_rule_fits_where_its_cell_and_its_address_do(rule: dict[str, str], fits: bool) -> None:
    row = mailbox("Ann@Contoso.com", Owner="Support Team")
    assert profiles(row, {**rule, "profile": "reader"}, {"profile": "other"}) == ["reader" if fits else "other"]


def test_the_first_rule_that_fits_counts_and_may_name_several_profiles() -> None:
    rules = ({"address": "a*", "profile": ["sender", "reader"]}, {"address": "ann*", "profile": "other"})
    assert profiles(mailbox(ANN), *rules) == ["sender", "reader"]


def test_a_column_that_only_one_export_has_is_of_that_one_only() -> None:
    first = csv_text([ANN, "Ann"], headings=["Email Address", "Team"])
    second = csv_text(["bob@contoso.com", "Bob"], headings=["Email Address", "Name"])
    rule = {"column": "Team", "value": "*", "profile": "reader"}
    found = listed(first, second, filters=[], profile_rules=[rule])
    assert [each.profiles for each in found.mailboxes.values()] == [("reader",), ()]


@pytest.mark.parametrize(
    ("options", "option"),
    [
        ({"profile_column": "Team"}, "profile_column"),
        (
            {"profile_rules": [{"profile": "x"}, {"column": "Team", "value": "a", "profile": "y"}]},
            "profile_rules, rule 2",
        ),
    ],
)
def test_a_column_that_no_export_has_is_a_mistake(options: dict[str, Any], option: str) -> None:
    with pytest.raises(OptionError, match=r"no source has the column 'Team' \(columns: .*'Email Address'") as caught:
        listed(csv_text(mailbox(ANN)), **options)
    assert caught.value.option == option


def test_a_column_of_profiles_that_is_there_twice_is_refused() -> None:
    with pytest.raises(ExportError, match="have the same heading"):
        listed(csv_text([ANN, "a", "b"], headings=["Email Address", "Team", "team"]), profile_column="Team")


@pytest.mark.parametrize(
    ("options", "fault"),
    [
        ({"entity": "contacts"}, "option entity: 'contacts' is none of mailboxes, users, queues"),
        ({"filters": ["aproved"]}, "option filters: 'aproved' is none of not_forward, active, outgoing, approved"),
        ({"headings": {"adress": "E-Mail"}}, "option headings: 'adress' is none of address, outgoing"),
        ({"headings": ["E-Mail"]}, r"option headings: \['E-Mail'\] is no dictionary"),
        ({"headings": {"address": {"de": "E-Mail"}}}, "option headings: {'de': 'E-Mail'} is no text"),
        (
            {"labels": {"not_forward": [False]}},
            r"option labels: \[False\] is no text and no list of texts \(put quotes",
        ),
        ({"profile_rules": {"profile": "x"}}, "option profile_rules: {'profile': 'x'} is no list"),
        ({"profile_rules": ["reader"]}, "option profile_rules, rule 1: 'reader' is no dictionary"),
        ({"profile_rules": [{"profile": "x"}, {}]}, "option profile_rules, rule 2: profile is missing"),
        ({"profile_rules": [{"profile": "x", "adress": "y"}]}, "option profile_rules, rule 1: unknown key 'adress'"),
        ({"profile_rules": [{"profile": "x", "column": "y"}]}, "rule 1: column and value go together"),
        ({"profile_rules": [{"profile": "x", "column": "y", "value": True}]}, "rule 1: True is no text"),
    ],
)
def test_an_option_that_cannot_be_meant_is_named_with_what_could(options: dict[str, Any], fault: str) -> None:
    with pytest.raises(OptionError, match=fault):
        settings_of(options)
