# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The templates for GitHub Actions and GitLab CI at work: their steps in shell, run in order as those systems run them,
in a checkout of a user, against the simulated organisation."""

from __future__ import annotations

import base64
import json
import os
import shutil
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.email_router.exchange_online.tests.ci.pipelines import COMMON, Step, github, gitlab
from ansible_collections.email_router.exchange_online.tests.tools.package import build

from .conftest import SetStage
from .harness import CORES, NEWEST, PATIENCE
from .playbooks import PROFILES, way_there
from .stage import ROUTER, Stage, Transport, contoso

SALES, SUPPORT, INFO = "sales@contoso.com", "support@contoso.com", "info@contoso.com"
#: Which application signs in for which job; the first one may only read.
APPS = {"audit": "00000000-0000-0000-0000-00000000000a", "enforce": "00000000-0000-0000-0000-00000000000b"}
FORMATS = {"access.json", "access.xml", "access.md", "access.csv", "access.html"}


@dataclass(frozen=True)
class Job:
    """What came of a job: whether it is red, and all that it printed."""

    red: bool
    output: str


@dataclass
class Checkout:
    """A user's repository on a runner that keeps its folders from job to job, which is harder than one that does not.

    ``steps_of``: a template's job and the values around it → its steps. ``surroundings``: what the CI system sets.
    """

    directory: Path
    stage: Stage
    steps_of: Callable[[str, Mapping[str, str]], list[Step]]
    surroundings: Mapping[str, str]
    secrets: list[str] = field(default_factory=list)

    @property
    def summary(self) -> Path:
        return self.directory.parent / "summary.md"

    @property
    def report(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads((self.directory / "reports" / "access.json").read_text(encoding="utf-8"))
        return found

    def kept(self) -> set[str]:
        """The artefacts of both templates: files in reports and journal."""
        files = [*self.directory.glob("reports/*"), *self.directory.glob("journal/*")]
        return {file.name for file in files} - {"started"}

    def run(self, job: str, identity: str = "", expected: str = "3") -> Job:
        """Runs a job as its system does: after a step that fails, only those that run all the same."""
        values = self._values(identity or job, expected)
        red, said = False, []
        for step in self.steps_of(job, values):
            if not red or step.after_failure:
                status, output = self._shell(step, values)
                red = red or status != 0
                said.append(output)
        left = self.stage.left_behind()
        assert not left, f"left behind: {left}\n{said}"
        output = "\n".join(said)
        assert not [secret for secret in self.secrets if secret in output]
        assert not list(self.directory.parent.rglob("*.pfx")), "the certificate is gone at the end"
        return Job(red, output)

    def _values(self, identity: str, expected: str) -> dict[str, str]:
        """What the templates take from their CI system, under the names of both."""
        application = self.stage.simulator.applications[list(APPS).index(identity)]
        assert application.app_id == APPS[identity]
        certificate = base64.b64encode(application.file.path.read_bytes()).decode()
        self.secrets[:] = [certificate, application.file.password]
        settings = {
            "EXPECTED_MAILBOXES": expected,
            "EXCHANGE_ONLINE_ORGANIZATION": self.stage.simulator.organization,
            "EXCHANGE_ONLINE_APP_ID": application.app_id,
        }
        secrets = {
            "EXCHANGE_CERTIFICATE_BASE64": certificate,
            "EXCHANGE_ONLINE_CERTIFICATE_PASSWORD": application.file.password,
        }
        return {
            "github.workspace": str(self.directory),
            "runner.temp": str(self.directory.parent),
            "needs.approval.outputs.attempt": "1",
            "CI_PROJECT_DIR": str(self.directory),
            **settings,
            **secrets,
            **{f"vars.{name}": value for name, value in settings.items()},
            **{f"secrets.{name}": value for name, value in secrets.items()},
        }

    def _shell(self, step: Step, values: Mapping[str, str]) -> tuple[int, str]:
        home = self.directory.parent / "home"
        home.mkdir(exist_ok=True)
        path = [str(CORES[NEWEST] / "bin"), self.stage.node.environment["PATH"]]
        environment = {
            "PATH": os.pathsep.join(path),
            "HOME": str(home),
            "LANG": "C.UTF-8",
            "ANSIBLE_COLLECTIONS_SCAN_SYS_PATH": "false",  # where the checkout of the collection is
            "GITHUB_STEP_SUMMARY": str(self.summary),
            **self.surroundings,
            **step.environment,
        }
        done = subprocess.run(
            ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step.script],
            cwd=self.directory,
            env={name: value for name, value in environment.items() if "." not in name},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
            timeout=PATIENCE,
        )
        return done.returncode, done.stdout


GITHUB_SYSTEM = {
    "GITHUB_ACTIONS": "true",
    "GITHUB_SHA": "0123456789abcdef0123456789abcdef01234567",
    "GITHUB_REF": "refs/heads/main",
    "GITHUB_WORKFLOW": "Exchange",
    "GITHUB_JOB": "job",
    "GITHUB_RUN_NUMBER": "7",
    "GITHUB_RUN_ID": "77",
    "GITHUB_RUN_ATTEMPT": "1",
    "GITHUB_SERVER_URL": "https://git.example.com",
    "GITHUB_REPOSITORY": "contoso/mailboxes",
}
GITLAB_SYSTEM = {
    "GITLAB_CI": "true",
    "CI_COMMIT_SHA": "0123456789abcdef0123456789abcdef01234567",
    "CI_COMMIT_REF_NAME": "main",
    "CI_JOB_NAME": "job",
    "CI_JOB_ID": "77",
    "CI_JOB_URL": "https://git.example.com/contoso/mailboxes/-/jobs/77",
}
SYSTEMS: dict[str, Any] = {"GitHub Actions": (github, GITHUB_SYSTEM), "GitLab CI": (gitlab, GITLAB_SYSTEM)}


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What `ansible-galaxy collection build` makes, which the user keeps beside requirements.yml."""
    return build(tmp_path_factory.mktemp("archive"))


