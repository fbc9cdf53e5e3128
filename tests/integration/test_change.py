# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The life of one change: proposed, rehearsed, refused by a policy, merged, planned, held up by two days, applied."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._journal.history import runs_of
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._plan.document import Plan
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._plan.hashes import hashes_of
from ansible_collections.email_router.exchange_online.tests.simulator.host import HostOptions
from jsonschema import Draft202012Validator

from .canaries import Search
from .conftest import SetStage
from .harness import ROOT, Run
from .playbooks import AUDIT
from .stage import ROUTER
from .team import APPLY, PLAN, READER, SNAPSHOT, WRITER, Team, earlier, organisation

SALES, SUPPORT, DRIFTED, INFO, CEO = (f"{name}@contoso.com" for name in ("sales", "support", "drifted", "info", "ceo"))
PROFILES = {
    "sender": {"account": ROUTER, "access_type": "send_as"},
    "both": {"account": ROUTER, "rights": ["send_as", "full_access"]},
}
MERGED: dict[str, dict[str, Any]] = {SALES: {}, SUPPORT: {}, DRIFTED: {}}
PROPOSED: dict[str, dict[str, Any]] = {**MERGED, SUPPORT: {"mailbox_delegation_profile": "both"}, INFO: {}}
POLICY = f"""\
version: 1
accounts:
  - account: {ROUTER}
    rights: [send_as, full_access]
protected:
  - mailboxes: ["ceo@*"]
    reason: decision 14
"""
ARTEFACTS = ("snapshot.json", "change.md", "plan.json", "plan.md", "journal.jsonl")
#: The cmdlet that grants a right.
GRANTS = {"send_as": "Add-RecipientPermission", "full_access": "Add-MailboxPermission"}


@pytest.fixture
def team(set_user_stage: SetStage) -> Team:
    """Drifted lacks what the target branch wants already; that is no business of whoever proposes a change."""
    held = ({"address": address, "send_as": [ROUTER]} for address in (SALES, SUPPORT))
    lacking = ({"address": address} for address in (DRIFTED, INFO, CEO))
    stage = set_user_stage(organisation(*held, *lacking), host=HostOptions(pwsh=None))
    policy = stage.directory / "security" / "policy.yml"
    policy.parent.mkdir()
    policy.write_text(POLICY, encoding="utf-8")
    made = Team(stage, policy)
    made.branch("main", MERGED, PROFILES, "sender")
    return made


def test_the_life_of_one_change(team: Team) -> None:
    """The chapters below, in their order."""
    at_night_a_snapshot_is_taken(team)
    a_change_that_asks_for_a_protected_mailbox_is_refused(team)
    the_change_is_rehearsed_and_told_alone(team)
    it_is_merged_and_planned(team)
    two_days_later_the_plan_does_not_hold_any_more(team)
    a_new_plan_is_applied_and_nothing_else(team)
    the_next_audit_is_green(team)
    no_artefact_holds_a_secret(team)


def at_night_a_snapshot_is_taken(team: Team) -> None:
    """The nightly audit takes it, with the identity that reads; it is its owner's only."""
    run = team.play(SNAPSHOT, "main", READER, snapshot_file="snapshot.json", snapshot_detail="full")
    assert run.status == 0, run.output
    snapshot = team.place / "snapshot.json"
    assert snapshot.stat().st_mode & 0o777 == 0o600
    assert json.loads(snapshot.read_text(encoding="utf-8"))["detail"] == "full"


def a_change_that_asks_for_a_protected_mailbox_is_refused(team: Team) -> None:
    """In the rehearsal already, with the line of the policy."""
    team.branch("change", {**PROPOSED, CEO: {}}, PROFILES, "sender")
    run = rehearsed(team)
    assert run.status == 2, run.output
    assert f"{team.policy}:6: nothing is granted on ceo@* (decision 14)" in run.text
    assert CEO in run.text


def the_change_is_rehearsed_and_told_alone(team: Team) -> None:
    """What the change does, and nothing of the drift that was there before it."""
    team.branch("change", PROPOSED, PROFILES, "sender")
    run = rehearsed(team)
    assert run.status == 0, run.output
    assert "This change: +1 Send As, +1 Full Access, -0" in run.text
    assert DRIFTED not in run.text
    comment = (team.place / "change.md").read_text(encoding="utf-8")
    assert "This change: +1 Send As, +1 Full Access, -0" in comment
    assert INFO in comment
    assert SUPPORT in comment
    assert DRIFTED not in comment
    assert SALES not in comment


def rehearsed(team: Team) -> Run:
    """Nobody signs in, and nothing is asked of the organisation."""
    (team.place / "change.md").unlink(missing_ok=True)
    before = (team.stage.tenant.sign_ins, len(team.stage.tenant.calls))
    run = team.rehearse("change", "main", "snapshot.json", rehearse_markdown="change.md")
    assert (team.stage.tenant.sign_ins, len(team.stage.tenant.calls)) == before
    assert all(access["rehearsal"]["snapshot"].endswith("snapshot.json") for access in run.accesses)
    return run


