# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A plan from its text: what is damaged, of another format or version, or made to harm is refused."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, cast, get_type_hints

from .._access.model import Outcome, State
from .._access.plan import Verb
from .._exchange.rights import Right
from .._report.verdict import is_moment
from .document import FORMAT, VERSION, Hashes, Plan, PlannedRow
from .hashes import hashes_of
from .rows import NO_ACTION

_REMEDY = "make a new plan"
_CHOICES = {
    "right": frozenset(right.value for right in Right),
    "state": frozenset(state.value for state in State),
    "before": frozenset({"held", "not held", "denied", "unknown"}),
    "action": frozenset({*(verb.value for verb in Verb), NO_ACTION}),
    "outcome": frozenset(outcome.value for outcome in Outcome),
}
_TEXTS = tuple(name for name, kind in get_type_hints(PlannedRow).items() if kind is str)
_HEAD_TEXTS = tuple(name for name, kind in get_type_hints(Plan).items() if kind is str)


def parsed(text: str) -> Plan:
    """Raises ValueError with what is wrong and what to do about it. Fields that this version does not know may be
    there; they count in the hash of the plan."""
    try:
        found = json.loads(text, object_pairs_hook=_once_each)
    except (ValueError, RecursionError) as error:
        raise ValueError(f"it is no JSON; {_REMEDY}") from error
    if not isinstance(found, dict) or found.get("format") != FORMAT:
        raise ValueError(f"it is no plan in the format {FORMAT}: give the file that plan_file wrote")
    version = found.get("version")
    if not isinstance(version, int) or isinstance(version, bool) or version != VERSION:
        raise ValueError(
            f"it is of version {_shown(version)} of the format, and this collection knows {VERSION}: "
            f"update it, or {_REMEDY}"
        )
    fault = _fault_of(found)
    if fault:
        raise ValueError(f"it is damaged, for {fault}; {_REMEDY}")
    if found["hashes"] != hashes_of(found):
        raise ValueError(f"its hashes are not those of what it holds, so it is damaged or was edited; {_REMEDY}")
    return cast(Plan, found)


def _once_each(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Of two values of one name a person may see the one, and a program the other."""
    made = dict(pairs)
    if len(made) != len(pairs):
        raise ValueError("a name is there twice")
    return made


def _shown(value: object) -> str:
    return str(value)[:20] if isinstance(value, int) else "unknown"


def _fault_of(found: Mapping[str, Any]) -> str:
    """What of it is not of the kind that it must be, or empty."""
    for name in _HEAD_TEXTS:
        if not isinstance(found.get(name), str):
            return f"{name} is no text"
    if not is_moment(found["created"]):
        return "created is no moment"
    if not isinstance(found.get("rehearsal"), bool):
        return "rehearsal is neither true nor false"
    for name, kind in (("settings", bool), ("coverage", str), ("hashes", str)):
        if not _is_map_to(found.get(name), kind):
            return f"{name} is not what it must be"
    if set(found["hashes"]) != set(get_type_hints(Hashes)):
        return "hashes is not what it must be"
    rows = found.get("rows")
    if not isinstance(rows, list):
        return "rows is no list"
    bad = next((number for number, row in enumerate(rows, 1) if not _is_row(row)), 0)
    return f"row {bad} is none" if bad else ""


def _is_map_to(value: object, kind: type) -> bool:
    return isinstance(value, dict) and all(isinstance(one, kind) for one in value.values())


def _is_row(row: object) -> bool:
    return (
        isinstance(row, dict)
        and all(isinstance(row.get(name), str) for name in _TEXTS)
        and all(row[name] in those for name, those in _CHOICES.items())
        and isinstance(row.get("inherited"), bool)
        and _is_list_of_texts(row.get("after"))
        and isinstance(row.get("entries"), list)
        and all(_is_list_of_texts(entry) and len(entry) == 2 for entry in row["entries"])
    )


def _is_list_of_texts(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(one, str) for one in value)
