# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The books: the access lists as they are, as readers see them yet, and who holds what."""

from __future__ import annotations

from collections.abc import Iterable

from . import errors
from .access import EMPTY, AccessList
from .directory import Directory
from .organisation import Organisation
from .quirks import Quirk
from .recipients import Kind, Recipient


class Books:
    """Keeps the access lists of an organisation, with indexes by SID and by delegate."""

    def __init__(self, organisation: Organisation, directory: Directory) -> None:
        self._organisation = organisation
        self._directory = directory
        self._senders: dict[str, set[str]] = {}
        self._delegates: dict[str, set[str]] = {}
        #: What is still shown of an object that was written to, and how many reads will see it (replication lag).
        self._stale: dict[str, tuple[AccessList, int]] = {}
        #: How many writes have changed something.
        self.changes = 0
        for guid, access in organisation.access.items():
            self._index(guid, access)

    def of(self, guid: str) -> AccessList:
        """The access lists as they are."""
        return self._organisation.access.get(guid, EMPTY)

    def write(self, guid: str, access: AccessList, lag: int = 0) -> None:
        """``lag``: how many reads of the object do not see it yet; or the organisation's own, where that is more."""
        before = self.of(guid)
        self.changes += access != before
        lag = max(lag, self._organisation.settings.replication_lag)
        if lag:
            self._stale[guid] = (self._stale.get(guid, (before, 0))[0], lag)
        self._unindex(guid, before)
        self._organisation.access[guid] = access
        self._index(guid, access)

    def read(self) -> Reading:
        """A view for one cmdlet."""
        return Reading(self)

    def seen(self, guid: str) -> AccessList:
        """What one more read of the object shows. Raises TenantError: E12."""
        if guid not in self._stale:
            return self.of(guid)
        access, reads = self._stale[guid]
        if reads > 1:
            self._stale[guid] = (access, reads - 1)
        else:
            del self._stale[guid]
        if self._organisation.has(Quirk.LAG_ANSWERS_ERROR, self._directory.by_guid(guid)):
            raise errors.replication(guid)
        return access

    def with_sender(self, sid: str) -> list[Recipient]:
        """The recipients that may have a Send As entry of this SID, in the order of the directory."""
        return self._ordered(self._senders.get(sid, set()) | self._stale.keys())

    def with_delegate(self, guid: str) -> set[str]:
        """The GUIDs of those that may have this delegate for Send on Behalf."""
        return self._delegates.get(guid, set()) | self._stale.keys()

    def _ordered(self, guids: Iterable[str]) -> list[Recipient]:
        position = self._directory.position
        return [self._directory.recipients[number] for number in sorted(position[guid] for guid in guids)]

    def _index(self, guid: str, access: AccessList) -> None:
        for entry in access.send_as:
            self._senders.setdefault(entry.sid, set()).add(guid)
        for delegate in access.send_on_behalf:
            self._delegates.setdefault(delegate, set()).add(guid)

    def _unindex(self, guid: str, access: AccessList) -> None:
        for entry in access.send_as:
            self._senders[entry.sid].discard(guid)
        for delegate in access.send_on_behalf:
            self._delegates[delegate].discard(guid)


class Reading:
    """What one cmdlet sees: an object that it looks at twice counts as read once."""

    def __init__(self, books: Books) -> None:
        self._books = books
        self._seen: dict[str, AccessList] = {}

    def of(self, guid: str) -> AccessList:
        if guid not in self._seen:
            self._seen[guid] = self._books.seen(guid)
        return self._seen[guid]


def holders(access: AccessList, right: str, directory: Directory) -> set[str]:
    """Who has a direct Allow: UPN, or address, or Name; the SID where no object has it (any more).

    ``right``: send_as, full_access, send_on_behalf; anything else: KeyError.
    A plain security group is left out of Full Access: its entry is there, and has no effect (exchange facts 2).
    """
    if right == "send_on_behalf":
        return {_called(directory.by_guid(guid)) for guid in access.send_on_behalf}
    entries, wanted = {"send_as": (access.send_as, "SendAs"), "full_access": (access.full_access, "FullAccess")}[right]
    found: set[str] = set()
    for entry in entries:
        if wanted in entry.rights and not entry.deny and not entry.inherited:
            owner = directory.by_sid(entry.sid)
            if owner is None:
                found.add(entry.sid)
            elif right == "send_as" or owner.kind is not Kind.SECURITY_GROUP:
                found.add(_called(owner))
    return found


def _called(each: Recipient) -> str:
    return each.upn or each.address or each.name
