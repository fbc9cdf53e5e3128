# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What docs/ci.md promises of every template, held against each of them."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible_collections.email_router.exchange_online.tests.tools.checkout import ROOT

from .pipelines import (
    AWX,
    AZURE,
    AZURE_PLAN,
    AZURE_STEPS,
    CI,
    COMMON,
    GITHUB,
    GITLAB,
    INSTALLS,
    JENKINS,
    MODULE,
    PIP,
    Anything,
    awx_tasks,
    azure_steps,
    github,
    gitlab_job,
    load,
    reporting,
    scripts,
)

LOCK = "exchange-contoso"
IDENTITIES = ("exchange-audit", "exchange-enforce")
#: Job → who signs in for it; a rehearsal is nobody's.
SIGNED_IN = {
    "audit": "exchange-audit",
    "snapshot": "exchange-audit",
    "plan": "exchange-audit",
    "enforce": "exchange-enforce",
    "apply": "exchange-enforce",
}
#: The jobs of GitHub that sign in.
WORKFLOWS = {name: file for name, file in GITHUB.items() if name in SIGNED_IN}
#: What holds a secret, by the documentation of the modules and in the templates.
_SECRETS = ("EXCHANGE_ONLINE_CERTIFICATE_PASSWORD", "EXCHANGE_ONLINE_ACCESS_TOKEN", "EXCHANGE_CERTIFICATE_BASE64")
#: What brings programs from elsewhere.
_FETCHES = re.compile(r"pip install|Install-Module|Install-PSResource|curl|wget|npm |apt|git clone|docker")
_LOOP = re.compile(r"status=0\n.*?\n\s*fi\n", re.DOTALL)
_PINNED = re.compile(r"\w[\w-]*==[\d.]+")


def awx(module: str) -> list[dict[str, Any]]:
    return [task[f"awx.awx.{module}"] for task in awx_tasks() if f"awx.awx.{module}" in task]


def jenkins(name: str) -> str:
    return JENKINS[name].read_text(encoding="utf-8")


# Reports


@pytest.mark.parametrize("name", reporting())
def test_the_old_report_goes_before_and_a_new_one_with_every_mailbox_is_demanded_after(name: str) -> None:
    text = "\n".join(reporting()[name])
    order = [text.index(part) for part in ("rm -rf reports", "ansible-playbook", "report.py fresh")]
    assert order == sorted(order)
    assert '--started reports/started --mailboxes "$EXPECTED_MAILBOXES" --mode' in re.sub(
        r"\s*\\\n\s*|\s{2,}", " ", text
    )


@pytest.mark.parametrize("name", reporting())
def test_a_run_is_repeated_once_and_only_where_its_report_allows_it(name: str) -> None:
    """The same lines in every template, and they are run by tests/integration."""
    ((loop,), (expected,)) = (_LOOP.findall("\n".join(scripts()[one])) for one in (name, "github audit"))
    assert [line.strip() for line in loop.splitlines()] == [line.strip() for line in expected.splitlines()]
    assert "&& python3 ci/report.py retry-safe reports/access.json; then" in loop
    assert "\n".join(scripts()[name]).count("access || status=$?") == 2


def test_reports_and_journals_are_kept_also_after_a_failure() -> None:
    kept = {}
    for name, file in WORKFLOWS.items():
        steps = load(file)["jobs"][name]["steps"]
        (upload,) = (step for step in steps if "reports" in str(step.get("with", {}).get("path")).split())
        assert upload["uses"].startswith("actions/upload-artifact@")
        assert upload["if"] == "${{ always() }}"
        kept[name] = upload["with"]["path"].split()
    reports = {"audit": ["reports"], "enforce": ["reports", "journal"], "apply": ["reports", "journal"]}
    assert kept == {**reports, "plan": ["plan", "reports"]}
    for name in reports:
        artifacts = gitlab_job(name)["artifacts"]
        assert (artifacts["when"], artifacts["paths"]) == ("always", ["reports", "journal"])
    published = {step["publish"]: step["condition"] for step in load(AZURE_STEPS)["steps"] if "publish" in step}
    assert published["reports"] == "always()"
    assert published["journal"].startswith("and(always(), ")
    written = "always", "'reports/**, journal/*'"
    for name, (when, artifacts) in {
        "audit": ("cleanup", "'reports/**, snapshot/*'"),
        "enforce": written,
        "change": written,
    }.items():
        *_others, after = re.findall(rf"{when} \{{(.*?)\}}", jenkins(name), re.DOTALL)
        assert f"archiveArtifacts artifacts: {artifacts}" in after


