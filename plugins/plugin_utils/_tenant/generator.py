# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Makes organisations of any size from a seed."""

from __future__ import annotations

import random

from .access import EMPTY, AccessList, Entry
from .organisation import TENANT_ID, Organisation, distinct
from .recipients import Kind, Place, Recipient, recipient
from .sowing import sow

ROUTER = "crmrouter@contoso.com"
_DOMAIN = "contoso.com"
_ORGANIZATION = "contoso.onmicrosoft.com"
_FIRST = ("Ada", "Ben", "Cleo", "Dag", "Eva", "Finn", "Gro", "Hugo", "Ida", "Jan", "Kim", "Lea", "Max", "Nora", "Omar")
_LAST = ("Adler", "Berg", "Costa", "Dahl", "Engel", "Ford", "Gray", "Holm", "Ito", "Jung", "Klein", "Lund", "Moss")
#: One mailbox in so many is of this kind.
_SHARES = ((Kind.SHARED_MAILBOX, 5), (Kind.ROOM_MAILBOX, 20), (Kind.EQUIPMENT_MAILBOX, 50))
_OTHERS = (
    Kind.MAIL_USER,
    Kind.CONTACT,
    Kind.DISTRIBUTION_GROUP,
    Kind.MAIL_SECURITY_GROUP,
    Kind.DYNAMIC_GROUP,
    Kind.GROUP_MAILBOX,
    Kind.GUEST,
    Kind.USER,
    Kind.SECURITY_GROUP,
)


def generate(
    mailboxes: int, seed: int, *, quirks: bool = False, granted: float = 0.5, accounts: tuple[str, ...] = (ROUTER,)
) -> Organisation:
    """An organisation with so many mailboxes beside those of the service accounts; the same for the same arguments.

    ``granted``: which part of them each account already holds, for each right by itself. ``quirks``: every quirk of
    exchange facts 3.1, sown over it; none changes what the accounts hold. Contacts, groups and mail users (mastered
    on-premises) come on top: one for every ten mailboxes.
    """
    draw = random.Random(seed)
    trustees = [_object(number, {"address": address}) for number, address in enumerate(accounts)]
    first = len(trustees)
    people = [_mailbox(draw, number) for number in range(first, first + mailboxes)]
    last = first + mailboxes
    others = [_other(number) for number in range(last, last + max(mailboxes // 10, len(_OTHERS)))]
    access = {each.guid: _access(draw, trustees, granted) for each in people}
    organisation = Organisation(
        _ORGANIZATION,
        TENANT_ID,
        recipients=distinct((*trustees, *people, *others)),
        access={guid: lists for guid, lists in access.items() if lists != EMPTY},
    )
    return sow(organisation, draw, len(trustees)) if quirks else organisation


def _object(position: int, raw: dict[str, object]) -> Recipient:
    return recipient(raw, Place(_ORGANIZATION, TENANT_ID, position))


def _mailbox(draw: random.Random, position: int) -> Recipient:
    first, last = draw.choice(_FIRST), draw.choice(_LAST)
    kind = next((kind for kind, share in _SHARES if draw.randrange(share) == 0), Kind.USER_MAILBOX)
    raw: dict[str, object] = {
        "kind": kind,
        "name": f"{first} {last} {position}",
        "display_name": f"{first} {last}",
        "address": f"{first}.{last}{position}@{_DOMAIN}".lower(),
        "aliases": [f"{first[0]}{last}{position}@{_ORGANIZATION}".lower()] if draw.random() < 0.5 else [],
    }
    return _object(position, raw)


def _other(position: int) -> Recipient:
    kind = _OTHERS[position % len(_OTHERS)]
    alias = f"{kind.value.lower()}{position}"
    return _object(
        position,
        {
            "kind": kind,
            "name": f"{kind.value} {position}",
            "alias": alias,
            "address": f"{alias}@{_DOMAIN}" if kind not in (Kind.USER, Kind.SECURITY_GROUP) else "",
            "directory_synced": kind is Kind.MAIL_USER,
        },
    )


def _access(draw: random.Random, trustees: list[Recipient], granted: float) -> AccessList:
    full_access = [Entry(each.sid, ("FullAccess",), "All") for each in trustees if draw.random() < granted]
    send_as = [Entry(each.sid, ("SendAs",), "None") for each in trustees if draw.random() < granted]
    delegates = [each.guid for each in trustees if draw.random() < granted]
    return AccessList(tuple(full_access), tuple(send_as), tuple(delegates))
