# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which mailboxes a task works on: ansible's own limits, batches and groups mean what a user expects."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.email_router.exchange_online.tests.simulator.host import HostOptions

from .conftest import SetStage
from .harness import COLLECTION, CORES
from .stage import EVERYTHING, ROUTER, SEND_AS, Stage, Transport, contoso

ARCHIVE = "archiver@contoso.com"
NAMES = tuple(f"box{number}@contoso.com" for number in range(5))


@pytest.fixture
def stage(set_stage: SetStage) -> Stage:
    """Five mailboxes without any grant, and a second account."""
    archive = {"kind": "UserMailbox", "address": ARCHIVE}
    recipients = [{"address": name} for name in NAMES]
    return set_stage(contoso(archive, *recipients), transport=Transport.LOCAL, host=HostOptions(pwsh=None))


def holders(stage: Stage, right: str = "send_as") -> dict[str, set[str]]:
    """What each mailbox's books say, those without any entry left out."""
    found = {name: stage.tenant.holders(name, right) for name in NAMES}
    return {name: accounts for name, accounts in found.items() if accounts}


@pytest.mark.parametrize(
    ("limit", "chosen"),
    [
        ("box1@contoso.com", NAMES[1:2]),
        ("box1@contoso.com,box3@*", (NAMES[1], NAMES[3])),
        ("!box0@contoso.com:!box4@contoso.com", NAMES[1:4]),
        ("pilot", NAMES[:2]),
        ("crm_mailboxes:&pilot:!box0@contoso.com", NAMES[1:2]),
    ],
)
def test_limit_chooses_mailboxes(stage: Stage, limit: str, chosen: tuple[str, ...]) -> None:
    inventory = stage.inventory(NAMES, groups={"pilot": NAMES[:2]})
    run = stage.play("-i", inventory, stage.playbook(stage.task()), "--limit", limit)
    assert run.status == 0
    assert holders(stage) == {name: {ROUTER} for name in chosen}
    assert run.access["summary"]["total"] == len(chosen)


@pytest.mark.parametrize("core", CORES)
def test_in_a_serial_play_each_batch_serves_its_own_hosts_and_nothing_is_done_twice(stage: Stage, core: str) -> None:
    run = stage.on(core).play("-i", stage.inventory(NAMES), stage.playbook(stage.task(), serial=2))
    assert run.status == 0
    batches = [[row["mailbox"] for row in access["grants"]] for access in run.accesses]
    assert batches == [list(NAMES[:2]), list(NAMES[2:4]), list(NAMES[4:])]
    assert stage.tenant.sign_ins == 3
    assert sorted(map(stage.written_to, stage.writes)) == list(NAMES)


def test_without_run_once_nothing_is_done_twice_either(stage: Stage) -> None:
    task = stage.task()
    del task["run_once"]
    run = stage.play("-i", stage.inventory(NAMES), stage.playbook(task))
    assert (run.status, stage.tenant.sign_ins) == (0, 1)
    assert sorted(map(stage.written_to, stage.writes)) == list(NAMES)


def test_a_failed_batch_ends_the_play(stage: Stage) -> None:
    hosts = ["nobody@contoso.com", *NAMES]
    run = stage.play("-i", stage.inventory(hosts), stage.playbook(stage.task(), serial=2))
    assert run.status == 2
    assert stage.tenant.sign_ins == 1
    assert holders(stage) == {NAMES[0]: {ROUTER}}


def test_groups_of_profiles_are_united_with_what_a_host_says(stage: Stage) -> None:
    profiles = {
        "router": {**SEND_AS, "groups": ["crm"]},
        "archive": {"account": ARCHIVE, "rights": ["send_as", "full_access"], "groups": ["archived", "legal"]},
        "third": {"account": ARCHIVE, "rights": ["send_on_behalf"]},
    }
    hosts = {NAMES[0]: {}, NAMES[1]: {}, NAMES[2]: {"mailbox_delegation_profile": "third"}, NAMES[3]: {}}
    groups = {"crm": NAMES[:3], "archived": NAMES[1:3]}
    task = stage.task(profiles=profiles, profile=["third"])
    run = stage.play("-i", stage.inventory(hosts, groups=groups), stage.playbook(task))
    assert run.status == 0
    assert holders(stage) == {NAMES[0]: {ROUTER}, NAMES[1]: {ROUTER, ARCHIVE}, NAMES[2]: {ROUTER, ARCHIVE}}
    assert holders(stage, "full_access") == {NAMES[1]: {ARCHIVE}, NAMES[2]: {ARCHIVE}}
    assert holders(stage, "send_on_behalf") == {NAMES[2]: {ARCHIVE}, NAMES[3]: {ARCHIVE}}, "no profile: the task's"


