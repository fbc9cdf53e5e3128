# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who and what Exchange objects are: recipients, accounts and their identifiers, and how to tell them apart."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum

from .session import Row

_GUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_SID = re.compile(r"S-1(-\d+){2,}", re.IGNORECASE)
#: What no address and no user principal name holds, of ASCII; of the rest they hold letters, marks and digits only, so
#: nothing that PowerShell or a filter may take for a quote, a dash or a space, and nothing that does not show.
_FORBIDDEN = re.compile(r"[\s\"*$()<>,;:\\\[\]\x00-\x1f\x7f]")
_FOREIGN = ("L", "M", "N")
#: More than the name (315) and the domain (255) of an address in Exchange can have.
_LONGEST = 600

SELF_SID = "S-1-5-10"
_SELF_NAME = "nt authority\\self"

#: Recipient types that hold a mailbox of their own in Exchange Online and whose access lists can be worked on.
_NOT_A_WORKABLE_MAILBOX = {"groupmailbox", "publicfoldermailbox", "discoverymailbox"}
#: Recipient types of no user: their Send As list need not hold an entry of SELF.
_WITHOUT_SELF = {
    "mailcontact", "mailuniversaldistributiongroup", "mailuniversalsecuritygroup", "mailnonuniversalgroup",
    "dynamicdistributiongroup", "publicfolder",
}  # fmt: skip
#: Only these can use what they are granted (exchange facts 2: Send As and Full Access trustees).
_MAIL_USERS = {"mailuser", "guestmailuser"}
_SECURITY_GROUPS = {"mailuniversalsecuritygroup"}


class ProblemKind(str, Enum):
    """Why an address or account could not be worked with."""

    NOT_FOUND = "not_found"
    AMBIGUOUS = "ambiguous"
    UNSUPPORTED = "unsupported"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class Problem:
    """What stands in the way, and what to do about it; both sentences without the name of the object.

    ``may_pass``: what is unknown may be established another time, without anybody doing anything.
    """

    kind: ProblemKind
    cause: str
    remedy: str = ""
    may_pass: bool = True


@dataclass(frozen=True)
class Recipient:
    """A recipient as Get-EXORecipient shows it. ``addresses``: every SMTP address, lower case."""

    guid: str
    name: str
    address: str
    kind: str
    alias: str = ""
    recipient_type: str = ""
    object_id: str = ""
    distinguished_name: str = ""
    hidden: bool = False
    addresses: frozenset[str] = frozenset()

    @property
    def ids(self) -> frozenset[str]:
        return frozenset({self.guid.lower(), self.object_id.lower()})

    @property
    def is_mailbox(self) -> bool:
        """Has a mailbox whose access list can be changed."""
        return self.recipient_type.lower() == "usermailbox" and self.kind.lower() not in _NOT_A_WORKABLE_MAILBOX

    @property
    def has_self(self) -> bool:
        """Whether an unfiltered access list of it without an entry of SELF is broken (exchange facts Q2, 3.3)."""
        return self.recipient_type.lower() not in _WITHOUT_SELF

    @property
    def names(self) -> frozenset[str]:
        """All that the Identity of a row may call it by, in lower case."""
        known = (self.name, self.guid, self.alias, self.address, self.object_id, self.distinguished_name)
        return frozenset(text.lower() for text in known if text)

    def is_called(self, identity: str) -> bool:
        """Whether the Identity of a row may mean this recipient: its Name, or at times another (exchange facts Q7)."""
        return _means(identity, self.name, self.guid, self.alias, self.address, self.object_id, self.distinguished_name)


