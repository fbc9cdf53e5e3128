# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Access lists as rows: the quirks Q1 to Q9 of exchange facts 3.1, and reads over the whole organisation (3.3)."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._exchange.session import Parameter, Row
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._tenant.generator import generate

from .desk import ADA, ROUTER, SALES, SID, Desk, a_desk, a_person

SELF = "NT AUTHORITY\\SELF"
ORPHAN = SID.format(404)
HOLDS = {"full_access": [ROUTER], "send_as": [ROUTER]}


def entries(desk: Desk, cmdlet: str = "Get-MailboxPermission", **parameters: Parameter) -> list[Row]:
    """The rows of sales, those of SELF left out."""
    rows = desk.rows(cmdlet, Identity=SALES, **parameters)
    return [row for row in rows if SELF not in (row.get("User"), row.get("Trustee"))]


def both(sales: Mapping[str, object], **top: object) -> list[Row]:
    """The one row of each kind that sales has."""
    desk = a_desk(sales=sales, **top)
    rows = entries(desk) + entries(desk, "Get-RecipientPermission")
    assert len(rows) == 2
    return rows


def test_a_row_of_each_kind_has_the_shape_of_the_facts() -> None:
    full_access, send_as = both(HOLDS)
    common = {"Identity": "sales", "IsInherited": False, "PrimarySmtpAddress": None, "IsValid": True}
    assert full_access == {
        **common, "User": ROUTER, "UserSid": SID.format(1), "AccessRights": ["FullAccess"], "Deny": False,
        "InheritanceType": "All", "ObjectState": "Unchanged",
    }  # fmt: skip
    assert send_as == {
        **common, "Trustee": ROUTER, "TrusteeSidString": SID.format(1), "AccessControlType": "Allow",
        "AccessRights": ["SendAs"], "InheritanceType": "None", "TrusteeWithPrimarySmtpAddress": None,
        "ObjectState": "Unchanged",
    }  # fmt: skip


def test_q1_rights_may_be_joined_by_commas() -> None:
    rights = {"sid": SID.format(1), "rights": ["FullAccess", "ReadPermission"]}
    desk = a_desk(sales={"full_access": [rights], "quirks": ["joined_rights"]})
    assert entries(desk)[0]["AccessRights"] == ["FullAccess, ReadPermission"]


@pytest.mark.parametrize(
    ("quirk", "full_access", "send_as"),
    [
        ([], [["FullAccess", "ReadPermission"]], 1),
        (
            ["double_self"],
            [
                ["FullAccess", "SendAs", "ReadPermission"],
                ["FullAccess", "SendAs", "ExternalAccount", "ReadPermission"],
            ],
            2,
        ),
        (["no_self"], [], 0),
    ],
)
def test_q2_self_is_on_every_mailbox_sometimes_twice(quirk: list[str], full_access: list[str], send_as: int) -> None:
    desk = a_desk(sales={"quirks": quirk})
    rows = desk.rows("Get-MailboxPermission", Identity=SALES)
    assert [row["AccessRights"] for row in rows] == full_access
    assert {(row["User"], row["UserSid"]) for row in rows} <= {(SELF, "S-1-5-10")}
    rows = desk.rows("Get-RecipientPermission", Identity=SALES)
    assert [(row["Trustee"], row["TrusteeSidString"]) for row in rows] == [(SELF, "S-1-5-10")] * send_as


@pytest.mark.parametrize(
    ("quirks", "shown"),
    [
        ([], "CRMRouter@Contoso.com"),
        (["upper_case_users"], "CRMROUTER@CONTOSO.COM"),
        (["display_names"], "The Router"),
        (["domain_prefix"], "NAMPR05A001\\router"),
    ],
)
@pytest.mark.parametrize("whole", [True, False])
def test_q3_q4_q6_a_user_is_shown_in_one_of_many_ways(quirks: list[str], shown: str, whole: bool) -> None:
    me = a_person("r@contoso.com", name="router", upn="CRMRouter@Contoso.com", display_name="The Router")
    holds: dict[str, object] = {"full_access": ["router"], "send_as": ["router"], "quirks": [] if whole else quirks}
    desk = a_desk(me, sales=holds, quirks=quirks if whole else [])
    assert entries(desk)[0]["User"] == shown
    assert entries(desk, "Get-RecipientPermission")[0]["Trustee"] == shown


