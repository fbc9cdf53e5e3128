# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Makes organisations of any size from a seed."""

from __future__ import annotations

import random

from .access import AccessList, Entry
from .organisation import TENANT_ID, Organisation, distinct
from .recipients import Kind, Place, Recipient, recipient
from .sowing import sow

ROUTER = "crmrouter@contoso.com"
_DOMAIN = "contoso.com"
_ORGANIZATION = "contoso.onmicrosoft.com"
_FIRST = "Ada Ben Cleo Dag Eva Finn Gro Hugo Ida Jan Kim Lea Max Nora Omar Pia Rosa Sam Tove Vera Wim Yves Zoe".split()
_LAST = "Adler Berg Costa Dahl Engel Ford Gray Holm Ito Jung Klein Lund Moss Nash Olsen Park Ross Stone".split()
#: One mailbox in so many is of this kind.
_KINDS = ((Kind.SHARED_MAILBOX, 5), (Kind.ROOM_MAILBOX, 20), (Kind.EQUIPMENT_MAILBOX, 50))


def generate(
    mailboxes: int, seed: int, *, quirks: bool = False, granted: float = 0.5, accounts: tuple[str, ...] = (ROUTER,)
) -> Organisation:
    """An organisation with so many mailboxes beside those of the service accounts; the same for the same arguments.

    ``granted``: which part of them each account already holds, for each right by itself. ``quirks``: every quirk of
    the facts, sown over it. Mail users, contacts and groups come on top: one for every ten mailboxes.
    """
    draw = random.Random(seed)
    people = [_place({"kind": "UserMailbox", "address": each}, number) for number, each in enumerate(accounts)]
    trustees = list(people)
    people += [_mailbox(draw, number) for number in range(len(people), len(people) + mailboxes)]
    people += [_other(number) for number in range(len(people), len(people) + max(mailboxes // 10, len(_OTHERS)))]
    access: dict[str, AccessList] = {}
    for each in people[len(trustees) : len(trustees) + mailboxes]:
        lists = _access(draw, trustees, granted)
        if lists != AccessList():
            access[each.guid] = lists
    organisation = Organisation(_ORGANIZATION, TENANT_ID, recipients=distinct(tuple(people)), access=access)
    return sow(organisation, draw, trustees) if quirks else organisation


def _place(raw: dict[str, object], position: int) -> Recipient:
    return recipient(raw, Place(_ORGANIZATION, TENANT_ID, position))


def _mailbox(draw: random.Random, position: int) -> Recipient:
    first, last = draw.choice(_FIRST), draw.choice(_LAST)
    kind = next((kind for kind, share in _KINDS if draw.randrange(share) == 0), Kind.USER_MAILBOX)
    address = f"{first}.{last}{position}@{_DOMAIN}".lower()
    aliases = [f"{first[0]}{last}{position}@{_ORGANIZATION}".lower()] if draw.random() < 0.5 else []
    raw: dict[str, object] = {"kind": kind, "address": address, "aliases": aliases}
    return _place({**raw, "name": f"{first} {last} {position}", "display_name": f"{first} {last}"}, position)


_OTHERS: tuple[dict[str, object], ...] = (
    {"kind": Kind.MAIL_USER, "directory_synced": True},
    {"kind": Kind.CONTACT},
    {"kind": Kind.DISTRIBUTION_GROUP},
    {"kind": Kind.MAIL_SECURITY_GROUP},
    {"kind": Kind.DYNAMIC_GROUP},
    {"kind": Kind.GROUP_MAILBOX},
    {"kind": Kind.GUEST},
    {"kind": Kind.USER},
    {"kind": Kind.SECURITY_GROUP},
)


def _other(position: int) -> Recipient:
    raw = dict(_OTHERS[position % len(_OTHERS)])
    kind = raw["kind"]
    assert isinstance(kind, Kind)
    return _place({**raw, "name": f"{kind.value} {position}", "alias": f"{kind.value.lower()}{position}"}, position)


def _access(draw: random.Random, trustees: list[Recipient], granted: float) -> AccessList:
    full_access = [Entry(each.sid, ("FullAccess",), "All") for each in trustees if draw.random() < granted]
    send_as = [Entry(each.sid, ("SendAs",), "None") for each in trustees if draw.random() < granted]
    delegates = [each.guid for each in trustees if draw.random() < granted]
    return AccessList(tuple(full_access), tuple(send_as), tuple(delegates))