@dataclass(frozen=True)
class Principal:
    """An account that holds rights. ``sids``: the current one first, then its history, upper case.

    ``asked`` is what the user wrote. An account long deleted is known by its SID alone: no ``guid``, no ``kind``. A
    delegate for Send on Behalf may be known without any SID.
    """

    asked: str
    sids: tuple[str, ...]
    guid: str = ""
    upn: str = ""
    address: str = ""
    name: str = ""
    alias: str = ""
    object_id: str = ""
    distinguished_name: str = ""
    kind: str = ""

    @property
    def label(self) -> str:
        """What a person calls it: UPN before address before SID."""
        return self.upn or self.address or self.name or self.key

    @property
    def key(self) -> str:
        """Equal for the same account, however it was written."""
        return self.guid or self.sids[0]

    @property
    def is_bare_sid(self) -> bool:
        return not self.guid

    def holds(self, sid: str, trustee: str) -> bool:
        """Whether an entry of an access list is this account's: by SID, else by UPN, never by another name.

        Display names are shared and prefixes match strangers (exchange facts Q4, 1.6; peers D5, D10).
        """
        if sid and sid.upper() in self.sids:
            return True
        return bool(self.upn) and trustee.lower() == self.upn.lower()

    def is_called(self, text: str) -> bool:
        """Whether a value of GrantSendOnBehalfTo may mean this account (exchange facts Q8)."""
        others = (self.upn, self.guid, self.object_id, self.distinguished_name, self.address, self.alias)
        return _means(text, self.name, *others)

    def why_it_cannot_hold(self) -> str | None:
        """None where it can be granted a right, else the reason (exchange facts 2; design rule 11)."""
        kind = self.kind.lower()
        if self.is_bare_sid:
            return "is the SID of no account that exists"
        if kind.endswith("mailbox") and kind not in _NOT_A_WORKABLE_MAILBOX:
            return None
        if kind in _MAIL_USERS:
            return None if self.upn else "is a mail user without an account"
        if kind in _SECURITY_GROUPS:
            return None
        return f"is of the kind {self.kind or 'unknown'}, which cannot use the right"


def _means(text: str, name: str, *others: str) -> bool:
    """Whether a text is one of the names, or a path that ends in the first of them."""
    wanted = text.strip().lower()
    known = {one.lower() for one in (name, *others) if one}
    return wanted in known or (bool(name) and wanted.endswith("/" + name.lower()))


def is_guid(text: str) -> bool:
    return _GUID.fullmatch(text) is not None


def is_sid(text: str) -> bool:
    return _SID.fullmatch(text) is not None


def is_self(sid: str, trustee: str) -> bool:
    """The SELF entry that is on every mailbox (exchange facts Q2)."""
    return sid.upper() == SELF_SID or trustee.lower() == _SELF_NAME


def strange_sign(text: str) -> str | None:
    """None for a text of which nothing speaks against an address or user principal name; else what it holds or is."""
    for sign in text:
        if sign.isspace():
            return "white space"
        if _FORBIDDEN.match(sign) or not (sign.isascii() or unicodedata.category(sign)[0] in _FOREIGN):
            return f"the character {sign!a}"
    return f"{len(text)} characters" if len(text) > _LONGEST else None


def address_fault(address: str) -> str | None:
    """None for an address that may be sent to Exchange, else what is wrong with it."""
    if not address.strip():
        return "the address is empty"
    found = strange_sign(address)
    if found:
        return f"the address holds {found}, which no mail address does"
    local, at, domain = address.rpartition("@")
    if not (at and local and "." in domain.strip(".")):
        return "the address has not the form name@domain"
    return None


def text_of(value: object) -> str:
    """A property as text; an empty one is empty text."""
    return "" if value is None else str(value)


def list_of(value: object) -> list[str]:
    """A property as a list of texts: one value stands for itself."""
    if value is None or value == "":
        return []
    return [text_of(one) for one in value] if isinstance(value, (list, tuple)) else [text_of(value)]


def is_true(value: object) -> bool:
    """A boolean that may arrive as text (peers D9): only a true one is true."""
    return value is True or (isinstance(value, str) and value.strip().lower() == "true")


def recipient_of(row: Row) -> Recipient:
    """A row of Get-EXORecipient."""
    return Recipient(
        guid=text_of(row.get("Guid")).lower(),
        name=text_of(row.get("Name")),
        address=text_of(row.get("PrimarySmtpAddress")),
        kind=text_of(row.get("RecipientTypeDetails")),
        alias=text_of(row.get("Alias")),
        recipient_type=text_of(row.get("RecipientType")),
        object_id=text_of(row.get("ExternalDirectoryObjectId")),
        distinguished_name=text_of(row.get("DistinguishedName")),
        hidden=is_true(row.get("HiddenFromAddressListsEnabled")),
        addresses=smtp_addresses(list_of(row.get("EmailAddresses")), text_of(row.get("PrimarySmtpAddress"))),
    )


def smtp_addresses(proxy_addresses: Iterable[str], primary: str = "") -> frozenset[str]:
    """The mail addresses among proxy addresses such as ``SMTP:a@b.c``, ``smtp:d@b.c``, ``X500:…``, in lower case."""
    found = {primary.lower()} if primary else set()
    for one in proxy_addresses:
        prefix, colon, address = one.partition(":")
        if not colon:
            found.add(one.lower())
        elif prefix.lower() == "smtp":
            found.add(address.lower())
    return frozenset(found)
