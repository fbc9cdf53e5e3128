# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the cmdlets that list recipients show, and of whom (facts 3.2, 3.3)."""

from __future__ import annotations

import pytest
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._tenant.generator import generate

from .desk import ADA, ROUTER, SALES, SID, Desk, a_desk, a_person

MENAGERIE = [
    {"kind": kind, "name": kind}
    for kind in (
        "SharedMailbox", "RoomMailbox", "EquipmentMailbox", "GroupMailbox", "MailUser", "GuestMailUser", "MailContact",
        "MailUniversalDistributionGroup", "MailUniversalSecurityGroup", "DynamicDistributionGroup", "User",
        "UniversalSecurityGroup",
    )
]  # fmt: skip
MAILBOXES = {"UserMailbox", "SharedMailbox", "RoomMailbox", "EquipmentMailbox"}
GROUPS = {"GroupMailbox", "MailUniversalDistributionGroup", "MailUniversalSecurityGroup"}


@pytest.mark.parametrize(
    ("cmdlet", "parameters", "kinds"),
    [
        ("Get-Mailbox", {}, MAILBOXES),
        ("Get-EXOMailbox", {}, MAILBOXES),
        ("Get-Mailbox", {"GroupMailbox": True}, {"GroupMailbox"}),
        ("Get-Recipient", {}, {each["kind"] for each in MENAGERIE[:-2]} | {"UserMailbox"}),
        ("Get-EXORecipient", {}, {each["kind"] for each in MENAGERIE[:-2]} | {"UserMailbox"}),
        ("Get-User", {}, MAILBOXES | {"MailUser", "GuestMailUser", "User"}),
        ("Get-Group", {}, GROUPS | {"UniversalSecurityGroup"}),
        ("Get-Recipient", {"RecipientTypeDetails": ["roommailbox", "User"]}, {"RoomMailbox"}),
        ("Get-EXORecipient", {"RecipientType": "MailUser"}, {"MailUser", "GuestMailUser"}),
    ],
)
def test_each_cmdlet_shows_its_kinds(cmdlet: str, parameters: dict[str, bool], kinds: set[str]) -> None:
    rows = a_desk(*MENAGERIE).rows(cmdlet, **parameters)
    assert {row["RecipientTypeDetails"] for row in rows} == kinds


MINIMUM_RECIPIENT = {
    "ExchangeVersion", "ExternalDirectoryObjectId", "Name", "OrganizationId", "RecipientType", "RecipientTypeDetails",
}  # fmt: skip
MINIMUM_MAILBOX = MINIMUM_RECIPIENT | {
    "Alias", "DisplayName", "DistinguishedName", "EmailAddresses", "Guid", "Id", "PrimarySmtpAddress",
    "UserPrincipalName",
}  # fmt: skip


@pytest.mark.parametrize(
    ("cmdlet", "parameters", "properties"),
    [
        ("Get-EXORecipient", {}, MINIMUM_RECIPIENT),
        ("Get-EXORecipient", {"Properties": ["guid", "Guid"]}, MINIMUM_RECIPIENT | {"Guid"}),
        ("Get-EXORecipient", {"PropertySets": "Custom"}, MINIMUM_RECIPIENT),
        ("Get-EXOMailbox", {}, MINIMUM_MAILBOX),
        ("Get-EXOMailbox", {"PropertySets": ["delivery"]}, MINIMUM_MAILBOX | {"GrantSendOnBehalfTo"}),
        (
            "Get-EXOMailbox",
            {"PropertySets": "SoftDelete"},
            MINIMUM_MAILBOX | {"IsSoftDeletedByDisable", "IsSoftDeletedByRemove", "WhenSoftDeleted"},
        ),
        ("Get-EXOMailbox", {"Properties": "IsDirSynced"}, MINIMUM_MAILBOX | {"IsDirSynced"}),
    ],
)
def test_get_exo_shows_its_minimum_set_and_what_is_asked_for(
    cmdlet: str, parameters: dict[str, str], properties: set[str]
) -> None:
    assert set(a_desk().row(cmdlet, Identity=SALES, **parameters)) == properties


def test_all_is_a_property_set() -> None:
    shown = a_desk().row("Get-EXOMailbox", Identity=SALES, PropertySets="All")
    assert shown == a_desk().row("Get-Mailbox", Identity=SALES)


