# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A recipient as a row: every property that a cmdlet shows of it, and the property sets of Get-EXO*."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from .._exchange.session import Property, Row, Scalar
from .books import Reading
from .directory import Directory
from .errors import unknown_property
from .organisation import Organisation
from .quirks import Quirk
from .recipients import Kind, Recipient

Properties = dict[str, Property]

#: Exchange facts 3.2.
_EXO_MAILBOX = {
    "Minimum": (
        "Alias", "DisplayName", "DistinguishedName", "EmailAddresses", "ExchangeVersion", "ExternalDirectoryObjectId",
        "Guid", "Id", "Name", "OrganizationId", "PrimarySmtpAddress", "RecipientType", "RecipientTypeDetails",
        "UserPrincipalName",
    ),
    "AddressList": ("ExternalDirectoryObjectId", "HiddenFromAddressListsEnabled"),
    "Delivery": ("ExternalDirectoryObjectId", "GrantSendOnBehalfTo"),
    "SoftDelete": ("ExternalDirectoryObjectId", "IsSoftDeletedByDisable", "IsSoftDeletedByRemove", "WhenSoftDeleted"),
}  # fmt: skip
_EXO_RECIPIENT = {
    "Minimum": (
        "ExchangeVersion", "ExternalDirectoryObjectId", "Name", "OrganizationId", "RecipientType",
        "RecipientTypeDetails",
    ),
}  # fmt: skip
PROPERTY_SETS: dict[str, Mapping[str, tuple[str, ...]]] = {
    "Get-EXOMailbox": _EXO_MAILBOX,
    "Get-EXORecipient": _EXO_RECIPIENT,
}


class Portrait:
    """Makes rows of recipients, with the quirks that the organisation or the recipient has."""

    def __init__(self, organisation: Organisation, directory: Directory, reading: Reading) -> None:
        self._organisation = organisation
        self._directory = directory
        self._reading = reading

    def mailbox(self, each: Recipient) -> Properties:
        """As Get-Mailbox and Get-EXOMailbox show it."""
        row = self._common(each)
        row["UserPrincipalName"] = each.upn
        row["GrantSendOnBehalfTo"] = [self._delegate(each, guid) for guid in self._reading.of(each.guid).send_on_behalf]
        row["AccountDisabled"] = each.account_disabled
        row["IsMailboxEnabled"] = True
        row["IsShared"] = each.kind is Kind.SHARED_MAILBOX
        row["IsSoftDeletedByDisable"] = False
        row["IsSoftDeletedByRemove"] = each.soft_deleted
        row["WhenSoftDeleted"] = "2026-01-05T09:00:00Z" if each.soft_deleted else None
        return self._finished(each, row)

    def recipient(self, each: Recipient) -> Properties:
        """As Get-Recipient and Get-EXORecipient show it: without UPN and SID."""
        row = self._common(each)
        row["WindowsLiveID"] = each.upn or None
        del row["WindowsEmailAddress"]
        return self._finished(each, row)

    def account(self, each: Recipient) -> Properties:
        """As Get-User and Get-Group show it: here, and only here, are SID and SidHistory (exchange facts 1.6)."""
        row = self._common(each)
        row["Sid"] = each.sid
        row["SidHistory"] = list(each.sid_history)
        for name in ("Alias", "EmailAddresses", "PrimarySmtpAddress", "HiddenFromAddressListsEnabled"):
            del row[name]
        if each.traits.user:
            row["UserPrincipalName"] = each.upn
            row["AccountDisabled"] = each.account_disabled
            row["UserAccountControl"] = "AccountDisabled, NormalAccount" if each.account_disabled else "NormalAccount"
        return self._finished(each, row)

    def _common(self, each: Recipient) -> Properties:
        return {
            "Identity": each.name,
            "Id": each.name,
            "Name": each.name,
            "Alias": each.alias or None,
            "DisplayName": each.display_name,
            "DistinguishedName": each.distinguished_name,
            "Guid": each.guid,
            "ExternalDirectoryObjectId": each.object_id,
            "PrimarySmtpAddress": each.address or None,
            "WindowsEmailAddress": each.address or None,
            "EmailAddresses": _proxy_addresses(each),
            "RecipientType": each.shown_type,
            "RecipientTypeDetails": each.shown_details,
            "HiddenFromAddressListsEnabled": each.hidden,
            "IsDirSynced": each.directory_synced,
            "ExchangeVersion": "0.20 (15.0.0.0)",
            "OrganizationId": f"NAMPR05A001.PROD.OUTLOOK.COM/{self._organisation.organization}",
            "IsValid": True,
            "ObjectState": "Unchanged",
        }

    def _delegate(self, each: Recipient, guid: str) -> str:
        """Q8."""
        delegate = self._directory.by_guid(guid)
        if self._organisation.has(Quirk.DELEGATES_BY_GUID, each):
            return delegate.guid
        if self._organisation.has(Quirk.DELEGATES_BY_UPN, each):
            return delegate.upn or delegate.address
        return delegate.name

    def _finished(self, each: Recipient, row: Properties) -> Properties:
        return with_text_booleans(row) if self._organisation.has(Quirk.TEXT_BOOLEANS, each) else row


def _proxy_addresses(each: Recipient) -> list[Scalar]:
    primary = [f"SMTP:{each.address}"] if each.address else []
    return [*primary, *(f"smtp:{alias}" for alias in each.aliases)]


def with_text_booleans(row: Row) -> Properties:
    return {name: str(value) if isinstance(value, bool) else value for name, value in row.items()}


def chosen(cmdlet: str, row: Row, names: list[str], sets: list[str]) -> list[str]:
    """The properties that a Get-EXO* shows of a row: its minimum set, the sets and the properties asked for (exchange
    facts 3.2). Raises TenantError for a property that it does not have."""
    known = {name.casefold(): properties for name, properties in PROPERTY_SETS[cmdlet].items()}
    wanted = list(known["minimum"])
    for each in sets:
        wanted += row if each.casefold() == "all" else known.get(each.casefold(), ())
    spelling = {name.casefold(): name for name in row}
    for name in names:
        if name.casefold() not in spelling:
            raise unknown_property(cmdlet, name)
        wanted.append(spelling[name.casefold()])
    return list(dict.fromkeys(wanted))


#: How a row of a cmdlet is made.
Maker = Callable[[Portrait, Recipient], Properties]
MAKERS: dict[str, Maker] = {
    "Get-Mailbox": Portrait.mailbox,
    "Get-EXOMailbox": Portrait.mailbox,
    "Get-Recipient": Portrait.recipient,
    "Get-EXORecipient": Portrait.recipient,
    "Get-User": Portrait.account,
    "Get-Group": Portrait.account,
}
