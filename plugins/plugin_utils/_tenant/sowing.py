# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Sows the quirks of Exchange Online over an organisation, without changing what its service accounts hold."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace

from .access import EMPTY, Entry
from .organisation import Organisation, distinct
from .quirks import Quirk
from .recipients import Kind, Place, Recipient, recipient

_ORPHAN = "S-1-5-21-1004336348-1177238915-682003330-{}"
_OLD = "S-1-5-21-2222222222-333333333-444444444-{}"


class _Garden:
    """An organisation being sown: its recipients and access lists, and what is added to it."""

    def __init__(self, organisation: Organisation, draw: random.Random, accounts: int) -> None:
        self.organisation = organisation
        self.draw = draw
        self.accounts = accounts
        self.recipients = list(organisation.recipients)
        self.access = dict(organisation.access)
        self.mailboxes = [
            number
            for number, each in enumerate(self.recipients)
            if each.traits.mailbox and each.kind is not Kind.GROUP_MAILBOX and number >= accounts
        ]
        self.number = {at: number for number, at in enumerate(self.mailboxes)}

    def change(self, at: int, **values: object) -> None:
        self.recipients[at] = replace(self.recipients[at], **values)  # type: ignore[arg-type]

    def rename(self, at: int, name: str) -> None:
        """Names show in distinguished names, too."""
        self.change(at, name=name, distinguished_name=self._place(at).distinguished_name(name))

    def add(self, raw: dict[str, object]) -> None:
        self.recipients.append(recipient(raw, self._place(len(self.recipients))))

    def enter(self, at: int, *full_access: Entry, send_as: tuple[Entry, ...] = ()) -> None:
        """More entries on a mailbox, before those that are there."""
        guid = self.recipients[at].guid
        now = self.access.get(guid, EMPTY)
        self.access[guid] = replace(now, full_access=(*full_access, *now.full_access), send_as=(*send_as, *now.send_as))

    def neighbour(self, at: int) -> Recipient:
        """A mailbox that is another one, where there are two."""
        return self.recipients[self.mailboxes[(self.number[at] + 1) % len(self.mailboxes)]]

    def _place(self, at: int) -> Place:
        return Place(self.organisation.organization, self.organisation.tenant_id, at)


def _shares_its_name(garden: _Garden, at: int) -> None:
    garden.rename(at, garden.neighbour(at).name)


def _has_a_group_of_its_name(garden: _Garden, at: int) -> None:
    each = garden.recipients[at]
    address = f"group-{at}@contoso.com"
    garden.add({"kind": Kind.DISTRIBUTION_GROUP, "name": each.name, "address": address})


def _has_a_guid_for_a_name(garden: _Garden, at: int) -> None:
    garden.rename(at, garden.recipients[at].object_id)


def _has_a_look_alike(garden: _Garden, at: int) -> None:
    each = garden.recipients[at]
    garden.add({"name": f"{each.name} II", "address": f"{each.address}.example", "display_name": each.display_name})


def _has_letters_beyond_ascii(garden: _Garden, at: int) -> None:
    garden.rename(at, f"Zoë O'Brien, Müller & Søn {at}")
    garden.change(at, display_name="Zoë O'Brien, Müller & Søn")


def _has_an_apostrophe_in_its_address(garden: _Garden, at: int) -> None:
    garden.change(at, address=f"o'brien{at}@contoso.com")


def _signs_in_under_another_name(garden: _Garden, at: int) -> None:
    garden.change(at, upn=f"U{at:06}@CONTOSO.COM")


def _has_a_namesake_in_the_bin(garden: _Garden, at: int) -> None:
    """W13."""
    each = garden.recipients[at]
    garden.add({"kind": each.kind, "name": each.name, "address": each.address, "soft_deleted": True})


def _is_displayed_as_the_address_of_another(garden: _Garden, at: int) -> None:
    garden.change(at, display_name=garden.neighbour(at).address)


def _has_an_alias_that_is_a_upn(garden: _Garden, at: int) -> None:
    """Office-docs-powershell issue 9088."""
    alias = f"alias{at}@contoso.com"
    garden.change(at, aliases=(*garden.recipients[at].aliases, alias))
    garden.add({"kind": Kind.USER, "name": f"Alias {at}", "upn": alias})


def _is_hidden(garden: _Garden, at: int) -> None:
    """W15."""
    garden.change(at, hidden=True, account_disabled=True)


def _was_granted_under_old_sids(garden: _Garden, at: int) -> None:
    """Exchange facts 1.1: a read filtered by the account does not find these."""
    each = garden.recipients[at]
    now = garden.access.get(each.guid, EMPTY)
    old = {account.sid: account.sid_history[0] for account in garden.recipients[: garden.accounts]}
    garden.access[each.guid] = replace(
        now,
        full_access=tuple(replace(entry, sid=old.get(entry.sid, entry.sid)) for entry in now.full_access),
        send_as=tuple(replace(entry, sid=old.get(entry.sid, entry.sid)) for entry in now.send_as),
    )