def test_a_property_that_there_is_not_is_refused_even_where_nothing_is_found() -> None:
    error = a_desk().error("Get-EXORecipient", Filter="Name -eq 'nobody'", Properties=["Sid"])
    assert "Could not find a property named 'Sid'" in error.text


def test_addresses_have_their_prefixes() -> None:
    desk = a_desk(sales={"aliases": ["info@contoso.com"]})
    assert desk.row("Get-Mailbox", Identity=SALES)["EmailAddresses"] == [f"SMTP:{SALES}", "smtp:info@contoso.com"]


def test_only_users_and_groups_show_sids() -> None:
    desk = a_desk({"kind": "UniversalSecurityGroup", "name": "Staff", "sid": SID.format(40)})
    account = desk.row("Get-User", Identity=ROUTER)
    assert (account["Sid"], account["SidHistory"]) == (SID.format(1), [SID.format(91)])
    assert desk.row("Get-Group", Identity="Staff")["Sid"] == SID.format(40)
    for cmdlet in ("Get-Recipient", "Get-Mailbox"):
        assert not {"Sid", "SidHistory"} & set(desk.row(cmdlet, Identity=ROUTER))


@pytest.mark.parametrize(
    ("quirks", "shown"),
    [
        ([], "Router"),
        (["delegates_by_upn"], "me@contoso.com"),
        (["delegates_by_guid"], "cccccccc-0000-0000-0000-000000000001"),
    ],
)
@pytest.mark.parametrize("whole", [True, False])
def test_q8_delegates_are_shown_by_name_or_upn_or_guid(quirks: list[str], shown: str, whole: bool) -> None:
    me = a_person("me@contoso.com", name="Router", guid="cccccccc-0000-0000-0000-000000000001")
    sales = {"send_on_behalf": ["me@contoso.com"], "quirks": [] if whole else quirks}
    desk = a_desk(me, sales=sales, quirks=quirks if whole else [])
    assert desk.row("Get-Mailbox", Identity=SALES)["GrantSendOnBehalfTo"] == [shown]


def test_w13_a_soft_deleted_mailbox_is_shown_where_it_is_asked_for() -> None:
    desk = a_desk(a_person("gone@contoso.com", soft_deleted=True))
    for cmdlet in ("Get-Mailbox", "Get-EXOMailbox", "Get-Recipient", "Get-EXORecipient", "Get-User"):
        assert "couldn't be found" in desk.error(cmdlet, Identity="gone@contoso.com").text
        assert "gone" not in desk.names(cmdlet)
    for cmdlet in ("Get-Mailbox", "Get-EXOMailbox"):
        assert desk.names(cmdlet, SoftDeletedMailbox=True) == ["gone"]
    for cmdlet in ("Get-Recipient", "Get-EXORecipient"):
        assert "gone" in desk.names(cmdlet, IncludeSoftDeletedRecipients=True)
    assert desk.row("Get-Mailbox", SoftDeletedMailbox=True)["IsSoftDeletedByRemove"] is True


def test_q9_booleans_may_be_texts() -> None:
    desk = a_desk(sales={"hidden": True, "quirks": ["text_booleans"]})
    shown = desk.row("Get-Recipient", Identity=SALES)
    assert (shown["HiddenFromAddressListsEnabled"], shown["IsDirSynced"]) == ("True", "False")
    assert desk.row("Get-Recipient", Identity=ADA)["IsDirSynced"] is False


def test_e3_what_is_beyond_result_size_is_left_out_with_a_warning_only() -> None:
    desk = Desk(generate(1200, seed=1))
    for parameters in ({}, {"ResultSize": 1000}):
        answer = desk.run("Get-EXOMailbox", **parameters)
        assert (len(answer.rows), answer.error) == (1000, None)
        assert answer.warnings[0].startswith("There are more results available than are currently displayed.")
    assert len(desk.rows("Get-EXOMailbox", ResultSize="unlimited")) == 1201
    assert len(desk.rows("Get-EXOMailbox", ResultSize="2000")) == 1201
    assert len(desk.run("Get-EXOMailbox", ResultSize=3).rows) == 3


def test_just_as_many_as_result_size_are_no_truncation() -> None:
    assert len(a_desk().rows("Get-Mailbox", ResultSize=3)) == 3
