# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What every cmdlet works on, and the steps they share: one object by identity, a trustee, rows up to ResultSize."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import islice

from .._exchange.session import Answer, Row
from . import errors
from .access import SELF
from .binding import Bound
from .books import Books
from .directory import Directory, Scope
from .filters import Filters
from .organisation import Organisation
from .quirks import Quirk
from .recipients import Kind, Recipient

SELF_NAME = "NT AUTHORITY\\SELF"
PAGE = 1000


@dataclass(frozen=True)
class State:
    """An organisation with the indexes over it.

    ``one_page``: this connection cannot follow a next link (E20). ``lag``: how many reads will not see what is written.
    """

    organisation: Organisation
    directory: Directory
    books: Books
    filters: Filters
    one_page: bool = False
    lag: int = 0

    def one(self, identity: str, scope: Scope, cmdlet: str) -> Recipient:
        """The object that a cmdlet on one object means. Raises TenantError: E6, E8."""
        found = self.directory.find(identity, scope)
        if not found:
            raise errors.not_found(identity, cmdlet)
        if len(found) > 1:
            raise errors.ambiguous(identity, cmdlet)
        return found[0]

    def several(self, identity: str, scope: Scope, cmdlet: str) -> list[Recipient]:
        """What a Get-* shows for an identity: all that match a wildcard; with the quirk LOOK_ALIKES all that begin with
        a name or an address, too. Raises TenantError: E6, E8."""
        if "*" in identity:
            return self.directory.look_alikes(identity, scope)
        if not self.organisation.has(Quirk.LOOK_ALIKES):
            return [self.one(identity, scope, cmdlet)]
        found = self.directory.find(identity, scope)
        if not found:
            raise errors.not_found(identity, cmdlet)
        if is_sid(identity) or identity.casefold() in (found[0].guid, found[0].object_id):
            return found
        return [*found, *(each for each in self.directory.look_alikes(identity, scope) if each not in found)]

    def principal(self, trustee: str) -> Recipient:
        """The account or group that a right can be given to. Raises TenantError: E7, E8, E9."""
        owner = self.directory.by_sid(trustee.upper()) if is_sid(trustee) else None
        found = [owner] if owner and _is_principal(owner) else self.directory.find(trustee, _is_principal)
        if len(found) > 1:
            raise errors.trustee_ambiguous(trustee)
        if not found:
            unknown = self.organisation.has(Quirk.TRUSTEE_WAS_NOT_FOUND)
            raise errors.trustee_was_not_found(trustee) if unknown else errors.trustee_not_found(trustee)
        return found[0]

    def sid(self, trustee: str) -> str:
        """The SID that a trustee means when reading or taking back: a SID means itself, an account its present one,
        never those of its history (exchange facts 1.1)."""
        if is_sid(trustee):
            return trustee.upper()
        if trustee.casefold() in (SELF_NAME.casefold(), "self"):
            return SELF
        return self.principal(trustee).sid

    def answer(self, bound: Bound, rows: Iterable[Row]) -> Answer:
        """The rows up to ResultSize, with the warning that is all a truncation shows (E3). Raises TenantError: E20."""
        limit = bound.limit
        taken = tuple(rows if limit is None else islice(rows, limit + 1))
        if self.one_page and min(len(taken), limit or len(taken)) > PAGE:
            raise errors.pagination_expired(bound.cmdlet)
        if limit is not None and len(taken) > limit:
            return Answer(taken[:limit], (errors.MORE_RESULTS,))
        return Answer(taken)


def is_sid(text: str) -> bool:
    return text.upper().startswith("S-1-")


def _is_principal(each: Recipient) -> bool:
    return each.traits.principal and not each.soft_deleted


def mailboxes(group: bool, soft_deleted: bool) -> Scope:
    """W13, W14: a soft-deleted mailbox and a group's are found only where the switch asks for them."""
    return lambda each: (
        each.traits.mailbox and (each.kind is Kind.GROUP_MAILBOX) == group and each.soft_deleted == soft_deleted
    )


def mail_recipients(each: Recipient) -> bool:
    return each.traits.mail and not each.soft_deleted
