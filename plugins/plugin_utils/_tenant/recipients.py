# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The objects of the directory: mailboxes, mail users, contacts, groups, and what a hand-written one may leave out."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, fields
from enum import Enum
from uuid import UUID, uuid5

from .quirks import Quirk

_NAMESPACE = UUID("6f1c4d3a-8f1e-4a57-9a0c-2d8f5b7e1c90")
_FOREST = "OU=Microsoft Exchange Hosted Organizations,DC=NAMPR05A001,DC=PROD,DC=OUTLOOK,DC=COM"


class Kind(str, Enum):
    """RecipientTypeDetails."""

    USER_MAILBOX = "UserMailbox"
    SHARED_MAILBOX = "SharedMailbox"
    ROOM_MAILBOX = "RoomMailbox"
    EQUIPMENT_MAILBOX = "EquipmentMailbox"
    GROUP_MAILBOX = "GroupMailbox"
    MAIL_USER = "MailUser"
    GUEST = "GuestMailUser"
    CONTACT = "MailContact"
    DISTRIBUTION_GROUP = "MailUniversalDistributionGroup"
    MAIL_SECURITY_GROUP = "MailUniversalSecurityGroup"
    DYNAMIC_GROUP = "DynamicDistributionGroup"
    USER = "User"
    SECURITY_GROUP = "UniversalSecurityGroup"


@dataclass(frozen=True)
class Traits:
    """What a kind is: its RecipientType, whether it has a mailbox and an address, whether it is a user or a group,
    whether a right can be given to it (exchange facts 2)."""

    recipient_type: str
    mailbox: bool = False
    mail: bool = True
    user: bool = False
    group: bool = False
    principal: bool = False


_MAILBOX = Traits("UserMailbox", mailbox=True, user=True, principal=True)
_MAIL_USER = Traits("MailUser", user=True, principal=True)
TRAITS: dict[Kind, Traits] = {
    Kind.USER_MAILBOX: _MAILBOX,
    Kind.SHARED_MAILBOX: _MAILBOX,
    Kind.ROOM_MAILBOX: _MAILBOX,
    Kind.EQUIPMENT_MAILBOX: _MAILBOX,
    Kind.GROUP_MAILBOX: Traits("MailUniversalDistributionGroup", mailbox=True, group=True),
    Kind.MAIL_USER: _MAIL_USER,
    Kind.GUEST: _MAIL_USER,
    Kind.CONTACT: Traits("MailContact"),
    Kind.DISTRIBUTION_GROUP: Traits("MailUniversalDistributionGroup", group=True),
    Kind.MAIL_SECURITY_GROUP: Traits("MailUniversalSecurityGroup", group=True, principal=True),
    Kind.DYNAMIC_GROUP: Traits("DynamicDistributionGroup"),
    Kind.USER: Traits("User", mail=False, user=True, principal=True),
    Kind.SECURITY_GROUP: Traits("Group", mail=False, group=True, principal=True),
}


@dataclass(frozen=True)
class Recipient:
    """One object. ``address`` is the primary one, empty where there is none; ``aliases`` are its other addresses.

    ``details``, ``recipient_type``: RecipientTypeDetails and RecipientType of an object of a real organisation, where
    they are not those of its kind; it works as its kind does.
    """

    kind: Kind
    name: str
    display_name: str
    alias: str
    upn: str
    address: str
    aliases: tuple[str, ...]
    sid: str
    sid_history: tuple[str, ...]
    guid: str
    object_id: str
    distinguished_name: str
    directory_synced: bool = False
    soft_deleted: bool = False
    hidden: bool = False
    account_disabled: bool = False
    quirks: frozenset[Quirk] = frozenset()
    details: str = ""
    recipient_type: str = ""

    @property
    def traits(self) -> Traits:
        return TRAITS[self.kind]

    @property
    def shown_details(self) -> str:
        """RecipientTypeDetails."""
        return self.details or self.kind.value

    @property
    def shown_type(self) -> str:
        """RecipientType."""
        return self.recipient_type or self.traits.recipient_type

    def to_dict(self) -> dict[str, object]:
        """Plain JSON; what is empty or false is left out, unless it would be filled in."""
        raw: dict[str, object] = {}
        for name in RECIPIENT_KEYS:
            value = getattr(self, name)
            if value or name in _FILLED_IN:
                raw[name] = _plain(value)
        return raw