def test_host_variables_may_come_from_groups_files_facts_and_the_command_line(stage: Stage) -> None:
    hosts: dict[str, dict[str, str]] = {name: {} for name in NAMES}
    hosts[NAMES[0]] = {"mailbox_delegation_mailbox": "{{ stem }}3@contoso.com", "stem": "box"}
    inventory = stage.inventory(hosts, groups={"gone": [NAMES[1]]}, variables={"mailbox_delegation_profile": "all"})
    stage.write("group_vars/gone.yml", {"mailbox_delegation_state": "absent"})
    stage.write(f"host_vars/{NAMES[2]}.yml", {"mailbox_delegation_profile": ["router"]})
    fact = {"ansible.builtin.set_fact": {"mailbox_delegation_profile": "router"}}
    tasks = (
        {**fact, "when": f"inventory_hostname == '{NAMES[4]}'"},
        stage.task(profiles={"router": SEND_AS, "all": EVERYTHING}),
    )
    run = stage.play("-i", inventory, stage.playbook(*tasks), "--limit", "!box3@contoso.com")
    assert run.status == 0, run.output
    assert holders(stage) == {NAMES[2]: {ROUTER}, NAMES[3]: {ROUTER}, NAMES[4]: {ROUTER}}
    assert holders(stage, "full_access") == {NAMES[3]: {ROUTER}}
    assert {row["state"] for row in run.rows(NAMES[1]).values()} == {"absent"}

    more = stage.play("-i", inventory, stage.playbook(*tasks), "-e", "mailbox_delegation_profile=router", "--check")
    assert {row["right"] for row in more.access["grants"] if row["state"] == "present"} == {"send_as"}


def test_a_list_of_mailboxes_takes_the_place_of_the_hosts(stage: Stage) -> None:
    mailboxes = [
        {"mailbox": NAMES[0]},
        {"mailbox": NAMES[1], "profile": ["all"]},
        {"mailbox": NAMES[2], "state": "absent"},
    ]
    task = stage.task(profiles={"router": SEND_AS, "all": EVERYTHING}, mailboxes=mailboxes)
    run = stage.play("-i", stage.inventory({NAMES[4]: {"mailbox_delegation_profile": "nope"}}), stage.playbook(task))
    assert run.status == 0, run.output
    assert holders(stage) == {NAMES[0]: {ROUTER}, NAMES[1]: {ROUTER}}
    assert holders(stage, "full_access") == {NAMES[1]: {ROUTER}}


def test_a_list_of_mailboxes_needs_no_inventory_of_them(set_stage: SetStage) -> None:
    """The play's own host is where PowerShell runs."""
    stage = set_stage(contoso({"address": NAMES[0]}))
    task = stage.task(mailboxes=[{"mailbox": NAMES[0]}])
    del task["delegate_to"]
    run = stage.play("-i", stage.inventory([]), stage.playbook(task, hosts="management"))
    assert run.status == 0, run.output
    assert stage.holds(NAMES[0], "send_as")


def test_an_empty_list_may_be_allowed(stage: Stage) -> None:
    run = stage.play("-i", stage.inventory(NAMES), stage.playbook(stage.task(mailboxes=[], allow_empty=True)))
    assert (run.status, run.changed) == (0, False)
    assert run.message == "0 grants on 0 mailboxes: nothing to look at"
    assert run.access["verdict"]["failed"] is False


@pytest.mark.parametrize("core", CORES)
def test_the_action_group_gives_every_task_its_way_to_sign_in(stage: Stage, core: str) -> None:
    task = stage.task(**dict.fromkeys(stage.sign_in))
    defaults = {f"group/{COLLECTION}.exchange": stage.sign_in}
    playbook = stage.playbook(task, module_defaults=defaults)
    run = stage.on(core).play("-i", stage.inventory(NAMES[:1]), playbook)
    assert run.status == 0, run.output
    assert stage.holds(NAMES[0], "send_as")


@pytest.mark.parametrize("core", CORES)
def test_every_host_sees_the_registered_result(stage: Stage, core: str) -> None:
    own = "access.grants | selectattr('mailbox', 'eq', inventory_hostname) | map(attribute='outcome') | join"
    look: dict[str, Any] = {"name": "Mine", "ansible.builtin.debug": {"msg": "{{ " + own + " }}"}}
    run = stage.on(core).play("-i", stage.inventory(NAMES[:3]), stage.playbook(stage.task(), look))
    assert run.status == 0, run.output
    seen = {each.host: each.result["msg"] for each in run.tasks if each.task == "Mine"}
    assert seen == dict.fromkeys(NAMES[:3], "granted")


@pytest.mark.parametrize("check", [[], ["--check"]], ids=["apply", "check"])
def test_the_difference_is_one_readable_line_for_each_grant(stage: Stage, check: list[str]) -> None:
    stage.ensure(NAMES[:2], profiles={"router": EVERYTHING})
    hosts = {NAMES[0]: {}, NAMES[1]: {"mailbox_delegation_state": "absent"}, NAMES[2]: {}}
    run = stage.ensure(hosts, "--diff", *check)
    lines = run.output.splitlines()
    begin = lines.index("--- before: grants held")
    assert lines[begin + 1] == "+++ after: grants wanted"
    assert [line for line in lines[begin + 2 :] if line.startswith(("+", "-"))] == [
        f"-{NAMES[1]}: {ROUTER}: Full Access",
        f"-{NAMES[1]}: {ROUTER}: Send As",
        f"-{NAMES[1]}: {ROUTER}: Send on Behalf",
        f"+{NAMES[2]}: {ROUTER}: Send As",
    ]
    assert f" {NAMES[0]}: {ROUTER}: Send As" in lines


def test_without_drift_there_is_no_difference(stage: Stage) -> None:
    stage.ensure(NAMES[:1])
    assert "+++" not in stage.ensure(NAMES[:1], "--diff").output


@pytest.mark.parametrize("core", CORES)
def test_the_free_strategy_is_refused(stage: Stage, core: str) -> None:
    playbook = stage.playbook(stage.task(), strategy="free")
    run = stage.on(core).play("-i", stage.inventory(NAMES[:3]), playbook)
    assert run.status != 0
    assert "bypasses the host loop" in run.text
    assert stage.tenant.sign_ins == 0
