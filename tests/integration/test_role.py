# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The role in a play of one's own: it counts one host, hands every variable on, and decides what fails."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._ansible.arguments import (
    DELEGATION_ARGUMENTS,
    EXCHANGE_ARGUMENTS,
    POWERSHELL_ARGUMENTS,
)
from ansible_collections.email_router.exchange_online.tests.simulator.host import HostOptions

from .conftest import SetStage
from .harness import COLLECTION, CORES, OLDEST_AND_NEWEST, ROOT, Run
from .playbooks import AUDIT, for_mailboxes
from .stage import MAILBOXES, ROUTER, SEND_AS, Stage, contoso

ROLE = f"{COLLECTION}.mailbox_delegation"
FOLDER = ROOT / "roles" / "mailbox_delegation"
SALES, SUPPORT = "sales@contoso.com", "support@contoso.com"
GONE = "S-1-5-21-1004336348-1177238915-682003330-2001"
STAND_IN = HostOptions(pwsh=None)
#: What the role says itself: the mailboxes are those of the play, and the verdict is a task of its own.
NOT_HANDED_ON = {"state", "mailboxes", "allow_empty", "on_failure"}


@pytest.fixture
def stage(set_user_stage: SetStage) -> Stage:
    return set_user_stage(contoso({"address": SALES, "send_as": [ROUTER]}, {"address": SUPPORT}), host=STAND_IN)


def play(stage: Stage, inventory: Path, *arguments: str, **variables: Any) -> Run:
    """A play over the mailboxes that imports the role as the documentation says."""
    task = {"name": "Import", "ansible.builtin.import_role": {"name": ROLE}, "run_once": True, "vars": variables}
    return stage.play("-i", inventory, stage.playbook(task), *arguments)


def recap(run: Run) -> list[str]:
    """The hosts that ansible counts in its statistics."""
    _before, _title, counted = run.output.partition("PLAY RECAP")
    return sorted(line.partition(" ")[0] for line in counted.splitlines() if " : ok=" in line)


@pytest.mark.parametrize("core", OLDEST_AND_NEWEST)
def test_a_run_over_fifty_mailboxes_counts_one_of_them(set_user_stage: SetStage, core: str) -> None:
    names = [f"box{number:02}@contoso.com" for number in range(50)]
    stage = set_user_stage(contoso(*({"address": name} for name in names)), core=core, host=STAND_IN)
    inventory = for_mailboxes(stage, names)
    run = play(stage, inventory, "--check")
    assert (run.status, recap(run)) == (0, names[:1]), run.output
    assert len(run.access["grants"]) == 50
    assert {each.host for each in run.tasks} == {names[0]}
    audit = stage.play("-i", inventory, AUDIT)
    assert len(set(recap(audit)) & set(names)) == 1
    assert len(recap(audit)) <= 2


@pytest.mark.parametrize("core", CORES)
def test_the_preflight_looks_at_the_host_and_nothing_is_read_twice(stage: Stage, core: str) -> None:
    """Twenty points before, the calls of one steady run after, and one sign-in for both."""
    run = play(stage.on(core), for_mailboxes(stage, [SALES]))
    assert run.status == 0, run.output
    statuses = {row["point"]: row["status"] for row in run.task("Preflight").result["points"]}
    assert (statuses["module"], statuses["sign_in"], statuses["role_enforce"]) == ("pass", "skipped", "skipped")
    assert stage.tenant.sign_ins == 1
    assert len(stage.tenant.calls) == run.access["statistics"]["calls_total"]


def test_every_host_of_the_play_can_read_what_came_of_it(stage: Stage) -> None:
    task = {"name": "Import", "ansible.builtin.import_role": {"name": ROLE}, "run_once": True}
    reader = {"name": "Read", "ansible.builtin.debug": {"msg": "{{ mailbox_delegation_access.summary.total }}"}}
    run = stage.play("-i", for_mailboxes(stage, [SALES, SUPPORT]), stage.playbook(task, reader), "--check")
    assert {each.host: int(each.result["msg"]) for each in run.tasks if each.task == "Read"} == {SALES: 2, SUPPORT: 2}


