# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What docs/change.md and docs/security.md promise of rehearsal, plan and apply, held against every template."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._policy.reader import read_policy

from .pipelines import (
    AZURE,
    AZURE_PLAN,
    AZURE_REHEARSE,
    AZURE_STEPS,
    COMMON,
    GITHUB,
    JENKINS,
    awx_tasks,
    azure_apply,
    azure_steps,
    github,
    gitlab_job,
    load,
    scripts,
)
from .pipelines import Anything as AnyValue

REHEARSALS = [name for name in scripts() if name.endswith("rehearse")]
DIGEST = "ab" * 32
#: What gives a job more than a pull request may have.
_MORE = re.compile(
    r"secrets\.|secrets:|environment:|\bgroup:|DownloadSecureFile|credentials\(|serviceConnection|id-token"
)


def texts() -> dict[str, str]:
    """The templates of rehearsals, as far as they are theirs."""
    return {
        "github": GITHUB["rehearse"].read_text(encoding="utf-8"),
        "gitlab": json.dumps(gitlab_job("rehearse")),
        "azure": AZURE_REHEARSE.read_text(encoding="utf-8"),
        "jenkins": JENKINS["rehearse"].read_text(encoding="utf-8").replace("environment {", ""),
    }


# Rehearsal


@pytest.mark.parametrize("system", texts())
def test_a_rehearsal_names_no_secret_and_no_identity(system: str) -> None:
    text = re.sub(r"(?m)^\s*(#|//).*$", "", texts()[system]).replace("group: exchange-rehearse-", "")
    assert _MORE.findall(text) == []
    assert "EXCHANGE_ONLINE" not in text
    assert "email_router.exchange_online." not in text, "it runs ci/rehearse.sh alone"


def test_a_rehearsal_at_github_is_of_a_pull_request_with_a_token_that_may_read() -> None:
    workflow = load(GITHUB["rehearse"])
    assert list(workflow["on"]) == ["pull_request"]
    assert workflow["permissions"] == {"contents": "read", "actions": "read"}
    steps = workflow["jobs"]["rehearse"]["steps"]
    checkouts = [step["with"] for step in steps if step.get("uses", "").startswith("actions/checkout@")]
    assert [with_["persist-credentials"] for with_ in checkouts] == [False, False]
    assert [with_.get("path", ".") for with_ in checkouts] == [".", "proposed"]
    assert checkouts[0]["ref"] == "${{ github.event.pull_request.base.ref }}", "what is run comes from there"
    assert [step["name"] for step in steps if "GH_TOKEN" in step.get("env", {})] == [
        "The snapshot of the last audit of the default branch"
    ]
    assert "GH_TOKEN" not in str(workflow["jobs"]["rehearse"].get("env"))
    assert not [file for file in set(GITHUB.values()) if "pull_request_target" in load(file)["on"]]


@pytest.mark.parametrize("name", REHEARSALS)
def test_a_rehearsal_is_started_in_the_target_branch(name: str) -> None:
    """Settings, versions, check and policy are found there; at GitHub that is what the workspace is."""
    text = "\n".join(scripts()[name]) if name != "jenkins rehearse" else JENKINS["rehearse"].read_text(encoding="utf-8")
    entered = {
        "github rehearse": "",
        "gitlab rehearse": "cd .target",
        "azure rehearse": 'git checkout --detach "origin/$TARGET"',
        "jenkins rehearse": "dir('.target')",
    }[name]
    order = [entered, "requirements.txt", "ansible-galaxy collection install", "sh ci/rehearse.sh"]
    assert [text.index(part) for part in order] == sorted(text.index(part) for part in order)
    assert "merge-base HEAD" in text


def test_ansible_gets_no_environment_but_what_is_named(tmp_path: Path) -> None:
    """A program in its place tells what it got, and that the check came first."""
    (tmp_path / "bin").mkdir()
    program = tmp_path / "bin" / "ansible-playbook"
    program.write_text('#!/bin/sh\nenv > seen\necho "$@" > arguments\n', encoding="utf-8")
    program.chmod(0o700)
    (tmp_path / "ci").symlink_to(COMMON)
    (tmp_path / "proposed").mkdir()
    path = os.pathsep.join([str(tmp_path / "bin"), str(Path(sys.executable).parent), os.environ["PATH"]])
    environment = {"PATH": path, "ANSIBLE_COLLECTIONS_PATH": ".collections", "GITHUB_TOKEN": "x", "CI_JOB_TOKEN": "x"}
    (tmp_path / "snapshot.json").write_text("{}", encoding="utf-8")
    command = ["sh", "ci/rehearse.sh", "proposed", "base", "snapshot.json"]

    def rehearse() -> int:
        return subprocess.run(command, cwd=tmp_path, env=environment, check=False, capture_output=True).returncode

    assert rehearse() == 1
    assert not (tmp_path / "seen").exists(), "an empty folder is no inventory"
    (tmp_path / "proposed" / "hosts.yml").write_text("crm_mailboxes: {}\n", encoding="utf-8")
    assert rehearse() == 0
    names = {line.partition("=")[0] for line in (tmp_path / "seen").read_text(encoding="utf-8").splitlines()}
    assert names - {"PWD", "OLDPWD", "SHLVL", "_"} == {
        *("PATH", "HOME", "LANG", "ANSIBLE_COLLECTIONS_PATH", "ANSIBLE_COLLECTIONS_SCAN_SYS_PATH"),
        *("ANSIBLE_INVENTORY_ANY_UNPARSED_IS_FAILED", "EXCHANGE_ONLINE_POLICY"),
    }
    arguments = (tmp_path / "arguments").read_text(encoding="utf-8")
    assert arguments.startswith("email_router.exchange_online.rehearse -i proposed -e @ci/variables.yml ")


