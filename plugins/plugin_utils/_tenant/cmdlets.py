# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The cmdlets of the simulated organisation and their parameters; parameters without a meaning here are left out."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from enum import Enum


class Form(Enum):
    """What a parameter takes."""

    TEXT = "text"
    TEXTS = "list of texts"
    SWITCH = "boolean"
    SIZE = "number, or Unlimited"
    EDIT = "list of texts, or an edit of one"


_FORMS = {
    "SoftDeletedMailbox": Form.SWITCH,
    "IncludeSoftDeletedRecipients": Form.SWITCH,
    "GroupMailbox": Form.SWITCH,
    "IncludeUnresolvedPermissions": Form.SWITCH,
    "IncludeSoftDeletedUserPermissions": Form.SWITCH,
    "UseCustomRouting": Form.SWITCH,
    "AutoMapping": Form.SWITCH,
    "ClearAutoMapping": Form.SWITCH,
    "ResetDefault": Form.SWITCH,
    "Deny": Form.SWITCH,
    "Confirm": Form.SWITCH,
    "WhatIf": Form.SWITCH,
    "ResultSize": Form.SIZE,
    "Properties": Form.TEXTS,
    "PropertySets": Form.TEXTS,
    "RecipientType": Form.TEXTS,
    "RecipientTypeDetails": Form.TEXTS,
    "AccessRights": Form.TEXTS,
    "ConnectionId": Form.TEXTS,
    "GrantSendOnBehalfTo": Form.EDIT,
}

_MAILBOX_RIGHTS = (
    "ChangeOwner", "ChangePermission", "DeleteItem", "ExternalAccount", "FullAccess", "ReadPermission",
)  # fmt: skip
_INHERITANCE = ("None", "All", "Children", "Descendents", "SelfAndChildren")
_EXO_MAILBOX_SETS = (
    "All", "Minimum", "AddressList", "Archive", "Audit", "Custom", "Delivery", "Hold", "Moderation", "Move", "Policy",
    "PublicFolder", "Quota", "Resource", "Retention", "SCL", "SoftDelete", "StatisticsSeed",
)  # fmt: skip
_EXO_RECIPIENT_SETS = ("Minimum", "Archive", "Custom", "MailboxMove", "Policy")


@dataclass(frozen=True)
class Cmdlet:
    """``parameters``: those it has. ``mandatory``: in its default set. ``prompts``: asks unless -Confirm:$false.
    ``values``: what a parameter may be, where that is a closed list."""

    parameters: tuple[str, ...]
    mandatory: tuple[str, ...] = ()
    prompts: bool = False
    values: dict[str, tuple[str, ...]] = field(default_factory=dict)

    def form(self, parameter: str) -> Form:
        return _FORMS.get(parameter, Form.TEXT)


def _reader(parameters: str, **values: tuple[str, ...]) -> Cmdlet:
    return Cmdlet(tuple(parameters.split()), values=values)


def _writer(mandatory: str, others: str, prompts: bool, **values: tuple[str, ...]) -> Cmdlet:
    names = tuple(mandatory.split())
    return Cmdlet((*names, *others.split(), "Confirm", "WhatIf"), names, prompts, values)


_EXO_IDENTITIES = "Identity UserPrincipalName PrimarySmtpAddress ExternalDirectoryObjectId"

CMDLETS: dict[str, Cmdlet] = {
    "Get-ConnectionInformation": _reader("ConnectionId"),
    "Get-EXORecipient": _reader(
        f"{_EXO_IDENTITIES} Anr Filter Properties PropertySets RecipientType RecipientTypeDetails ResultSize"
        " IncludeSoftDeletedRecipients",
        PropertySets=_EXO_RECIPIENT_SETS,
    ),
    "Get-EXOMailbox": _reader(
        f"{_EXO_IDENTITIES} Anr Filter Properties PropertySets RecipientTypeDetails ResultSize SoftDeletedMailbox",
        PropertySets=_EXO_MAILBOX_SETS,
    ),
    "Get-Mailbox": _reader("Identity Anr Filter RecipientTypeDetails ResultSize GroupMailbox SoftDeletedMailbox"),
    "Get-Recipient": _reader(
        "Identity Anr Filter Properties RecipientType RecipientTypeDetails ResultSize IncludeSoftDeletedRecipients"
    ),
    "Get-User": _reader("Identity Anr Filter RecipientTypeDetails ResultSize"),
    "Get-Group": _reader("Identity Anr Filter RecipientTypeDetails ResultSize"),
    "Get-RecipientPermission": _reader("Identity Trustee AccessRights ResultSize", AccessRights=("SendAs",)),
    "Get-MailboxPermission": replace(
        _reader(
            "Identity User ResultSize GroupMailbox SoftDeletedMailbox IncludeUnresolvedPermissions"
            " IncludeSoftDeletedUserPermissions UseCustomRouting"
        ),
        mandatory=("Identity",),
    ),
    "Add-RecipientPermission": _writer("Identity AccessRights Trustee", "", True, AccessRights=("SendAs",)),
    "Remove-RecipientPermission": _writer("Identity AccessRights Trustee", "Deny", True, AccessRights=("SendAs",)),
    "Add-MailboxPermission": _writer(
        "Identity AccessRights User",
        "AutoMapping Deny GroupMailbox InheritanceType",
        False,
        AccessRights=_MAILBOX_RIGHTS,
        InheritanceType=_INHERITANCE,
    ),
    "Remove-MailboxPermission": _writer(
        "Identity AccessRights User",
        "ClearAutoMapping ResetDefault Deny GroupMailbox InheritanceType SoftDeletedMailbox",
        True,
        AccessRights=(*_MAILBOX_RIGHTS, "SendAs"),
        InheritanceType=_INHERITANCE,
    ),
    "Set-Mailbox": _writer("Identity", "GrantSendOnBehalfTo", False),
}
_SPELLING = {name.casefold(): name for name in CMDLETS}


def spelled(cmdlet: str) -> str:
    """The name of a cmdlet as it is spelled, whatever the case; empty where there is none."""
    return _SPELLING.get(cmdlet.casefold(), "")