def test_q4_a_group_is_shown_by_its_display_name() -> None:
    group = {"kind": "MailUniversalSecurityGroup", "address": "staff@contoso.com", "display_name": "All Staff"}
    desk = a_desk(group, sales={"full_access": ["staff@contoso.com"]})
    assert entries(desk)[0]["User"] == "All Staff"


def test_an_entry_may_show_any_text() -> None:
    entry = {"sid": SID.format(7), "user": "Discovery Management"}
    desk = a_desk(sales={"full_access": [entry]})
    assert entries(desk, IncludeUnresolvedPermissions=True)[0]["User"] == "Discovery Management"


@pytest.mark.parametrize(
    ("switch", "shown"),
    [(None, []), ("IncludeUnresolvedPermissions", [ORPHAN]), ("IncludeSoftDeletedUserPermissions", [SID.format(50)])],
)
def test_q5_entries_of_deleted_accounts_show_only_where_asked_for(switch: str | None, shown: list[str]) -> None:
    gone = a_person("gone@contoso.com", sid=SID.format(50), soft_deleted=True)
    desk = a_desk(gone, sales={"full_access": [{"sid": ORPHAN}, "gone@contoso.com"]})
    parameters: dict[str, Parameter] = {switch: True} if switch else {}
    rows = desk.rows("Get-MailboxPermission", Identity=SALES, **parameters)
    assert [row["User"] for row in rows] == [SELF, *shown]


def test_q5_send_as_of_a_deleted_account_shows_its_sid() -> None:
    desk = a_desk(sales={"send_as": [{"sid": ORPHAN}]})
    assert entries(desk, "Get-RecipientPermission")[0]["Trustee"] == ORPHAN
    assert desk.row("Get-RecipientPermission", Trustee=ORPHAN)["Identity"] == "sales"


def test_q7_rows_name_their_mailbox_by_a_name_that_may_be_a_guid_or_not_be_its_own() -> None:
    guid_name = "dddddddd-0000-0000-0000-000000000001"
    desk = a_desk(
        a_person("one@contoso.com", name=guid_name, send_as=[ROUTER]),
        a_person("two@contoso.com", name="sales", send_as=[ROUTER]),
        {"kind": "MailUniversalDistributionGroup", "name": "sales", "address": "g@contoso.com"},
        sales=HOLDS,
    )
    rows = desk.rows("Get-RecipientPermission", Trustee=ROUTER, ResultSize="Unlimited")
    assert [row["Identity"] for row in rows] == ["sales", guid_name, "sales"]


def test_q9_deny_and_inherited_entries_are_rows_like_others() -> None:
    entry = {"trustee": ROUTER, "deny": True, "inherited": True}
    full_access, send_as = both({"full_access": [entry], "send_as": [entry]})
    assert (full_access["Deny"], full_access["IsInherited"]) == (True, True)
    assert (send_as["AccessControlType"], send_as["IsInherited"]) == ("Deny", True)


def test_q9_booleans_may_be_texts() -> None:
    full_access, send_as = both({**HOLDS, "quirks": ["text_booleans"]})
    assert (full_access["Deny"], full_access["IsInherited"], send_as["IsInherited"]) == ("False", "False", "False")


def test_a_read_by_account_does_not_see_what_stands_under_an_old_sid() -> None:
    """D12, exchange facts 1.1: it is there in an unfiltered read, and in one by that very SID."""
    old = {"sid": SID.format(91)}
    desk = a_desk(sales={"send_as": [old], "full_access": [old]})
    assert desk.rows("Get-RecipientPermission", Trustee=ROUTER) == []
    assert desk.rows("Get-RecipientPermission", Trustee=SID.format(1)) == []
    assert desk.row("Get-RecipientPermission", Trustee=SID.format(91))["Trustee"] == ROUTER
    row = entries(desk, "Get-RecipientPermission")[0]
    assert (row["Trustee"], row["TrusteeSidString"]) == (ROUTER, SID.format(91))
    assert (entries(desk)[0]["User"], entries(desk)[0]["UserSid"]) == (ROUTER, SID.format(91))


