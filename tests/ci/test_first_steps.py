# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What meets whoever sets the templates up: no snapshot yet, no reviewers, a policy that is kept elsewhere."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.email_router.exchange_online.tests.tools.checkout import ROOT

from .pipelines import AZURE_REHEARSE, COMMON, GITHUB, GITLAB, github_steps, gitlab_job, load

NO_SNAPSHOT = "There is no snapshot yet to rehearse on: run the audit on the default branch first"
#: Lists the runs in the file of an event; gives the artefact of those in the file "with".
_GH = """#!/bin/sh
case "$1 $2" in
    "run list")
        while [ "$1" != --event ]; do shift; done
        cat "$2" 2>/dev/null || true ;;
    "run download")
        grep -qx "$3" with || exit 1
        run=$3
        while [ "$1" != --dir ]; do shift; done
        mkdir -p "$2/exchange-snapshot-1"
        echo "$run" > "$2/exchange-snapshot-1/exchange.json" ;;
    *) cat reviews ;;
esac
"""


def program(directory: Path, name: str, text: str) -> None:
    (directory / "bin").mkdir(exist_ok=True)
    (directory / "bin" / name).write_text(text, encoding="utf-8")
    (directory / "bin" / name).chmod(0o700)


def run(directory: Path, command: list[str], environment: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    path = os.pathsep.join([str(directory / "bin"), str(Path(sys.executable).parent), os.environ["PATH"]])
    return subprocess.run(
        command, cwd=directory, env={"PATH": path, **environment}, check=False, capture_output=True, text=True
    )


def shell(directory: Path, step: Mapping[str, Any]) -> subprocess.CompletedProcess[str]:
    """A step of GitHub, whatever its expressions give."""
    environment = dict.fromkeys(step["env"], "value")
    return run(directory, ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"]], environment)


# A snapshot


@pytest.mark.parametrize(
    ("scheduled", "by_hand", "with_one", "taken"),
    [
        ("12\n10\n", "11\n", "10\n11\n12\n", "12"),
        ("9\n", "10\n", "9\n10\n", "10"),
        ("12\n10\n", "11\n", "10\n", "10"),
        ("", "11\n", "11\n", "11"),
        ("12\n", "", "", ""),
        ("", "", "", ""),
    ],
)
def test_a_rehearsal_at_github_takes_the_newest_snapshot_of_a_night_or_of_an_audit_by_hand(
    scheduled: str, by_hand: str, with_one: str, taken: str, tmp_path: Path
) -> None:
    """Where there is none the step ends well, and the rehearsal says so: it looks at the inventory first."""
    program(tmp_path, "gh", _GH)
    for name, text in {"schedule": scheduled, "workflow_dispatch": by_hand, "with": with_one}.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    (step,) = (step for step in github_steps("rehearse") if "gh run list" in step.get("run", ""))
    done = shell(tmp_path, step)
    assert done.returncode == 0, done.stderr
    snapshot = tmp_path / "snapshot.json"
    assert (snapshot.read_text(encoding="utf-8").strip() if snapshot.exists() else "") == taken


@pytest.mark.parametrize("content", [None, ""])
def test_without_a_snapshot_a_rehearsal_says_what_to_do_first(content: str | None, tmp_path: Path) -> None:
    if content is not None:
        (tmp_path / "snapshot.json").write_text(content, encoding="utf-8")
    done = rehearse(tmp_path, {})
    assert done.returncode == 1
    assert NO_SNAPSHOT in done.stdout
    assert not (tmp_path / "seen").exists()


def test_a_rehearsal_runs_on_every_pull_request_so_that_its_check_can_be_required() -> None:
    assert load(GITHUB["rehearse"])["on"] == {"pull_request": None}
    assert gitlab_job("rehearse")["rules"] == [{"if": '$CI_PIPELINE_SOURCE == "merge_request_event"'}]
    assert load(AZURE_REHEARSE)["pr"] == {"branches": {"include": ["main"]}}


# The policy


@pytest.mark.parametrize("given", [None, "", "/etc/exchange/policy.yml"])
def test_a_rehearsal_takes_the_policy_that_the_job_names_or_that_of_the_target_branch(
    given: str | None, tmp_path: Path
) -> None:
    """A variable that is set and empty is no policy's name, and fails the run as everywhere."""
    (tmp_path / "snapshot.json").write_text("{}", encoding="utf-8")
    assert rehearse(tmp_path, {} if given is None else {"EXCHANGE_ONLINE_POLICY": given}).returncode == 0
    expected = f"{tmp_path}/ci/policy.yml" if given is None else given
    assert (tmp_path / "seen").read_text(encoding="utf-8") == f"{expected}\n"


def rehearse(directory: Path, environment: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    """With a program in the place of ansible that tells which policy it got."""
    program(directory, "ansible-playbook", '#!/bin/sh\necho "$EXCHANGE_ONLINE_POLICY" > seen\n')
    (directory / "ci").symlink_to(COMMON)
    (directory / "proposed").mkdir()
    (directory / "proposed" / "hosts.yml").write_text("crm_mailboxes: {}\n", encoding="utf-8")
    command = ["sh", "ci/rehearse.sh", "proposed", "base", "snapshot.json"]
    return run(directory, command, {"ANSIBLE_COLLECTIONS_PATH": ".collections", **environment})


# Images


def test_shellcheck_has_nothing_to_say_of_the_images_for_gitlab() -> None:
    """As the shell of the build gets them: joined lines, and the versions as variables."""
    text = GITLAB.with_name("Dockerfile").read_text(encoding="utf-8").replace("\\\n", "")
    scripts = re.findall(r"^RUN (.*)$", text, re.MULTILINE)
    given = "".join(f"{line}\n" for line in re.findall(r"^ARG (.*)$", text, re.MULTILINE))
    assert len(scripts) == 4
    for script in scripts:
        command = [str(Path(sys.executable).parent / "shellcheck"), "--shell", "sh", "--exclude", "SC2034", "-"]
        done = subprocess.run(command, input=given + script, check=False, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout
    for stage, jobs in {"ansible": ["rehearse"], "exchange": ["audit", "enforce", "snapshot", "plan", "apply"]}.items():
        (image,) = {gitlab_job(job)["image"] for job in jobs}
        assert f"--target {stage} --tag {image} ." in text
        assert re.search(rf"^FROM \S+ AS {stage}$", text, re.MULTILINE)


def test_powershell_and_its_module_are_the_same_in_every_image() -> None:
    other = (ROOT / "docs/execution-environment/local/execution-environment.yml").read_text(encoding="utf-8")
    own = GITLAB.with_name("Dockerfile").read_text(encoding="utf-8")
    versions = r"ARG (\w+)=([\d.]+)"
    assert re.findall(versions, own) == re.findall(versions, other) != []


# An approval


def review(state: str, *environments: str) -> dict[str, Any]:
    """As the review history of a run at GitHub has it."""
    named = [{"id": 1, "name": name} for name in environments]
    return {"state": state, "comment": "", "environments": named, "user": {"login": "somebody"}}


@pytest.mark.parametrize("job", ["apply", "enforce"])
@pytest.mark.parametrize(
    ("reviews", "status"),
    [
        ([review("approved", "exchange-approval")], 0),
        ([review("rejected", "other"), review("approved", "other", "exchange-approval")], 0),
        ([], 1),
        ([review("approved", "other")], 1),
        ([review("rejected", "exchange-approval")], 1),
        ({"message": "Not Found"}, 1),
        ("", 1),
    ],
)
def test_an_approval_at_github_that_nobody_gave_lets_nothing_pass(
    job: str, reviews: object, status: int, tmp_path: Path
) -> None:
    """Where the environment has no required reviewers, its job begins at once."""
    program(tmp_path, "gh", _GH)
    (tmp_path / "reviews").write_text(json.dumps(reviews) if reviews != "" else "", encoding="utf-8")
    (step,) = load(GITHUB[job])["jobs"]["approval"]["steps"]
    assert "if" not in step
    done = shell(tmp_path, step)
    assert done.returncode == status, done.stderr
    assert ("Nobody has approved" in done.stdout) == bool(status)