RECIPIENT_KEYS = tuple(field.name for field in fields(Recipient))
#: What follows from the rest where it is left out. Empty where it is given empty: nobody knows it, or there is none.
_FILLED_IN = ("display_name", "alias", "upn", "address", "sid", "object_id", "distinguished_name")


def _plain(value: object) -> object:
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, (tuple, frozenset)):
        return sorted(_plain(each) for each in value) if isinstance(value, frozenset) else list(value)  # type: ignore[type-var]
    return value


@dataclass(frozen=True)
class Place:
    """Where an object stands: its organisation, and its number in it, from which its SID comes."""

    organization: str
    tenant_id: str
    position: int

    def sid(self) -> str:
        bits = UUID(self.tenant_id).int
        return (
            f"S-1-5-21-{bits & 0xFFFFFFFF}-{bits >> 32 & 0xFFFFFFFF}-{bits >> 64 & 0xFFFFFFFF}-{1100 + self.position}"
        )

    def guid(self, use: str) -> str:
        return str(uuid5(_NAMESPACE, f"{self.tenant_id}/{use}/{self.position}"))

    def distinguished_name(self, name: str) -> str:
        return f"CN={_escaped(name)},OU={self.organization},{_FOREST}"


def recipient(raw: Mapping[str, object], place: Place) -> Recipient:
    """An object from plain JSON. Needs one of address, upn, name; the rest follows from these and ``kind``.

    Raises ValueError where these are missing or a value has the wrong form.
    """
    kind = Kind(raw.get("kind", Kind.USER_MAILBOX))
    traits = TRAITS[kind]
    given = str(raw.get("address") or raw.get("upn") or raw.get("name") or "")
    if not given:
        raise ValueError(f"recipient {place.position} has neither address nor upn nor name")
    local = given.partition("@")[0]
    mail_name = re.sub(r"[^\w.\-']", "", local) or f"object{place.position}"
    name = str(raw.get("name") or local)
    address = str(raw.get("address", f"{mail_name}@{place.organization}" if traits.mail else ""))
    return Recipient(
        kind=kind,
        name=name,
        display_name=str(raw.get("display_name", name if raw.get("name") else _title(local))),
        alias=str(raw.get("alias", mail_name if traits.mail else "")),
        upn=str(raw.get("upn", (address or f"{mail_name}@{place.organization}") if traits.user else "")),
        address=address,
        aliases=_texts(raw, "aliases"),
        sid=str(raw.get("sid", place.sid() if traits.user or traits.group else "")),
        sid_history=_texts(raw, "sid_history"),
        guid=str(raw.get("guid") or place.guid("guid")).lower(),
        object_id=str(raw.get("object_id", place.guid("object"))).lower(),
        distinguished_name=str(raw.get("distinguished_name", place.distinguished_name(name))),
        directory_synced=bool(raw.get("directory_synced")),
        soft_deleted=bool(raw.get("soft_deleted")),
        hidden=bool(raw.get("hidden")),
        account_disabled=bool(raw.get("account_disabled")),
        quirks=frozenset(Quirk(each) for each in _texts(raw, "quirks")),
        details=str(raw.get("details", "")),
        recipient_type=str(raw.get("recipient_type", "")),
    )


def _texts(raw: Mapping[str, object], key: str) -> tuple[str, ...]:
    value = raw.get(key) or ()
    if not isinstance(value, (list, tuple)):
        raise ValueError(f"{key} is no list: {value!r}")
    return tuple(str(each) for each in value)


def _title(local: str) -> str:
    return " ".join(part.capitalize() for part in re.split(r"[._\-]+", local) if part)


def _escaped(name: str) -> str:
    return re.sub(r'([,\\#+<>;"=])', r"\\\1", name)