# The check, before all that runs with a secret


@pytest.mark.parametrize("name", [name for name in scripts() if name not in REHEARSALS and name != "azure apply"])
def test_no_inventory_is_run_before_it_was_found_to_be_data(name: str) -> None:
    """At Azure the steps of an apply are those of all stages."""
    text = "\n".join(scripts()[name])
    assert text.index("ci/inventory_check.py inventory") < text.index("ansible-playbook ")


def test_a_snapshot_that_is_taken_whatever_came_before_has_the_check_beside_it() -> None:
    for name in ("github audit", "azure", "jenkins audit"):
        (script,) = (script for script in scripts()[name] if "exchange_online.snapshot" in script)
        assert script.index("ci/inventory_check.py inventory") < script.index("exchange_online.snapshot")


# The plan that was approved


def plan(tmp_path: Path, **other: Any) -> Path:
    actions = ["grant", "grant", "revoke", "none"]
    document = {
        "format": "email_router.exchange_online/access-plan",
        "version": 1,
        "rows": [{"action": action} for action in actions],
        "hashes": {"plan": DIGEST},
    }
    file = tmp_path / "plan.json"
    file.write_text(json.dumps({**document, **other}), encoding="utf-8")
    return file


def ask(*arguments: object) -> tuple[int, str]:
    command = [sys.executable, str(COMMON / "plan.py"), *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert "Traceback" not in done.stderr
    return done.returncode, (done.stdout + done.stderr).strip()


def test_the_digest_and_the_writes_of_a_plan(tmp_path: Path) -> None:
    file = plan(tmp_path)
    assert ask("digest", file) == (0, DIGEST)
    assert ask("writes", file) == (0, "3")
    assert ask("check", file, "--digest", DIGEST) == (0, f"{file}: plan {DIGEST}, with 2 to grant and 1 to revoke")


@pytest.mark.parametrize("digest", ["", "cd" * 32, DIGEST[:12]])
def test_another_plan_than_the_approved_one(digest: str, tmp_path: Path) -> None:
    status, said = ask("check", plan(tmp_path), "--digest", digest)
    assert status == 1
    assert f"it is the plan {DIGEST}, and approved was the plan {digest or '?'}" in said


@pytest.mark.parametrize(
    "spoil",
    [
        lambda file: file.unlink(),
        lambda file: file.write_text("", encoding="utf-8"),
        lambda file: file.write_text("[]", encoding="utf-8"),
        lambda file: file.write_text("[" * 100_000, encoding="utf-8"),
        lambda file: plan(file.parent, version=2),
        lambda file: plan(file.parent, rows=[{}]),
    ],
)
@pytest.mark.parametrize("question", [["digest"], ["writes"], ["check", "--digest", DIGEST]])
def test_what_is_no_plan_is_nothing_to_approve(
    spoil: Callable[[Path], object], question: list[str], tmp_path: Path
) -> None:
    file = plan(tmp_path)
    spoil(file)
    assert ask(question[0], file, *question[1:])[0] == 1


@pytest.mark.parametrize("name", ["github apply", "gitlab apply", "azure apply", "jenkins change"])
def test_an_apply_is_of_the_newest_commit_and_of_the_plan_that_was_approved(name: str) -> None:
    text = "\n".join(scripts()[name])
    apply = "zzz" if name == "azure apply" else "exchange_online.apply"
    order = ["$newest", "ci/plan.py check ", apply]
    places = [f"{text}zzz".index(part) for part in order]
    assert places == sorted(places)
    assert 'if [ "$newest" != "$' in text


@pytest.mark.parametrize("newest", ["a" * 40, "b" * 40])
@pytest.mark.parametrize("name", ["azure apply", "jenkins change"])
def test_where_something_was_merged_since_nothing_is_applied(name: str, newest: str, tmp_path: Path) -> None:
    """With a git that tells the newest commit; those of GitHub and GitLab are run by tests/integration."""
    (script,) = (script for script in scripts()[name] if "$newest" in script)
    (tmp_path / "git").write_text(f"#!/bin/sh\nprintf '{newest}\\trefs/heads/main\\n' | cut -f 1\n", encoding="utf-8")
    (tmp_path / "git").chmod(0o700)
    own = {"BUILD_SOURCEVERSION": "a" * 40, "EXCHANGE_PLAN_COMMIT": "a" * 40, "BUILD_SOURCEBRANCH": "refs/heads/main"}
    environment = {"PATH": os.pathsep.join([str(tmp_path), os.environ["PATH"]]), **own}
    done = subprocess.run(["bash", "-e", "-c", script], env=environment, check=False, capture_output=True)
    assert (done.returncode == 0) == (newest == "a" * 40)


def test_an_apply_waits_for_an_approval_that_is_told_the_digest() -> None:
    jobs = load(GITHUB["apply"])["jobs"]
    assert (jobs["approval"]["needs"], jobs["apply"]["needs"]) == ("plan", "approval")
    assert (jobs["approval"]["environment"], jobs["approval"]["permissions"]) == (
        "exchange-approval",
        {"actions": "read"},
    )
    assert jobs["approval"]["outputs"]["digest"] == "${{ needs.plan.outputs.digest }}"
    assert any("Plan \\`$digest\\`" in step.script for step in github("plan", AnyValue()))
    (rule,) = gitlab_job("apply")["rules"]
    assert (rule["when"], gitlab_job("apply")["needs"], rule["allow_failure"]) == ("manual", ["plan"], False)
    *_others, stage = load(AZURE)["stages"]
    assert (stage["dependsOn"], stage["jobs"][0]["environment"]) == ("Plan", "exchange-enforce")
    assert "deployment" in stage["jobs"][0]
    jenkins = JENKINS["change"].read_text(encoding="utf-8")
    assert 'input message: "Apply the plan ${env.EXCHANGE_PLAN_DIGEST}?"' in jenkins
    workflows = [
        task["awx.awx.workflow_job_template"] for task in awx_tasks() if "awx.awx.workflow_job_template" in task
    ]
    ways = {node["identifier"]: node.get("related") for node in workflows[0]["workflow_nodes"]}
    assert ways["plan"] == {"success_nodes": [{"identifier": "approval"}]}
    assert ways["approval"] == {"success_nodes": [{"identifier": "apply"}]}


def test_where_there_is_nothing_to_do_nobody_is_asked() -> None:
    assert load(GITHUB["apply"])["jobs"]["approval"]["if"] == "${{ needs.plan.outputs.writes != '0' }}"
    *_others, stage = load(AZURE)["stages"]
    assert "ne(dependencies.Plan.outputs['Plan.plan.writes'], '0')" in stage["condition"]
    when = "not { environment name: 'EXCHANGE_PLAN_WRITES', value: '0' }"
    assert JENKINS["change"].read_text(encoding="utf-8").count(when) == 2


def test_every_job_that_signs_in_to_plan_or_write_is_held_to_the_policy_by_its_whole_path() -> None:
    for name in ("audit", "enforce", "plan", "apply"):
        environment = load(GITHUB[name])["jobs"][name]["env"]
        assert environment["EXCHANGE_ONLINE_POLICY"] == "${{ github.workspace }}/ci/policy.yml"
        assert gitlab_job(name)["variables"]["EXCHANGE_ONLINE_POLICY"] == "$CI_PROJECT_DIR/ci/policy.yml"
    for file, run in {AZURE_STEPS: '"email_router.exchange_online.$EXCHANGE_PLAYBOOK"', AZURE_PLAN: ".plan"}.items():
        (step,) = (step for step in azure_steps(file) if f"{run} -i inventory" in step.get("bash", ""))
        assert step["env"]["EXCHANGE_ONLINE_POLICY"] == "$(Build.SourcesDirectory)/ci/policy.yml"
    for name, jobs in {"audit": 1, "enforce": 1, "change": 2}.items():
        text = JENKINS[name].read_text(encoding="utf-8")
        assert text.count('EXCHANGE_ONLINE_POLICY = "${WORKSPACE}/ci/policy.yml"') == jobs
    (template,) = (task["awx.awx.job_template"] for task in awx_tasks() if "awx.awx.job_template" in task)
    assert Path(template["extra_vars"]["mailbox_delegation_policy"]).is_absolute()


def test_the_example_of_a_policy_is_one() -> None:
    policy = read_policy("policy.yml", (COMMON / "policy.yml").read_bytes())
    assert [rule.account for rule in policy.accounts] == ["crmrouter@contoso.com"]
    assert not policy.anybody


def test_a_snapshot_is_kept_for_fourteen_days() -> None:
    *_others, upload = load(GITHUB["audit"])["jobs"]["audit"]["steps"]
    assert (upload["with"]["path"], upload["with"]["retention-days"]) == ("snapshot", 14)
    assert gitlab_job("snapshot")["artifacts"]["expire_in"] == "14 days"


def test_no_checkout_keeps_credentials_where_ansible_runs() -> None:
    for file in set(GITHUB.values()):
        for job in load(file)["jobs"].values():
            checkouts = [step for step in job["steps"] if step.get("uses", "").startswith("actions/checkout@")]
            assert all(step["with"]["persist-credentials"] is False for step in checkouts)
    assert azure_apply()[0] == {"checkout": "self", "persistCredentials": "false"}
    assert load(AZURE_REHEARSE)["jobs"][0]["steps"][0]["persistCredentials"] == "false"