def test_drift_fails_where_told_and_only_then(stage: Stage) -> None:
    inventory = for_mailboxes(stage, [SALES, SUPPORT])
    passed = play(stage, inventory, "--check")
    assert (passed.status, passed.access["verdict"]["drift"]) == (0, True)
    failed = play(stage, inventory, "--check", mailbox_delegation_fail_on_drift=True)
    assert failed.status == 2
    assert failed.task("The verdict").result["msg"].startswith("2 grants on 2 mailboxes: 1 compliant, 1 missing. First")
    attention = failed.task("What needs attention").result["mailbox_delegation_access.attention"]
    assert attention == [
        f"{SUPPORT}, {ROUTER}, Send As: missing (this run only looks, and one without check mode changes that)"
    ]


def test_surplus_fails_where_told_and_only_then(stage: Stage) -> None:
    inventory = for_mailboxes(stage, {SUPPORT: {"mailbox_delegation_state": "absent"}})
    looked = {"mailbox_delegation_surplus_group": MAILBOXES, "mailbox_delegation_preflight": False}
    passed = play(stage, inventory, "--check", **looked)
    assert (passed.status, passed.access["summary"]["surplus"]) == (0, 1)
    failed = play(stage, inventory, "--check", mailbox_delegation_fail_on_surplus=True, **looked)
    assert failed.status == 2
    assert "1 surplus" in failed.task("The verdict").result["msg"]
    assert (stage.tenant.sign_ins, stage.writes) == (2, [])


def test_what_could_not_be_established_fails_whatever_is_told(stage: Stage) -> None:
    run = play(stage, for_mailboxes(stage, [SALES, "nobody@contoso.com"]))
    assert run.status == 2
    assert "1 not found. First: nobody@contoso.com" in run.task("The verdict").result["msg"]


WRONG: dict[str, tuple[dict[str, Any], str]] = {
    "profiles that are no dictionary": ({"mailbox_delegation_profiles": ["router"]}, "cannot be converted to a dict"),
    "an unknown word for surplus": ({"mailbox_delegation_surplus": "delete"}, "must be one of: report, revoke"),
    "a limit that is no number": ({"mailbox_delegation_verify": "soon"}, "cannot be converted to an int"),
    "an unknown cloud": ({"exchange_environment": "Contoso"}, "must be one of: O365Default"),
}


@pytest.mark.parametrize("wrong", WRONG)
def test_variables_that_cannot_be_meant_fail_before_anything_is_started(stage: Stage, wrong: str) -> None:
    variables, message = WRONG[wrong]
    run = play(stage, for_mailboxes(stage, [SALES]), **variables)
    assert run.status == 2
    (name,) = variables
    assert name in run.text
    assert message in run.text
    assert (stage.tenant.sign_ins, stage.simulator.processes) == (0, [])


_OLD = {"mailbox_delegation_previous_report": "before.json"}
#: What the module would refuse only when mailboxes were written already.
LATE: list[dict[str, Any]] = [
    {"mailbox_delegation_reports": {"json": "reports/a", "csv": "./reports/a"}},
    {"mailbox_delegation_reports": {"json": "~/a", "csv": "$HOME/a"}},
    {"mailbox_delegation_report_mode": 600},
    {"mailbox_delegation_report_mode": 440},
    {"mailbox_delegation_report_mode": "rw"},
    {"mailbox_delegation_grace": {"pending": "inf"}, **_OLD},
    {"mailbox_delegation_grace": {"pending": "nan"}, **_OLD},
    {"mailbox_delegation_grace": {"pending": None}, **_OLD},
    {"mailbox_delegation_grace": {"pending": True}, **_OLD},
    {"mailbox_delegation_grace": {"pending": -1}, **_OLD},
    {"mailbox_delegation_grace": {"pending": 24}, "mailbox_delegation_previous_report": ""},
]


