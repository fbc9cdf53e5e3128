# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The templates of docs/ci as their CI systems read them: jobs, and their steps in shell, in order."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from ansible_collections.email_router.exchange_online.tests.tools.checkout import ROOT

CI = ROOT / "docs" / "ci"
#: Job → its workflow.
GITHUB = {
    job: CI / "github" / f"exchange-{workflow}.yml"
    for job, workflow in {
        "audit": "audit",
        "enforce": "enforce",
        "plan": "change",
        "apply": "change",
        "rehearse": "rehearse",
    }.items()
}
GITHUB_ACTION = CI / "github" / "exchange-setup" / "action.yml"
GITLAB = CI / "gitlab" / "gitlab-ci.yml"
AZURE = CI / "azure" / "azure-pipelines.yml"
AZURE_STEPS = CI / "azure" / "exchange-steps.yml"
AZURE_PLAN = CI / "azure" / "exchange-plan.yml"
AZURE_REHEARSE = CI / "azure" / "exchange-rehearse.yml"
JENKINS = {name: CI / "jenkins" / f"Jenkinsfile.{name}" for name in ("audit", "enforce", "change", "rehearse")}
GITLAB_JOBS = ("audit", "enforce", "snapshot", "plan", "apply", "rehearse")
AWX = CI / "awx"
COMMON = CI / "common"

PIP = "python3 -m pip install --requirement ci/requirements.txt"
MODULE = (
    "pwsh -NoProfile -NonInteractive -Command "
    '"Install-Module ExchangeOnlineManagement -RequiredVersion 3.9.2 -Scope CurrentUser -Force"'
)
#: Steps that ask a package registry or make an environment: a test puts what they bring in reach instead.
INSTALLS = frozenset({PIP, MODULE, "python3 -m venv .venv", ". .venv/bin/activate"})
_EXPRESSION = re.compile(r"\$\{\{\s*(.*?)\s*\}\}")
_GITLAB_VARIABLE = re.compile(r"\$(\w+)")
_SHELL_OF_JENKINS = re.compile(r"sh '''\n(.*?)'''", re.DOTALL)


@dataclass(frozen=True)
class Step:
    """One script in a shell of its own. ``commands``: together it. ``after_failure``: it runs also where one before
    has failed. ``environment``: on top of the job's."""

    commands: tuple[str, ...]
    environment: Mapping[str, str]
    after_failure: bool = False

    @property
    def script(self) -> str:
        """What the shell gets, without what would ask a registry."""
        return "\n".join(command for command in self.commands if command not in INSTALLS)


def load(file: Path) -> Any:
    """YAML as the CI systems read it: ``on`` is quoted, and so no boolean."""
    return yaml.safe_load(file.read_text(encoding="utf-8"))


def github(name: str, values: Mapping[str, str]) -> list[Step]:
    """The steps in shell of the job of this name. ``values``: of the expressions; one that is missing is a KeyError."""
    job = load(GITHUB[name])["jobs"][name]

    def filled(given: Mapping[str, Any]) -> dict[str, str]:
        return {key: _EXPRESSION.sub(lambda found: values[found[1]], str(text)) for key, text in given.items()}

    steps = []
    for step in github_steps(name):
        if "run" in step:
            assert step["shell"] == "bash"
            script = _EXPRESSION.sub(lambda found: values[found[1]], step["run"]).strip()
            condition = step.get("if", "${{ success() }}")
            environment = {**filled(job["env"]), **filled(step.get("env", {}))}
            steps.append(Step((script,), environment, condition != "${{ success() }}"))
    return steps


def github_steps(name: str) -> list[dict[str, Any]]:
    """The steps of a job, in the place of the repository's own action those of that."""
    found: list[dict[str, Any]] = []
    for step in load(GITHUB[name])["jobs"][name]["steps"]:
        if step.get("uses") == "./.github/actions/exchange-setup":
            signs_in = step.get("with", {}).get("module", "true") == "true"
            own = [each for each in load(GITHUB_ACTION)["runs"]["steps"] if signs_in or "if" not in each]
            found += [{key: value for key, value in each.items() if key != "if"} for each in own]
        else:
            found.append(step)
    return found


