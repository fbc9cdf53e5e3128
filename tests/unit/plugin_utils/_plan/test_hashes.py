# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The hashes of a plan are those that its schema describes, so that others can make them, too."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from typing import Any

import pytest
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._plan.hashes import hashes_of

from .plans import HELD, plan_with, row

#: The fields that the schema names for each hash, in their order.
PARTS = {
    "desired": "mailbox, address, account, right, state, until, reason, after",
    "observed": "mailbox, account, right, guid, account_key, before, inherited, entries",
    "actions": "mailbox, account, right, action, outcome, cause",
}
#: A field → the hashes that it is in, besides that of the plan.
SECTIONS: dict[str, set[str]] = {
    "mailbox": {"desired", "observed", "actions"},
    "account": {"desired", "observed", "actions"},
    "right": {"desired", "observed", "actions"},
    "address": {"desired"},
    "state": {"desired"},
    "until": {"desired"},
    "reason": {"desired"},
    "after": {"desired"},
    "guid": {"observed"},
    "account_key": {"observed"},
    "before": {"observed"},
    "inherited": {"observed"},
    "entries": {"observed"},
    "action": {"actions"},
    "outcome": {"actions"},
    "cause": {"actions"},
}


def canonical(value: object) -> str:
    return json.dumps(value, sort_keys=True, separators=(",", ":"))


def sha256(lines: Iterable[str]) -> str:
    return hashlib.sha256("".join(f"{line}\n" for line in lines).encode()).hexdigest()


def test_they_are_as_the_schema_says() -> None:
    plan: Any = plan_with(row("zo\u00eb@contoso.com"), row("a@contoso.com", **HELD), row("a@contoso.com", **HELD))
    rows = plan["rows"]
    head = {name: value for name, value in plan.items() if name not in ("rows", "hashes")}
    assert hashes_of(plan) == {
        **{
            name: sha256(sorted(canonical([each[one] for one in fields.split(", ")]) for each in rows))
            for name, fields in PARTS.items()
        },
        "plan": sha256([canonical(head), *sorted(map(canonical, rows))]),
    }


@pytest.mark.parametrize(("field", "sections"), SECTIONS.items())
def test_each_field_counts_where_it_belongs_and_nowhere_else(field: str, sections: set[str]) -> None:
    before: Any = hashes_of(plan_with(row()))
    changed: Any = {**row(), field: "otherwise"}
    after: Any = hashes_of(plan_with(changed))
    assert {name for name in before if before[name] != after[name]} == {*sections, "plan"}


def test_no_field_of_a_row_is_forgotten() -> None:
    assert set(SECTIONS) == set(row())


def test_the_head_counts_in_that_of_the_plan_alone() -> None:
    before: Any = hashes_of(plan_with(row()))
    after: Any = hashes_of(plan_with(row(), created="2026-11-27T12:00:00Z"))
    assert {name for name in before if before[name] != after[name]} == {"plan"}