def test_send_as_of_an_account_is_read_over_the_whole_organisation() -> None:
    group = {"kind": "MailUniversalDistributionGroup", "address": "list@contoso.com", "send_as": [ROUTER]}
    contact = {"kind": "MailContact", "address": "c@contoso.com", "send_as": [ROUTER]}
    desk = a_desk(group, contact, a_person("gone@contoso.com", soft_deleted=True, send_as=[ROUTER]), sales=HOLDS)
    assert [row["Identity"] for row in desk.rows("Get-RecipientPermission", Trustee=ROUTER)] == ["sales", "list", "c"]


def test_an_unfiltered_read_of_send_as_has_a_row_of_self_for_each_account() -> None:
    group = {"kind": "MailUniversalDistributionGroup", "address": "list@contoso.com"}
    rows = a_desk(group, sales=HOLDS).rows("Get-RecipientPermission", AccessRights="SendAs")
    assert [(row["Identity"], row["Trustee"]) for row in rows] == [
        ("crmrouter", SELF), ("sales", SELF), ("sales", ROUTER), ("ada", SELF),
    ]  # fmt: skip
    assert len(a_desk().rows("Get-RecipientPermission", Trustee=SELF)) == 3


def test_e3_send_as_is_cut_off_at_a_thousand() -> None:
    desk = Desk(generate(1100, seed=1, granted=1.0))
    answer = desk.run("Get-RecipientPermission", Trustee=ROUTER)
    assert len(answer.rows) == 1000
    assert answer.warnings[0].startswith("There are more results available")
    assert len(desk.rows("Get-RecipientPermission", Trustee=ROUTER, ResultSize="Unlimited")) == 1100


def test_an_unknown_trustee_is_not_found() -> None:
    """E7; a SID is taken as it is."""
    assert "Couldn't find object" in a_desk().error("Get-RecipientPermission", Trustee="gone@contoso.com").text
    assert a_desk().rows("Get-RecipientPermission", Trustee=ORPHAN) == []


@pytest.mark.parametrize("parameters", [{}, {"Identity": ""}, {"Identity": "  "}])
def test_get_mailbox_permission_needs_an_identity(parameters: dict[str, str]) -> None:
    error = a_desk().error("Get-MailboxPermission", **parameters)
    assert error.type.endswith("ParameterBindingException")


def test_w13_w14_soft_deleted_and_group_mailboxes_need_their_switch() -> None:
    desk = a_desk(
        a_person("gone@contoso.com", soft_deleted=True),
        {"kind": "GroupMailbox", "address": "team@contoso.com"},
        {"kind": "MailUser", "address": "away@contoso.com"},
    )
    for identity in ("gone@contoso.com", "team@contoso.com", "away@contoso.com"):
        assert "couldn't be found on" in desk.error("Get-MailboxPermission", Identity=identity).text
    assert desk.rows("Get-MailboxPermission", Identity="gone@contoso.com", SoftDeletedMailbox=True)
    assert desk.rows("Get-MailboxPermission", Identity="team@contoso.com", GroupMailbox=True)


def test_custom_routing_wants_an_address_or_a_guid() -> None:
    desk = a_desk()
    assert desk.rows("Get-MailboxPermission", Identity=ADA.upper(), UseCustomRouting=True)
    assert "couldn't be found" in desk.error("Get-MailboxPermission", Identity="ada", UseCustomRouting=True).text


def test_auto_mapping_shows_nowhere() -> None:
    """Exchange facts 1.9, D13."""
    maps = {"trustee": ROUTER, "auto_mapping": True}
    desk = a_desk(sales={"full_access": [maps]})
    assert not [name for row in entries(desk) for name in row if "mapping" in name.lower()]
