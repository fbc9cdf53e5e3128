# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rehearse: two inventories on one snapshot, the difference alone is judged, and nobody signs in."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.email_router.exchange_online.tests.simulator.host import HostOptions

from .conftest import SetStage
from .harness import COLLECTION, CORES, OLDEST_AND_NEWEST, Run
from .playbooks import extra, for_mailboxes
from .stage import MAILBOXES, ROUTER, Hosts, Stage, contoso

REHEARSE = f"{COLLECTION}.rehearse"
SALES, SUPPORT, DRIFTED, INFO, NOBODY = (
    f"{name}@contoso.com" for name in ("sales", "support", "drift", "info", "nobody")
)
PROFILES = {
    "sender": {"account": ROUTER, "access_type": "send_as"},
    "both": {"account": ROUTER, "rights": ["send_as", "full_access"]},
}
#: Of the target branch, with what others left there: a grant that is missing, and a mailbox that does not exist.
TARGET: Mapping[str, Mapping[str, Any]] = {SALES: {}, SUPPORT: {}, DRIFTED: {}, NOBODY: {}}
SIGN_IN = {
    "EXCHANGE_ONLINE_ORGANIZATION": "contoso.onmicrosoft.com",
    "EXCHANGE_ONLINE_APP_ID": "00000000-0000-0000-0000-000000000000",
    "EXCHANGE_ONLINE_CERTIFICATE_FILE": "nowhere.pfx",
    "EXCHANGE_ONLINE_CERTIFICATE_PASSWORD": "a secret that nobody may see",
    "EXCHANGE_ONLINE_ACCESS_TOKEN": "another secret that nobody may see",
}
POLICY = f"""\
version: 1
accounts:
  - account: {ROUTER}
    rights: [send_as, full_access]
protected:
  - mailboxes: [{SUPPORT}, {DRIFTED}]
    reason: decision 14
"""
STRICT = {"ANSIBLE_INVENTORY_ANY_UNPARSED_IS_FAILED": "true"}
VAULTED = "$ANSIBLE_VAULT;1.1;AES256\n3631386439333361396636136131646633313239373265396638373766306339373434356534316\n"


@pytest.fixture
def stage(set_user_stage: SetStage) -> Stage:
    """With the snapshot where ansible is started, and the branch ``target``."""
    held = ({"address": address, "send_as": [ROUTER]} for address in (SALES, SUPPORT))
    made = set_user_stage(contoso(*held, {"address": DRIFTED}, {"address": INFO}), host=HostOptions(pwsh=None))
    made.tenant.organisation.save(made.node.cwd / "snapshot.json")
    branch(made, "target", TARGET)
    return made


def branch(stage: Stage, name: str, hosts: Hosts, **variables: Any) -> Path:
    """An inventory as teams have it: a directory with the mailboxes and the variables of their group."""
    own = {"mailbox_delegation_profiles": PROFILES, "mailbox_delegation_default_profile": "sender", **variables}
    mailboxes = dict(hosts) if isinstance(hosts, Mapping) else dict.fromkeys(hosts)
    stage.write(f"{stage.node.cwd.name}/{name}/hosts.yml", {MAILBOXES: {"hosts": mailboxes}})
    stage.write(f"{stage.node.cwd.name}/{name}/group_vars/{MAILBOXES}.yml", own)
    return stage.node.cwd / name


def rehearse(stage: Stage, name: str, *arguments: str, environment: Mapping[str, str] | None = None, **own: Any) -> Run:
    """With paths as somebody gives them who stands there. Whatever comes of it, nobody has signed in."""
    variables = {"exchange_snapshot": "snapshot.json", "rehearse_base": "target", **own}
    given = {key: value for key, value in variables.items() if value is not None}
    scratch = stage.directory / "scratch"
    scratch.mkdir(exist_ok=True)
    surroundings = {
        **STRICT,
        "TMPDIR": str(scratch),
        "ANSIBLE_REMOTE_TMP": str(scratch / "remote"),
        **(environment or {}),
    }
    before = (stage.tenant.sign_ins, list(stage.simulator.processes))
    run = stage.play("-i", name, REHEARSE, *extra(**given), *arguments, environment=surroundings)
    assert (stage.tenant.sign_ins, stage.simulator.processes) == before
    assert [file.name for file in scratch.glob("exchange-online-rehearsal-*")] == []
    return run


def verdict(run: Run) -> str:
    return str(run.task("The verdict").result["msg"])


def change(run: Run) -> list[str]:
    return list(run.task("The change").result["msg"])


