# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The writing cmdlets: W1 to W14 of exchange facts 4, and what they leave in the books."""

from __future__ import annotations

import pytest
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._exchange.session import Parameter
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._tenant.access import AccessList

from .desk import ADA, ROUTER, SALES, SID, Desk, a_desk, a_person

FULL: dict[str, Parameter] = {"Identity": SALES, "User": ROUTER, "AccessRights": "FullAccess", "Confirm": False}
SEND: dict[str, Parameter] = {"Identity": SALES, "Trustee": ROUTER, "AccessRights": "SendAs", "Confirm": False}
ADDS = [("Add-MailboxPermission", FULL, "full_access"), ("Add-RecipientPermission", SEND, "send_as")]
REMOVES = [("Remove-MailboxPermission", FULL, "full_access"), ("Remove-RecipientPermission", SEND, "send_as")]
HOLDS = {"full_access": [ROUTER], "send_as": [ROUTER]}
DENIED = {"trustee": ROUTER, "deny": True}
INHERITED = {"trustee": ROUTER, "inherited": True}


def books(desk: Desk, address: str = SALES) -> AccessList:
    organisation = desk.tenant.organisation
    guid = next(each.guid for each in organisation.recipients if each.address == address)
    return organisation.access.get(guid, AccessList())


@pytest.mark.parametrize(("cmdlet", "parameters", "right"), ADDS)
def test_a_right_is_added_and_shown(cmdlet: str, parameters: dict[str, Parameter], right: str) -> None:
    desk = a_desk()
    row = desk.row(cmdlet, **parameters)
    assert ROUTER in (row.get("User"), row.get("Trustee"))
    assert desk.tenant.holders(SALES, right) == {ROUTER}


@pytest.mark.parametrize(("cmdlet", "parameters", "right"), ADDS)
def test_w1_adding_what_is_there_is_a_warning(cmdlet: str, parameters: dict[str, Parameter], right: str) -> None:
    desk = a_desk(sales=HOLDS)
    before = books(desk)
    assert "already present on the object" in desk.warning(cmdlet, **parameters)
    assert books(desk) == before


@pytest.mark.parametrize(("cmdlet", "parameters", "right"), REMOVES)
def test_a_right_is_removed_without_a_word(cmdlet: str, parameters: dict[str, Parameter], right: str) -> None:
    desk = a_desk(sales={right: [ROUTER, ADA]})
    assert desk.rows(cmdlet, **parameters) == []
    assert desk.tenant.holders(SALES, right) == {ADA}


@pytest.mark.parametrize(
    ("cmdlet", "parameters", "says"),
    [
        ("Remove-MailboxPermission", FULL, "because the ACE doesn't exist on the object"),
        ("Remove-RecipientPermission", SEND, "because the ACE isn't present"),
    ],
)
def test_w2_w3_removing_what_is_not_there_is_a_warning(
    cmdlet: str, parameters: dict[str, Parameter], says: str
) -> None:
    assert says in a_desk(sales={"full_access": [ADA], "send_as": [ADA]}).warning(cmdlet, **parameters)


@pytest.mark.parametrize(("cmdlet", "parameters", "right"), REMOVES)
def test_w4_an_inherited_entry_is_ignored_with_a_warning(
    cmdlet: str, parameters: dict[str, Parameter], right: str
) -> None:
    desk = a_desk(sales={right: [INHERITED]})
    before = books(desk)
    assert "An inherited access control entry has been specified" in desk.warning(cmdlet, **parameters)
    assert books(desk) == before


@pytest.mark.parametrize(("cmdlet", "parameters", "right"), REMOVES)
def test_w5_a_deny_goes_only_with_deny(cmdlet: str, parameters: dict[str, Parameter], right: str) -> None:
    desk = a_desk(sales={right: [DENIED, ROUTER]})
    desk.rows(cmdlet, **parameters)
    assert [entry.deny for entry in getattr(books(desk), right)] == [True]
    assert "because the ACE" in desk.warning(cmdlet, **parameters)
    desk.rows(cmdlet, **parameters, Deny=True)
    assert getattr(books(desk), right) == ()


