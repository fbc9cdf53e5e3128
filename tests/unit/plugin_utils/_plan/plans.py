# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Plans for the tests of this layer: of real runs on a simulated organisation, and of rows put together by hand."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import datetime, timezone
from typing import Any

from ansible_collections.email_router.exchange_online.plugins.plugin_utils._access.engine import Options, Scope, ensure
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._access.gate import Decided, Gate
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._access.model import Report, Wish
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._plan.build import Circumstances, build
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._plan.document import Plan, PlannedRow
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._plan.hashes import hashes_of
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._tenant.tenant import Tenant

from .._access.runs import FakeWatch
from .._exchange.sessions import signed_in

CREATED = "2026-11-26T12:00:00Z"
CLOCK = datetime(2026, 11, 28, 12, 0, 0, tzinfo=timezone.utc)
SETTINGS = {"auto_mapping": False}
CIRCUMSTANCES = Circumstances(CREATED, "contoso.onmicrosoft.com", "an application", False, SETTINGS)


def report_of(tenant: Tenant, scope: Scope | Iterable[Wish], *gates: Gate, check_mode: bool = True) -> Report:
    """What a run comes to; gates are asked before its first write."""
    scope = scope if isinstance(scope, Scope) else Scope(tuple(scope))
    session = signed_in(tenant, read_only=check_mode)
    return ensure(session, scope, Options(check_mode, gates=gates), FakeWatch())[0]


def decided_by(tenant: Tenant, scope: Scope | Iterable[Wish]) -> Decided:
    """What a run in check mode decides."""
    decided = report_of(tenant, scope).decided
    assert decided is not None
    return decided


def plan_of(tenant: Tenant, scope: Scope | Iterable[Wish]) -> Plan:
    """The plan that a run in check mode makes."""
    report = report_of(tenant, scope)
    assert report.decided is not None
    return build(report.decided, CIRCUMSTANCES, report.coverage)


def row(mailbox: str = "sales@contoso.com", **more: Any) -> PlannedRow:
    """A row of a grant that is to be made."""
    made: Any = {
        "mailbox": mailbox,
        "address": mailbox,
        "guid": f"guid of {mailbox}",
        "account": "router@contoso.com",
        "account_key": "key of router",
        "right": "send_as",
        "state": "present",
        "until": "",
        "reason": "",
        "after": [],
        "before": "not held",
        "inherited": False,
        "entries": [],
        "action": "grant",
        "outcome": "missing",
        "cause": "",
        **more,
    }
    return made  # type: ignore[no-any-return]


HELD: dict[str, Any] = {"before": "held", "entries": [["S-1-5-21-1", "All"]], "action": "none", "outcome": "compliant"}
UNREAD: dict[str, Any] = {"before": "unknown", "action": "none", "outcome": "unknown", "cause": "the read failed"}
NOT_FOUND: dict[str, Any] = {
    "guid": "", "account_key": "", "before": "unknown", "action": "none", "outcome": "not_found", "cause": "gone"
}  # fmt: skip


def plan_with(*rows: PlannedRow, **head: Any) -> Plan:
    """A whole plan with these rows."""
    made = build(Decided((), {}, (), ()), CIRCUMSTANCES, {"send_as": "1 of 1"})
    made = {**made, "rows": list(rows), **head}  # type: ignore[typeddict-item]
    made["hashes"] = hashes_of(made)
    return made


def edited(plan: Plan, **head: Any) -> str:
    """The text of a plan whose head says otherwise, with hashes to match, as one who means harm would make it."""
    made: dict[str, Any] = {**plan, **head}
    return json.dumps({**made, "hashes": hashes_of(made)})
