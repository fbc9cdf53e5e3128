# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The rows of a plan: what a run found and would do, one for each mailbox, account and right."""

from __future__ import annotations

from .._access.gate import Decided
from .._access.model import Facts, Finding, Observed, Want
from .._access.plan import Step, decide, left_undone
from .document import PlannedRow

#: The action of a row of which nothing is written.
NO_ACTION = "none"


def rows_of(decided: Decided) -> list[PlannedRow]:
    """Of what is wanted, of steps for what nobody wants (surplus, retired accounts, others), and of all the rest.

    Sorted by mailbox, account and right. Wishes that meet the same grant have become one want before; wishes that
    could not be worked on may be several of the same mailbox, account and right, and stay so.
    """
    steps = {id(step.want): step for step in decided.steps}
    rows = []
    for want in decided.wants:
        step = steps.pop(id(want), None)
        rows.append(_of_step(step) if step else _of_want(want, decided.observed[want.grant]))
    rows += [_of_step(step) for step in steps.values()]
    rows += [_of_finding(finding) for finding in decided.rest]
    return sorted(rows, key=place_of)


def place_of(row: PlannedRow) -> tuple[str, ...]:
    """What rows are sorted by; the rest of it only where several are of the same mailbox, account and right."""
    first = (row["mailbox"].lower(), row["account"].lower(), row["right"])
    return (*first, row["mailbox"], row["account"], row["guid"], row["state"], row["action"], row["cause"])


def _of_step(step: Step) -> PlannedRow:
    return _of_grant(step.want, step.facts, left_undone(step), step.verb.value)


def _of_want(want: Want, seen: Observed) -> PlannedRow:
    """Of a want that calls for no write."""
    found = decide(want, seen)
    return _of_grant(want, seen, left_undone(found) if isinstance(found, Step) else found, NO_ACTION)


def _of_grant(want: Want, seen: Observed, found: Finding, action: str) -> PlannedRow:
    grant = want.grant
    row = _of_finding(found)
    row["guid"], row["account_key"], row["action"] = grant.mailbox.guid, grant.principal.key, action
    row["after"] = sorted({key for _mailbox, key, _right in want.after})
    if isinstance(seen, Facts):
        row["inherited"] = seen.inherited
        row["entries"] = [[*one] for one in sorted({(entry.sid, entry.inheritance_type) for entry in seen.entries})]
    return row


def _of_finding(found: Finding) -> PlannedRow:
    return {
        "mailbox": found.host,
        "address": found.address,
        "guid": "",
        "account": found.account,
        "account_key": "",
        "right": found.right.value,
        "state": found.state.value,
        "until": found.term.until,
        "reason": found.term.reason,
        "after": [],
        "before": found.before,
        "inherited": False,
        "entries": [],
        "action": NO_ACTION,
        "outcome": found.outcome.value,
        "cause": found.cause,
    }
