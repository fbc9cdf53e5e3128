# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Finding recipients: by identity as the cmdlets understand it, and by SID."""

from __future__ import annotations

import fnmatch
import re
from bisect import bisect_left
from collections.abc import Callable, Iterable, Sequence
from functools import cached_property

from .recipients import Recipient

Scope = Callable[[Recipient], bool]


class Directory:
    """An index over the recipients of an organisation, which do not change while a tenant runs."""

    def __init__(self, recipients: Sequence[Recipient]) -> None:
        self.recipients = recipients
        self.position = {each.guid: number for number, each in enumerate(recipients)}
        self._by_sid = {sid: each for each in recipients for sid in each.sid_history}
        self._by_sid.update({each.sid: each for each in recipients if each.sid})
        self._by_key: dict[str, list[Recipient]] = {}
        self._by_name: dict[str, list[Recipient]] = {}
        for each in recipients:
            _enter(self._by_key, each, _keys(each))
            _enter(self._by_name, each, (each.name, each.alias, each.display_name))

    def by_guid(self, guid: str) -> Recipient:
        return self.recipients[self.position[guid]]

    def by_sid(self, sid: str) -> Recipient | None:
        """The object that has this SID, or had it (SID history)."""
        return self._by_sid.get(sid)

    def find(self, identity: str, scope: Scope) -> list[Recipient]:
        """All that an identity may mean, in the order of the directory.

        First what is unique by rights: GUID, object id, distinguished name, SID, UPN and every address (the UPN of one
        may be an address of another: office-docs-powershell issue 9088). Only where nothing has it: Name, alias and
        display name (exchange facts 1.4, Q7).
        """
        wanted = identity.casefold().removeprefix("smtp:")
        exact = [each for each in self._by_key.get(wanted, ()) if scope(each)]
        return exact or [each for each in self._by_name.get(wanted, ()) if scope(each)]

    def look_alikes(self, identity: str, scope: Scope) -> list[Recipient]:
        """Ambiguous name resolution: everything whose name or address begins so; ``*`` stands for anything."""
        if "*" not in identity:
            return self._beginning(identity.casefold(), scope)
        pattern = re.sub(r"([\[?])", r"[\1]", identity.casefold())
        matches = re.compile(fnmatch.translate(pattern)).match
        return [
            each for each in self.recipients if scope(each) and any(matches(name.casefold()) for name in _names(each))
        ]

    def _beginning(self, prefix: str, scope: Scope) -> list[Recipient]:
        at = bisect_left(self._sorted_names, (prefix, -1))
        found = set()
        while at < len(self._sorted_names) and self._sorted_names[at][0].startswith(prefix):
            found.add(self._sorted_names[at][1])
            at += 1
        return [self.recipients[number] for number in sorted(found) if scope(self.recipients[number])]

    @cached_property
    def _sorted_names(self) -> list[tuple[str, int]]:
        return sorted((name.casefold(), at) for at, each in enumerate(self.recipients) for name in _names(each) if name)


def _keys(each: Recipient) -> Iterable[str]:
    return (
        each.guid,
        each.object_id,
        each.distinguished_name,
        each.sid,
        each.upn,
        each.address,
        *each.aliases,
    )


def _names(each: Recipient) -> Iterable[str]:
    return (each.name, each.alias, each.display_name, each.address, each.upn)


def _enter(index: dict[str, list[Recipient]], each: Recipient, keys: Iterable[str]) -> None:
    for key in {key.casefold() for key in keys if key}:
        index.setdefault(key, []).append(each)