@pytest.mark.parametrize("core", OLDEST_AND_NEWEST)
def test_what_the_report_could_not_mean_is_refused_before_anything_is_started(stage: Stage, core: str) -> None:
    tasks = []
    for wrong in LATE:
        role = {"name": "Import", "ansible.builtin.import_role": {"name": ROLE}, "run_once": True, "vars": wrong}
        refused = {"name": "Refused", "ansible.builtin.debug": {"msg": "so it is"}, "run_once": True}
        tasks.append({"name": "Try", "block": [role], "rescue": [refused]})
    run = stage.on(core).play("-i", for_mailboxes(stage, [SALES]), stage.playbook(*tasks))
    told = "What is told after the run can be meant before it"
    results = [each for each in run.tasks if each.task.endswith(told)]
    assert (run.status, [each.status for each in results]) == (0, ["failed"] * len(LATE)), run.output
    assert all("is in hours above 0" in each.result["msg"] for each in results), run.output
    assert (stage.tenant.sign_ins, stage.simulator.processes) == (0, [])


@pytest.mark.parametrize("core", CORES)
def test_what_the_report_can_mean_is_let_pass(stage: Stage, core: str) -> None:
    reports = {"json": str(stage.directory / "a.json"), "csv": str(stage.directory / "a.csv"), "html": None}
    meant = {
        "mailbox_delegation_reports": reports,
        "mailbox_delegation_report_mode": "0640",
        "mailbox_delegation_grace": {"pending": 0.5, "not_found": "24"},
        "mailbox_delegation_previous_report": str(stage.directory / "before.json"),
        "mailbox_delegation_verdicts": {"missing": "warn"},
    }
    run = play(stage.on(core), for_mailboxes(stage, [SALES]), "--check", **meant)
    assert run.status == 0, run.output
    assert {file.name for file in stage.directory.glob("a.*")} == {"a.json", "a.csv"}


def test_without_profiles_it_says_what_is_missing(stage: Stage) -> None:
    run = play(stage, stage.inventory([SALES]))
    assert run.status == 2
    assert "missing required arguments: mailbox_delegation_profiles" in run.text


def test_a_role_that_grants_one_right_is_enough_where_the_profiles_name_no_other(set_user_stage: SetStage) -> None:
    readers = ("Get-EXORecipient", "Get-Recipient", "Get-User", "Get-Group", "Get-RecipientPermission")
    role = dict.fromkeys((*readers, "Add-RecipientPermission", "Remove-RecipientPermission"), True)
    stage = set_user_stage(contoso({"address": SALES}, apps=[{"role": role}]), host=STAND_IN)
    inventory = for_mailboxes(stage, [SALES], {"mailbox_delegation_profiles": {"router": SEND_AS}})
    run = play(stage, inventory)
    assert run.status == 0, run.output
    assert stage.holds(SALES, "send_as")


def test_a_deleted_account_may_be_the_one_of_a_profile_that_takes_back(set_user_stage: SetStage) -> None:
    stage = set_user_stage(contoso({"address": SALES, "send_as": [{"sid": GONE}]}), host=STAND_IN)
    profiles = {"gone": {"account": GONE, "access_type": "send_as"}}
    hosts = {SALES: {"mailbox_delegation_profile": "gone", "mailbox_delegation_state": "absent"}}
    run = play(stage, for_mailboxes(stage, hosts, {"mailbox_delegation_profiles": profiles}))
    assert run.status == 0, run.output
    assert stage.tenant.holders(SALES, "send_as") == set()


def test_it_hands_every_option_on_and_describes_every_variable() -> None:
    files = {name: (FOLDER / "tasks" / name).read_text(encoding="utf-8") for name in ("main.yml", "access.yml")}
    tasks = yaml.safe_load(files["access.yml"])
    block = next(task for task in tasks if "block" in task)
    given = next(task[ROLE] for task in block["block"] if ROLE in task)
    sign_in = block["module_defaults"][f"group/{COLLECTION}.exchange"]
    assert set(sign_in) == set(EXCHANGE_ARGUMENTS) | set(POWERSHELL_ARGUMENTS)
    assert set(given) == set(DELEGATION_ARGUMENTS) - set(sign_in) - NOT_HANDED_ON | {"on_failure"}
    described = yaml.safe_load((FOLDER / "meta" / "argument_specs.yml").read_text(encoding="utf-8"))
    options = described["argument_specs"]["main"]["options"]
    assert [name for name in options if name not in "".join(files.values())] == []
    defaults = yaml.safe_load((FOLDER / "defaults" / "main.yml").read_text(encoding="utf-8"))
    assert {name: said["default"] for name, said in options.items() if "default" in said} == defaults
