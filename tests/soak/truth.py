# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the organisation's own books say, told independently of the collection: who holds what, what has changed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from ...plugins.plugin_utils._tenant.access import EMPTY, AccessList, Entry
from ...plugins.plugin_utils._tenant.recipients import Recipient
from .scenario import Scenario, Wished

#: A mailbox by GUID, an account by address, a right.
Key = tuple[str, str, str]
#: One right of one entry: right, SID or GUID of the account, InheritanceType, deny, inherited, AutoMapping.
Atom = tuple[str, str, str, bool, bool, bool]
_NAMES = {"SendAs": "send_as", "FullAccess": "full_access"}


def sids_of(account: Recipient) -> frozenset[str]:
    """Today's and those it had before."""
    return frozenset(sid.upper() for sid in (account.sid, *account.sid_history))


def atoms(access: AccessList) -> Iterator[Atom]:
    """Access lists, taken apart."""
    for entry in access.full_access:
        yield from _atoms_of(entry, "")
    for entry in access.send_as:
        yield from _atoms_of(entry, "SendAs")
    for guid in access.send_on_behalf:
        yield ("send_on_behalf", guid.lower(), "", False, False, False)


def _atoms_of(entry: Entry, only: str) -> Iterator[Atom]:
    for right in entry.rights:
        maps = entry.auto_mapping and right == "FullAccess"
        name = _NAMES.get(right, right) if not only or right == only else right
        yield (name, entry.sid.upper(), entry.inheritance_type, entry.deny, entry.inherited, maps)


def is_of(atom: Atom, account: Recipient, right: str) -> bool:
    return atom[0] == right and (atom[1] in sids_of(account) or atom[1] == account.guid.lower())


def holds(access: AccessList, account: Recipient, right: str) -> bool:
    """A direct Allow, under whichever of its SIDs."""
    return any(is_of(atom, account, right) and not atom[3] and not atom[4] for atom in atoms(access))


def is_denied(access: AccessList, account: Recipient, right: str) -> bool:
    return any(is_of(atom, account, right) and atom[3] for atom in atoms(access))


def is_as_wished(access: AccessList, account: Recipient, wish: Wished) -> bool:
    """For one that is to hold it, a Deny beside the Allow is not."""
    held = holds(access, account, wish.right)
    return held and not is_denied(access, account, wish.right) if wish.present else not held


def changes(before: Mapping[str, AccessList], after: Mapping[str, AccessList]) -> Iterator[tuple[str, Atom, bool]]:
    """Each right of an entry that has come (True) or gone (False), with the mailbox's GUID."""
    for guid in sorted(before.keys() | after.keys()):
        old, new = set(atoms(before.get(guid, EMPTY))), set(atoms(after.get(guid, EMPTY)))
        yield from ((guid, atom, True) for atom in sorted(new - old))
        yield from ((guid, atom, False) for atom in sorted(old - new))


class Wishes:
    """The wishes of a scenario, by what they are about."""

    def __init__(self, scenario: Scenario) -> None:
        self.by_key: dict[Key, Wished] = {}
        self.accounts: dict[str, Recipient] = {}
        for wish in scenario.wishes:
            account, mailbox = scenario.find(wish.account), scenario.find(wish.mailbox)
            assert account is not None
            self.accounts[wish.account] = account
            if mailbox is not None:
                self.by_key[mailbox.guid, wish.account, wish.right] = wish

    def account(self, name: str) -> str:
        """The address of the account that bears any of its names in a result or a write; empty: it is none of ours."""
        wanted = name.lower()
        for address, each in self.accounts.items():
            if wanted in {address, each.upn.lower(), each.guid, each.object_id, *map(str.lower, sids_of(each))}:
                return address
        return ""
