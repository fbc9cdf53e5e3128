# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A change of the inventory from pull request to apply, by the templates for GitHub Actions and GitLab CI: their steps
in shell, in repositories of git, against the simulated organisation. What asks GitHub or GitLab is a stand-in."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.email_router.exchange_online.tests.ci.hostile import HOSTILE
from ansible_collections.email_router.exchange_online.tests.simulator.host import HostOptions
from ansible_collections.email_router.exchange_online.tests.tools.package import build

from .ci_checkout import APPS, INFO, SALES, SUPPORT, SYSTEMS, Checkout, Job, make_repository, write_inventory
from .conftest import SetStage
from .stage import ROUTER, Stage, Transport, contoso

DESK = "desk@contoso.com"
TOKEN = "token-of-the-job-that-may-read"
#: Gives the artefact that was served, and the newest commit.
_GH = """#!/bin/sh
test "$GH_TOKEN" = {token} || exit 4
case "$1 $2" in
    "run list") echo 77 ;;
    "run download")
        test -s {served} || exit 1
        while [ "$1" != --dir ]; do shift; done
        mkdir -p "$2/exchange-snapshot-1"
        cp {served} "$2/exchange-snapshot-1/exchange.json" ;;
    *) git -C {origin} rev-parse main ;;
esac
"""
_CURL = """#!/bin/sh
test -s {served} || exit 22
while [ "$1" != --output ]; do shift; done
python3 -c 'import sys, zipfile; zipfile.ZipFile(sys.argv[1], "w").write("{served}", "snapshot/exchange.json")' "$2"
"""


@dataclass
class Team:
    """``checkout``: where jobs of the default branch run. ``system``: whose templates they are."""

    system: str
    checkout: Checkout
    origin: Path
    served: Path

    @property
    def stage(self) -> Stage:
        return self.checkout.stage

    @property
    def directory(self) -> Path:
        return self.checkout.directory

    def snapshot(self) -> None:
        """The night before; its artefact is served from now on."""
        night = self.checkout.run("audit" if self.system == "GitHub Actions" else "snapshot")
        snapshot = self.directory / "snapshot" / "exchange.json"
        assert snapshot.exists(), night.output
        self.served.write_bytes(snapshot.read_bytes())

    def propose(self, *mailboxes: str, change: str = "") -> Path:
        """A checkout of a branch with these mailboxes, or with a hostile change."""
        contributor = self.directory.parent / "contributor"
        git(self.directory.parent, "clone", "-q", str(self.origin), contributor.name)
        git(contributor, "switch", "-q", "-c", "proposal")
        write_inventory(contributor, *mailboxes)
        if change:
            HOSTILE[change][0](contributor / "inventory")
        commit(contributor)
        git(contributor, "push", "-q", "-f", "origin", "proposal")
        return contributor

    def rehearse(self) -> tuple[Job, Path]:
        """What a runner does that knows no secret, and where it left its reports."""
        place = self.directory.parent / "rehearsal"
        git(place.parent, "clone", "-q", str(self.origin), place.name)
        if self.system == "GitHub Actions":
            git(place, "clone", "-q", str(self.origin), "proposed")
            git(place / "proposed", *IDENTITY, "merge", "-q", "--no-ff", "origin/proposal", "-m", "merged")
        else:
            git(place, "switch", "-q", "--detach", "origin/proposal")
        before = (self.stage.tenant.sign_ins, len(self.stage.tenant.calls))
        job = replace(self.checkout, directory=place).run("rehearse")
        assert (self.stage.tenant.sign_ins, len(self.stage.tenant.calls)) == before
        assert TOKEN not in job.output
        return job, place / ("reports" if self.system == "GitHub Actions" else ".target/reports")

    def merge(self, *mailboxes: str) -> None:
        """A commit of the default branch, at which its jobs are from now on."""
        write_inventory(self.directory, *mailboxes)
        commit(self.directory)
        git(self.directory, "push", "-q", "origin", "HEAD:main")
        sha = git(self.directory, "rev-parse", "HEAD")
        surroundings = {**self.checkout.surroundings, "GITHUB_SHA": sha, "CI_COMMIT_SHA": sha}
        self.checkout = replace(self.checkout, surroundings=surroundings)

    def plan(self) -> Job:
        output = self.directory.parent / "outputs"
        output.unlink(missing_ok=True)
        job = self.checkout.run("plan")
        if output.exists():
            told = dict(line.split("=") for line in output.read_text(encoding="utf-8").splitlines())
            assert int(told["writes"]) > 0
            self.approve(told["digest"])
        return job

    def approve(self, digest: str) -> None:
        """What the next apply is told to have been approved."""
        self.checkout = replace(self.checkout, more={**self.checkout.more, "needs.approval.outputs.digest": digest})
        (self.directory / "plan" / "digest").write_text(digest, encoding="utf-8")

    def apply(self) -> Job:
        """GitHub's templates download the plan into a folder of its own, GitLab's find it where it was."""
        approved = self.directory / "approved" / "plan"
        approved.mkdir(parents=True, exist_ok=True)
        (approved / "exchange.json").write_bytes((self.directory / "plan" / "exchange.json").read_bytes())
        return self.checkout.run("apply", expected="4")


IDENTITY = ("-c", "user.name=Somebody", "-c", "user.email=somebody@contoso.com")


def git(directory: Path, *arguments: str) -> str:
    command = ["git", "-C", str(directory), *arguments]
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout.strip()


def commit(directory: Path) -> None:
    git(directory, "add", "ci", "inventory")
    git(directory, *IDENTITY, "commit", "-q", "--allow-empty", "-m", "A change")


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(tmp_path_factory.mktemp("archive"))