@pytest.mark.parametrize("core", CORES)
def test_the_change_alone_is_told_and_nothing_of_what_others_left(stage: Stage, core: str) -> None:
    """More rights for one mailbox, one that is new, one off the list; the missing grant and mailbox are in both."""
    hosts = {SALES: {"mailbox_delegation_profile": "both"}, DRIFTED: {}, NOBODY: {}, INFO: {}}
    branch(stage, "change", hosts)
    run = rehearse(stage.on(core), "change", rehearse_markdown="reports/change.md")
    assert run.status == 0, run.output
    assert verdict(run) == "This change: +1 Send As, +1 Full Access, -0; 1 left as surplus"
    assert change(run) == [
        f"To be granted (2): 1 Send As for {ROUTER}, 1 Full Access for {ROUTER}",
        f"  {INFO}, {ROUTER}, Send As",
        f"  {SALES}, {ROUTER}, Full Access",
        f"Not wanted any more, and left as surplus (1): 1 Send As for {ROUTER}",
        f"  {SUPPORT}, {ROUTER}, Send As",
    ]
    comment = (stage.node.cwd / "reports" / "change.md").read_text(encoding="utf-8")
    assert "this change can be done" in comment
    assert not {DRIFTED, NOBODY} & set(comment.split("`"))


def test_rights_are_taken_back_and_profiles_changed(stage: Stage) -> None:
    hosts = {**TARGET, SUPPORT: {"mailbox_delegation_state": "absent"}}
    profiles = {**PROFILES, "sender": {"account": ROUTER, "rights": ["send_as", "send_on_behalf"]}}
    branch(
        stage,
        "change",
        {name: own for name, own in hosts.items() if name != NOBODY},
        mailbox_delegation_profiles=profiles,
    )
    run = rehearse(stage, "change")
    assert verdict(run).startswith("This change: +2 Send on Behalf, -1 Send As; 2 wanted absent and not held")


def test_a_change_that_is_none(stage: Stage) -> None:
    branch(stage, "change", TARGET)
    run = rehearse(stage, "change")
    assert (run.status, verdict(run)) == (0, "This change: +0, -0; nothing is wanted otherwise")


