# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Audit and enforce: audit never writes and fails on drift, enforce does it, and neither passes idle or half blind."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.email_router.exchange_online.tests.simulator.host import HostOptions

from .conftest import SetStage
from .harness import CORES, ROOT, Run
from .playbooks import ADOPT, AUDIT, DISCOVER, ENFORCE, WITHDRAW, for_mailboxes
from .stage import MAILBOXES, ROUTER, Stage, Transport, contoso

SALES, SUPPORT, OLD = "sales@contoso.com", "support@contoso.com", "old.queue@contoso.com"
RECIPIENTS = ({"address": SALES}, {"address": SUPPORT}, {"address": OLD, "send_as": [ROUTER]})
HOSTS: dict[str, dict[str, Any]] = {
    SALES: {},
    SUPPORT: {"mailbox_delegation_profile": "everything"},
    OLD: {"mailbox_delegation_state": "absent"},
}
DRIFT = "7 grants on 3 mailboxes: 2 compliant, 4 missing, 1 unwanted"


@pytest.fixture
def stage(set_user_stage: SetStage) -> Stage:
    return set_user_stage(contoso(*RECIPIENTS), host=HostOptions(pwsh=None))


def inventory(stage: Stage) -> Path:
    return for_mailboxes(stage, HOSTS)


def verdict(run: Run) -> str:
    return str(run.task("The verdict").result["msg"])


@pytest.mark.parametrize("core", CORES)
def test_audit_fails_on_drift_and_passes_once_it_is_enforced(stage: Stage, core: str) -> None:
    hosts = inventory(stage.on(core))
    before = stage.books()
    audit = stage.play("-i", hosts, AUDIT)
    assert (audit.status, stage.writes, stage.books()) == (2, [], before)
    assert verdict(audit).startswith(DRIFT)
    assert f"{OLD}, {ROUTER}, Send As: unwanted" in audit.output

    rehearsal = stage.play("-i", hosts, ENFORCE, "--check")
    assert (rehearsal.status, stage.writes, stage.books()) == (0, [], before)

    enforced = stage.play("-i", hosts, ENFORCE)
    assert enforced.status == 0
    assert verdict(enforced) == "7 grants on 3 mailboxes: 2 compliant, 4 granted, 1 revoked"
    assert len(stage.writes) == 5

    for playbook in (ENFORCE, AUDIT):
        again = stage.play("-i", hosts, playbook)
        assert (again.status, again.changed) == (0, False)
        assert verdict(again) == "7 grants on 3 mailboxes: 7 compliant"
    assert len(stage.writes) == 5


def test_audit_never_writes_whatever_the_command_line_says(stage: Stage) -> None:
    tricks = {
        "ansible_check_mode": False,
        "check_mode": False,
        "on_failure": "fail",
        "mailbox_delegation_verify": 0,
        "mailbox_delegation_auto_mapping": True,
    }
    more = stage.write("more.yml", tricks)
    environment = {"ANSIBLE_CHECK_MODE_MARKERS": "false", "ANSIBLE_CHECK_MODE": "false"}
    arguments = ("-e", f"@{more}", "--diff", "--tags", "all", "-vvv")
    run = stage.play("-i", inventory(stage), AUDIT, *arguments, environment=environment)
    assert run.status == 2
    assert verdict(run).startswith(DRIFT)
    assert stage.writes == []
    assert run.access["statistics"]["writes"] == 0


def test_audit_fails_on_what_it_could_not_look_at(stage: Stage) -> None:
    run = stage.play("-i", for_mailboxes(stage, {OLD: {}, "nobody@contoso.com": {}}), AUDIT)
    assert run.status == 2
    expected = "2 grants on 2 mailboxes: 1 compliant, 1 not found. First: nobody@contoso.com"
    assert verdict(run).startswith(expected)


def test_enforce_does_what_can_be_done_and_fails(stage: Stage) -> None:
    run = stage.play("-i", for_mailboxes(stage, {SALES: {}, "nobody@contoso.com": {}}), ENFORCE)
    assert run.status == 2
    assert verdict(run).startswith("2 grants on 2 mailboxes: 1 granted, 1 not found. First: nobody@contoso.com")
    assert stage.holds(SALES, "send_as")


@pytest.mark.parametrize("playbook", [AUDIT, ENFORCE])
def test_another_group_may_be_named(stage: Stage, playbook: str) -> None:
    hosts = for_mailboxes(stage, HOSTS, groups={"pilot": [SALES]})
    run = stage.play("-i", hosts, playbook, "-e", "mailbox_delegation_hosts=pilot")
    assert {row["mailbox"] for row in run.access["grants"]} == {SALES}


def test_a_playbook_runs_powershell_on_the_control_node_where_no_host_is_named(set_user_stage: SetStage) -> None:
    stage = set_user_stage(contoso({"address": SALES}), transport=Transport.LOCAL)
    assert stage.play("-i", for_mailboxes(stage, [SALES]), ENFORCE).status == 0
    assert stage.holds(SALES, "send_as")


def test_a_role_that_reads_is_enough_for_an_audit_and_too_little_to_enforce(set_user_stage: SetStage) -> None:
    stage = set_user_stage(contoso(*RECIPIENTS, apps=[{"role": "audit"}]), host=HostOptions(pwsh=None))
    hosts = inventory(stage)
    audit = stage.play("-i", hosts, AUDIT)
    assert (audit.status, verdict(audit)[: len(DRIFT)]) == (2, DRIFT)
    assert audit.task("Preflight").status == "ok"
    enforced = stage.play("-i", hosts, ENFORCE)
    assert (enforced.status, stage.writes) == (2, [])
    assert enforced.task("Preflight").status == "ok"
    assert (enforced.failed, enforced.access["failure_class"]) == (True, "permission")
    assert "Add-RecipientPermission" in enforced.message