def test_the_report_before_is_there_before_anything_can_fail_and_comes_from_a_run_that_left_one() -> None:
    """GitHub and GitLab keep it in a cache, which a night without a report leaves as it is."""
    steps = azure_steps()
    (number,) = (number for number, step in enumerate(steps) if step.get("task") == "DownloadPipelineArtifact@2")
    assert not [step for step in steps[:number] if "bash" in step and "rm -rf reports" not in step["bash"]]
    inputs = steps[number]["inputs"]
    assert (inputs["buildVersionToDownload"], inputs["branchName"]) == ("latestFromBranch", "$(Build.SourceBranch)")
    assert (inputs["allowFailedBuilds"], inputs["tags"]) == (True, "exchange-report")
    for name in ("audit", "enforce"):
        order = ["copyArtifacts ", "pip install", "ansible-playbook", "post {", "reports/access-before.json\n"]
        assert sorted(order, key=jenkins(name).index) == order
        assert "selector: lastWithArtifacts()" in jenkins(name)
        assert "filter: 'reports/access.json, reports/access-before.json'" in jenkins(name)
        assert "excludes: 'reports/started'" in jenkins(name), "an artefact that is there even where no report is"


# Approval, identities, one at a time


def test_two_runs_on_one_organisation_never_meet() -> None:
    for name, file in WORKFLOWS.items():
        workflow = load(file)
        assert "concurrency" not in workflow, "a run that waits for its approval would hold it"
        assert workflow["jobs"][name]["concurrency"] == {"group": LOCK, "cancel-in-progress": False, "queue": "max"}
    assert {gitlab_job(name)["resource_group"] for name in SIGNED_IN} == {LOCK}
    pipeline = load(AZURE)
    assert pipeline["lockBehavior"] == "sequential"
    assert all({"group": LOCK} in stage["variables"] for stage in pipeline["stages"])
    for name in ("audit", "enforce", "change"):
        assert "disableConcurrentBuilds()" in jenkins(name)
        runs = jenkins(name).split("/ansible-playbook ")
        assert len(runs) == (2 if name == "enforce" else 3)
        assert all(f"lock(resource: '{LOCK}')" in before for before in runs[:-1])
    (group,) = awx("instance_group")
    (template,) = awx("job_template")
    assert (group["name"], group["max_concurrent_jobs"]) == (LOCK, 1)
    assert (template["instance_groups"], template["prevent_instance_group_fallback"]) == ([LOCK], True)
    assert (template["allow_simultaneous"], template["job_slice_count"]) == (False, 1)
    assert [workflow["allow_simultaneous"] for workflow in awx("workflow_job_template")] == [False, False]


def test_enforcement_waits_for_an_approval_and_an_audit_for_nobody() -> None:
    enforcement = load(GITHUB["enforce"])
    assert list(enforcement["on"]) == ["workflow_dispatch"]
    assert enforcement["jobs"]["enforce"]["needs"] == "approval"
    assert enforcement["jobs"]["approval"]["environment"] == "exchange-approval"
    assert "schedule" in load(GITHUB["audit"])["on"]
    (rule,) = gitlab_job("enforce")["rules"]
    assert (rule["when"], rule["allow_failure"]) == ("manual", False)
    assert [rule.get("when") for rule in gitlab_job("audit")["rules"]] == ["never", None]
    audit, enforce, *_others = load(AZURE)["stages"]
    assert [next(iter(job)) for job in (*audit["jobs"], *enforce["jobs"])] == ["job", "deployment"]
    assert enforce["jobs"][0]["environment"] == "exchange-enforce"
    assert jenkins("enforce").index("input message:") < jenkins("enforce").index("agent { label")
    assert "input " not in jenkins("audit")
    (_change, workflow) = awx("workflow_job_template")
    ways = {node["identifier"]: node.get("related", {}) for node in workflow["workflow_nodes"]}
    assert ways["audit"] == {"failure_nodes": [{"identifier": "approval"}]}
    assert ways["approval"] == {"success_nodes": [{"identifier": "enforce"}]}
    assert [schedule["unified_job_template"] for schedule in awx("schedule")] == ["exchange-audit", "exchange-snapshot"]


