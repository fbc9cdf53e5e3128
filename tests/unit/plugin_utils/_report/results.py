# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Results of mailbox_delegation, and the reports that follow one another from them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from ansible_collections.email_router.exchange_online.plugins.plugin_utils._report.build import Context, build
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._report.document import Document
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._report.source import NOWHERE
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._report.verdict import (
    AUDIT,
    ENFORCEMENT,
    policy_of,
)

ROUTER = "crmrouter@contoso.com"


def night(number: int, hour: int = 2) -> str:
    """The moment of a run of a month."""
    return f"2026-11-{number:02}T{hour:02}:00:00Z"


def given(outcome: str, mailbox: str = "sales", **fields: Any) -> dict[str, Any]:
    """A row of a result."""
    usual: dict[str, Any] = {
        "mailbox": mailbox,
        "address": f"{mailbox}@contoso.com",
        "account": ROUTER,
        "right": "send_as",
        "state": "absent" if outcome in ("unwanted", "revoked", "surplus") else "present",
        "before": "held",
        "outcome": outcome,
        "cause": "",
        "next_step": "",
        "notes": [],
        "until": "",
        "reason": "",
    }
    return {**usual, **fields}


def result(*rows: dict[str, Any], mode: str = ENFORCEMENT, stopped: str = "", **more: Any) -> dict[str, Any]:
    """A result with on_failure=report. ``stopped``: why the run stopped before its end."""
    return {
        "msg": stopped or "as counted",
        "grants": list(rows),
        "summary": {"total": len(rows), **Counter(row.get("outcome", "") for row in rows)},
        "coverage": {"send_as": f"{len(rows)} of {len(rows)}"},
        "statistics": {"calls_total": 7},
        "verdict": {"failed": bool(stopped), "drift": False, "msg": stopped or "as counted"},
        "failure_class": "session_lost" if stopped else "",
        "retry_safe": True,
        "run": {
            "organization": "contoso.onmicrosoft.com",
            "application": "00000000-0000-0000-0000-000000000000",
            "mode": mode,
            "rehearsal": False,
            "began": night(1, 1),
            "ended": night(1, 2),
        },
        **more,
    }


def report(
    made: Mapping[str, Any],
    now: str = night(1),
    previous: Document | None = None,
    verdicts: Mapping[str, Any] | None = None,
    grace: Mapping[str, Any] | None = None,
) -> Document:
    policy = policy_of(made["run"]["mode"], verdicts or {}, grace or {})
    return build(made, Context(now, "1.2.3", NOWHERE, policy, previous))


def nights(outcomes: Iterable[str], mode: str = ENFORCEMENT, **more: Any) -> list[Document]:
    """A report for each outcome of the same grant, each following the one before. ``a:`` before one: an audit."""
    reports: list[Document] = []
    for number, outcome in enumerate(outcomes, 1):
        kind, _colon, name = outcome.rpartition(":")
        made = result(given(name), mode=AUDIT if kind == "a" else mode)
        reports.append(report(made, night(number), reports[-1] if reports else None, **more))
    return reports
