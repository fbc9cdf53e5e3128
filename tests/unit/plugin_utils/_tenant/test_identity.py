# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an -Identity finds: by every name an object has, ambiguous ones, none, blank ones, look-alikes (facts 1.4)."""

from __future__ import annotations

import pytest

from .desk import ADA, ROUTER, SALES, SID, Desk, a_desk, a_person

JO = a_person(
    "jo@contoso.com",
    name="Jo Holm",
    alias="jholm",
    display_name="Jo from Sales",
    upn="U1@contoso.com",
    aliases=["j.holm@contoso.onmicrosoft.com"],
    sid=SID.format(20),
    sid_history=[SID.format(21)],
    guid="aaaaaaaa-0000-0000-0000-000000000001",
    object_id="aaaaaaaa-0000-0000-0000-000000000002",
    distinguished_name="CN=Jo Holm,DC=x",
)
LISTERS = ("Get-Recipient", "Get-EXORecipient", "Get-Mailbox", "Get-EXOMailbox", "Get-User")


@pytest.mark.parametrize("cmdlet", LISTERS)
@pytest.mark.parametrize(
    "identity",
    [
        "jo@contoso.com", "JO@CONTOSO.COM", "smtp:jo@contoso.com", "Jo Holm", "jholm", "Jo from Sales",
        "u1@contoso.com", "j.holm@contoso.onmicrosoft.com", "AAAAAAAA-0000-0000-0000-000000000001",
        "aaaaaaaa-0000-0000-0000-000000000002", "CN=Jo Holm,DC=x",
    ],
)  # fmt: skip
def test_an_object_is_found_by_every_name_it_has(cmdlet: str, identity: str) -> None:
    assert a_desk(JO).names(cmdlet, Identity=identity) == ["Jo Holm"]


@pytest.mark.parametrize("parameter", ["UserPrincipalName", "PrimarySmtpAddress", "ExternalDirectoryObjectId"])
def test_get_exo_has_more_names_for_identity(parameter: str) -> None:
    assert a_desk(JO).names("Get-EXOMailbox", **{parameter: "jo@contoso.com"}) == ["Jo Holm"]


@pytest.mark.parametrize("cmdlet", [*LISTERS, "Get-RecipientPermission"])
@pytest.mark.parametrize("parameters", [{}, {"Identity": ""}, {"Identity": "  "}])
def test_without_an_identity_a_get_answers_with_everything(cmdlet: str, parameters: dict[str, str]) -> None:
    rows = a_desk().rows(cmdlet, **parameters)
    assert {row.get("Name", row.get("Identity")) for row in rows} == {"crmrouter", "sales", "ada"}


@pytest.mark.parametrize("cmdlet", [*LISTERS, "Get-RecipientPermission", "Get-MailboxPermission"])
def test_e6_what_is_not_there_is_not_found(cmdlet: str) -> None:
    error = a_desk().error(cmdlet, Identity="gone@contoso.com")
    assert "couldn't be found on" in error.text


@pytest.mark.parametrize("cmdlet", [*LISTERS, "Get-RecipientPermission", "Get-MailboxPermission"])
@pytest.mark.parametrize("shared", ["name", "display_name", "alias"])
def test_e8_a_name_that_two_bear_is_ambiguous(cmdlet: str, shared: str) -> None:
    desk = a_desk(*(a_person(f"{each}@x.com", **{shared: "Info"}) for each in "ab"))
    assert "'info' matches multiple entries" in desk.error(cmdlet, Identity="info").text


def test_e8_a_group_with_the_name_of_a_mailbox_is_in_the_way_of_recipients_only() -> None:
    desk = a_desk({"kind": "MailUniversalDistributionGroup", "name": "sales", "address": "g@contoso.com"})
    assert "matches multiple entries" in desk.error("Get-RecipientPermission", Identity="sales").text
    assert desk.names("Get-Mailbox", Identity="sales") == ["sales"]
    assert desk.row("Get-MailboxPermission", Identity="sales")["Identity"] == "sales"


def test_an_address_comes_before_a_display_name_that_looks_like_it() -> None:
    """A mailbox for bookings may be displayed as the address of another."""
    assert a_desk(a_person("b@x.com", display_name=SALES)).names("Get-Mailbox", Identity=SALES) == ["sales"]


def test_a_upn_that_is_an_address_of_another_is_ambiguous() -> None:
    """Office-docs-powershell issue 9088."""
    desk = a_desk(a_person("b@x.com", upn="c@x.com"), a_person("d@x.com", aliases=["c@x.com"]))
    assert "matches multiple entries" in desk.error("Get-Mailbox", Identity="c@x.com").text


def look_alikes() -> Desk:
    twin = a_person("sales@contoso.com.example", name="sales north", display_name="Sales North")
    return a_desk(twin, quirks=["look_alikes"])


@pytest.mark.parametrize("cmdlet", LISTERS)
@pytest.mark.parametrize("identity", ["sales", SALES, "Sales"])
def test_with_the_quirk_a_name_finds_all_that_begin_with_it(cmdlet: str, identity: str) -> None:
    assert look_alikes().names(cmdlet, Identity=identity) == ["sales", "sales north"]


def test_with_the_quirk_send_as_of_a_look_alike_is_shown_too() -> None:
    """D5: seen on Get-RecipientPermission (Microsoft365DSC pull request 6094)."""
    rows = look_alikes().rows("Get-RecipientPermission", Identity="sales")
    assert [row["Identity"] for row in rows] == ["sales", "sales north"]


def test_with_the_quirk_a_guid_is_exact_and_what_is_not_there_is_not_found() -> None:
    desk = look_alikes()
    guid = str(desk.row("Get-Mailbox", Identity="sales north")["Guid"])
    assert desk.names("Get-Mailbox", Identity=guid) == ["sales north"]
    assert "couldn't be found" in desk.error("Get-Mailbox", Identity="gone").text


def test_a_wildcard_finds_all_that_match() -> None:
    assert a_desk().names("Get-Mailbox", Identity="*@contoso.com") == ["crmrouter", "sales", "ada"]
    assert a_desk().names("Get-Recipient", Identity="s*") == ["sales"]


def test_brackets_and_question_marks_are_no_wildcards() -> None:
    desk = a_desk(a_person("b@x.com", name="[s]ales? x"))
    assert desk.names("Get-Recipient", Identity="[s]ales?*") == ["[s]ales? x"]


def test_anr_finds_what_begins_with_a_text() -> None:
    assert a_desk().names("Get-Recipient", Anr="crm") == ["crmrouter"]


@pytest.mark.parametrize(
    ("trustee", "finds"),
    [
        (ROUTER, True), ("CRMROUTER@CONTOSO.COM", True), ("crmrouter", True), ("Crmrouter", True),
        (SID.format(1), True), (SID.format(1).lower(), True), (ADA, False), (SID.format(91), False),
    ],
)  # fmt: skip
def test_a_trustee_may_be_named_in_any_way(trustee: str, finds: bool) -> None:
    desk = a_desk(sales={"send_as": [ROUTER], "full_access": [ROUTER]})
    assert bool(desk.rows("Get-RecipientPermission", Trustee=trustee)) is finds
    assert bool(desk.rows("Get-MailboxPermission", Identity=SALES, User=trustee)) is finds


def test_a_trustee_may_be_named_by_guid() -> None:
    desk = a_desk(sales={"send_as": [ROUTER]})
    guid = str(desk.row("Get-Mailbox", Identity=ROUTER)["Guid"])
    assert desk.row("Get-RecipientPermission", Trustee=guid)["Trustee"] == ROUTER