@pytest.fixture(params=SYSTEMS)
def team(request: pytest.FixtureRequest, set_stage: SetStage, tmp_path: Path, archive: Path) -> Team:
    """Of three mailboxes two lack the grant already, which is no business of whoever proposes a fourth."""
    roles = [{"app_id": APPS["audit"], "role": "audit"}, {"app_id": APPS["enforce"], "role": "enforce"}]
    held: list[dict[str, Any]] = [{"address": SUPPORT, "send_as": [ROUTER]}]
    others = ({"address": address} for address in (SALES, INFO, DESK))
    stage = set_stage(contoso(*held, *others, apps=roles), transport=Transport.LOCAL, host=HostOptions(None))
    steps_of, surroundings = SYSTEMS[request.param]
    origin, served, programs = tmp_path / "origin.git", tmp_path / "served.json", tmp_path / "programs"
    programs.mkdir()
    for name, text in {"gh": _GH, "curl": _CURL}.items():
        (programs / name).write_text(text.format(token=TOKEN, served=served, origin=origin), encoding="utf-8")
        (programs / name).chmod(0o700)
    more = {
        "github.token": TOKEN,
        "github.repository": "contoso/mailboxes",
        "github.event.pull_request.base.ref": "main",
        "github.event.repository.default_branch": "main",
        "needs.plan.outputs.digest": "",
        "GITHUB_OUTPUT": str(tmp_path / "outputs"),
        "GITHUB_REF_NAME": "main",
        "CI_MERGE_REQUEST_TARGET_BRANCH_NAME": "main",
        "CI_COMMIT_BRANCH": "main",
        "CI_DEFAULT_BRANCH": "main",
        "CI_JOB_TOKEN": TOKEN,
        "CI_API_V4_URL": "https://git.example.com/api/v4",
        "CI_PROJECT_ID": "7",
    }
    surroundings = {**surroundings, "GITHUB_OUTPUT": more["GITHUB_OUTPUT"], "GITHUB_REF_NAME": "main"}
    directory = make_repository(stage, archive, SALES, SUPPORT, INFO)
    git(tmp_path, "init", "-q", "--bare", "-b", "main", origin.name)
    git(directory, "init", "-q", "-b", "main")
    git(directory, "remote", "add", "origin", str(origin))
    checkout = Checkout(directory, stage, steps_of, surroundings, more, programs)
    made = Team(request.param, checkout, origin, served)
    made.merge(SALES, SUPPORT, INFO)
    return made


def test_a_proposal_is_rehearsed_by_nobody_and_told_alone(team: Team) -> None:
    """Without a secret and without the organisation, on what the night has left, and without the drift of others."""
    team.snapshot()
    team.propose(SALES, SUPPORT, INFO, DESK)
    job, reports = team.rehearse()
    assert not job.red, job.output
    comment = (reports / "change.md").read_text(encoding="utf-8")
    assert "This change: +1 Send As, -0" in " ".join(job.output.split())
    assert DESK in comment
    assert SALES not in comment
    if team.system == "GitHub Actions":
        assert DESK in team.checkout.summary.read_text(encoding="utf-8")


def test_without_a_snapshot_a_rehearsal_says_what_to_do_first(team: Team) -> None:
    team.propose(SALES, SUPPORT, INFO, DESK)
    job, reports = team.rehearse()
    assert job.red
    assert "There is no snapshot yet to rehearse on: run the audit on the default branch first" in job.output
    assert not (reports / "change.md").exists()


def test_a_proposal_that_leaves_the_inventory_as_it_is_passes_the_required_check(team: Team) -> None:
    team.snapshot()
    team.propose(SALES, SUPPORT, INFO)
    job, _reports = team.rehearse()
    assert not job.red, job.output
    assert "This change: +0, -0; nothing is wanted otherwise" in " ".join(job.output.split())


def test_a_proposal_that_is_not_data_is_not_given_to_ansible(team: Team) -> None:
    team.snapshot()
    team.propose(SALES, SUPPORT, INFO, DESK, change="a template in group_vars")
    job, reports = team.rehearse()
    assert job.red
    assert "group_vars/all.yml:1: a template" in job.output
    assert "PLAY [" not in job.output
    assert not (reports / "change.md").exists()


def test_what_was_merged_is_planned_and_that_very_plan_applied(team: Team) -> None:
    team.merge(SALES, SUPPORT, INFO, DESK)
    job = team.plan()
    assert not job.red, job.output
    assert team.stage.writes == []
    digest = (team.directory / "plan" / "digest").read_text(encoding="utf-8").strip()

    team.approve("0" * 64)
    job = team.apply()
    assert job.red
    assert f"it is the plan {digest}, and approved was the plan 000" in job.output
    assert team.stage.writes == []

    team.approve(digest)
    job = team.apply()
    assert not job.red, job.output
    assert f"plan {digest}, with 3 to grant and 0 to revoke" in job.output
    assert {team.stage.written_to(call) for call in team.stage.writes} == {SALES, INFO, DESK}

    job = team.apply()
    assert not job.red, "whoever applies it once more finds it done"
    assert len(team.stage.writes) == 3


def test_a_plan_of_an_older_commit_is_not_applied(team: Team) -> None:
    team.merge(SALES, SUPPORT, INFO, DESK)
    assert not team.plan().red
    older = team.checkout
    team.merge(SALES, SUPPORT, INFO)
    team.checkout = older
    job = team.apply()
    assert job.red
    assert "was merged since" in job.output
    assert team.stage.tenant.sign_ins == 1, "that of the plan"
    assert team.stage.writes == []