@pytest.mark.parametrize(("cmdlet", "parameters", "right"), ADDS)
def test_w5_an_allow_beside_a_deny_leaves_the_deny(cmdlet: str, parameters: dict[str, Parameter], right: str) -> None:
    desk = a_desk(sales={right: [DENIED]})
    desk.rows(cmdlet, **parameters)
    assert [entry.deny for entry in getattr(books(desk), right)] == [True, False]


def test_a_deny_can_be_added() -> None:
    desk = a_desk()
    desk.rows("Add-MailboxPermission", **FULL, Deny=True)
    assert desk.tenant.holders(SALES, "full_access") == set()
    assert books(desk).full_access[0].deny


@pytest.mark.parametrize(
    ("before", "value", "after"),
    [
        ([], {"Add": [ROUTER]}, {ROUTER}),
        ([ADA], {"Add": [ROUTER, "CRMROUTER"]}, {ADA, ROUTER}),
        ([ADA, ROUTER], {"Remove": [ROUTER]}, {ADA}),
        ([ADA], {"Add": [ROUTER], "Remove": [ADA]}, {ROUTER}),
        ([ADA], [ROUTER], {ROUTER}),
        ([ADA], ROUTER, {ROUTER}),
        ([ADA], [], set()),
    ],
)
def test_set_mailbox_edits_or_replaces_the_delegates(before: list[str], value: Parameter, after: set[str]) -> None:
    desk = a_desk(sales={"send_on_behalf": before})
    assert desk.rows("Set-Mailbox", Identity=SALES, GrantSendOnBehalfTo=value) == []
    assert desk.tenant.holders(SALES, "send_on_behalf") == after


@pytest.mark.parametrize(
    "parameters",
    [
        {},
        {"GrantSendOnBehalfTo": {"Add": [ADA]}},
        {"GrantSendOnBehalfTo": {"Remove": [ROUTER]}},
        {"GrantSendOnBehalfTo": [ADA]},
    ],
)
def test_w6_set_mailbox_without_effect_is_a_warning(parameters: dict[str, Parameter]) -> None:
    desk = a_desk(sales={"send_on_behalf": [ADA]})
    assert "no settings of 'sales' have been modified" in desk.warning("Set-Mailbox", Identity=SALES, **parameters)


@pytest.mark.parametrize(
    ("cmdlet", "parameters"),
    [*((cmdlet, parameters) for cmdlet, parameters, _right in ADDS + REMOVES), ("Set-Mailbox", {})],
)
def test_w7_w9_w13_w14_what_cannot_be_written_to(cmdlet: str, parameters: dict[str, Parameter]) -> None:
    desk = a_desk(
        a_person("gone@contoso.com", soft_deleted=True),
        *(a_person(f"{each}@x.com", name="Info") for each in "ab"),
        {"kind": "GroupMailbox", "address": "team@contoso.com"},
    )
    for identity in ("nobody@contoso.com", "gone@contoso.com"):
        assert "couldn't be found on" in desk.error(cmdlet, **{**parameters, "Identity": identity}).text
    assert "matches multiple entries" in desk.error(cmdlet, **{**parameters, "Identity": "Info"}).text
    if "Recipient" not in cmdlet:
        assert "couldn't be found on" in desk.error(cmdlet, **{**parameters, "Identity": "team@contoso.com"}).text


def test_w13_w14_the_switches_let_writes_in() -> None:
    desk = a_desk(
        a_person("gone@contoso.com", soft_deleted=True, full_access=[ROUTER]),
        {"kind": "GroupMailbox", "address": "team@contoso.com"},
    )
    desk.rows("Remove-MailboxPermission", **{**FULL, "Identity": "gone@contoso.com"}, SoftDeletedMailbox=True)
    assert books(desk, "gone@contoso.com").full_access == ()
    desk.rows("Add-MailboxPermission", **{**FULL, "Identity": "team@contoso.com"}, GroupMailbox=True)
    assert desk.tenant.holders("team@contoso.com", "full_access") == {ROUTER}


