# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A snapshot as plain JSON: to a file and back, with every way in which such a file may be damaged refused in words."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from enum import Enum
from pathlib import Path
from typing import TypeVar

from .._exchange.rights import Right
from .._tenant import organisation as tenant
from .._tenant.organisation import Organisation
from .contents import FORMAT, VERSION, Count, Detail, Fate, Gap, Snapshot, SnapshotError, Subject

_KEYS = (
    "format", "version", "taken", "collection_version", "detail", "anonymized", "organisation", "mailboxes", "accounts",
    "others", "gaps",
)  # fmt: skip
#: What only a simulated organisation has: it says how it behaves, not what it holds.
_SIMULATED = ("apps", "settings", "quirks")
_COUNTS = ("allow", "deny", "inherited")
_Word = TypeVar("_Word", bound=Enum)


def save(snapshot: Snapshot, path: str | Path) -> None:
    """Whole or not at all, and readable by its owner only. Raises OSError."""
    tenant.save(to_dict(snapshot), path)


def to_dict(snapshot: Snapshot) -> dict[str, object]:
    """Plain JSON that ``from_dict`` takes back; no application, and nothing that signs in."""
    organisation = snapshot.organisation.to_dict()
    return {
        "format": FORMAT,
        "version": VERSION,
        "taken": snapshot.taken,
        "collection_version": snapshot.collection_version,
        "detail": snapshot.detail.value,
        "anonymized": snapshot.anonymized,
        "mailboxes": {name: fate.value for name, fate in sorted(snapshot.mailboxes.items())},
        "accounts": {name: fate.value for name, fate in sorted(snapshot.accounts.items())},
        "gaps": [{"subject": one.subject.value, "of": one.of, "reason": one.reason} for one in snapshot.gaps],
        "others": {
            guid: {right.value: _counts(count) for right, count in sorted(rights.items())}
            for guid, rights in sorted(snapshot.others.items())
        },
        "organisation": {key: value for key, value in organisation.items() if key not in _SIMULATED},
    }


def _counts(count: Count) -> dict[str, int]:
    return {name: getattr(count, name) for name in _COUNTS if getattr(count, name)}


def from_dict(raw: Mapping[str, object]) -> Snapshot:
    """Raises SnapshotError naming what is wrong."""
    _check_format(raw)
    strange = [key for key in raw if key not in _KEYS]
    missing = [key for key in _KEYS if key not in raw]
    if strange or missing:
        wrong = [*(f"unknown key {key}" for key in strange), *(f"{key} is missing" for key in missing)]
        raise SnapshotError(f"it is damaged: {', '.join(wrong)}")
    try:
        return _snapshot(raw)
    except (ValueError, TypeError, AttributeError) as error:
        raise SnapshotError(f"it is damaged: {error}") from error


def _check_format(raw: Mapping[str, object]) -> None:
    wrong, version = raw.get("format"), raw.get("version")
    if wrong != FORMAT:
        raise SnapshotError(f"its format is {wrong!r}, and not {FORMAT!r}: name a file of exchange_snapshot")
    if isinstance(version, bool) or not isinstance(version, int):
        raise SnapshotError(f"it is damaged: version is {version!r}")
    if version != VERSION:
        remedy = "update the collection, or take a new one"
        raise SnapshotError(f"it is of version {version}, and this collection reads {VERSION}: {remedy}")


def _snapshot(raw: Mapping[str, object]) -> Snapshot:
    if not isinstance(raw["anonymized"], bool):
        raise ValueError(f"anonymized is {raw['anonymized']!r}")
    return Snapshot(
        taken=_moment(raw["taken"]),
        collection_version=str(raw["collection_version"]),
        detail=_word(Detail, raw["detail"]),
        anonymized=raw["anonymized"],
        organisation=Organisation.from_dict(_object(raw, "organisation")),
        mailboxes={name: _word(Fate, fate) for name, fate in _object(raw, "mailboxes").items()},
        accounts={name: _word(Fate, fate) for name, fate in _object(raw, "accounts").items()},
        others={guid: _others(rights) for guid, rights in _object(raw, "others").items()},
        gaps=tuple(_gap(one) for one in _list(raw["gaps"])),
    )


def _moment(value: object) -> str:
    """Raises ValueError where it says no time with its zone."""
    if not isinstance(value, str) or moment_of(value).tzinfo is None:
        raise ValueError(f"taken is {value!r}, which is no time with its zone")
    return value


def moment_of(text: str) -> datetime:
    """Python before 3.11 does not read the Z. Raises ValueError."""
    return datetime.fromisoformat(text[:-1] + "+00:00" if text.endswith("Z") else text)


def _others(value: object) -> dict[Right, Count]:
    rights = _mapping(value)
    return {_word(Right, right): _count(counts) for right, counts in rights.items()}


def _count(value: object) -> Count:
    counts = _mapping(value)
    if not all(name in _COUNTS and _is_count(number) for name, number in counts.items()):
        raise ValueError(f"no counts: {value!r}")
    return Count(**{name: int(str(number)) for name, number in counts.items()})


def _is_count(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def _gap(value: object) -> Gap:
    gap = _mapping(value)
    return Gap(_word(Subject, gap.get("subject")), str(gap.get("of", "")), str(gap.get("reason", "")))


def _word(words: type[_Word], value: object) -> _Word:
    return words(value)


def _object(raw: Mapping[str, object], key: str) -> dict[str, object]:
    try:
        return _mapping(raw[key])
    except ValueError as error:
        raise ValueError(f"{key} is {error}") from error


def _mapping(value: object) -> dict[str, object]:
    if not isinstance(value, dict):
        raise ValueError(f"no object: {value!r}")
    return value


def _list(value: object) -> list[object]:
    if not isinstance(value, list):
        raise ValueError(f"no list: {value!r}")
    return value
