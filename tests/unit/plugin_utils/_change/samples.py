# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Plans for the tests: rows as mailbox_delegation writes them, with what a test is about put in."""

from __future__ import annotations

from typing import Any, cast

from ansible_collections.email_router.exchange_online.plugins.plugin_utils._plan.document import (
    FORMAT,
    VERSION,
    Plan,
    PlannedRow,
)
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._plan.hashes import hashes_of

ROUTER = "crmrouter@contoso.com"
LACKING = "the snapshot does not hold it, which was taken 2026-11-01T00:00:00Z: take a new one whose play has it"


def row(mailbox: str = "sales@contoso.com", right: str = "send_as", **more: Any) -> PlannedRow:
    """Wanted present, and held."""
    made = {
        "mailbox": mailbox,
        "address": mailbox,
        "guid": f"guid of {mailbox}",
        "account": ROUTER,
        "account_key": "S-1-5-21-1",
        "right": right,
        "state": "present",
        "until": "",
        "reason": "",
        "after": [],
        "before": "held",
        "inherited": False,
        "entries": [],
        "action": "none",
        "outcome": "compliant",
        "cause": "",
        **more,
    }
    return cast(PlannedRow, made)


def missing(mailbox: str = "sales@contoso.com", **more: Any) -> PlannedRow:
    return row(mailbox, **{"before": "not held", "action": "grant", "outcome": "missing", **more})


def unwanted(mailbox: str = "sales@contoso.com", **more: Any) -> PlannedRow:
    return row(mailbox, **{"state": "absent", "action": "revoke", "outcome": "unwanted", **more})


def gone(mailbox: str = "sales@contoso.com", **more: Any) -> PlannedRow:
    """Wanted absent, and not held."""
    return row(mailbox, **{"state": "absent", "before": "not held", **more})


def surplus(mailbox: str = "sales@contoso.com", **more: Any) -> PlannedRow:
    return row(mailbox, **{"state": "absent", "outcome": "surplus", "cause": "held, and wanted by no profile", **more})


def problem(mailbox: str = "sales@contoso.com", outcome: str = "not_found", **more: Any) -> PlannedRow:
    cause = "no recipient has this address"
    return row(mailbox, **{"guid": "", "before": "unknown", "outcome": outcome, "cause": cause, **more})


def unseen(mailbox: str = "sales@contoso.com", **more: Any) -> PlannedRow:
    """A mailbox that the snapshot does not hold."""
    return problem(mailbox, **{"outcome": "unknown", "cause": LACKING, **more})


def plan(*rows: PlannedRow, **more: Any) -> Plan:
    """One made on a snapshot."""
    made: dict[str, Any] = {
        "format": FORMAT,
        "version": VERSION,
        "created": "2026-11-02T00:00:00Z",
        "collection_version": "0.1.0",
        "organization": "contoso.onmicrosoft.com",
        "application": "snapshot",
        "rehearsal": True,
        "snapshot_taken": "2026-11-01T00:00:00Z",
        "settings": {"auto_mapping": False},
        "coverage": {"send_as": "1 of 1"},
        "held_back": "",
        "rows": list(rows),
        **more,
    }
    made["hashes"] = hashes_of(made)
    return cast(Plan, made)