@pytest.fixture(params=SYSTEMS)
def checkout(request: pytest.FixtureRequest, set_stage: SetStage, tmp_path: Path, archive: Path) -> Checkout:
    """The repository as docs/ci.md says: inventory, and the folder ci. Two of three mailboxes lack the grant."""
    roles = [{"app_id": APPS["audit"], "role": "audit"}, {"app_id": APPS["enforce"], "role": "enforce"}]
    mailboxes: list[dict[str, Any]] = [{"address": SALES}, {"address": SUPPORT, "send_as": [ROUTER]}, {"address": INFO}]
    stage = set_stage(contoso(*mailboxes, apps=roles), transport=Transport.LOCAL)
    repository = tmp_path / "repository"
    shutil.copytree(COMMON, repository / "ci", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy2(archive, repository / "ci")
    variables = {"mailbox_delegation_profiles": PROFILES, "mailbox_delegation_default_profile": "router"}
    variables["exchange_endpoints"] = way_there(stage)["exchange_endpoints"]
    hosts: dict[str, Any] = {name: {} for name in (SALES, SUPPORT, INFO)}
    stage.write("repository/inventory/mailboxes.yml", {"crm_mailboxes": {"hosts": hosts, "vars": variables}})
    steps_of, surroundings = SYSTEMS[request.param]
    return Checkout(repository, stage, steps_of, surroundings)


def test_a_week_of_a_pipeline(checkout: Checkout, request: pytest.FixtureRequest) -> None:
    """Audit finds drift, enforcement mends it, audit is content; and a mailbox that is missing is noticed."""
    stage = checkout.stage

    night = checkout.run("audit")
    assert night.red, night.output
    assert "2 missing" in night.output, night.output
    assert stage.writes == []
    assert checkout.kept() == FORMATS, "reports of a red audit, and no journal"
    assert checkout.report["verdict"]["failed"] is True
    system = request.node.callspec.params["checkout"]
    assert (checkout.report["head"]["mode"], checkout.report["head"]["source"]["system"]) == ("audit", system)
    if system == "GitHub Actions":
        assert SALES in checkout.summary.read_text(encoding="utf-8")

    day = checkout.run("enforce")
    assert not day.red, day.output
    assert checkout.kept() == {*FORMATS, "exchange.jsonl"}
    assert [stage.written_to(call) for call in stage.writes] == [SALES, INFO]
    assert checkout.report["head"]["mode"] == "enforcement"

    night = checkout.run("audit")
    assert not night.red, night.output
    assert checkout.report["head"]["application"] == APPS["audit"]
    assert checkout.report["changes"] is not None, "the report before is what it compares with"

    night = checkout.run("audit", expected="4")
    assert night.red
    assert "it has 3 mailboxes, expected are at least 4" in night.output
    assert checkout.kept() >= FORMATS


def test_a_source_that_cannot_be_read_leaves_no_old_report_and_no_green_job(checkout: Checkout) -> None:
    reports = checkout.directory / "reports"
    reports.mkdir()
    (reports / "access.json").write_text("{}", encoding="utf-8")
    (reports / "access.html").write_text("of last week", encoding="utf-8")
    (checkout.directory / "inventory" / "more.yml").write_text("crm_mailboxes: [", encoding="utf-8")
    night = checkout.run("audit")
    assert night.red, night.output
    assert checkout.kept() == set(), "what stands there afterwards would be taken for the report of this run"
    assert checkout.stage.tenant.sign_ins == 0


def test_the_identity_of_audits_cannot_write_even_in_the_other_job(checkout: Checkout) -> None:
    day = checkout.run("enforce", identity="audit")
    assert day.red, day.output
    assert checkout.stage.writes == []
