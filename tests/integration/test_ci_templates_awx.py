# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The playbooks of the template for AWX, run as a job of its job templates runs them: with their extra variables, and
with the environment variables of its kind of credential. No controller takes part."""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.email_router.exchange_online.tests.ci.pipelines import AWX, COMMON, awx_tasks

from .ci_checkout import IDENTITY
from .conftest import SetStage
from .harness import Run
from .playbooks import PROFILES, way_there
from .stage import ROUTER, Stage, Transport, contoso

SALES, SUPPORT, INFO = "sales@contoso.com", "support@contoso.com", "info@contoso.com"
APPS = {"audit": "00000000-0000-0000-0000-00000000000a", "enforce": "00000000-0000-0000-0000-00000000000b"}
FORMATS = {"access.json", "access.xml", "access.md", "access.csv", "access.html"}
_PLACE, _POLICY = "/var/lib/exchange-access", "/var/lib/exchange-policy/policy.yml"


@dataclass(frozen=True)
class Project:
    """A project of AWX with the template's playbooks, and the folder that outlives its jobs."""

    stage: Stage
    directory: Path

    @property
    def folder(self) -> Path:
        return self.directory.parent / "kept"

    def launch(self, job: str, expected: int, **more: str) -> Run:
        """``more``: what the workflow hands on from a job before."""
        application = self.stage.simulator.applications[list(APPS).index(IDENTITY[job])]
        variables = json.loads(json.dumps(job_template()["extra_vars"]).replace("{{ item.key }}", job))
        text = json.dumps({**variables, "exchange_expected_mailboxes": expected, **more}).replace(
            _PLACE, str(self.folder)
        )
        text = text.replace(_POLICY, str(self.directory / "ci" / "policy.yml"))
        environment = {
            "EXCHANGE_ONLINE_ORGANIZATION": self.stage.simulator.organization,
            "EXCHANGE_ONLINE_APP_ID": application.app_id,
            "EXCHANGE_ONLINE_CERTIFICATE_THUMBPRINT": application.thumbprint,
        }
        assert set(environment) == set(credential_type()["injectors"]["env"])
        inventory, playbook = self.directory / "mailboxes.yml", self.directory / f"exchange-{job}.yml"
        return self.stage.play("-i", inventory, playbook, "-e", text, environment=environment)

    def kept(self, job: str) -> set[str]:
        return {file.name for file in (self.folder / job / "reports").iterdir()} - {"started"}


def job_template() -> dict[str, Any]:
    return next(task["awx.awx.job_template"] for task in awx_tasks() if "awx.awx.job_template" in task)


def credential_type() -> dict[str, Any]:
    return next(task["awx.awx.credential_type"] for task in awx_tasks() if "awx.awx.credential_type" in task)


@pytest.fixture
def project(set_user_stage: SetStage, tmp_path: Path) -> Project:
    roles = [{"app_id": APPS["audit"], "role": "audit"}, {"app_id": APPS["enforce"], "role": "enforce"}]
    mailboxes: list[dict[str, Any]] = [{"address": SALES}, {"address": SUPPORT, "send_as": [ROUTER]}, {"address": INFO}]
    stage = set_user_stage(contoso(*mailboxes, apps=roles), transport=Transport.LOCAL)
    directory = tmp_path / "project"
    shutil.copytree(AWX, directory)
    shutil.copytree(COMMON, directory / "ci", ignore=shutil.ignore_patterns("__pycache__"))
    variables = {"mailbox_delegation_profiles": PROFILES, "mailbox_delegation_default_profile": "router"}
    variables["exchange_endpoints"] = way_there(stage)["exchange_endpoints"]
    hosts: dict[str, Any] = {name: {} for name in (SALES, SUPPORT, INFO)}
    stage.write("project/mailboxes.yml", {"crm_mailboxes": {"hosts": hosts, "vars": variables}})
    return Project(stage, directory)


def test_jobs_of_awx(project: Project) -> None:
    """Audit finds drift, fails and keeps its reports; enforcement mends it; fewer mailboxes than expected fail."""
    night = project.launch("audit", expected=3)
    assert night.status == 2, night.output
    assert "2 missing" in night.text
    assert project.kept("audit") == FORMATS
    assert project.stage.writes == []

    day = project.launch("enforce", expected=3)
    assert day.status == 0, day.output
    assert project.kept("enforce") == FORMATS
    assert (project.folder / "enforce" / "journal" / "exchange.jsonl").stat().st_size > 0
    assert [project.stage.written_to(call) for call in project.stage.writes] == [SALES, INFO]

    night = project.launch("audit", expected=4)
    assert night.status == 2
    assert "it has 3 mailboxes, expected are at least 4" in night.text
    report = json.loads((project.folder / "audit" / "reports" / "access.json").read_text(encoding="utf-8"))
    assert (report["verdict"]["failed"], report["head"]["mode"]) == (False, "audit")
    assert report["changes"] is not None, "the report before was kept for it"


def test_a_job_that_fails_early_leaves_no_old_report(project: Project) -> None:
    old = project.folder / "audit" / "reports"
    old.mkdir(parents=True)
    (old / "access.html").write_text("of last week", encoding="utf-8")
    project.stage.write("project/mailboxes.yml", {"crm_mailboxes": {"hosts": {}}})
    night = project.launch("audit", expected=3)
    assert night.status == 2, night.output
    assert "No mailbox was looked at" in night.text
    assert project.kept("audit") == set()


def test_a_plan_is_applied_by_the_job_that_is_told_its_digest(project: Project) -> None:
    """And a snapshot is taken by the identity that only reads."""
    assert project.launch("snapshot", expected=3).status == 0
    assert (project.folder / "snapshot" / "snapshot.json").stat().st_size > 0
    plan = project.launch("plan", expected=3)
    assert plan.status == 0, plan.output
    told = plan.task("It is told the apply, which does no other").result["ansible_stats"]["data"]
    assert f"Plan {told['exchange_plan_digest']}" in plan.text
    assert project.stage.writes == []

    other = project.launch("apply", expected=3, exchange_plan_digest="0" * 64)
    assert other.status == 2
    assert f"it is the plan {told['exchange_plan_digest']}, and approved was the plan 000" in other.text
    assert project.stage.writes == []

    applied = project.launch("apply", expected=3, **told)
    assert applied.status == 0, applied.output
    assert [project.stage.written_to(call) for call in project.stage.writes] == [SALES, INFO]
