# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The commit and job of a report, as each CI system tells them, and never a secret."""

from __future__ import annotations

import pytest
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._report.source import NOWHERE, source_of

SHA = "0123456789abcdef0123456789abcdef01234567"
GITHUB = {
    "GITHUB_ACTIONS": "true",
    "GITHUB_SHA": SHA,
    "GITHUB_REF": "refs/heads/main",
    "GITHUB_WORKFLOW": "Access",
    "GITHUB_JOB": "audit",
    "GITHUB_RUN_NUMBER": "12",
    "GITHUB_RUN_ID": "987",
    "GITHUB_SERVER_URL": "https://github.example",
    "GITHUB_REPOSITORY": "contoso/access",
}
GITLAB = {
    "GITLAB_CI": "true",
    "CI_COMMIT_SHA": SHA,
    "CI_COMMIT_REF_NAME": "main",
    "CI_JOB_NAME": "audit",
    "CI_JOB_ID": "12",
    "CI_JOB_URL": "https://gitlab.example/contoso/access/-/jobs/12",
}
AZURE = {
    "TF_BUILD": "True",
    "BUILD_SOURCEVERSION": SHA,
    "BUILD_SOURCEBRANCH": "refs/heads/main",
    "BUILD_DEFINITIONNAME": "Access",
    "BUILD_BUILDNUMBER": "20261128.1",
    "BUILD_BUILDID": "12",
    "SYSTEM_COLLECTIONURI": "https://dev.azure.example/contoso/",
    "SYSTEM_TEAMPROJECT": "E mail",
}
JENKINS = {
    "JENKINS_URL": "https://jenkins.example/",
    "GIT_COMMIT": SHA,
    "GIT_BRANCH": "origin/main",
    "JOB_NAME": "access/audit",
    "BUILD_NUMBER": "12",
    "BUILD_URL": "https://jenkins.example/job/access/12/",
}
AWX = {"AWX_HOST": "https://awx.example", "JOB_ID": "12", "INVENTORY_ID": "3", "PROJECT_REVISION": SHA}
SYSTEMS: dict[str, tuple[dict[str, str], tuple[str, str, str]]] = {
    "GitHub Actions": (
        GITHUB,
        ("refs/heads/main", "Access / audit #12", "https://github.example/contoso/access/actions/runs/987"),
    ),
    "GitLab CI": (GITLAB, ("main", "audit #12", "https://gitlab.example/contoso/access/-/jobs/12")),
    "Azure Pipelines": (
        AZURE,
        (
            "refs/heads/main",
            "Access #20261128.1",
            "https://dev.azure.example/contoso/E%20mail/_build/results?buildId=12",
        ),
    ),
    "Jenkins": (JENKINS, ("origin/main", "access/audit #12", "https://jenkins.example/job/access/12/")),
    "AWX": (AWX, ("", "#12", "https://awx.example/#/jobs/playbook/12")),
}
SECRETS = {
    "GITHUB_TOKEN": "s3cret",
    "CI_JOB_TOKEN": "s3cret",
    "CI_REPOSITORY_URL": "https://ci:s3cret@gitlab.example",
    "SYSTEM_ACCESSTOKEN": "s3cret",
    "GIT_URL": "https://ci:s3cret@git.example",
    "EXCHANGE_ONLINE_ACCESS_TOKEN": "s3cret",
}


@pytest.mark.parametrize("system", SYSTEMS)
def test_each_system_tells_commit_branch_job_and_address(system: str) -> None:
    environ, (ref, job, url) = SYSTEMS[system]
    found = source_of({**environ, **SECRETS})
    assert found == {"system": system, "commit": SHA, "ref": ref, "job": job, "url": url}


@pytest.mark.parametrize("system", SYSTEMS)
def test_no_secret_is_taken_even_from_an_address(system: str) -> None:
    environ = {name: value.replace("://", "://ci:s3cret@") for name, value in SYSTEMS[system][0].items()}
    found = source_of({**environ, **SECRETS})
    assert "s3cret" not in str(found)
    assert found["url"] == SYSTEMS[system][1][2]


@pytest.mark.parametrize("environ", [{}, SECRETS, {"JOB_ID": "7"}, {"GITHUB_ACTIONS": ""}, {"CI": "true"}])
def test_outside_of_a_system_nothing_is_told(environ: dict[str, str]) -> None:
    assert source_of(environ) == NOWHERE


@pytest.mark.parametrize("system", SYSTEMS)
def test_what_a_system_does_not_say_is_empty_and_never_half(system: str) -> None:
    signs = {"GITHUB_ACTIONS", "GITLAB_CI", "TF_BUILD", "JENKINS_URL", "AWX_HOST", "JOB_ID"}
    environ = {name: value for name, value in SYSTEMS[system][0].items() if name in signs}
    found = source_of(environ)
    assert (found["system"], found["commit"], found["ref"]) == (system, "", "")
    assert "{" not in str(list(found.values()))


@pytest.mark.parametrize("url", ["javascript:alert(1)", "file:///etc/passwd", "https://[", "gitlab.example/1", ""])
def test_what_is_no_address_of_the_web_is_none(url: str) -> None:
    assert source_of({**GITLAB, "CI_JOB_URL": url})["url"] == ""


def test_an_address_loses_the_query_of_a_variable_and_keeps_that_of_the_template() -> None:
    url = "https://gitlab.example/-/jobs/7"
    for secret in ("?token=s3cret", "#s3cret"):
        assert source_of({**GITLAB, "CI_JOB_URL": url + secret})["url"] == url
    azure = {**SYSTEMS["Azure Pipelines"][0], "SYSTEM_COLLECTIONURI": "https://dev.azure.example/contoso/?token=s3cret"}
    assert "s3cret" not in source_of(azure)["url"]
    assert "/_build/results?buildId=" in source_of(azure)["url"]


def test_a_name_is_one_short_line() -> None:
    found = source_of({**GITLAB, "CI_COMMIT_REF_NAME": "a\nb\x1b[31m" + "c" * 10_000})
    assert found["ref"].startswith("a b [31mccc")
    assert len(found["ref"]) == 500


def test_braces_in_a_name_are_no_template() -> None:
    assert source_of({**GITLAB, "CI_COMMIT_REF_NAME": "{CI_JOB_TOKEN}", **SECRETS})["ref"] == "{CI_JOB_TOKEN}"