@pytest.mark.parametrize("job", ["enforce", "apply"])
@pytest.mark.parametrize(("attempt", "status"), [("1", 0), ("2", 1)])
def test_an_approval_at_github_is_of_one_attempt(job: str, attempt: str, status: int) -> None:
    """Whoever runs only the failed jobs again gets the outputs of those that did not fail from the attempt before."""
    jobs = load(GITHUB[job])["jobs"]
    assert jobs["approval"]["outputs"]["attempt"] == "${{ github.run_attempt }}"
    assert jobs[job]["steps"][0]["name"] == "The approval is of this attempt", "before all that could do anything"
    first, *_others = github(job, Anything({"needs.approval.outputs.attempt": "1"}))
    environment = {**os.environ, **first.environment, "GITHUB_RUN_ATTEMPT": attempt}
    done = subprocess.run(["bash", "-eo", "pipefail", "-c", first.script], env=environment, check=False)
    assert done.returncode == status


def test_no_build_of_jenkins_begins_after_the_approval() -> None:
    for name in ("enforce", "change"):
        options = jenkins(name).partition("options {")[2].partition("}")[0]
        assert "disableRestartFromStage()" in options


def test_what_a_gitlab_job_does_is_no_variable_that_a_pipeline_could_be_started_with() -> None:
    """Such a variable beats those of the job: an audit would become an enforcement."""
    for name, mode in {"audit": "audit", "enforce": "enforcement"}.items():
        job = gitlab_job(name)
        script = "\n".join(job["script"])
        assert f"ansible-playbook email_router.exchange_online.{name} -i inventory -e @ci/variables.yml" in script
        assert script.endswith(f'--mailboxes "$EXPECTED_MAILBOXES" --mode {mode}\n')
        assert "$" not in job["image"]
        used = set(re.findall(r"\$(EX\w+)", script))
        assert used == {"EXPECTED_MAILBOXES"}


def test_an_audit_and_an_enforcement_have_an_identity_each() -> None:
    for name, file in WORKFLOWS.items():
        assert load(file)["jobs"][name]["environment"] == SIGNED_IN[name]
    for name, identity in SIGNED_IN.items():
        assert gitlab_job(name)["environment"]["name"] == identity
    for stage in load(AZURE)["stages"]:
        identity = SIGNED_IN[stage["stage"].lower()]
        assert [group for group in stage["variables"] if "group" in group] == [{"group": LOCK}, {"group": identity}]
        text = str(stage) if stage["stage"] != "Plan" else str(azure_steps(AZURE_PLAN))
        assert re.findall(r"exchange-\w+\.pfx", text) == [f"{identity}.pfx"]
    for name, identity in zip(("audit", "enforce"), IDENTITIES, strict=True):
        assert used_identities(jenkins(name)) == {identity}
    plan, _approval, apply = jenkins("change").split("    stage('")[1:]
    assert [used_identities(stage) for stage in (plan, apply)] == [{identity} for identity in IDENTITIES]
    (template,) = awx("job_template")
    assert template["credentials"] == ["exchange-{{ item.value }}", "exchange-host-{{ item.value }}"]
    (play,) = load_awx()
    assert {job: f"exchange-{identity}" for job, identity in play["vars"]["exchange_jobs"].items()} == SIGNED_IN


def used_identities(stage: str) -> set[str]:
    credentials = re.findall(r"credentials\('([^']+)'\)", stage)
    return {found.rsplit("-certificate")[0].rsplit("-app-id")[0] for found in credentials}


# Secrets and pins


def load_awx() -> list[dict[str, Any]]:
    text = (AWX / "configure.yml").read_text(encoding="utf-8").replace("!unsafe ", "")
    plays: list[dict[str, Any]] = yaml.safe_load(text)
    return plays


@pytest.mark.parametrize("name", scripts())
def test_secrets_come_by_environment_variables_and_are_no_arguments(name: str) -> None:
    for line in "\n".join(scripts()[name]).splitlines():
        if any(secret in line for secret in _SECRETS):
            told = line.strip().startswith(("printf '%s' \"$", "unset "))  # both are the shell's own: no process
            assert told, line
    for command in re.findall(r"ansible-playbook \S*exchange_online\S+ (.*)", "\n".join(scripts()[name])):
        assert command.strip().startswith("-i inventory -e @ci/variables.yml")


