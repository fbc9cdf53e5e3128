# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The hashes of a plan, by which people name what was approved, and a damaged file is told from a whole one."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from .document import Hashes, PlannedRow

#: The parts of a row that are hashed apart.
DESIRED = ("mailbox", "address", "account", "right", "state", "until", "reason", "after")
OBSERVED = ("mailbox", "account", "right", "guid", "account_key", "before", "inherited", "entries")
ACTIONS = ("mailbox", "account", "right", "action", "outcome", "cause")
#: How many digits of a hash people compare.
SHORT = 12

_canonical = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=True).encode


def hashes_of(plan: Mapping[str, Any]) -> Hashes:
    """Of a plan that has no field ``hashes`` yet, or another one's, which does not count.

    Canonical is JSON in ASCII with sorted keys and without blanks. A hash of rows is of the canonical text of their
    parts (``DESIRED``, ``OBSERVED``, ``ACTIONS``, as lists of the values), sorted, each with a line feed after it; so
    the order of rows does not matter. ``plan`` is the hash of the canonical text of all but ``rows`` and ``hashes``
    with a line feed, and of the whole rows in the same way after it.
    """
    rows: Sequence[PlannedRow] = plan["rows"]
    head = {name: value for name, value in plan.items() if name not in ("rows", "hashes")}
    return {
        "desired": _of_parts(rows, DESIRED),
        "observed": _of_parts(rows, OBSERVED),
        "actions": _of_parts(rows, ACTIONS),
        "plan": _sha256([_canonical(head), *sorted(map(_canonical, rows))]),
    }


def _of_parts(rows: Iterable[Mapping[str, Any]], names: Sequence[str]) -> str:
    return _sha256(sorted(_canonical([row[name] for name in names]) for row in rows))


def _sha256(lines: Iterable[str]) -> str:
    return hashlib.sha256("".join(f"{line}\n" for line in lines).encode("ascii")).hexdigest()