def _has_entries_of_deleted_accounts(garden: _Garden, at: int) -> None:
    """Q5."""
    orphan = _ORPHAN.format(2000 + at)
    garden.enter(at, Entry(orphan, ("FullAccess",), "All"), send_as=(Entry(orphan, ("SendAs",), "None"),))


def _has_inherited_entries(garden: _Garden, at: int) -> None:
    """Q9: of the service account and of others, and neither is a grant."""
    account = garden.recipients[garden.draw.randrange(garden.accounts)]
    garden.enter(at, Entry(account.sid, ("FullAccess",), "All", inherited=True))
    garden.enter(at, Entry(garden.neighbour(at).sid, ("FullAccess", "ReadPermission"), "All", inherited=True))


def _denies_others(garden: _Garden, at: int) -> None:
    """W5, Q9."""
    other = garden.neighbour(at).sid
    send_as = (Entry(other, ("SendAs",), "None", deny=True),)
    garden.enter(at, Entry(other, ("FullAccess",), "All", deny=True), send_as=send_as)


def _has_more_rights_in_an_entry(garden: _Garden, at: int) -> None:
    guid = garden.recipients[at].guid
    now = garden.access.get(guid, EMPTY)
    more = tuple(
        replace(entry, rights=("ReadPermission", *entry.rights)) if not entry.inherited else entry
        for entry in now.full_access
    )
    garden.access[guid] = replace(now, full_access=more)


def _shows_role_groups_and_domains(garden: _Garden, at: int) -> None:
    """Q4, Q6."""
    garden.enter(at, Entry(_OLD.format(9), ("FullAccess",), "All", user="Discovery Management", inherited=True))
    account = garden.recipients[garden.draw.randrange(garden.accounts)]
    guid = garden.recipients[at].guid
    now = garden.access.get(guid, EMPTY)
    send_as = tuple(
        replace(entry, user=f"NAMPR05A001\\{account.name}") if entry.sid == account.sid else entry
        for entry in now.send_as
    )
    garden.access[guid] = replace(now, send_as=send_as)


def _has_no_entry_of_self(garden: _Garden, at: int) -> None:
    """With an entry of somebody else: a list without any is no list (exchange facts 3.3)."""
    other = garden.neighbour(at).sid
    garden.enter(at, Entry(other, ("FullAccess",), "All"), send_as=(Entry(other, ("SendAs",), "None"),))
    garden.change(at, quirks=garden.recipients[at].quirks | {Quirk.NO_SELF})


def _quirk(*quirks: Quirk) -> Callable[[_Garden, int], None]:
    def step(garden: _Garden, at: int) -> None:
        garden.change(at, quirks=garden.recipients[at].quirks | set(quirks))

    return step


_STEPS: tuple[Callable[[_Garden, int], None], ...] = (
    _shares_its_name,
    _has_a_group_of_its_name,
    _has_a_guid_for_a_name,
    _has_letters_beyond_ascii,
    _has_a_look_alike,
    _has_an_apostrophe_in_its_address,
    _signs_in_under_another_name,
    _has_a_namesake_in_the_bin,
    _is_displayed_as_the_address_of_another,
    _has_an_alias_that_is_a_upn,
    _is_hidden,
    _was_granted_under_old_sids,
    _has_entries_of_deleted_accounts,
    _has_inherited_entries,
    _denies_others,
    _has_more_rights_in_an_entry,
    _shows_role_groups_and_domains,
    _quirk(Quirk.JOINED_RIGHTS, Quirk.DOUBLE_SELF),
    _quirk(Quirk.TEXT_BOOLEANS),
    _quirk(Quirk.UPPER_CASE_USERS, Quirk.DELEGATES_BY_UPN),
    _quirk(Quirk.DISPLAY_NAMES, Quirk.DELEGATES_BY_GUID),
    _quirk(Quirk.DOMAIN_PREFIX),
    _has_no_entry_of_self,
)
_EVERYWHERE = frozenset({Quirk.LOOK_ALIKES, Quirk.APOSTROPHES_REFUSED, Quirk.TRUSTEE_WAS_NOT_FOUND})


def sow(organisation: Organisation, draw: random.Random, accounts: int) -> Organisation:
    """The organisation with every quirk in it, each on its share of the mailboxes and on one at least.

    The first ``accounts`` recipients are the service accounts. The rights that they hold stay as they are.
    """
    garden = _Garden(organisation, draw, accounts)
    for number in range(accounts):
        garden.change(number, sid_history=(_OLD.format(1100 + number),))
        garden.change(number, aliases=(f"old.{garden.recipients[number].address}",))
    mailboxes = garden.mailboxes
    for number, step in enumerate(_STEPS):
        for at in mailboxes[number % len(mailboxes) :: len(_STEPS)]:
            step(garden, at)
    return replace(
        organisation,
        quirks=organisation.quirks | _EVERYWHERE,
        recipients=distinct(tuple(garden.recipients)),
        access=garden.access,
    )
