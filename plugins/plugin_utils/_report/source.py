# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which commit and which job made a report, from the variables that CI systems set for their jobs."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit, urlunsplit

from .document import Source

#: Anybody may set a variable; what is longer is no name of a commit or job.
LONGEST = 500
NOWHERE = Source(system="", commit="", ref="", job="", url="")
_NAME = re.compile(r"\{(\w+)\}")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")


@dataclass(frozen=True)
class _System:
    """A CI system. ``signs``: the variables by which it is known. The rest: templates of variables, the first of each
    whose variables are all set. None of them is one that holds a secret."""

    name: str
    signs: tuple[str, ...]
    commit: tuple[str, ...]
    ref: tuple[str, ...]
    job: tuple[str, ...]
    url: tuple[str, ...]


_SYSTEMS = (
    _System(
        "GitHub Actions",
        ("GITHUB_ACTIONS",),
        ("{GITHUB_SHA}",),
        ("{GITHUB_REF}",),
        ("{GITHUB_WORKFLOW} / {GITHUB_JOB} #{GITHUB_RUN_NUMBER}", "{GITHUB_WORKFLOW}"),
        ("{GITHUB_SERVER_URL}/{GITHUB_REPOSITORY}/actions/runs/{GITHUB_RUN_ID}",),
    ),
    _System(
        "GitLab CI",
        ("GITLAB_CI",),
        ("{CI_COMMIT_SHA}",),
        ("{CI_COMMIT_REF_NAME}",),
        ("{CI_JOB_NAME} #{CI_JOB_ID}", "{CI_JOB_NAME}"),
        ("{CI_JOB_URL}", "{CI_PIPELINE_URL}"),
    ),
    _System(
        "Azure Pipelines",
        ("TF_BUILD",),
        ("{BUILD_SOURCEVERSION}",),
        ("{BUILD_SOURCEBRANCH}",),
        ("{BUILD_DEFINITIONNAME} #{BUILD_BUILDNUMBER}", "{BUILD_DEFINITIONNAME}"),
        ("{SYSTEM_COLLECTIONURI}{SYSTEM_TEAMPROJECT}/_build/results?buildId={BUILD_BUILDID}",),
    ),
    _System(
        "Jenkins",
        ("JENKINS_URL",),
        ("{GIT_COMMIT}",),
        ("{BRANCH_NAME}", "{GIT_BRANCH}"),
        ("{JOB_NAME} #{BUILD_NUMBER}", "{JOB_NAME}"),
        ("{BUILD_URL}",),
    ),
    _System(
        "AWX",
        ("AWX_HOST", "JOB_ID"),
        ("{PROJECT_REVISION}",),
        (),
        ("#{JOB_ID}",),
        ("{AWX_HOST}/#/jobs/playbook/{JOB_ID}",),
    ),
)


def source_of(environ: Mapping[str, str]) -> Source:
    """Of the first system whose variables are set, else empty. No other variable than those of the table is looked at.

    Addresses lose what could be a password: what stands before an ``@``, and the query of each variable.
    """
    for system in _SYSTEMS:
        if all(environ.get(name) for name in system.signs):
            return Source(
                system=system.name,
                commit=_filled(system.commit, environ),
                ref=_filled(system.ref, environ),
                job=_filled(system.job, environ),
                url=_address(_filled(system.url, _without_queries(system.url, environ))),
            )
    return NOWHERE


def _filled(templates: tuple[str, ...], environ: Mapping[str, str]) -> str:
    """The first template whose variables are all set, filled in; else empty."""
    for template in templates:
        if all(environ.get(name) for name in _NAME.findall(template)):
            text = _NAME.sub(lambda found: environ[found.group(1)], template)
            return _CONTROL.sub(" ", text).strip()[:LONGEST]
    return ""


def _without_queries(templates: tuple[str, ...], environ: Mapping[str, str]) -> dict[str, str]:
    """The variables of the templates. A query or fragment that a template has itself is none of a variable."""
    names = {name for template in templates for name in _NAME.findall(template)}
    return {name: re.split("[?#]", environ.get(name, ""))[0] for name in names}


def _address(text: str) -> str:
    """An address of the web and nothing else, without a user and a password."""
    try:
        parts = urlsplit(text.replace(" ", "%20"))
    except ValueError:
        return ""
    if parts.scheme not in ("http", "https"):
        return ""
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))