@pytest.mark.parametrize("core", OLDEST_AND_NEWEST)
def test_what_the_change_breaks_fails_and_the_plans_go(stage: Stage, core: str) -> None:
    branch(stage, "change", {**TARGET, INFO: {}, "typo@contoso.com": {}})
    run = rehearse(stage.on(core), "change", rehearse_markdown="change.md")
    assert run.status == 2
    assert verdict(run).startswith(
        "This change: +1 Send As, -0; 1 problem that the base has not, the first: typo@contoso.com"
    )
    assert "this change has problems" in (stage.node.cwd / "change.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("core", OLDEST_AND_NEWEST)
def test_a_changed_inventory_that_cannot_be_meant_fails_for_itself(stage: Stage, core: str) -> None:
    branch(stage, "change", {SALES: {"mailbox_delegation_profile": "nosuch"}})
    run = rehearse(stage.on(core), "change")
    assert run.status == 2
    assert "there is no profile 'nosuch'" in run.message
    assert not [each for each in run.tasks if each.task == "The verdict"]


BROKEN = {
    "it cannot be meant": ({SALES: {"mailbox_delegation_profile": "nosuch"}}, "there is no profile 'nosuch'"),
    "it has no mailbox": ({}, "No mailbox was looked at"),
}


@pytest.mark.parametrize("why", BROKEN)
def test_a_broken_target_is_told_and_the_change_is_looked_at_all_the_same(stage: Stage, why: str) -> None:
    hosts, words = BROKEN[why]
    branch(stage, "broken", hosts)
    branch(stage, "change", [SALES, INFO, "typo@contoso.com"])
    run = rehearse(stage, "change", rehearse_base="broken")
    assert run.status == 2
    assert words in str(run.task("Why the target branch has no plan").result["msg"])
    assert "The inventory of the target branch has no plan" in verdict(run)
    assert "This plan: +1 Send As, -0; 1 as wanted; 1 problem, the first: typo@contoso.com" in verdict(run)


def test_a_target_that_is_not_there_is_told(stage: Stage) -> None:
    branch(stage, "change", [SALES])
    run = rehearse(stage, "change", rehearse_base=["target", "nowhere"])
    assert run.status == 2
    assert "Completely failed to parse inventory source" in str(run.task("Why the target branch has no plan").result)


@pytest.mark.parametrize("core", CORES)
def test_no_credential_is_needed_nor_used(stage: Stage, core: str) -> None:
    """Neither where the inventory has one that nobody here can decrypt, nor where the environment has one."""
    sign_in = {
        "exchange_organization": "contoso.onmicrosoft.com",
        "exchange_app_id": "app",
        "exchange_powershell_host": "x",
    }
    for name, hosts in (("vaulted", [SALES]), ("change", [SALES, INFO])):
        file = branch(stage, name, hosts, **sign_in) / "group_vars" / f"{MAILBOXES}.yml"
        lines = "".join(f"  {line}\n" for line in VAULTED.splitlines())
        content = json.loads(file.read_text(encoding="utf-8"))
        text = "".join(f"{key}: {json.dumps(value)}\n" for key, value in content.items())
        file.write_text(f"{text}exchange_certificate_password: !vault |\n{lines}", encoding="utf-8")
    run = rehearse(stage.on(core), "change", rehearse_base="vaulted", environment=SIGN_IN)
    assert (run.status, verdict(run)) == (0, "This change: +1 Send As, -0"), run.output
    assert [name for name, secret in SIGN_IN.items() if "secret" in secret and secret in run.output] == []


@pytest.mark.parametrize("core", OLDEST_AND_NEWEST)
def test_a_policy_is_of_the_change_alone(stage: Stage, core: str) -> None:
    """Though the target branch asks for what it does not allow, and even names it."""
    stage.on(core)
    policy = stage.directory / "policy.yml"
    policy.write_text(POLICY, encoding="utf-8")
    branch(stage, "target", TARGET, mailbox_delegation_policy=str(policy))
    branch(stage, "change", [SALES, INFO])
    holds = {"EXCHANGE_ONLINE_POLICY": str(policy)}
    assert verdict(rehearse(stage, "change", environment=holds)).startswith("This change: +1 Send As, -0")
    branch(stage, "refused", {SALES: {}, SUPPORT: {"mailbox_delegation_profile": "both"}})
    refused = rehearse(stage, "refused", environment=holds)
    assert refused.status == 2
    assert "policy.yml:6" in str(refused.task("What a policy refuses").result)
    assert "policy" in verdict(refused)


def test_a_mailbox_that_the_snapshot_lacks_is_counted_and_left_to_the_plan(stage: Stage) -> None:
    """On a snapshot of the organisation itself that holds the mailboxes of the target branch and no others."""
    profiles = {"mailbox_delegation_profiles": PROFILES, "mailbox_delegation_default_profile": "sender"}
    nightly = for_mailboxes(stage, TARGET, profiles)
    taken = stage.play("-i", nightly, f"{COLLECTION}.snapshot", "-e", "snapshot_file=taken.json")
    assert taken.status == 0, taken.output
    branch(stage, "change", {**TARGET, INFO: {}})
    run = rehearse(stage, "change", exchange_snapshot="taken.json")
    assert (run.status, verdict(run)) == (
        0,
        "This change: +1 Send As, -0; 1 to be seen by the plan, for the snapshot does not hold the mailbox",
    ), run.output
    assert change(run)[1] == f"  {INFO}, {ROUTER}, Send As: to be seen by the plan"
    assert "does not hold all that is asked for" in str(run.task("What the change asks for").result["warnings"])


#: What -e alone may say, as a change would say it to hide that it asks for more, or to write over somebody's file.
HIDDEN: dict[str, dict[str, Any]] = {
    "the snapshot": {"exchange_snapshot": "nowhere.json"},
    "what it is held against": {"rehearse_base": "change"},
    "variables of the target branch": {"rehearse_base_vars": ["change/group_vars/crm_mailboxes.yml"]},
    "which mailboxes of the target branch": {"mailbox_delegation_hosts": "all"},
    "a file to write": {"rehearse_markdown": "written.md"},
}


@pytest.mark.parametrize("what", HIDDEN)
def test_a_change_does_not_choose_what_it_is_held_against(stage: Stage, what: str) -> None:
    """The target branch has the mailbox elsewhere, too, where this rehearsal does not look."""
    own = {"mailbox_delegation_profiles": PROFILES, "mailbox_delegation_default_profile": "both"}
    elsewhere = {"others": {"hosts": {INFO: None}, "vars": own}}
    stage.write(f"{stage.node.cwd.name}/target/others.yml", elsewhere)
    both = {"mailbox_delegation_default_profile": "both"}
    branch(stage, "change", {**TARGET, INFO: {}}, **both, **HIDDEN[what])
    run = rehearse(stage, "change")
    assert verdict(run).startswith("This change: +1 Send As, +4 Full Access, -0"), run.output
    assert not (stage.node.cwd / "written.md").exists()


def test_what_a_change_says_of_the_rehearsal_itself_is_not_taken_as_said(stage: Stage) -> None:
    own = {"rehearse_base": "target", "exchange_snapshot": "snapshot.json"}
    branch(stage, "change", [SALES], **own)
    for name in own:
        unsaid = rehearse(stage, "change", **{name: None})
        assert (unsaid.status, unsaid.accesses) == (2, []), unsaid.output
        assert "Say on which snapshot and against which inventory" in unsaid.text


UNSAID: dict[str, tuple[dict[str, Any], list[str]]] = {
    "no snapshot": ({"exchange_snapshot": None}, []),
    "an empty snapshot": ({"exchange_snapshot": ""}, []),
    "no target": ({"rehearse_base": None}, []),
    "an empty target": ({"rehearse_base": ["target", ""]}, []),
    "a part of the change": ({}, ["--limit", SALES]),
}


@pytest.mark.parametrize("case", UNSAID)
def test_what_is_not_said_is_refused_before_anything_is_started(stage: Stage, case: str) -> None:
    own, arguments = UNSAID[case]
    branch(stage, "change", [SALES])
    run = rehearse(stage, "change", *arguments, environment=SIGN_IN, **own)
    assert (run.status, run.accesses) == (2, [])
    assert "Say on which snapshot and against which inventory" in run.text


def test_variables_of_the_target_and_another_group_are_handed_on(stage: Stage) -> None:
    for name, hosts in (("target", [SALES, INFO]), ("change", [SALES])):
        folder = branch(stage, name, [DRIFTED])
        content = {"pilot": {"hosts": dict.fromkeys(hosts)}, MAILBOXES: {"hosts": {DRIFTED: None}}}
        stage.write(f"{folder.relative_to(stage.directory)}/hosts.yml", content)
        own = {"mailbox_delegation_profiles": PROFILES, "mailbox_delegation_default_profile": "sender"}
        stage.write(f"{stage.node.cwd.name}/{name}.yml", own)
    more: dict[str, Any] = {"mailbox_delegation_hosts": "pilot", "rehearse_base_vars": ["target.yml"]}
    run = rehearse(stage, "change", "-e", "@change.yml", **more)
    assert (run.status, verdict(run)) == (0, "This change: +0, -0; 1 not granted any more"), run.output


@pytest.mark.parametrize("core", CORES)
def test_texts_that_look_like_templates_are_texts(stage: Stage, core: str) -> None:
    """In the name of the snapshot, in that of the target, and in that of a mailbox of a broken target."""
    spell = f"{{{{ lookup('ansible.builtin.pipe', 'touch {stage.directory / 'pwned'}') }}}}"
    (folder := stage.node.cwd / "{{ 7 * 7 }}").mkdir()
    (stage.node.cwd / "snapshot.json").rename(folder / "snapshot.json")
    branch(
        stage, f"{folder.name}/-e", {SALES: {}, spell.replace("/", "\\x2f"): {"mailbox_delegation_profile": "nosuch"}}
    )
    branch(stage, "change", [SALES])
    names = stage.write(f"{stage.node.cwd.name}/names.yml", {})
    unsafe = {"exchange_snapshot": folder / "snapshot.json", "rehearse_base": f"./{folder.name}/-e"}
    names.write_text(
        "".join(f"{key}: !unsafe {json.dumps(str(text))}\n" for key, text in unsafe.items()), encoding="utf-8"
    )
    run = rehearse(stage.on(core), "change", "-e", "@names.yml", exchange_snapshot=None, rehearse_base=None)
    assert run.status == 2
    assert "there is no profile 'nosuch'" in str(run.task("Why the target branch has no plan").result["msg"]), (
        run.output
    )
    assert "This plan: +0, -0; 1 as wanted" in verdict(run)
    assert not (stage.directory / "pwned").exists()


def test_what_lies_where_it_was_started_is_not_taken_for_ansible(stage: Stage) -> None:
    trap = stage.node.cwd / "ansible"
    trap.mkdir()
    for module in (trap / "__init__.py", stage.node.cwd / "yaml.py"):
        module.write_text(f"open({str(stage.directory / 'pwned')!r}, 'w')\n", encoding="utf-8")
    branch(stage, "change", [SALES, INFO])
    assert verdict(rehearse(stage, "change")).startswith("This change: +1 Send As, -0")
    assert not (stage.directory / "pwned").exists()


def test_what_the_target_writes_for_itself_is_not_written(stage: Stage) -> None:
    """Neither its reports, nor a plan of it that somebody keeps."""
    own = {
        "mailbox_delegation_reports": {"json": str(stage.directory / "report.json")},
        "mailbox_delegation_plan_file": str(stage.directory / "plan.json"),
        "plan_markdown": str(stage.directory / "plan.md"),
    }
    branch(stage, "target", [SALES], **own)
    branch(stage, "change", [SALES, INFO], **own)
    run = rehearse(stage, "change", "--check")
    assert (run.status, verdict(run)) == (0, "This change: +1 Send As, -0"), run.output
    assert sorted(file.name for file in stage.directory.glob("*.*")) == ["records.jsonl"]
