# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A user's repository with the templates for GitHub Actions and GitLab CI, whose jobs are run as those systems do it:
their steps in shell, in order, against the simulated organisation."""

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

from ansible_collections.email_router.exchange_online.tests.ci.pipelines import COMMON, Step, github, gitlab

from .harness import CORES, NEWEST, PATIENCE
from .playbooks import PROFILES, way_there
from .stage import Stage

SALES, SUPPORT, INFO = "sales@contoso.com", "support@contoso.com", "info@contoso.com"
#: Which application signs in for which job; the first one may only read.
APPS = {"audit": "00000000-0000-0000-0000-00000000000a", "enforce": "00000000-0000-0000-0000-00000000000b"}
#: Who signs in for a job; nobody for a rehearsal.
IDENTITY = {
    **dict.fromkeys(("audit", "snapshot", "plan"), "audit"),
    **dict.fromkeys(("enforce", "apply"), "enforce"),
    "rehearse": "",
}
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
    ``more``: values that it gives besides, under the names by which the templates ask. ``programs``: a folder of
    programs that stand for those which ask the CI system.
    """

    directory: Path
    stage: Stage
    steps_of: Callable[[str, Mapping[str, str]], list[Step]]
    surroundings: Mapping[str, str]
    more: Mapping[str, str] = field(default_factory=dict)
    programs: Path | None = None
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
        identity = identity or IDENTITY[job]
        values = self._values(identity, expected) if identity else self._nobody()
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

    def _nobody(self) -> dict[str, str]:
        """What a job gets that signs in as nobody: where it asks for more, that is a KeyError."""
        self.secrets.clear()
        place = str(self.directory)
        return {"github.workspace": place, "CI_PROJECT_DIR": place, **self.more}

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
            **self.more,
        }

    def _shell(self, step: Step, values: Mapping[str, str]) -> tuple[int, str]:
        home = self.directory.parent / "home"
        home.mkdir(exist_ok=True)
        own = [str(self.programs)] if self.programs else []
        path = [*own, str(CORES[NEWEST] / "bin"), self.stage.node.environment["PATH"]]
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


def make_repository(stage: Stage, archive: Path, *mailboxes: str) -> Path:
    """The repository as docs/ci.md says: the inventory, and the folder ci with the way to the organisation."""
    repository = stage.directory / "repository"
    shutil.copytree(COMMON, repository / "ci", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy2(archive, repository / "ci")
    with (repository / "ci" / "variables.yml").open("a", encoding="utf-8") as file:
        file.write(f"exchange_endpoints: {way_there(stage)['exchange_endpoints']}\n")
    write_inventory(repository, *mailboxes)
    return repository


def write_inventory(repository: Path, *mailboxes: str) -> None:
    variables = {"mailbox_delegation_profiles": PROFILES, "mailbox_delegation_default_profile": "router"}
    hosts: dict[str, Any] = {name: {} for name in mailboxes}
    (repository / "inventory").mkdir(exist_ok=True)
    content = json.dumps({"crm_mailboxes": {"hosts": hosts, "vars": variables}})
    (repository / "inventory" / "mailboxes.yml").write_text(content, encoding="utf-8")