# No mailbox at all


def _empty_group(stage: Stage) -> list[str]:
    return ["-i", str(for_mailboxes(stage, []))]


def _no_such_group(stage: Stage) -> list[str]:
    return ["-i", str(stage.write("other.yml", {"servers": {"hosts": {"server01": None}}}))]


def _limit_outside_the_group(stage: Stage) -> list[str]:
    return ["-i", str(inventory(stage)), "--limit", stage.transport.host]


def _limit_without_a_match(stage: Stage) -> list[str]:
    return ["-i", str(inventory(stage)), "--limit", "slaes@contoso.com"]


def _unparsable_inventory(stage: Stage) -> list[str]:
    broken = stage.directory / "broken.yml"
    broken.write_text(f"{MAILBOXES}:\n  hosts: [{{\n", encoding="utf-8")
    return ["-i", str(broken)]


def _missing_inventory(stage: Stage) -> list[str]:
    return ["-i", str(stage.directory / "nowhere.yml")]


NOTHING = (
    _empty_group,
    _no_such_group,
    _limit_outside_the_group,
    _limit_without_a_match,
    _unparsable_inventory,
    _missing_inventory,
)


def assert_idle(stage: Stage, run: Run) -> None:
    assert run.status != 0, run.output
    assert (stage.tenant.sign_ins, run.accesses) == (0, [])
    own = "No mailbox was looked at: the pattern crm_mailboxes names no host of this run. Check the inventory and"
    ansible = ("leaves us with no hosts to target", "Completely failed to parse inventory", "inventory sources")
    assert own in run.text or any(text in run.text for text in ansible), run.output


@pytest.mark.parametrize("nothing", NOTHING, ids=lambda each: each.__name__.strip("_"))
def test_without_a_mailbox_an_audit_fails(stage: Stage, nothing: Callable[[Stage], list[str]]) -> None:
    assert_idle(stage, stage.play(*nothing(stage), AUDIT))


@pytest.mark.parametrize("nothing", NOTHING, ids=lambda each: each.__name__.strip("_"))
def test_without_a_mailbox_nothing_is_enforced(stage: Stage, nothing: Callable[[Stage], list[str]]) -> None:
    """With the settings of the checkout, which are stricter with inventories than ansible's own."""
    assert_idle(stage, stage.play(*nothing(stage), ENFORCE, environment={"ANSIBLE_CONFIG": str(ROOT / "ansible.cfg")}))


@pytest.mark.parametrize("core", CORES)
def test_without_a_mailbox_every_core_fails(stage: Stage, core: str) -> None:
    run = stage.on(core).play(*_unparsable_inventory(stage), AUDIT)
    assert run.status == 2
    assert "No mailbox was looked at" in run.text


# Tasks that are left out


@pytest.mark.parametrize("tags", [("--tags", "nothing"), ("--skip-tags", "untagged"), ("--tags", "always")])
def test_no_playbook_is_green_because_tags_leave_its_tasks_out(stage: Stage, tags: tuple[str, str]) -> None:
    for playbook in (AUDIT, ENFORCE):
        run = stage.play("-i", inventory(stage), playbook, *tags)
        assert run.status == 2, run.output
        assert "tasks are left out" in run.text
    assert (stage.tenant.sign_ins, stage.writes) == (0, [])


@pytest.mark.parametrize("core", CORES)
def test_every_core_knows_of_tags(stage: Stage, core: str) -> None:
    run = stage.on(core).play("-i", inventory(stage), AUDIT, "--tags", "nothing")
    assert (run.status, stage.tenant.sign_ins) == (2, 0)
    assert "tasks are left out" in run.text


# A part of the inventory that nobody would miss

NOT_SURE = "With several inventory sources ansible goes on where one of them cannot be parsed"
STRICT = {"ANSIBLE_INVENTORY_ANY_UNPARSED_IS_FAILED": "true"}


@pytest.mark.parametrize("playbook", [AUDIT, ENFORCE, WITHDRAW, ADOPT, DISCOVER])
def test_no_playbook_goes_on_where_a_broken_source_would_not_be_noticed(stage: Stage, playbook: str) -> None:
    sources = ["-i", str(inventory(stage)), *_unparsable_inventory(stage)]
    run = stage.play(*sources, playbook)
    assert run.status == 2
    assert NOT_SURE in run.text
    strict = stage.play(*sources, playbook, environment=STRICT)
    assert strict.status != 0
    assert "broken.yml" in strict.output
    assert (stage.tenant.sign_ins, stage.writes) == (0, [])


def test_several_sources_are_read_where_a_broken_one_would_stop_ansible(stage: Stage) -> None:
    more = stage.write("more.yml", {MAILBOXES: {"hosts": {"nobody@contoso.com": None}}})
    run = stage.play("-i", inventory(stage), "-i", more, AUDIT, environment=STRICT)
    assert {row["mailbox"] for row in run.access["grants"]} == {*HOSTS, "nobody@contoso.com"}


def test_a_directory_is_several_sources(stage: Stage) -> None:
    directory = inventory(stage).rename(stage.directory / "elsewhere" / "mailboxes.yml").parent
    run = stage.play("-i", directory, AUDIT)
    assert run.status == 2
    assert NOT_SURE in run.text
    assert stage.tenant.sign_ins == 0
