# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The table of outcomes, row by row: what ansible calls changed and failed, in check mode and when writing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._wording import option
from ansible_collections.email_router.exchange_online.tests.simulator.faults import Effect, Fault, Trouble
from ansible_collections.email_router.exchange_online.tests.simulator.host import HostOptions
from ansible_collections.email_router.exchange_online.tests.simulator.simulator import SimulatorOptions

from .conftest import SetStage
from .harness import Run
from .stage import ROUTER, Stage, Transport, contoso

SALES, SUPPORT = "sales@contoso.com", "support@contoso.com"
NO_TIMES = 1_000_000


@dataclass(frozen=True)
class Ending:
    """What a run comes to. ``writes``: how many cmdlets that write reach the organisation."""

    outcome: str
    changed: bool = False
    status: int = 0
    writes: int = 0


@dataclass(frozen=True)
class Row:
    """A mailbox, trouble over the organisation, and what comes of it in check mode and when writing."""

    checked: Ending
    applied: Ending
    mailbox: Mapping[str, Any] = field(default_factory=dict)
    variables: Mapping[str, Any] = field(default_factory=dict)
    faults: tuple[Fault, ...] = ()
    settings: Mapping[str, Any] = field(default_factory=dict)
    says: str = ""


def always(cmdlet: str, effect: Effect = Effect.REFUSED) -> Fault:
    return Fault(cmdlet, Trouble.SERVER_SIDE, effect, times=NO_TIMES)


ABSENT = {"mailbox_delegation_state": "absent"}
HELD = {"send_as": [ROUTER]}
DENIED = {"send_as": [{"trustee": ROUTER, "deny": True}]}
UNREADABLE = (always("Get-RecipientPermission"),)
#: An answer without rows is asked for twice before the write.
UNVERIFIABLE = (Fault("Get-RecipientPermission", Trouble.SERVER_SIDE, first=3, times=NO_TIMES),)

ROWS = {
    "compliant": Row(Ending("compliant"), Ending("compliant"), HELD),
    "compliant: wanted absent, and the mailbox is gone": Row(
        Ending("compliant"), Ending("compliant"), {"soft_deleted": True}, ABSENT
    ),
    "missing, granted": Row(Ending("missing", changed=True), Ending("granted", changed=True, writes=1)),
    "unwanted, revoked": Row(
        Ending("unwanted", changed=True), Ending("revoked", changed=True, writes=1), HELD, ABSENT
    ),
    "unwanted, revoked: wanted until a day that has passed": Row(
        Ending("unwanted", changed=True),
        Ending("revoked", changed=True, writes=1),
        HELD,
        {"mailbox_delegation_until": "2020-02-29"},
    ),
    "missing, pending": Row(
        Ending("missing", changed=True),
        Ending("pending", changed=True, writes=1),
        settings={"replication_lag": 1_000},
        says="1 write was accepted and is not visible yet",
    ),
    "denied": Row(
        Ending("denied", status=2), Ending("denied", status=2), DENIED,
        says="which beats any Allow (find out who set the Deny and why; remove it by hand)",
    ),
    "unknown: unreadable": Row(
        Ending("unknown", status=2), Ending("unknown", status=2), faults=UNREADABLE, says="nothing was written over"
    ),
    "unknown: a write that cannot be read back": Row(
        Ending("missing", changed=True),
        Ending("unknown", changed=True, status=2, writes=1),
        faults=UNVERIFIABLE,
        says="run it again: it reads first and does only what is missing",
    ),
    "missing, refused": Row(
        Ending("missing", changed=True),
        Ending("refused", status=2, writes=1),
        {"quirks": ["out_of_scope"]},
        says="isn't within your current write scope",
    ),
    "not_found": Row(
        Ending("not_found", status=2), Ending("not_found", status=2), {"soft_deleted": True}, says="soft-deleted"
    ),
    "ambiguous": Row(
        Ending("ambiguous", status=2),
        Ending("ambiguous", status=2),
        {"aliases": [SUPPORT]},
        {"mailbox_delegation_mailbox": SUPPORT},
        says="2 recipients have this address",
    ),
    "unsupported": Row(
        Ending("unsupported", status=2), Ending("unsupported", status=2), {"kind": "MailUser"}, says="on-premises"
    ),
}  # fmt: skip


def set_for(set_stage: SetStage, row: Row) -> Stage:
    organisation = contoso({"address": SALES, **row.mailbox}, {"address": SUPPORT}, settings=row.settings)
    options = SimulatorOptions(host=HostOptions(pwsh=None), tenant_faults=row.faults)
    return set_stage(organisation, transport=Transport.LOCAL, options=options)


