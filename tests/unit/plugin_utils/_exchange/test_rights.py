# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Entries of access lists in every form that Exchange gives them, and filters that name objects exactly."""

from __future__ import annotations

from dataclasses import replace

import pytest
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._exchange.filters import (
    any_of,
    equals,
    has_address,
)
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._exchange.rights import (
    AccessEntry,
    Right,
    mailbox_entry,
    recipient_entry,
)
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._exchange.session import Property, Row

from .sessions import ACCOUNT

SID = ACCOUNT.sids[0]


def full_access(**more: Property) -> Row:
    row: dict[str, Property] = {"Identity": "Sales Desk", "User": "router@contoso.com", "UserSid": SID}
    row.update({"Deny": False, "AccessRights": ["FullAccess"], "IsInherited": False, "InheritanceType": "All"})
    return {**row, **more}


def send_as(**more: Property) -> Row:
    row: dict[str, Property] = {"Identity": "Sales Desk", "Trustee": "router@contoso.com", "TrusteeSidString": SID}
    row.update({"AccessControlType": "Allow", "AccessRights": ["SendAs"], "IsInherited": False})
    return {**row, **more}


def test_a_row_of_a_mailbox_permission_becomes_an_entry() -> None:
    assert mailbox_entry(full_access()) == AccessEntry(
        mailbox="Sales Desk",
        trustee="router@contoso.com",
        sid=SID,
        allows=True,
        inherited=False,
        rights=frozenset({"fullaccess"}),
        inheritance_type="All",
    )


def test_a_row_of_a_recipient_permission_becomes_an_entry() -> None:
    entry = recipient_entry(send_as(TrusteeSidString=SID.lower()))
    assert (entry.mailbox, entry.trustee, entry.sid, entry.allows) == ("Sales Desk", "router@contoso.com", SID, True)
    assert entry.is_of(ACCOUNT)


@pytest.mark.parametrize(
    "rights",
    [
        ["FullAccess"],
        "FullAccess",
        ["FullAccess, ReadPermission"],
        ["ReadPermission,FullAccess"],
        ["ReadPermission", "FullAccess"],
        ["ReadPermission ,  fullaccess ,"],
        ["FullAccess", "SendAs", "ExternalAccount", "ReadPermission"],
    ],
)
def test_full_access_is_found_among_other_rights_and_in_comma_joined_ones(rights: Property) -> None:
    assert mailbox_entry(full_access(AccessRights=rights)).gives(Right.FULL_ACCESS)


@pytest.mark.parametrize("rights", [["ReadPermission"], ["NotFullAccess"], ["FullAccessish"], [], None, "", [","]])
def test_another_right_is_not_full_access(rights: Property) -> None:
    assert not mailbox_entry(full_access(AccessRights=rights)).gives(Right.FULL_ACCESS)


def test_send_on_behalf_is_in_no_access_list() -> None:
    entry = mailbox_entry(full_access(AccessRights=["FullAccess", "SendAs", "SendOnBehalf"]))
    assert [right for right in Right if entry.gives(right)] == [Right.SEND_AS, Right.FULL_ACCESS]


@pytest.mark.parametrize(
    ("deny", "allows"), [(False, True), ("False", True), (None, True), (True, False), ("True", False), ("true", False)]
)
def test_deny_of_a_mailbox_permission_is_seen_in_text_too(deny: Property, allows: bool) -> None:
    assert mailbox_entry(full_access(Deny=deny)).allows is allows


@pytest.mark.parametrize(
    ("control", "allows"),
    [("Allow", True), ("allow ", True), ("Deny", False), ("", False), (None, False), ("AllowAndMore", False)],
)
def test_what_is_not_plainly_allow_on_a_recipient_is_a_deny(control: Property, allows: bool) -> None:
    assert recipient_entry(send_as(AccessControlType=control)).allows is allows


@pytest.mark.parametrize(
    ("value", "inherited"), [(True, True), ("True", True), (False, False), ("False", False), (None, False)]
)
def test_an_inherited_entry_is_known_as_such_in_text_too(value: Property, inherited: bool) -> None:
    assert mailbox_entry(full_access(IsInherited=value)).inherited is inherited
    assert recipient_entry(send_as(IsInherited=value)).inherited is inherited


def test_the_entry_of_self_is_nobody_elses() -> None:
    own = mailbox_entry(full_access(User="NT AUTHORITY\\SELF", UserSid="S-1-5-10"))
    assert own.is_self
    assert not own.is_of(ACCOUNT)
    assert not mailbox_entry(full_access()).is_self


def test_an_entry_is_the_accounts_by_sid_whatever_name_it_shows() -> None:
    shown = mailbox_entry(full_access(User="CRM Router (do not delete)"))
    assert shown.is_of(ACCOUNT)
    assert not replace(shown, sid="S-1-5-21-1-2-3-1001").is_of(ACCOUNT)


@pytest.mark.parametrize(
    ("right", "wording"),
    [
        (Right.SEND_AS, "Send As"),
        (Right.FULL_ACCESS, "Full Access"),
        (Right.SEND_ON_BEHALF, "Send on Behalf"),
    ],
)
def test_a_right_is_said_in_exchanges_words(right: Right, wording: str) -> None:
    assert right.wording == wording


@pytest.mark.parametrize(
    ("value", "condition"),
    [
        ("Sales Desk", "Name -eq 'Sales Desk'"),
        ("O'Neil", "Name -eq 'O''Neil'"),
        ("'' -or Name -like '*", "Name -eq ''''' -or Name -like ''*'"),
        ("", "Name -eq ''"),
    ],
)
def test_an_apostrophe_is_doubled_so_that_no_value_ends_the_text(value: str, condition: str) -> None:
    assert equals("Name", value) == condition


def test_conditions_are_joined_so_that_one_is_enough() -> None:
    assert any_of(["Name -eq 'a'"]) == "Name -eq 'a'"
    assert any_of([equals("Name", "a"), equals("Name", "b")]) == "Name -eq 'a' -or Name -eq 'b'"


def test_an_address_is_sought_among_all_addresses() -> None:
    assert has_address("o'neil@contoso.com") == "EmailAddresses -eq 'smtp:o''neil@contoso.com'"
