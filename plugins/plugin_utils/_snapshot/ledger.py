# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is written down while a snapshot is taken: entries, whom they are of, counts of others, and gaps."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from .._exchange.access_lists import AccessList, NoEvidence
from .._exchange.identities import Problem, ProblemKind, is_sid
from .._exchange.rights import AccessEntry, Right
from .._tenant.access import EMPTY, Entry
from .._tenant.access import AccessList as Lists
from .contents import Count, Fate, Gap, Subject

#: Words of AccessRights as Exchange spells them (exchange facts 2).
_SPELLED = {
    word.lower(): word
    for word in (
        "SendAs", "FullAccess", "ReadPermission", "ChangeOwner", "ChangePermission", "DeleteItem", "ExternalAccount",
    )
}  # fmt: skip
_FATES = {
    ProblemKind.NOT_FOUND: Fate.NOT_FOUND,
    ProblemKind.AMBIGUOUS: Fate.AMBIGUOUS,
    ProblemKind.UNSUPPORTED: Fate.UNSUPPORTED,
}

#: Whether an entry is of an account that the snapshot knows.
Keeps = Callable[[AccessEntry], bool]


class Ledger:
    """Keys are GUIDs of mailboxes. ``doubtful``: addresses of mailboxes whose lists were odd, and believed."""

    def __init__(self) -> None:
        self.gaps: dict[tuple[Subject, str], Gap] = {}
        self.others: dict[str, dict[Right, Count]] = {}
        self.doubtful: set[str] = set()
        self._entries: dict[Right, dict[str, dict[Entry, None]]] = {Right.SEND_AS: {}, Right.FULL_ACCESS: {}}
        self._delegates: dict[str, dict[str, None]] = {}

    def miss(self, subject: Subject, of: str, reason: str, may_pass: bool = True) -> None:
        self.gaps.setdefault((subject, of), Gap(subject, of, reason, may_pass))

    def fates(self, subject: Subject, found: Mapping[str, object]) -> dict[str, Fate]:
        """What became of each look-up; of which it is not known is a gap."""
        fates: dict[str, Fate] = {}
        for name, one in found.items():
            if not isinstance(one, Problem):
                fates[name] = Fate.FOUND
            elif one.kind is ProblemKind.UNKNOWN:
                self.miss(subject, name, one.cause, one.may_pass)
            else:
                fates[name] = _FATES[one.kind]
        return fates

    def enter(self, guid: str, right: Right, entries: Iterable[AccessEntry]) -> None:
        """Entries of accounts that are known. Those of SELF are of every mailbox, and not written down."""
        book = self._entries[right].setdefault(guid, {})
        book.update((_entry(one, right), None) for one in entries if not one.is_self)

    def enter_list(self, guid: str, address: str, right: Right, read: AccessList, keeps: Keeps | None = None) -> None:
        """An unfiltered list. ``keeps``: the entries that it is not true of are counted only; None: all are kept."""
        if isinstance(read, NoEvidence):
            self.miss(Subject(right.value), guid, read.reason, read.may_pass)
            return
        if read.doubt:
            self.doubtful.add(address)
        strangers = [one for one in read.entries if keeps is not None and not one.is_self and not keeps(one)]
        self.enter(guid, right, (one for one in read.entries if one not in strangers))
        if keeps is not None:
            self.count(guid, right, _counted(one for one in strangers if one.gives(right)))

    def count(self, guid: str, right: Right, others: Count) -> None:
        self.others.setdefault(guid, {})[right] = others

    def enter_delegates(self, guid: str, delegates: Iterable[str]) -> None:
        """GUIDs of those who may send on behalf of a mailbox."""
        self._delegates.setdefault(guid, {}).update(dict.fromkeys(delegates))

    def lists(self, guids: Iterable[str]) -> dict[str, Lists]:
        """The access lists of each, but for those that have none."""
        send_as, full_access = self._entries[Right.SEND_AS], self._entries[Right.FULL_ACCESS]
        made = {
            guid: Lists(
                tuple(full_access.get(guid, ())), tuple(send_as.get(guid, ())), tuple(self._delegates.get(guid, ()))
            )
            for guid in guids
        }
        return {guid: one for guid, one in made.items() if one != EMPTY}


def _entry(entry: AccessEntry, right: Right) -> Entry:
    shown = entry.trustee if entry.trustee.upper() != entry.sid else ""
    return Entry(
        sid=entry.sid if is_sid(entry.sid) else "",
        rights=tuple(_SPELLED.get(word, word) for word in sorted(entry.rights)),
        inheritance_type=entry.inheritance_type or ("None" if right is Right.SEND_AS else "All"),
        user=shown,
        deny=not entry.allows,
        inherited=entry.inherited,
    )


def _counted(entries: Iterable[AccessEntry]) -> Count:
    allow = deny = inherited = 0
    for one in entries:
        inherited += one.allows and one.inherited
        deny += not one.allows
        allow += one.allows and not one.inherited
    return Count(allow, deny, inherited)
