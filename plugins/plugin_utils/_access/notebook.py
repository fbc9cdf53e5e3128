# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an inquiry writes down: permissions that were seen, and gaps where something could not be seen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from .._exchange.access_lists import AccessList, NoEvidence
from .._exchange.delegates import Delegates
from .._exchange.identities import Principal, Problem, ProblemKind, Recipient, is_sid
from .._exchange.rights import AccessEntry, Right
from .holdings import Blank, Sighting
from .observe import doubts_in_words


@dataclass(frozen=True)
class Permission:
    """One entry that carries a right. ``mailbox``: as asked for, else its address. ``trustee``: as a person reads it.

    ``orphan``: the trustee is the SID of nobody. ``is_self``: the entry that every mailbox has of itself.
    """

    mailbox: str
    recipient: Recipient
    right: Right
    trustee: str
    sid: str = ""
    allows: bool = True
    inherited: bool = False
    inheritance_type: str = ""
    orphan: bool = False
    is_self: bool = False


@dataclass(frozen=True)
class Gap:
    """Something that could not be seen. What it is not about is empty; ``right`` None: any.

    ``may_pass``: by itself, so that it may be seen another time.
    """

    mailbox: str
    trustee: str
    right: Right | None
    cause: str
    next_step: str = "mend the cause and run it again"
    may_pass: bool = True

    @classmethod
    def of(cls, problem: Problem, mailbox: str = "", trustee: str = "") -> Gap:
        """A mailbox or an account that was not found; or it is not known whether there is one, which may pass."""
        unknown = problem.kind is ProblemKind.UNKNOWN
        return cls(mailbox, trustee, None, problem.cause, problem.remedy, may_pass=unknown)


class Notebook:
    """Entries without repetition. ``names``: what the user calls a recipient, by GUID."""

    def __init__(self, include_self: bool) -> None:
        self.names: dict[str, str] = {}
        self.gaps: list[Gap] = []
        self._include_self = include_self
        self._permissions: dict[Permission, None] = {}
        self._doubtful: set[str] = set()

    def miss(self, mailbox: str, problem: Problem) -> None:
        """A mailbox, or the list of all, that was not found."""
        self.gaps.append(Gap.of(problem, mailbox))

    def enter_list(self, recipient: Recipient, right: Right, read: AccessList) -> None:
        """What the access list of a recipient says, trustees as Exchange shows them."""
        if isinstance(read, NoEvidence):
            self.gaps.append(Gap(self._name(recipient), "", right, read.reason, may_pass=read.may_pass))
            return
        if read.doubt:
            self._doubtful.add(recipient.address)
        for entry in read.entries:
            if entry.gives(right) and (self._include_self or not entry.is_self):
                self._enter(recipient, right, entry, entry.trustee or entry.sid, is_sid(entry.trustee or entry.sid))

    def enter_delegates(self, mailbox: Recipient, read: Delegates, labels: Mapping[str, str]) -> None:
        """Who may send on behalf of a mailbox. ``labels``: what to show instead of a value, by it in lower case."""
        if isinstance(read, NoEvidence):
            self.gaps.append(Gap(self._name(mailbox), "", Right.SEND_ON_BEHALF, read.reason, may_pass=read.may_pass))
            return
        for value in read:
            trustee = labels.get(value.strip().lower(), value)
            self._add(Permission(self._name(mailbox), mailbox, Right.SEND_ON_BEHALF, trustee))

    def enter_sighting(self, found: Sighting | Blank) -> None:
        """What was found of an account, or could not be."""
        if isinstance(found, Blank):
            gap = Gap(found.where, found.principal.label, found.right, found.reason, may_pass=found.may_pass)
            self.gaps.append(gap)
            return
        grant, principal = found.grant, found.grant.principal
        if found.facts.doubt:
            self._doubtful.add(grant.mailbox.address)
        for entry in found.entries:
            self._enter(grant.mailbox, grant.right, entry, principal.label, principal.is_bare_sid)
        if not found.entries:
            self._add(_delegate(self._name(grant.mailbox), grant.mailbox, principal))

    def missed(self, right: Right) -> int:
        """On how many mailboxes a right could not be read."""
        return len({gap.mailbox.lower() for gap in self.gaps if gap.right is right})

    def sorted_permissions(self) -> tuple[Permission, ...]:
        return tuple(sorted(self._permissions, key=_order))

    def warnings(self) -> list[str]:
        return doubts_in_words(self._doubtful)

    def _name(self, recipient: Recipient) -> str:
        return self.names.get(recipient.guid, recipient.address)

    def _enter(self, recipient: Recipient, right: Right, entry: AccessEntry, trustee: str, orphan: bool) -> None:
        permission = Permission(
            mailbox=self._name(recipient),
            recipient=recipient,
            right=right,
            trustee=trustee,
            sid=entry.sid,
            allows=entry.allows,
            inherited=entry.inherited,
            inheritance_type=entry.inheritance_type,
            orphan=orphan,
            is_self=entry.is_self,
        )
        self._add(permission)

    def _add(self, permission: Permission) -> None:
        self._permissions[permission] = None


def _delegate(name: str, mailbox: Recipient, principal: Principal) -> Permission:
    sid = principal.sids[0] if principal.sids else ""
    return Permission(name, mailbox, Right.SEND_ON_BEHALF, principal.label, sid)


def _order(permission: Permission) -> tuple[str, str, str, str]:
    return (permission.mailbox.lower(), permission.right.value, permission.trustee.lower(), permission.sid)
