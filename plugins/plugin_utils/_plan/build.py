# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Putting a plan together, and writing it down."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass

from .._access.gate import Decided
from .._journal.entries import VERSION as COLLECTION_VERSION
from .document import FORMAT, VERSION, Plan
from .hashes import hashes_of
from .rows import rows_of


@dataclass(frozen=True)
class Circumstances:
    """Of the run that a plan is of: the fields of the plan's head, as ``Plan`` has them."""

    created: str
    organization: str
    application: str
    rehearsal: bool
    settings: Mapping[str, bool]
    snapshot_taken: str = ""


def build(decided: Decided, circumstances: Circumstances, coverage: Mapping[str, str], held_back: str = "") -> Plan:
    """The plan of a run that came to its decision. ``held_back``: what its brakes say of it."""
    plan: Plan = {
        "format": FORMAT,
        "version": VERSION,
        "created": circumstances.created,
        "collection_version": COLLECTION_VERSION,
        "organization": circumstances.organization,
        "application": circumstances.application,
        "rehearsal": circumstances.rehearsal,
        "snapshot_taken": circumstances.snapshot_taken,
        "settings": dict(circumstances.settings),
        "coverage": dict(coverage),
        "held_back": held_back,
        "rows": rows_of(decided),
        "hashes": {"desired": "", "observed": "", "actions": "", "plan": ""},
    }
    plan["hashes"] = hashes_of(plan)
    return plan


def render(plan: Plan) -> str:
    """As JSON in ASCII, one line for each row, so that two plans can be compared with tools for lines."""
    parts = [f"{json.dumps(name)}: {json.dumps(value)}" for name, value in plan.items() if name != "rows"]
    rows = ",\n".join(map(json.dumps, plan["rows"]))
    return "{\n" + ",\n".join(parts) + f',\n"rows": [\n{rows}\n]\n}}\n'
