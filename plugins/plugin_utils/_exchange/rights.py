# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The rights that this collection deals in, and the entries of access lists that carry them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum

from .identities import Principal, is_self, is_true, list_of, text_of
from .session import Row


class Right(str, Enum):
    """What an account may be given on a mailbox."""

    SEND_AS = "send_as"
    FULL_ACCESS = "full_access"
    SEND_ON_BEHALF = "send_on_behalf"

    @property
    def wording(self) -> str:
        """The right in Exchange's own words."""
        return self.value.replace("_", " ").title().replace(" On ", " on ")


#: The word for a right in AccessRights; Send on Behalf is no access right but a property of the mailbox.
_WORDS = {Right.SEND_AS: "sendas", Right.FULL_ACCESS: "fullaccess"}


@dataclass(frozen=True)
class AccessEntry:
    """One entry of an access list, whichever cmdlet read it. ``rights``: words in lower case."""

    mailbox: str
    trustee: str
    sid: str
    allows: bool
    inherited: bool
    rights: frozenset[str]
    inheritance_type: str = ""

    @property
    def is_self(self) -> bool:
        return is_self(self.sid, self.trustee)

    def gives(self, right: Right) -> bool:
        """Membership, not equality: FullAccess beside ReadPermission is Full Access (peers D7)."""
        return _WORDS.get(right) in self.rights

    def is_of(self, principal: Principal) -> bool:
        return principal.holds(self.sid, self.trustee)


def mailbox_entry(row: Row) -> AccessEntry:
    """A row of Get-MailboxPermission."""
    return _entry(row, trustee="User", sid="UserSid", allows=not is_true(row.get("Deny")))


def recipient_entry(row: Row) -> AccessEntry:
    """A row of Get-RecipientPermission. Whatever is not plainly Allow is taken as a Deny."""
    allows = text_of(row.get("AccessControlType")).strip().lower() == "allow"
    return _entry(row, trustee="Trustee", sid="TrusteeSidString", allows=allows)


def _entry(row: Row, trustee: str, sid: str, allows: bool) -> AccessEntry:
    return AccessEntry(
        mailbox=text_of(row.get("Identity")),
        trustee=text_of(row.get(trustee)),
        sid=text_of(row.get(sid)).upper(),
        allows=allows,
        inherited=is_true(row.get("IsInherited")),
        rights=_words(list_of(row.get("AccessRights"))),
        inheritance_type=text_of(row.get("InheritanceType")),
    )


def _words(rights: Iterable[str]) -> frozenset[str]:
    """Elements may be comma-joined themselves (exchange facts Q1)."""
    return frozenset(word.strip().lower() for element in rights for word in element.split(",") if word.strip())