def it_is_merged_and_planned(team: Team) -> None:
    """The plan is of all that the merged inventory asks for, the drift included, and nothing is written."""
    team.branch("main", PROPOSED, PROFILES, "sender")
    plan = planned(team, written=0)
    assert actions(plan) == {
        f"{DRIFTED} send_as": "grant",
        f"{INFO} send_as": "grant",
        f"{SUPPORT} full_access": "grant",
    }


def planned(team: Team, written: int) -> Plan:
    """A plan by the identity that reads, with what an approver sees of it. ``written``: so many writes were there."""
    run = team.play(PLAN, "main", READER, mailbox_delegation_plan_file="plan.json", plan_markdown="plan.md")
    assert run.status == 0, run.output
    plan: Plan = json.loads((team.place / "plan.json").read_text(encoding="utf-8"))
    schema = json.loads((ROOT / "docs/schemas/access-plan-1.json").read_text(encoding="utf-8"))
    assert [error.message for error in Draft202012Validator(schema).iter_errors(plan)] == []
    digest = plan["hashes"]["plan"][:12]
    assert digest in run.text
    assert digest in (team.place / "plan.md").read_text(encoding="utf-8")
    assert len(team.stage.writes) == written
    return plan


def actions(plan: Plan) -> dict[str, str]:
    return {f"{row['mailbox']} {row['right']}": row["action"] for row in plan["rows"] if row["action"] != "none"}


def two_days_later_the_plan_does_not_hold_any_more(team: Team) -> None:
    """Somebody has granted one thing that the plan would grant, and taken back one that it took for held."""
    grown_older(team.place / "plan.json", hours=48)
    team.stage.somebody("Add-RecipientPermission", DRIFTED)
    team.stage.somebody("Remove-RecipientPermission", SALES)
    books, written = team.stage.books(), len(team.stage.writes)
    run = applied(team)
    assert run.status == 2, run.output
    assert (team.stage.books(), len(team.stage.writes)) == (books, written)
    assert (run.access["failure_class"], run.access["retry_safe"]) == ("plan", False)
    assert run.access["plan"]["age_hours"] == pytest.approx(48, abs=0.2)
    assert run.access["plan"]["differences"] == [
        f"{DRIFTED}: Send As of {ROUTER}: the plan saw not held, it is held now",
        f"{SALES}: Send As of {ROUTER}: the plan saw held, it is not held now",
    ]
    for difference in run.access["plan"]["differences"]:
        assert difference in run.text
    assert journal(team) == []


def a_new_plan_is_applied_and_nothing_else(team: Team) -> None:
    """Each of its writes, once, by the identity that may write."""
    written = len(team.stage.writes)
    plan = planned(team, written)
    assert actions(plan) == {f"{SALES} send_as": "grant", f"{INFO} send_as": "grant", f"{SUPPORT} full_access": "grant"}
    run = applied(team)
    assert run.status == 0, run.output
    assert f"{plan['hashes']['plan'][:12]}" in run.text
    assert run.access["plan"]["applied"]
    sent = sorted(f"{team.stage.written_to(call)} {call.cmdlet}" for call in team.stage.writes[written:])
    assert sent == sorted(f"{mailbox} {GRANTS[right]}" for mailbox, right in map(str.split, actions(plan)))
    assert sorted(journal(team)) == sent
    assert team.stage.holds(SUPPORT, "full_access")
    assert not team.stage.holds(CEO, "send_as")


def applied(team: Team) -> Run:
    return team.play(
        APPLY,
        "main",
        WRITER,
        mailbox_delegation_apply_plan="plan.json",
        mailbox_delegation_journal="journal.jsonl",
    )


def journal(team: Team) -> list[str]:
    """Mailbox and cmdlet of every write that the journal has."""
    runs = runs_of((team.place / "journal.jsonl").read_bytes())
    return [f"{write.sent.mailbox.address} {GRANTS[write.sent.right.value]}" for run in runs for write in run.writes]


def the_next_audit_is_green(team: Team) -> None:
    """And the plan that was applied is done: nobody applies it twice."""
    run = team.play(AUDIT, "main", READER)
    assert run.status == 0, run.output
    assert set(run.outcomes().values()) == {"compliant"}
    written = len(team.stage.writes)
    assert applied(team).status == 0
    assert len(team.stage.writes) == written


def no_artefact_holds_a_secret(team: Team) -> None:
    """Of either identity or of the host of PowerShell; what a rehearsal was started with is among the artefacts."""
    files = [application.file for application in team.stage.simulator.applications]
    certificates = [file.path.read_bytes()[:120] for file in files]
    passwords = [file.password.encode() for file in files]
    search = Search([*certificates, *passwords, team.stage.simulator.password.encode()])
    names = {file.name for file in team.place.iterdir() if file.is_file()}
    assert {*ARTEFACTS} <= names
    assert search.in_files(team.place, but=(team.place / "way").rglob("*")) == {}


def grown_older(file: Path, hours: int) -> None:
    """A plan that was made so many hours earlier; whole otherwise, as its hashes tell."""
    plan: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    plan["created"] = earlier(plan["created"], hours)
    plan["hashes"] = hashes_of(plan)
    file.write_text(json.dumps(plan), encoding="utf-8")