def assert_ends(stage: Stage, run: Run, ending: Ending) -> None:
    rows = run.rows(SALES)
    assert rows["send_as"]["outcome"] == ending.outcome
    others = [row["outcome"] for right, row in rows.items() if right != "send_as"]
    assert set(others) <= {"compliant"}
    assert run.access["summary"] == {**dict.fromkeys(run.access["summary"], 0), **Counter([*others, ending.outcome]),
                                     "total": len(rows)}  # fmt: skip
    assert (run.access["changed"], run.failed, run.status) == (ending.changed, ending.status == 2, ending.status)
    assert len(stage.writes) == ending.writes == run.access["statistics"]["writes"]


@pytest.mark.parametrize("mode", ["check", "apply"])
@pytest.mark.parametrize("name", ROWS)
def test_an_outcome_is_what_the_table_says(set_stage: SetStage, name: str, mode: str) -> None:
    row = ROWS[name]
    stage = set_for(set_stage, row)
    before = stage.books()
    if mode == "check":
        run, ending = stage.ensure({SALES: row.variables}, "--check", verify=0), row.checked
        assert stage.books() == before
    else:
        run, ending = stage.ensure({SALES: row.variables}, verify=0), row.applied
    assert_ends(stage, run, ending)
    if ending == row.applied:
        assert row.says in run.text


@pytest.mark.parametrize("name", [name for name, row in ROWS.items() if row.applied.status])
def test_a_report_does_not_fail_and_says_that_it_would_have(set_stage: SetStage, name: str) -> None:
    row = ROWS[name]
    run = set_for(set_stage, row).ensure({SALES: row.variables}, verify=0, on_failure="report")
    assert (run.status, run.failed) == (0, False)
    assert run.rows(SALES)["send_as"]["outcome"] == row.applied.outcome
    assert run.access["verdict"]["failed"]
    assert row.says in run.text or row.says in run.access["verdict"]["msg"]
    assert run.access["changed"] == row.applied.changed


def test_each_row_tells_until_when_it_is_wanted_and_what_for(set_stage: SetStage) -> None:
    soon = (datetime.now(timezone.utc) + timedelta(days=3)).strftime("%Y-%m-%d")
    stage = set_for(set_stage, Row(Ending(""), Ending(""), HELD))
    hosts = {
        SALES: {"mailbox_delegation_until": "2020-02-29", "mailbox_delegation_reason": "migration"},
        SUPPORT: {"mailbox_delegation_until": soon, "mailbox_delegation_reason": 4711},
    }
    run = stage.ensure(hosts)
    over, ending = run.rows(SALES)["send_as"], run.rows(SUPPORT)["send_as"]
    assert (over["outcome"], over["until"], over["reason"]) == ("revoked", "2020-02-29", "migration")
    assert over["notes"] == ["it was wanted until 2020-02-29 only, so it is wanted absent since then"]
    assert (ending["outcome"], ending["until"], ending["reason"]) == ("granted", soon, "4711")
    assert ending["notes"] == [f"it is wanted until {soon} only, which is within 14 days"]
    assert f"1 mailbox is wanted for 14 days or less yet, the first: {SUPPORT}, until {soon}" in run.text
    again = stage.ensure(hosts)
    assert (again.access["changed"], again.rows(SALES)["send_as"]["outcome"]) == (False, "compliant")


def test_an_end_that_is_no_date_stops_the_run_before_it_signs_in(set_stage: SetStage) -> None:
    stage = set_for(set_stage, Row(Ending(""), Ending("")))
    run = stage.ensure({SALES: {}, SUPPORT: {"mailbox_delegation_until": "31.12.2026"}})
    assert run.status == 2
    assert f"{SUPPORT}: mailbox_delegation_until '31.12.2026' is no date (YYYY-MM-DD, or" in run.text
    assert stage.tenant.calls == []


@pytest.mark.parametrize("state", ["present", "absent"])
def test_drift_that_a_brake_leaves_fails_without_a_change(set_stage: SetStage, state: str) -> None:
    limit, outcome = {"present": ("max_grants", "missing"), "absent": ("max_revocations", "unwanted")}[state]
    held = HELD if state == "absent" else {}
    organisation = contoso({"address": SALES, **held}, {"address": SUPPORT, **held})
    stage = set_stage(organisation, transport=Transport.LOCAL, host=HostOptions(pwsh=None))
    run = stage.ensure([SALES, SUPPORT], state=state, **{limit: "1"})
    assert (run.access["changed"], run.failed, run.status) == (False, True, 2)
    assert run.access["summary"][outcome] == 2
    assert f"2 writes are called for where {option(limit)} allows 1; nothing was written" in run.text
    assert stage.writes == []
