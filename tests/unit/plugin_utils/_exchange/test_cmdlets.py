# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The calls: what each must have, and what none may have."""

from __future__ import annotations

import pytest
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._exchange import cmdlets
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._exchange.needs import needed_cmdlets
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._exchange.rights import Right
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._exchange.session import WRITERS, Call
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._tenant.cmdlets import CMDLETS

from .sessions import ACCOUNT, SALES

FILTER = "Name -eq 'x'"
READS = [
    cmdlets.get_recipients(FILTER),
    cmdlets.get_recipients(FILTER, soft_deleted=True),
    cmdlets.get_recipients_classic(FILTER),
    cmdlets.get_names(FILTER),
    cmdlets.get_users(FILTER),
    cmdlets.get_groups(FILTER),
    cmdlets.get_send_as_of(ACCOUNT.sids[0]),
    cmdlets.get_send_as_on(SALES.guid),
    cmdlets.get_full_access_on(SALES.guid, unresolved=False),
    cmdlets.get_full_access_on(SALES.guid, unresolved=True),
    cmdlets.get_send_on_behalf_of(FILTER),
    cmdlets.get_delegates_on(SALES.guid),
    cmdlets.get_delegates_everywhere(),
    cmdlets.get_send_as_everywhere(),
    cmdlets.list_recipients(),
]
GRANTS = {right: cmdlets.grant(right, SALES.guid, ACCOUNT, auto_mapping=False) for right in Right}
REVOCATIONS = {right: cmdlets.revoke(right, SALES.guid, ACCOUNT.guid, "Children") for right in Right}
WRITES = [*GRANTS.values(), *REVOCATIONS.values()]


def name_of(call: Call) -> str:
    return f"{call.cmdlet} {' '.join(call.parameters)}"


@pytest.mark.parametrize("call", READS, ids=name_of)
def test_every_read_asks_for_all_there_is_and_says_what_it_wants_to_see(call: Call) -> None:
    assert call.cmdlet not in WRITERS
    assert call.parameters["ResultSize"] == "Unlimited"
    assert call.select


@pytest.mark.parametrize("call", WRITES, ids=name_of)
def test_every_write_goes_without_a_prompt_and_is_known_as_a_write(call: Call) -> None:
    assert call.cmdlet in WRITERS
    assert call.parameters["Confirm"] is False


@pytest.mark.parametrize("call", WRITES, ids=name_of)
def test_a_write_names_mailbox_and_account_by_guid(call: Call) -> None:
    assert call.parameters["Identity"] == SALES.guid
    trustees = [value for name, value in call.parameters.items() if name not in ("Identity", "AccessRights")]
    assert any(ACCOUNT.guid in str(value) for value in trustees)


@pytest.mark.parametrize("call", [*READS, *WRITES], ids=name_of)
def test_the_cmdlet_has_the_parameters_and_none_is_blank(call: Call) -> None:
    assert set(call.parameters) <= set(CMDLETS[call.cmdlet].parameters)
    assert all(value not in ("", [], {}) for value in call.parameters.values())


def test_what_is_shown_by_default_is_not_relied_on() -> None:
    asked = cmdlets.get_recipients(FILTER)
    assert set(asked.parameters["Properties"]) == set(asked.select) >= {"Guid", "PrimarySmtpAddress", "EmailAddresses"}  # type: ignore[arg-type]
    assert "Sid" in cmdlets.get_users(FILTER).select
    assert "SidHistory" in cmdlets.get_groups(FILTER).select
    assert "UserPrincipalName" not in cmdlets.get_groups(FILTER).select
    assert {"UserSid", "Deny", "IsInherited", "InheritanceType"} <= set(
        cmdlets.get_full_access_on("x", unresolved=False).select
    )
    assert {"TrusteeSidString", "AccessControlType", "IsInherited"} <= set(cmdlets.get_send_as_on("x").select)


@pytest.mark.parametrize("switch", ["IncludeUnresolvedPermissions", "IncludeSoftDeletedUserPermissions"])
def test_entries_of_deleted_accounts_are_asked_for_only_where_one_is_looked_for(switch: str) -> None:
    assert switch not in cmdlets.get_full_access_on("x", unresolved=False).parameters
    assert cmdlets.get_full_access_on("x", unresolved=True).parameters[switch] is True


