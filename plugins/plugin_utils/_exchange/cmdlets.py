# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One function per cmdlet that is used, each giving the call with the parameters that it must have."""

from __future__ import annotations

from .identities import Principal
from .rights import Right
from .session import Call, Parameters

#: Get-EXORecipient shows little unless asked (exchange facts 3.2).
_RECIPIENT = (
    "Guid", "Name", "Alias", "PrimarySmtpAddress", "EmailAddresses", "RecipientType",
    "RecipientTypeDetails", "ExternalDirectoryObjectId", "DistinguishedName", "HiddenFromAddressListsEnabled",
)  # fmt: skip
_ACCOUNT = (
    "Guid", "Name", "UserPrincipalName", "WindowsEmailAddress", "RecipientTypeDetails",
    "ExternalDirectoryObjectId", "DistinguishedName", "Sid", "SidHistory",
)  # fmt: skip
_GROUP = tuple(name for name in _ACCOUNT if name != "UserPrincipalName")
_SEND_AS = ("Identity", "Trustee", "TrusteeSidString", "AccessControlType", "AccessRights", "IsInherited")
_DELEGATES = ("Guid", "Name", "GrantSendOnBehalfTo")
_MAILBOX_ACCESS = ("Identity", "User", "UserSid", "Deny", "AccessRights", "IsInherited", "InheritanceType")

#: Accounts that were deleted for good, and those that can still be restored (exchange facts Q5).
INCLUDE_DELETED = ("IncludeUnresolvedPermissions", "IncludeSoftDeletedUserPermissions")

#: Always said: the default of 1,000 truncates with no more than a warning (exchange facts 3.3, E3).
_ALL = "Unlimited"


def get_recipients(opath: str, soft_deleted: bool = False) -> Call:
    """Get-EXORecipient of all that match a filter; with the deleted ones, too, if asked."""
    parameters: Parameters = {"Filter": opath, "Properties": list(_RECIPIENT), "ResultSize": _ALL}
    if soft_deleted:
        return Call("Get-EXORecipient", {**parameters, "IncludeSoftDeletedRecipients": True}, _RECIPIENT)
    return Call("Get-EXORecipient", parameters, _RECIPIENT)


def list_recipients(soft_deleted: bool = False) -> Call:
    """Get-EXORecipient of the whole organisation; with the deleted ones, too, if asked."""
    more = {"IncludeSoftDeletedRecipients": True} if soft_deleted else {}
    return Call("Get-EXORecipient", {"Properties": list(_RECIPIENT), "ResultSize": _ALL, **more}, _RECIPIENT)


def list_users() -> Call:
    """Get-User of the whole organisation."""
    return Call("Get-User", {"ResultSize": _ALL}, _ACCOUNT)


def list_groups() -> Call:
    """Get-Group of the whole organisation."""
    return Call("Get-Group", {"ResultSize": _ALL}, _GROUP)


def get_recipients_classic(opath: str) -> Call:
    """Get-Recipient of all that match a filter: for a filter that Get-EXORecipient refuses.

    Get-EXO* cannot read some filters with a doubled apostrophe (office-docs-powershell issue 8082).
    """
    return Call("Get-Recipient", {"Filter": opath, "ResultSize": _ALL}, _RECIPIENT)


def get_names(opath: str) -> Call:
    """Get-EXORecipient of all that match a filter on Name, with no more than tells them apart."""
    return Call("Get-EXORecipient", {"Filter": opath, "Properties": ["Guid"], "ResultSize": _ALL}, ("Name", "Guid"))


def get_users(opath: str) -> Call:
    """Get-User of all that match a filter: the SID is nowhere else (exchange facts 1.6)."""
    return Call("Get-User", {"Filter": opath, "ResultSize": _ALL}, _ACCOUNT)


def get_groups(opath: str) -> Call:
    """Get-Group of all that match a filter."""
    return Call("Get-Group", {"Filter": opath, "ResultSize": _ALL}, _GROUP)


