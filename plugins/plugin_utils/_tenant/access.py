# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who may do what on one recipient: entries for Full Access and Send As, and the delegates of Send on Behalf."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

SELF = "S-1-5-10"


@dataclass(frozen=True)
class Entry:
    """An access control entry. ``user`` is the text it shows instead of what Exchange would show for the SID, which is
    empty where a read showed none.

    AutoMapping is in these books and in no answer of a Get-* (exchange facts 1.9).
    """

    sid: str
    rights: tuple[str, ...]
    inheritance_type: str
    user: str = ""
    deny: bool = False
    inherited: bool = False
    auto_mapping: bool = False

    def names_same(self, other: Entry) -> bool:
        """Whether a write of ``other`` means this entry: one of the same account, sign and inheritance, and direct."""
        mine = (self.sid, self.deny, self.inheritance_type)
        return mine == (other.sid, other.deny, other.inheritance_type) and not self.inherited


@dataclass(frozen=True)
class AccessList:
    """The three access lists of a recipient; SELF is not in them. ``send_on_behalf`` holds GUIDs of delegates."""

    full_access: tuple[Entry, ...] = ()
    send_as: tuple[Entry, ...] = ()
    send_on_behalf: tuple[str, ...] = ()


EMPTY = AccessList()
ACCESS_KEYS = ("full_access", "send_as", "send_on_behalf")
_ENTRY_KEYS = frozenset({"trustee", "user", "sid", "rights", "deny", "inherited", "inheritance_type", "auto_mapping"})

#: The SID, or the GUID, of an object named in whatever way; raises ValueError.
Resolve = Callable[[str], str]


def access_list(raw: Mapping[str, object], sid_of: Resolve, guid_of: Resolve) -> AccessList:
    """Entries from plain JSON: a text names the trustee, an object has ``trustee`` or ``sid``, and what differs."""
    return AccessList(
        full_access=tuple(_entry(each, ("FullAccess",), "All", sid_of) for each in _list(raw, "full_access")),
        send_as=tuple(_entry(each, ("SendAs",), "None", sid_of) for each in _list(raw, "send_as")),
        send_on_behalf=tuple(guid_of(str(each)) for each in _list(raw, "send_on_behalf")),
    )


def _list(raw: Mapping[str, object], key: str) -> list[object]:
    value = raw.get(key) or []
    if not isinstance(value, list):
        raise ValueError(f"{key} is no list: {value!r}")
    return value


def _entry(raw: object, rights: tuple[str, ...], inheritance_type: str, sid_of: Resolve) -> Entry:
    given: dict[str, Any] = raw if isinstance(raw, dict) else {"trustee": raw}
    unknown = set(given) - _ENTRY_KEYS
    if unknown:
        raise ValueError(f"unknown key of an access entry: {', '.join(sorted(unknown))}")
    return Entry(
        sid=str(given["sid"] if "sid" in given else sid_of(str(given.get("trustee", "")))).upper(),
        rights=tuple(str(each) for each in given.get("rights", rights)),
        inheritance_type=str(given.get("inheritance_type", inheritance_type)),
        user=str(given.get("user", "")),
        deny=bool(given.get("deny")),
        inherited=bool(given.get("inherited")),
        auto_mapping=bool(given.get("auto_mapping")),
    )


def to_dict(access: AccessList) -> dict[str, object]:
    """Plain JSON; what is empty is left out."""
    raw: dict[str, object] = {
        "full_access": [_entry_to_dict(entry, "All") for entry in access.full_access],
        "send_as": [_entry_to_dict(entry, "None") for entry in access.send_as],
        "send_on_behalf": list(access.send_on_behalf),
    }
    return {key: value for key, value in raw.items() if value}


def _entry_to_dict(entry: Entry, inheritance_type: str) -> dict[str, object]:
    raw: dict[str, object] = {"sid": entry.sid, "rights": list(entry.rights)}
    if entry.inheritance_type != inheritance_type:
        raw["inheritance_type"] = entry.inheritance_type
    for key in ("user", "deny", "inherited", "auto_mapping"):
        if getattr(entry, key):
            raw[key] = getattr(entry, key)
    return raw


def with_rights(entries: tuple[Entry, ...], new: Entry) -> tuple[Entry, ...] | None:
    """The list with the rights of ``new`` in it; None where they were there already (W1).

    Rights join the entry that is there, whose AutoMapping stays: it cannot be changed in place (exchange facts 4).
    """
    for position, entry in enumerate(entries):
        if entry.names_same(new):
            missing = tuple(right for right in new.rights if right not in entry.rights)
            if not missing:
                return None
            return _replaced(entries, position, _with(entry, entry.rights + missing))
    return (*entries, new)


def without_rights(entries: tuple[Entry, ...], gone: Entry) -> tuple[Entry, ...] | None:
    """The list without the rights of ``gone``; None where none of them was there (W2)."""
    for position, entry in enumerate(entries):
        if entry.names_same(gone) and set(entry.rights) & set(gone.rights):
            left = tuple(right for right in entry.rights if right not in gone.rights)
            return _replaced(entries, position, *([_with(entry, left)] if left else []))
    return None


def without_auto_mapping(entries: Iterable[Entry]) -> tuple[Entry, ...]:
    """ClearAutoMapping: for everybody, the rights stay (exchange facts 4)."""
    return tuple(replace(each, auto_mapping=False) for each in entries)


def _with(entry: Entry, rights: tuple[str, ...]) -> Entry:
    return replace(entry, rights=rights, auto_mapping=entry.auto_mapping and "FullAccess" in rights)


def _replaced(entries: tuple[Entry, ...], position: int, *new: Entry) -> tuple[Entry, ...]:
    return (*entries[:position], *new, *entries[position + 1 :])