def test_the_certificate_is_gone_whatever_its_command_does(tmp_path: Path) -> None:
    """Before the command ends nobody else may read it, and of what it was made from the command knows nothing."""
    file = tmp_path / "exchange.pfx"
    environment = {
        "PATH": os.environ.get("PATH", os.defpath),
        "EXCHANGE_CERTIFICATE_BASE64": "UEZY",
        "EXCHANGE_ONLINE_CERTIFICATE_FILE": str(file),
    }
    inner = 'cat "$EXCHANGE_ONLINE_CERTIFICATE_FILE"; stat -c %a "$EXCHANGE_ONLINE_CERTIFICATE_FILE"; env; exit 3'
    command = ["bash", str(COMMON / "with_certificate.sh"), "sh", "-c", inner]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout.splitlines()[0]) == (3, "PFX600")
    assert "EXCHANGE_CERTIFICATE_BASE64" not in done.stdout
    assert not file.exists()


def test_no_expression_is_put_into_a_script_of_github() -> None:
    """Whoever may name a branch would write into the script."""
    for name, file in GITHUB.items():
        assert not [step for step in load(file)["jobs"][name]["steps"] if "${{" in step.get("run", "")]


def test_every_ansible_fails_where_a_source_of_its_inventory_cannot_be_read(tmp_path: Path) -> None:
    signed_in = (*WORKFLOWS.values(), GITLAB, AZURE_STEPS, AZURE_PLAN)
    for text in (*map(jenkins, ("audit", "enforce", "change")), *(file.read_text() for file in signed_in)):
        assert re.search(r"ANSIBLE_INVENTORY_ANY_UNPARSED_IS_FAILED(: \"| = ')true", text)
    assert "ANSIBLE_INVENTORY_ANY_UNPARSED_IS_FAILED=true" in (COMMON / "rehearse.sh").read_text(encoding="utf-8")
    command = [str(Path(sys.executable).parent / "ansible-config"), "dump", "--only-changed", "--type", "base"]
    environment = {"HOME": str(tmp_path), "ANSIBLE_CONFIG": str(AWX / "ansible.cfg")}
    dump = subprocess.run(command, env=environment, stdout=subprocess.PIPE, text=True, check=True).stdout
    assert re.search(r"^INVENTORY_ANY_UNPARSED_IS_FAILED\(.*\) = True$", dump, re.MULTILINE)


def test_what_an_approval_is_of_is_told() -> None:
    told = (CI.parent / "ci.md").read_text(encoding="utf-8")
    assert "**What is enforced need not be what was audited.**" in told


@pytest.mark.parametrize("name", scripts())
def test_what_is_fetched_is_exactly_the_pinned_installs(name: str) -> None:
    """tests/integration runs the templates without these steps, and with every other."""
    lines = [line.strip() for script in scripts()[name] for line in script.splitlines()]
    fetching = {line.replace(".venv/bin/python", "python3") for line in lines if _FETCHES.search(line)}
    if name == "azure apply":
        assert fetching == set(), "what it uses is that of all stages"
        return
    snapshot = {line for line in fetching if line.startswith("curl ") and "$CI_JOB_TOKEN" in line}
    assert bool(snapshot) == (name == "gitlab rehearse")
    own_module = name.startswith(("github", "azure")) and name != "github rehearse"
    assert fetching - snapshot == ({PIP, MODULE} if own_module else {PIP})
    assert fetching - snapshot <= INSTALLS


def test_versions_are_those_that_the_collection_is_tested_with() -> None:
    texts = [(ROOT / name).read_text(encoding="utf-8") for name in ("requirements.txt", "requirements-2.19.txt")]
    pins = set(_PINNED.findall((COMMON / "requirements.txt").read_text(encoding="utf-8")))
    assert len(pins) == 2
    assert pins <= set(_PINNED.findall("\n".join(texts)))
    version = load(ROOT / "galaxy.yml")["version"]
    (collection,) = load(COMMON / "requirements.yml")["collections"]
    archive = f"ci/email_router-exchange_online-{version}.tar.gz"
    assert collection == {"name": archive, "type": "file"}
    assert archive in gitlab_job("audit")["cache"][0]["key"]["files"], "another archive, another cache"