def get_send_as_of(sid: str) -> Call:
    """Get-RecipientPermission of one trustee over the whole tenant (exchange facts 1.1)."""
    return Call("Get-RecipientPermission", {"Trustee": sid, "ResultSize": _ALL}, _SEND_AS)


def get_send_as_on(guid: str) -> Call:
    """Get-RecipientPermission of one recipient, unfiltered (exchange facts 1.5)."""
    return Call("Get-RecipientPermission", {"Identity": guid, "ResultSize": _ALL}, _SEND_AS)


def get_send_as_everywhere() -> Call:
    """Get-RecipientPermission of the whole organisation, unfiltered (exchange facts 1.3)."""
    return Call("Get-RecipientPermission", {"ResultSize": _ALL}, _SEND_AS)


def get_full_access_on(guid: str, unresolved: bool) -> Call:
    """Get-MailboxPermission of one mailbox; ``unresolved``: entries of deleted accounts, too (exchange facts Q5)."""
    more = dict.fromkeys(INCLUDE_DELETED, True) if unresolved else {}
    return Call("Get-MailboxPermission", {"Identity": guid, "ResultSize": _ALL, **more}, _MAILBOX_ACCESS)


def get_send_on_behalf_of(opath: str) -> Call:
    """Get-EXOMailbox of all that match a filter on GrantSendOnBehalfTo (exchange facts 3.3)."""
    return _delegates({"Filter": opath})


def get_delegates_on(guid: str) -> Call:
    """Get-EXOMailbox of one mailbox, with its GrantSendOnBehalfTo."""
    return _delegates({"Identity": guid})


def get_delegates_everywhere() -> Call:
    """Get-EXOMailbox of the whole organisation, each with its GrantSendOnBehalfTo."""
    return _delegates({})


def _delegates(which: Parameters) -> Call:
    return Call("Get-EXOMailbox", {**which, "Properties": list(_DELEGATES), "ResultSize": _ALL}, _DELEGATES)


def grant(right: Right, guid: str, principal: Principal, auto_mapping: bool, inheritance: str = "All") -> Call:
    """The write that gives a right. AutoMapping can only be chosen here, never read or changed (exchange facts 1.9)."""
    if right is Right.SEND_AS:
        return _recipient_permission("Add", guid, principal.guid)
    if right is Right.FULL_ACCESS:
        return _mailbox_permission("Add", guid, principal.guid, inheritance, {"AutoMapping": auto_mapping})
    return _send_on_behalf("Add", guid, principal.guid)


def revoke(right: Right, guid: str, trustee: str, inheritance_type: str = "") -> Call:
    """The write that takes exactly one entry back, with the InheritanceType that was seen on it (design rule 7)."""
    if right is Right.SEND_AS:
        return _recipient_permission("Remove", guid, trustee)
    if right is Right.FULL_ACCESS:
        return _mailbox_permission("Remove", guid, trustee, inheritance_type or "All", {})
    return _send_on_behalf("Remove", guid, trustee)


def _recipient_permission(verb: str, guid: str, trustee: str) -> Call:
    parameters: Parameters = {"Identity": guid, "Trustee": trustee, "AccessRights": ["SendAs"], "Confirm": False}
    return Call(f"{verb}-RecipientPermission", parameters)


def _mailbox_permission(verb: str, guid: str, trustee: str, inheritance_type: str, more: dict[str, bool]) -> Call:
    parameters: Parameters = {
        "Identity": guid, "User": trustee, "AccessRights": ["FullAccess"], "InheritanceType": inheritance_type,
        "Confirm": False, **more,
    }  # fmt: skip
    return Call(f"{verb}-MailboxPermission", parameters)


def _send_on_behalf(edit: str, guid: str, trustee: str) -> Call:
    """An edit, never the whole list: the other entries are not ours (exchange facts 2, Set-Mailbox)."""
    return Call("Set-Mailbox", {"Identity": guid, "GrantSendOnBehalfTo": {edit: [trustee]}, "Confirm": False})