GROUP = {"kind": "MailUniversalSecurityGroup", "address": "staff@contoso.com"}
PLAIN = {"kind": "UniversalSecurityGroup", "name": "Plain"}
NOT_PRINCIPALS = (
    {"kind": "MailContact", "address": "c@contoso.com"},
    {"kind": "MailUniversalDistributionGroup", "address": "list@contoso.com"},
    {"kind": "DynamicDistributionGroup", "address": "dyn@contoso.com"},
    a_person("gone@contoso.com", soft_deleted=True),
)


@pytest.mark.parametrize(
    "trustee",
    ["nobody@contoso.com", "c@contoso.com", "list@contoso.com", "dyn@contoso.com", "gone@contoso.com", SID.format(404)],
)
@pytest.mark.parametrize(("cmdlet", "parameters", "right"), ADDS)
def test_w8_who_cannot_be_given_a_right_is_not_found(
    trustee: str, cmdlet: str, parameters: dict[str, Parameter], right: str
) -> None:
    who = "User" if "User" in parameters else "Trustee"
    for quirks, says in (([], "Couldn't find object"), (["trustee_was_not_found"], "wasn't found. Please make sure")):
        desk = a_desk(*NOT_PRINCIPALS, quirks=quirks)
        assert says in desk.error(cmdlet, **{**parameters, who: trustee}).text
        assert books(desk) == AccessList()


def test_w9_a_trustee_that_two_bear_is_ambiguous() -> None:
    desk = a_desk(*(a_person(f"{each}@x.com", name="Info") for each in "ab"))
    assert "multiple users or groups matching" in desk.error("Add-MailboxPermission", **{**FULL, "User": "Info"}).text
    edit: Parameter = {"Add": ["Info"]}
    assert "matches multiple" in desk.error("Set-Mailbox", Identity=SALES, GrantSendOnBehalfTo=edit).text


@pytest.mark.parametrize("name", ["nobody@contoso.com", "c@contoso.com", "list@contoso.com", "Plain"])
def test_w8_who_cannot_be_a_delegate_is_not_found(name: str) -> None:
    edit: Parameter = {"Add": [name]}
    error = a_desk(*NOT_PRINCIPALS, PLAIN).error("Set-Mailbox", Identity=SALES, GrantSendOnBehalfTo=edit)
    assert "Couldn't find object" in error.text


def test_groups_may_be_trustees_and_get_no_auto_mapping() -> None:
    desk = a_desk(GROUP)
    desk.grant(User="staff@contoso.com")
    assert desk.tenant.holders(SALES, "full_access") == {"staff@contoso.com"}
    assert not books(desk).full_access[0].auto_mapping


def test_a_plain_security_group_is_taken_for_full_access_without_effect() -> None:
    """Office-docs-powershell issue 10223."""
    desk = a_desk(PLAIN)
    desk.grant(User="Plain")
    assert desk.rows("Get-MailboxPermission", Identity=SALES)[1]["User"] == "Plain"
    assert desk.tenant.holders(SALES, "full_access") == set()


@pytest.mark.parametrize(("count", "full"), [(498, False), (499, True)])
def test_w12_five_hundred_entries_are_the_limit_orphans_and_self_among_them(count: int, full: bool) -> None:
    desk = a_desk(sales={"full_access": [{"sid": SID.format(1000 + number)} for number in range(count)]})
    answer = desk.run("Add-MailboxPermission", **FULL)
    assert (answer.error is not None) is full
    if answer.error:
        assert "maximum allowed access control entries of 500" in answer.error.text
        assert answer.error.type == "System.InvalidOperationException"


