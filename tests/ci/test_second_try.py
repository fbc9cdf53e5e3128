# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""When a template tries again: its own lines of shell, with an ansible-playbook that fails as it is told."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

from .pipelines import COMMON, gitlab_job, reporting, scripts

PASSING = {"failed": True, "sentence": "lost", "failure_class": "session_lost", "retry_safe": True}
LOGIN = {**PASSING, "failure_class": "host_login", "retry_safe": False}
DRIFT = {**PASSING, "failure_class": ""}
WELL = {**DRIFT, "failed": False}
#: Takes the next of the endings: its exit status, and the report that it leaves, if any.
_PLAYBOOK = """#!/bin/sh
echo "$@" >> calls
n=$(wc -l < calls)
mkdir "seen.$n"
cp -R reports history "seen.$n"
[ ! -f "endings/$n.json" ] || cp "endings/$n.json" reports/access.json
exit "$(cat "endings/$n.status")"
"""
#: The pause is noted, not waited for.
_SLEEP = '#!/bin/sh\necho "pause $1" >> calls.pauses\n'


@dataclass(frozen=True)
class Ended:
    status: int
    calls: int
    pauses: list[str]


def main_script(name: str) -> str:
    """The one that runs the playbook; of GitLab, where one shell runs all, the items that do."""
    system, _space, job = name.partition(" ")
    if system == "gitlab":
        return "\n".join(item for item in gitlab_job(job)["script"] if "access()" in item or "access ||" in item)
    (script,) = (script for script in scripts()[name] if "access()" in script)
    return script


def play(name: str, directory: Path, *endings: tuple[int, dict[str, object] | None]) -> Ended:
    """Runs the lines of a template that run the playbook."""
    shutil.copytree(COMMON, directory / "ci")
    for folder in ("bin", ".venv/bin", "endings", "reports", "history"):
        (directory / folder).mkdir(parents=True)
    for program in ("bin/ansible-playbook", ".venv/bin/ansible-playbook", "bin/sleep"):
        (directory / program).write_text(_SLEEP if program.endswith("sleep") else _PLAYBOOK, encoding="utf-8")
        (directory / program).chmod(0o700)
    for number, (status, verdict) in enumerate(endings, start=1):
        (directory / "endings" / f"{number}.status").write_text(str(status), encoding="utf-8")
        if verdict is not None:
            document = {"format": "email_router.exchange_online/access-report", "version": 1, "verdict": verdict}
            (directory / "endings" / f"{number}.json").write_text(json.dumps(document), encoding="utf-8")
    shell = ["sh", "-xe"] if name.startswith("jenkins") else ["bash", "-eo", "pipefail"]
    environment = {
        "PATH": os.pathsep.join([str(directory / "bin"), os.environ.get("PATH", os.defpath)]),
        "EXCHANGE_CERTIFICATE_BASE64": "UEZY",
        "EXCHANGE_ONLINE_CERTIFICATE_FILE": str(directory / "exchange.pfx"),
        "EXCHANGE_PLAN": "",
    }
    done = subprocess.run([*shell, "-c", main_script(name)], cwd=directory, env=environment, check=False)
    pauses = directory / "calls.pauses"
    return Ended(
        done.returncode,
        len((directory / "calls").read_text(encoding="utf-8").splitlines()),
        pauses.read_text(encoding="utf-8").splitlines() if pauses.exists() else [],
    )


TEMPLATES = list(reporting())


@pytest.mark.parametrize("name", TEMPLATES)
def test_a_run_that_went_well_is_not_repeated(name: str, tmp_path: Path) -> None:
    assert play(name, tmp_path, (0, WELL)) == Ended(0, 1, [])


@pytest.mark.parametrize("name", TEMPLATES)
def test_what_may_pass_is_tried_once_more_without_the_report_of_the_first_try(name: str, tmp_path: Path) -> None:
    assert play(name, tmp_path, (2, PASSING), (0, WELL)) == Ended(0, 2, ["pause 300"])
    for call in ("seen.1", "seen.2"):
        assert not list((tmp_path / call / "reports").glob("access.*")), "no report stood there before either"


@pytest.mark.parametrize("name", TEMPLATES)
def test_the_report_of_the_first_try_is_kept_and_is_what_the_second_compares_with(name: str, tmp_path: Path) -> None:
    """Only there stands what the first try has granted, and what it had no time for."""
    play(name, tmp_path, (2, PASSING), (2, None))
    first = (tmp_path / "endings" / "1.json").read_text(encoding="utf-8")
    assert (tmp_path / "reports" / "first" / "access.json").read_text(encoding="utf-8") == first
    assert not (tmp_path / "seen.1" / "history" / "access.json").exists()
    assert (tmp_path / "seen.2" / "history" / "access.json").read_text(encoding="utf-8") == first


@pytest.mark.parametrize("name", TEMPLATES)
def test_the_second_try_is_the_last(name: str, tmp_path: Path) -> None:
    assert play(name, tmp_path, (2, PASSING), (4, PASSING)) == Ended(4, 2, ["pause 300"])


@pytest.mark.parametrize("name", TEMPLATES)
@pytest.mark.parametrize("ending", [LOGIN, DRIFT, None], ids=["login", "drift", "no report"])
def test_what_a_person_has_to_look_at_is_not_tried_again(
    name: str, ending: dict[str, object] | None, tmp_path: Path
) -> None:
    assert play(name, tmp_path, (2, ending)) == Ended(2, 1, [])
