# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which rows are mailboxes to send as, which are left out, and which cannot be told."""

from __future__ import annotations

import json

import pytest
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._crm.filters import LABELS
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._crm.tables import (
    ExportError,
    OptionError,
    key_of,
)

from .samples import ALL_FILTERS, addresses, csv_text, listed, mailbox

ANN = "ann@contoso.com"
COLUMNS = {
    "active": ("Status", "Inactive", "inactive"),
    "approved": ("Email_Address_Status", "Pending Approval", "not approved"),
    "outgoing": ("Outgoing_Email", "Microsoft Dynamics 365 for Outlook", "sent by other means"),
    "not_forward": ("Is_Forward_Mailbox", "Yes", "a forward mailbox"),
}


def test_a_mailbox_that_crm_sends_as_passes_all_filters() -> None:
    found = listed(csv_text(mailbox(ANN)))
    assert (addresses(found), found.left_out, found.rejected) == ([ANN], [], [])


@pytest.mark.parametrize("name", ALL_FILTERS)
def test_each_filter_leaves_out_what_does_not_meet_it_and_can_be_switched_off(name: str) -> None:
    column, value, reason = COLUMNS[name]
    export = csv_text(mailbox(ANN), mailbox("bob@contoso.com", **{column: value}))
    heading = column.replace("_", " ")
    found = listed(export)
    assert addresses(found) == [ANN]
    assert found.left_out == [f"export-1, row 3: {reason} (column {heading!r} says {value!r})"]
    assert found.rejected == []
    without = [one for one in ALL_FILTERS if one != name]
    assert addresses(listed(export, filters=without)) == [ANN, "bob@contoso.com"]


@pytest.mark.parametrize("name", ALL_FILTERS)
def test_a_value_that_nobody_knows_is_rejected_not_guessed(name: str) -> None:
    column = COLUMNS[name][0]
    found = listed(csv_text(mailbox(ANN, **{column: "Ja"}), mailbox("bob@contoso.com", **{column: ""})))
    assert addresses(found) == []
    unknown, empty = found.rejected
    heading = column.replace("_", " ")
    assert unknown.startswith(f"export-1, row 2: with an unknown value in column {heading!r} ('Ja': add it to labels: ")
    assert empty == f"export-1, row 3: with nothing in column {heading!r} (set it in CRM)"


def test_what_is_surely_not_wanted_is_left_out_whatever_else_of_it_is_unknown() -> None:
    found = listed(csv_text(mailbox("no address", Status="Inactive", Email_Address_Status="?")))
    assert (len(found.left_out), found.rejected) == (1, [])


@pytest.mark.parametrize("name", ALL_FILTERS)
def test_a_filter_without_its_column_is_refused_because_nothing_is_assumed(name: str) -> None:
    headings = ["Email Address", *(COLUMNS[one][0].replace("_", " ") for one in ALL_FILTERS if one != name)]
    with pytest.raises(ExportError, match=rf"no column for \w+ \(filter {name}\) \(its columns: 'Email Address', "):
        listed(csv_text([ANN, "1", "2", "3"], headings=headings))


def test_users_and_queues_need_no_column_that_tells_of_forward_mailboxes() -> None:
    headings = ["Primary Email", "Primary Email Status", "Outgoing Email Delivery Method", "Status"]
    assert addresses(listed(csv_text([ANN, "Approved", "E-mail Router", "Enabled"], headings=headings))) == [ANN]


def test_no_label_of_a_field_has_two_meanings() -> None:
    for field, meanings in LABELS.items():
        keys = [key_of(label) for labels in meanings.values() for label in labels]
        assert len(keys) == len(set(keys)), field


@pytest.mark.parametrize("label", ["E-mail Router", "EmailRouter", "Server-side synchronization", "2"])
def test_all_names_that_the_way_of_the_router_ever_had_are_known(label: str) -> None:
    """Router facts 5.1: CRM 2011, logs of server-side synchronisation, and the option's number."""
    assert addresses(listed(csv_text(mailbox(ANN, Outgoing_Email=label)))) == [ANN]


@pytest.mark.parametrize("disabled", [True, False])
def test_a_user_of_the_web_api_is_disabled_or_not(disabled: bool) -> None:
    record = {"internalemailaddress": ANN, "systemuserid": "1", "isdisabled": disabled}
    found = listed(json.dumps([record]), filters=["active"])
    assert addresses(found) == ([] if disabled else [ANN])


def test_numbers_are_known_in_any_kind_of_file() -> None:
    row = mailbox(ANN, Outgoing_Email="2", Email_Address_Status="1", Is_Forward_Mailbox="0", Status="0")
    assert addresses(listed(csv_text(row))) == [ANN]


def test_a_label_of_the_user_wins() -> None:
    export = csv_text(mailbox(ANN, Email_Address_Status="Pending Approval"), mailbox("bob@contoso.com"))
    assert addresses(listed(export, labels={"approved": "Pending approval"})) == [ANN, "bob@contoso.com"]


def test_a_meaning_that_there_is_not_is_refused_with_those_that_there_are() -> None:
    with pytest.raises(
        OptionError, match="option labels: 'genehmigt' is none of email_router, outlook, none, approved"
    ):
        listed(csv_text(mailbox(ANN)), labels={"genehmigt": "Genehmigt"})