@pytest.mark.parametrize("chosen", [True, False])
def test_auto_mapping_is_always_chosen_when_granting_full_access_and_never_when_taking_it_back(chosen: bool) -> None:
    granted = cmdlets.grant(Right.FULL_ACCESS, SALES.guid, ACCOUNT, auto_mapping=chosen)
    assert granted.parameters["AutoMapping"] is chosen
    assert granted.parameters["InheritanceType"] == "All"
    assert "AutoMapping" not in REVOCATIONS[Right.FULL_ACCESS].parameters


def test_a_revocation_names_the_inheritance_that_was_seen() -> None:
    assert REVOCATIONS[Right.FULL_ACCESS].parameters["InheritanceType"] == "Children"
    assert cmdlets.revoke(Right.FULL_ACCESS, "g", "t").parameters["InheritanceType"] == "All"
    assert "InheritanceType" not in REVOCATIONS[Right.SEND_AS].parameters


@pytest.mark.parametrize(("verb", "calls"), [("Add", GRANTS), ("Remove", REVOCATIONS)])
def test_send_on_behalf_is_edited_and_never_replaced(verb: str, calls: dict[Right, Call]) -> None:
    assert calls[Right.SEND_ON_BEHALF].parameters["GrantSendOnBehalfTo"] == {verb: [ACCOUNT.guid]}


def test_a_write_takes_or_gives_nothing_but_the_one_right() -> None:
    for right, word in ((Right.SEND_AS, "SendAs"), (Right.FULL_ACCESS, "FullAccess")):
        assert GRANTS[right].parameters["AccessRights"] == REVOCATIONS[right].parameters["AccessRights"] == [word]
    assert not any(name in call.parameters for call in WRITES for name in ("Deny", "ResetDefault", "ClearAutoMapping"))


@pytest.mark.parametrize("right", list(Right))
def test_a_revocation_takes_the_trustee_as_it_is_told(right: Right) -> None:
    sid = "S-1-5-21-9-9-9-9"
    assert sid in str(cmdlets.revoke(right, SALES.guid, sid).parameters)


def needs(right: Right, **states: bool) -> dict[str, list[str]]:
    granted = [right] if states.get("granted") else []
    revoked = [right] if states.get("revoked") else []
    return needed_cmdlets(granted, revoked, read_only=states.get("read_only", False))


@pytest.mark.parametrize("right", list(Right))
def test_an_audit_needs_no_right_to_write(right: Right) -> None:
    assert not WRITERS & needs(right, granted=True, revoked=True, read_only=True).keys()


@pytest.mark.parametrize(
    ("right", "reader", "adder", "remover"),
    [
        (Right.SEND_AS, "Get-RecipientPermission", "Add-RecipientPermission", "Remove-RecipientPermission"),
        (Right.FULL_ACCESS, "Get-MailboxPermission", "Add-MailboxPermission", "Remove-MailboxPermission"),
        (Right.SEND_ON_BEHALF, "Get-EXOMailbox", "Set-Mailbox", "Set-Mailbox"),
    ],
)
def test_a_run_needs_what_its_rights_and_states_call_for_and_no_more(
    right: Right, reader: str, adder: str, remover: str
) -> None:
    always = {"Get-EXORecipient", "Get-Recipient", "Get-User", "Get-Group"}
    assert set(needs(right)) == always
    assert set(needs(right, granted=True)) == always | {reader, adder}
    assert set(needs(right, revoked=True)) == always | {reader, remover}


@pytest.mark.parametrize("unresolved", [True, False])
def test_entries_of_deleted_accounts_are_needed_only_where_they_are_asked_for(unresolved: bool) -> None:
    needed = needed_cmdlets((), (), read_only=True, read=[Right.FULL_ACCESS], unresolved=unresolved)
    assert (set(cmdlets.INCLUDE_DELETED) <= set(needed["Get-MailboxPermission"])) is unresolved
    assert "Get-MailboxPermission" not in needed_cmdlets((), (), read_only=True, read=[Right.SEND_AS], unresolved=True)


@pytest.mark.parametrize("call", [*READS, *WRITES], ids=name_of)
def test_whatever_is_called_is_asked_for_with_all_its_parameters(call: Call) -> None:
    needed = needed_cmdlets(Right, Right, read_only=False, unresolved=True)
    assert set(call.parameters) <= set(needed[call.cmdlet])


def test_what_is_needed_exists() -> None:
    for cmdlet, parameters in needed_cmdlets(Right, Right, read_only=False, unresolved=True).items():
        assert set(parameters) <= set(CMDLETS[cmdlet].parameters)
