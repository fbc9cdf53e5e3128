# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From night to night: where the report before is an artefact, one night without a report does not end the history."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from .pipelines import azure_scripts, jenkins_scripts

_TAG = "##vso[build.addbuildtag]exchange-report"


def run(script: str, directory: Path, files: dict[str, str], shell: str = "bash") -> tuple[dict[str, str], str]:
    """The files after a script, and what it printed."""
    for name, text in files.items():
        (directory / name).parent.mkdir(parents=True, exist_ok=True)
        (directory / name).write_text(text, encoding="utf-8")
    for folder in ("history", "reports"):
        (directory / folder).mkdir(exist_ok=True)
    command = [shell, "-e", "-c", script]
    done = subprocess.run(command, cwd=directory, stdout=subprocess.PIPE, text=True, check=True)
    found = {str(file.relative_to(directory)): file.read_text() for file in directory.rglob("*") if file.is_file()}
    return found, done.stdout.strip()


def the_one(scripts: list[str], *, having: str, but: str) -> str:
    (script,) = (script for script in scripts if having in script and but not in script)
    return script


HANDS_ON = {
    "azure": (the_one(azure_scripts(), having="reports/access-before.json\n", but="addbuildtag"), "bash"),
    "jenkins audit": (the_one(jenkins_scripts("audit"), having="reports/access-before.json", but="playbook"), "sh"),
    "jenkins enforce": (the_one(jenkins_scripts("enforce"), having="reports/access-before.json", but="playbook"), "sh"),
    "jenkins change": (the_one(jenkins_scripts("change"), having="reports/access-before.json", but="playbook"), "sh"),
}
_ATTEMPTS = "history/exchange-reports-"


@pytest.mark.parametrize("name", HANDS_ON)
def test_a_night_without_a_report_hands_on_the_one_that_it_had(name: str, tmp_path: Path) -> None:
    script, shell = HANDS_ON[name]
    found, _said = run(script, tmp_path, {"history/access.json": "old"}, shell)
    assert found["reports/access-before.json"] == "old"


@pytest.mark.parametrize("name", HANDS_ON)
@pytest.mark.parametrize("files", [{}, {"history/access.json": "old", "reports/access.json": "new"}])
def test_else_it_hands_on_nothing_but_its_own(name: str, files: dict[str, str], tmp_path: Path) -> None:
    script, shell = HANDS_ON[name]
    assert run(script, tmp_path, files, shell)[0] == files


@pytest.mark.parametrize(
    ("files", "chosen"),
    [
        ({"1/access.json": "one"}, "one"),
        ({"2/access.json": "two", "10/access.json": "ten", "1/access.json": "one"}, "ten"),
        ({"1/access.json": "one", "1/first/access.json": "of its first try"}, "one"),
        ({"1/access.json": "one", "2/access-before.json": "older"}, "one"),
        ({"1/access-before.json": "older"}, "older"),
        ({}, None),
    ],
)
def test_of_the_attempts_of_a_run_of_azure_the_last_report_is_taken(
    files: dict[str, str], chosen: str | None, tmp_path: Path
) -> None:
    script = the_one(azure_scripts(), having="sort -V", but="playbook")
    found, _said = run(script, tmp_path, {f"{_ATTEMPTS}{name}": text for name, text in files.items()})
    assert found.get("history/access.json") == chosen


@pytest.mark.parametrize("name", ["audit", "enforce", "change"])
@pytest.mark.parametrize(
    ("files", "chosen"),
    [({"access.json": "new"}, "new"), ({"access-before.json": "older"}, "older"), ({}, None)],
)
def test_a_build_of_jenkins_takes_what_the_last_one_left(
    name: str, files: dict[str, str], chosen: str | None, tmp_path: Path
) -> None:
    script = the_one(jenkins_scripts(name), having="mv history/access-before.json", but="playbook")
    found, _said = run(script, tmp_path, {f"history/{name}": text for name, text in files.items()}, "sh")
    assert found.get("history/access.json") == chosen


@pytest.mark.parametrize(("left", "said"), [("access.json", _TAG), ("access-before.json", _TAG), ("started", "")])
def test_a_run_of_azure_is_found_by_its_tag_where_it_left_a_report(left: str, said: str, tmp_path: Path) -> None:
    script = the_one(azure_scripts(), having="addbuildtag]exchange-report", but="playbook")
    assert run(script, tmp_path, {f"reports/{left}": "text"})[1] == said
