# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The playbooks plan and apply, as a team runs them: what is approved is what is shown, and is done or not at all."""

from __future__ import annotations

from pathlib import Path

import pytest
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._plan.file import load
from ansible_collections.email_router.exchange_online.tests.simulator.host import HostOptions

from .conftest import SetStage
from .harness import COLLECTION, CORES, Run
from .playbooks import AUDIT, for_mailboxes
from .stage import ROUTER, Stage, contoso

PLAN, APPLY = f"{COLLECTION}.plan", f"{COLLECTION}.apply"
SALES, SUPPORT, OLD = "sales@contoso.com", "support@contoso.com", "old.queue@contoso.com"
HOSTS = {SALES: {}, SUPPORT: {"mailbox_delegation_profile": "everything"}, OLD: {"mailbox_delegation_state": "absent"}}


@pytest.fixture
def stage(set_user_stage: SetStage) -> Stage:
    recipients = ({"address": SALES}, {"address": SUPPORT}, {"address": OLD, "send_as": [ROUTER]})
    return set_user_stage(contoso(*recipients), host=HostOptions(pwsh=None))


def planned(stage: Stage, inventory: Path, *arguments: str) -> Run:
    """With paths as somebody gives them who stands there."""
    return stage.play(
        *("-i", inventory, PLAN, "-e", "mailbox_delegation_plan_file=plan.json", "-e", "plan_markdown=plan.md"),
        *arguments,
    )


def applied(stage: Stage, inventory: Path, *arguments: str) -> Run:
    return stage.play("-i", inventory, APPLY, "-e", "mailbox_delegation_apply_plan=plan.json", *arguments)


def told(run: Run) -> list[str]:
    """What the role shows of the plan."""
    return list(run.task("The plan").result["msg"])


@pytest.mark.parametrize("core", CORES)
def test_what_is_planned_is_shown_with_its_digest_and_then_applied(stage: Stage, core: str) -> None:
    inventory = for_mailboxes(stage.on(core), HOSTS)
    plan = planned(stage, inventory)
    assert (plan.status, stage.writes) == (0, []), plan.output
    digest = load(str(stage.node.cwd / "plan.json"))["hashes"]["plan"]
    assert told(plan)[0].startswith("This plan: +2 Send As, +1 Full Access, +1 Send on Behalf, -1 Send As; 2 as wanted")
    last = plan.task("The verdict").result["msg"]
    assert last.endswith(f". {told(plan)[0]} (plan.json, digest {digest[:12]})")
    assert plan.output.count("This plan: ") == 2, "once over its rows, and once at the end"
    assert "fail this run" not in plan.output
    assert f"  {OLD}, {ROUTER}, Send As" in told(plan)
    comment = (stage.node.cwd / "plan.md").read_text(encoding="utf-8")
    assert f"To approve it is to approve the plan with the digest `{digest}`, no other." in comment

    held_against = applied(stage, inventory, "--check")
    assert (held_against.status, stage.writes) == (0, [])
    run = applied(stage, inventory)
    assert run.status == 0, run.output
    assert "was applied: 4 grants, 1 revocation" in told(run)[0]
    assert len(stage.writes) == 5
    assert stage.play("-i", inventory, AUDIT).status == 0


@pytest.mark.parametrize("core", CORES)
def test_an_apply_that_stops_shows_what_is_otherwise(stage: Stage, core: str) -> None:
    inventory = for_mailboxes(stage.on(core), HOSTS)
    assert planned(stage, inventory).status == 0
    run = applied(stage, for_mailboxes(stage, {**HOSTS, SALES: {"mailbox_delegation_state": "absent"}}))
    assert (run.status, stage.writes) == (2, [])
    assert any(line.startswith(f"{SALES}: Send As of {ROUTER}") for line in told(run)[1:]), told(run)
    assert run.access["failure_class"] == "plan"


def test_a_plan_of_what_cannot_be_done_is_shown_and_fails(stage: Stage) -> None:
    run = planned(stage, for_mailboxes(stage, {**HOSTS, "typo@contoso.com": {}}), "--diff")
    assert run.status == 2
    assert "1 problem, the first: typo@contoso.com" in told(run)[0]
    assert "## Mailbox access: this plan has problems" in (stage.node.cwd / "plan.md").read_text(encoding="utf-8")


def test_a_plan_never_writes_whatever_the_command_line_says(stage: Stage) -> None:
    run = planned(stage, for_mailboxes(stage, HOSTS), "-e", '{"ansible_check_mode": false, "check_mode": false}')
    assert (run.status, stage.writes) == (0, [])


@pytest.mark.parametrize(("playbook", "words"), [(PLAN, "Say where the plan is to be"), (APPLY, "Say which plan is")])
def test_without_a_file_they_say_which_variable_is_missing(stage: Stage, playbook: str, words: str) -> None:
    empty = ["-e", "mailbox_delegation_plan_file=", "-e", "mailbox_delegation_apply_plan="]
    for arguments in ([], empty):
        run = stage.play("-i", for_mailboxes(stage, HOSTS), playbook, *arguments)
        assert (run.status, run.accesses, stage.tenant.sign_ins) == (2, [], 0)
        assert words in run.text


@pytest.mark.parametrize("playbook", [PLAN, APPLY, f"{COLLECTION}.rehearse"])
def test_without_a_mailbox_they_fail(stage: Stage, playbook: str) -> None:
    variables = (
        "mailbox_delegation_plan_file=p",
        "mailbox_delegation_apply_plan=p",
        "exchange_snapshot=s",
        "rehearse_base=b",
    )
    arguments = [part for one in variables for part in ("-e", one)]
    run = stage.play("-i", for_mailboxes(stage, []), playbook, *arguments)
    assert (run.status, run.accesses, stage.tenant.sign_ins) == (2, [], 0)
    assert "No mailbox was looked at" in run.text


def test_who_uses_no_plan_sees_nothing_of_it(stage: Stage) -> None:
    run = stage.play("-i", for_mailboxes(stage, HOSTS), AUDIT)
    statuses = {each.task.rpartition(" : ")[2]: each.status for each in run.tasks}
    assert {statuses[name] for name in ("What the plan would do", "The plan", "What a policy refuses")} == {"skipped"}
