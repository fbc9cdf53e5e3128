# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""-Filter over recipients: properties, operators, what each cmdlet can filter on, refusals, speed (facts 3.3)."""

from __future__ import annotations

import time

import pytest
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._tenant.generator import generate

from .desk import ROUTER, SALES, SID, Desk, a_desk, a_person

BRIEN = a_person(
    "o'brien@contoso.com",
    name="O'Brien",
    alias="ob",
    display_name="Zoë O'Brien",
    upn="zoe@contoso.com",
    aliases=["ob@contoso.onmicrosoft.com"],
    sid=SID.format(30),
    sid_history=[SID.format(31)],
    guid="bbbbbbbb-0000-0000-0000-000000000001",
    object_id="bbbbbbbb-0000-0000-0000-000000000002",
    distinguished_name="CN=O'Brien,DC=x",
    directory_synced=True,
    hidden=True,
)
ROOM = a_person("room@contoso.com", kind="RoomMailbox")


@pytest.mark.parametrize(
    ("cmdlet", "text"),
    [
        ("Get-EXORecipient", "EmailAddresses -eq 'smtp:O''Brien@contoso.com'"),
        ("Get-EXORecipient", "EmailAddresses -eq 'SMTP:ob@contoso.onmicrosoft.com'"),
        ("Get-EXORecipient", "EmailAddresses -eq 'ob@contoso.onmicrosoft.com'"),
        ("Get-EXORecipient", "EmailAddresses -like 'smtp:ob@*'"),
        ("Get-EXORecipient", 'PrimarySmtpAddress -eq "o\'brien@contoso.com"'),
        ("Get-EXORecipient", "Name -eq 'o''brien'"),
        ("Get-EXORecipient", "name -like '*BRIEN'"),
        ("Get-Recipient", "Alias -eq 'OB'"),
        ("Get-Recipient", "DisplayName -eq 'ZOË O''Brien'"),
        ("Get-Recipient", "Guid -eq 'BBBBBBBB-0000-0000-0000-000000000001'"),
        ("Get-Recipient", "DistinguishedName -eq 'CN=O''Brien,DC=x'"),
        ("Get-Recipient", "IsDirSynced -eq $true"),
        ("Get-Recipient", "HiddenFromAddressListsEnabled -eq 'True'"),
        ("Get-Mailbox", "UserPrincipalName -eq 'zoe@contoso.com'"),
        ("Get-Mailbox", "WindowsEmailAddress -eq 'o''brien@contoso.com'"),
        ("Get-Mailbox", "ExternalDirectoryObjectId -eq 'bbbbbbbb-0000-0000-0000-000000000002'"),
        ("Get-EXOMailbox", "UserPrincipalName -like 'zoe@*'"),
        ("Get-User", f"Sid -eq '{SID.format(30).lower()}'"),
        ("Get-User", f"SidHistory -eq '{SID.format(31)}'"),
        ("Get-User", "SidHistory -ne $null -and -not (Name -eq 'crmrouter')"),
        ("Get-User", "Name -notlike '*s*' -and Name -ne 'crmrouter' -and Name -ne 'ada' -and Name -ne 'room'"),
    ],
)
def test_one_is_found(cmdlet: str, text: str) -> None:
    assert a_desk(BRIEN, ROOM).names(cmdlet, Filter=text) == ["O'Brien"]


@pytest.mark.parametrize(
    ("text", "names"),
    [
        (f"EmailAddresses -eq 'smtp:{SALES}' -or EmailAddresses -eq 'smtp:{ROUTER}'", ["crmrouter", "sales"]),
        (f"EmailAddresses -eq 'smtp:{SALES}' -and Name -eq 'ada'", []),
        ("EmailAddresses -like 'sales*'", []),
        ("RecipientTypeDetails -eq 'RoomMailbox'", ["room"]),
        ("RecipientType -eq 'UserMailbox' -and RecipientTypeDetails -ne 'UserMailbox'", ["room"]),
        ("Name -eq 'nobody'", []),
        ("-not (Name -like '*a*')", ["crmrouter", "room"]),
    ],
)
def test_conditions_are_joined(text: str, names: list[str]) -> None:
    assert a_desk(ROOM).names("Get-EXORecipient", Filter=text) == names