@pytest.mark.parametrize(
    ("given", "maps"), [({}, True), ({"AutoMapping": True}, True), ({"AutoMapping": False}, False)]
)
def test_auto_mapping_is_on_unless_turned_off(given: dict[str, Parameter], maps: bool) -> None:
    desk = a_desk()
    desk.rows("Add-MailboxPermission", **FULL, **given)
    assert books(desk).full_access[0].auto_mapping is maps


def test_auto_mapping_cannot_be_changed_in_place() -> None:
    desk = a_desk(sales={"full_access": [{"trustee": ROUTER, "auto_mapping": True}]})
    assert "already present" in desk.warning("Add-MailboxPermission", **FULL, AutoMapping=False)
    assert books(desk).full_access[0].auto_mapping
    desk.rows("Remove-MailboxPermission", **FULL)
    desk.grant(AutoMapping=False)
    assert not books(desk).full_access[0].auto_mapping


def test_clear_auto_mapping_clears_it_for_all_and_keeps_the_rights() -> None:
    maps = [{"trustee": each, "auto_mapping": True} for each in (ROUTER, ADA)]
    desk = a_desk(sales={"full_access": maps})
    desk.rows("Remove-MailboxPermission", Identity=SALES, ClearAutoMapping=True, Confirm=False)
    assert [entry.auto_mapping for entry in books(desk).full_access] == [False, False]
    assert desk.tenant.holders(SALES, "full_access") == {ROUTER, ADA}


def test_reset_default_empties_the_list_of_the_mailbox_only() -> None:
    desk = a_desk(sales={**HOLDS, "send_on_behalf": [ROUTER]})
    desk.rows("Remove-MailboxPermission", Identity=SALES, ResetDefault=True, Confirm=False)
    after = books(desk)
    assert (after.full_access, len(after.send_as), len(after.send_on_behalf)) == ((), 1, 1)


def test_rights_join_the_entry_that_is_there_and_leave_it_one_by_one() -> None:
    desk = a_desk(sales={"full_access": [{"trustee": ROUTER, "rights": ["ReadPermission"]}]})
    desk.grant()
    assert [entry.rights for entry in books(desk).full_access] == [("ReadPermission", "FullAccess")]
    desk.rows("Remove-MailboxPermission", **FULL)
    assert [entry.rights for entry in books(desk).full_access] == [("ReadPermission",)]


def test_inheritance_tells_entries_apart() -> None:
    """Exchange facts 4: give it on Add and on Remove."""
    desk = a_desk(sales={"full_access": [{"trustee": ROUTER, "inheritance_type": "Children"}]})
    assert "doesn't exist" in desk.warning("Remove-MailboxPermission", **FULL)
    desk.rows("Remove-MailboxPermission", **FULL, InheritanceType="children")
    assert books(desk).full_access == ()


def test_send_as_is_not_removed_through_the_mailbox_cmdlet() -> None:
    """Exchange facts 2: it is listed there, and not handled in the cloud."""
    desk = a_desk(sales=HOLDS)
    assert "doesn't exist" in desk.warning("Remove-MailboxPermission", **{**FULL, "AccessRights": "SendAs"})
    assert desk.tenant.holders(SALES, "send_as") == {ROUTER}


@pytest.mark.parametrize("sid", [SID.format(91), SID.format(404)])
def test_an_entry_of_an_old_sid_or_a_deleted_account_goes_by_that_sid(sid: str) -> None:
    desk = a_desk(sales={"full_access": [{"sid": sid}], "send_as": [{"sid": sid}]})
    assert "because the ACE" in desk.warning("Remove-MailboxPermission", **FULL)
    assert "because the ACE" in desk.warning("Remove-RecipientPermission", **SEND)
    desk.rows("Remove-MailboxPermission", **{**FULL, "User": sid})
    desk.rows("Remove-RecipientPermission", **{**SEND, "Trustee": sid})
    assert books(desk) == AccessList()
