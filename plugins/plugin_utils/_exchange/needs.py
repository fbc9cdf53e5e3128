# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which cmdlets and parameters a run will use: an audit needs no right to write (design 5)."""

from __future__ import annotations

from collections.abc import Iterable

from .cmdlets import INCLUDE_DELETED
from .rights import Right

_ALWAYS = {
    "Get-EXORecipient": ["Filter", "Properties", "ResultSize", "IncludeSoftDeletedRecipients"],
    "Get-Recipient": ["Filter", "ResultSize"],
    "Get-User": ["Filter", "ResultSize"],
    "Get-Group": ["Filter", "ResultSize"],
}
_READS = {
    Right.SEND_AS: {"Get-RecipientPermission": ["Identity", "Trustee", "ResultSize"]},
    Right.FULL_ACCESS: {"Get-MailboxPermission": ["Identity", "ResultSize"]},
    Right.SEND_ON_BEHALF: {"Get-EXOMailbox": ["Identity", "Filter", "Properties", "ResultSize"]},
}
_GRANTS = {
    Right.SEND_AS: {"Add-RecipientPermission": ["Identity", "Trustee", "AccessRights", "Confirm"]},
    Right.FULL_ACCESS: {
        "Add-MailboxPermission": ["Identity", "User", "AccessRights", "InheritanceType", "AutoMapping", "Confirm"]
    },
    Right.SEND_ON_BEHALF: {"Set-Mailbox": ["Identity", "GrantSendOnBehalfTo", "Confirm"]},
}
_REVOCATIONS = {
    Right.SEND_AS: {"Remove-RecipientPermission": ["Identity", "Trustee", "AccessRights", "Confirm"]},
    Right.FULL_ACCESS: {"Remove-MailboxPermission": ["Identity", "User", "AccessRights", "InheritanceType", "Confirm"]},
    Right.SEND_ON_BEHALF: {"Set-Mailbox": ["Identity", "GrantSendOnBehalfTo", "Confirm"]},
}


def needed_cmdlets(
    granted: Iterable[Right],
    revoked: Iterable[Right],
    read_only: bool,
    read: Iterable[Right] = (),
    unresolved: bool = False,
) -> dict[str, list[str]]:
    """Cmdlet → parameters that will be used. ``granted``, ``revoked``: the rights wanted present, and absent.

    ``read``: rights that are looked at besides. ``unresolved``: the entries of deleted accounts are to be shown, too.
    """
    present, absent = frozenset(granted), frozenset(revoked)
    needed = dict(_ALWAYS)
    for right in _in_order(present | absent | frozenset(read)):
        needed.update(_READS[right])
    if unresolved and "Get-MailboxPermission" in needed:
        needed["Get-MailboxPermission"] = [*needed["Get-MailboxPermission"], *INCLUDE_DELETED]
    if not read_only:
        for right in _in_order(present):
            needed.update(_GRANTS[right])
        for right in _in_order(absent):
            needed.update(_REVOCATIONS[right])
    return needed


def _in_order(rights: frozenset[Right]) -> list[Right]:
    """The same order in every process."""
    return [right for right in Right if right in rights]