def test_two_of_one_name_are_both_found() -> None:
    """What tells a reader of bulk rows that a Name is no identity (Q7)."""
    desk = a_desk({"kind": "MailUniversalDistributionGroup", "name": "sales", "address": "g@contoso.com"})
    assert desk.names("Get-EXORecipient", Filter="Name -eq 'sales'") == ["sales", "sales"]


def test_send_on_behalf_is_found_by_distinguished_name_only() -> None:
    desk = a_desk(sales={"send_on_behalf": [ROUTER]})
    name = str(desk.row("Get-Recipient", Identity=ROUTER)["DistinguishedName"])
    for cmdlet in ("Get-Mailbox", "Get-EXOMailbox"):
        assert desk.names(cmdlet, Filter=f"GrantSendOnBehalfTo -eq '{name}'") == ["sales"]
        assert desk.names(cmdlet, Filter=f"GrantSendOnBehalfTo -eq '{ROUTER}'") == []
        assert desk.names(cmdlet, Filter="GrantSendOnBehalfTo -ne $null") == ["sales"]


@pytest.mark.parametrize(
    ("cmdlet", "prop"),
    [
        ("Get-EXORecipient", "UserPrincipalName"),
        ("Get-EXORecipient", "ExternalDirectoryObjectId"),
        ("Get-EXORecipient", "GrantSendOnBehalfTo"),
        ("Get-Recipient", "Sid"),
        ("Get-Mailbox", "Sid"),
        ("Get-User", "EmailAddresses"),
        ("Get-User", "Department2"),
    ],
)
def test_what_a_cmdlet_cannot_filter_on_is_refused(cmdlet: str, prop: str) -> None:
    text = a_desk().error(cmdlet, Filter=f"{prop} -eq 'x'").text
    assert f'{prop}" is not a recognized filterable property' in text.replace("\\", "")


def test_a_bad_filter_is_refused_in_the_manner_of_the_cmdlet() -> None:
    proxy = a_desk().error("Get-Recipient", Filter="Name -eq")
    assert proxy.text.startswith("Cannot bind parameter 'Filter' to the target.")
    assert proxy.type == "System.Management.Automation.ParameterBindingException"
    native = a_desk().error("Get-EXORecipient", Filter="Name -eq")
    assert native.text.startswith("Error while querying REST service. HttpStatusCode=400 ErrorMessage={")


@pytest.mark.parametrize("value", ["a*b", "*a*b*"])
def test_a_wildcard_stands_at_an_end(value: str) -> None:
    assert "wildcard" in a_desk().error("Get-EXORecipient", Filter=f"Name -like '{value}'").text


def test_a_filter_may_be_too_long() -> None:
    desk = a_desk(settings={"filter_limit": 40})
    assert "HttpStatusCode=414" in desk.error("Get-EXORecipient", Filter=f"Name -eq '{'x' * 40}'").text
    assert "too long" in desk.error("Get-User", Filter=f"Name -eq '{'x' * 40}'").text
    assert desk.names("Get-EXORecipient", Filter="Name -eq 'sales'") == ["sales"]


def test_with_the_quirk_get_exo_cannot_read_a_doubled_apostrophe() -> None:
    """Office-docs-powershell issue 8082."""
    desk = a_desk(BRIEN, quirks=["apostrophes_refused"])
    assert "operators and operands" in desk.error("Get-EXORecipient", Filter="Name -eq 'O''Brien'").text
    assert desk.names("Get-Recipient", Filter="Name -eq 'O''Brien'") == ["O'Brien"]


def test_an_identity_and_a_filter_narrow_each_other() -> None:
    assert a_desk().names("Get-Mailbox", Identity=SALES, Filter="Name -eq 'ada'") == []
    assert a_desk().names("Get-Mailbox", Identity=SALES, Filter="Name -eq 'sales'") == ["sales"]


def test_fifty_addresses_among_ten_thousand_are_found_by_index() -> None:
    organisation = generate(10_000, seed=1)
    desk = Desk(organisation)
    wanted = [each.address for each in organisation.recipients[100:150]]
    text = " -or ".join(f"EmailAddresses -eq 'smtp:{address}'" for address in wanted)
    assert len(desk.rows("Get-EXORecipient", Filter=text)) == 50
    begun = time.perf_counter()
    for _each in range(10):
        desk.run("Get-EXORecipient", Filter=text)
    assert (time.perf_counter() - begun) / 10 < 0.05