def gitlab_job(name: str) -> dict[str, Any]:
    """A job with what it extends."""
    pipeline = load(GITLAB)
    own = pipeline[name]
    base = pipeline.get(own.get("extends"), {})
    return {**base, **own, "variables": {**base.get("variables", {}), **own.get("variables", {})}}


def gitlab(name: str, values: Mapping[str, str]) -> list[Step]:
    """before_script and script, in one shell, then after_script in another. ``values``: of the predefined variables
    and those of the project."""
    job = gitlab_job(name)
    known = dict(values)
    for key, text in job["variables"].items():
        known[key] = _GITLAB_VARIABLE.sub(lambda found: values[found[1]], text)
    main = tuple(command.strip() for command in [*job.get("before_script", []), *job["script"]])
    return [Step(main, known), Step(tuple(job.get("after_script", [])), known, after_failure=True)]


def azure_steps(file: Path = AZURE_STEPS) -> list[dict[str, Any]]:
    """The steps of a template or of the only job of a pipeline, with those of the template for setting up."""
    content = load(file)
    steps = content["steps"] if "steps" in content else content["jobs"][0]["steps"]
    setup = load(AZURE_STEPS.with_name("exchange-setup.yml"))["steps"]
    return [each for step in steps for each in (setup if step.get("template") == "exchange-setup.yml" else [step])]


def azure_scripts(file: Path = AZURE_STEPS) -> list[str]:
    return [step["bash"].strip() for step in azure_steps(file) if "bash" in step]


def azure_apply() -> list[dict[str, Any]]:
    """The steps of the stage that applies, before those that all stages have."""
    *_others, stage = load(AZURE)["stages"]
    steps: list[dict[str, Any]] = stage["jobs"][0]["strategy"]["runOnce"]["deploy"]["steps"]
    return steps


def jenkins_scripts(name: str) -> list[str]:
    """As the shell gets them: in such a text of Groovy a backslash at the end of a line joins it with the next."""
    return [text.replace("\\\n", "") for text in _SHELL_OF_JENKINS.findall(JENKINS[name].read_text(encoding="utf-8"))]


def awx_tasks() -> list[dict[str, Any]]:
    """The tasks that make everything in AWX."""
    (play,) = yaml.load((AWX / "configure.yml").read_text(encoding="utf-8"), _WithUnsafe)  # a SafeLoader
    tasks: list[dict[str, Any]] = play["tasks"]
    return tasks


def scripts() -> dict[str, list[str]]:
    """The scripts of each template, in order."""
    found: dict[str, list[str]] = {
        "azure": azure_scripts(),
        "azure plan": azure_scripts(AZURE_PLAN),
        "azure apply": [step["bash"].strip() for step in azure_apply() if "bash" in step],
        "azure rehearse": azure_scripts(AZURE_REHEARSE),
    }
    for name in GITHUB:
        found[f"github {name}"] = ["\n".join(step.commands) for step in github(name, Anything())]
    for name in GITLAB_JOBS:
        found[f"gitlab {name}"] = ["\n".join(step.commands) for step in gitlab(name, Anything())]
    for name in JENKINS:
        found[f"jenkins {name}"] = jenkins_scripts(name)
    return found


def reporting() -> dict[str, list[str]]:
    """The scripts of those templates that demand a report of their run."""
    return {name: texts for name, texts in scripts().items() if "report.py fresh" in "\n".join(texts)}


class _WithUnsafe(yaml.SafeLoader):
    """Knows the tag that ansible has for texts that are no templates."""


_WithUnsafe.add_constructor("!unsafe", lambda _loader, node: str(node.value))


class Anything(dict[str, str]):
    """A value for every name."""

    def __missing__(self, name: str) -> str:
        return "value"
