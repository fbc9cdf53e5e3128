# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The module access_plan in plays as a user has them: plans that it tells of, and plans that it refuses."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._plan.build import render
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._plan.document import Plan
from ansible_collections.email_router.exchange_online.tests.unit.plugin_utils._change.samples import (
    missing,
    plan,
    problem,
    row,
    unseen,
)

from .harness import COLLECTION, CORES, NEWEST, ControlNode, Run

MODULE = f"{COLLECTION}.access_plan"
HOSTILE = "{{ lookup('ansible.builtin.pipe', 'id') }}@contoso.com"


def saved(directory: Path, name: str, content: Plan) -> str:
    file = directory / name
    file.write_text(render(content), encoding="ascii")
    return str(file)


def play(directory: Path, *tasks: dict[str, Any], core: str = NEWEST) -> Run:
    """A task each, over two hosts; a play goes on where one fails."""
    steps = [{"name": f"Task {number}", MODULE: task, "ignore_errors": True} for number, task in enumerate(tasks)]
    content = [{"name": "Plans", "hosts": "all", "gather_facts": False, "tasks": steps}]
    playbook = directory / "playbook.yml"
    playbook.write_text(json.dumps(content), encoding="utf-8")
    return ControlNode(core, directory).play("-i", "one,two,", playbook)


@pytest.mark.parametrize("core", CORES)
def test_a_change_is_told_once_for_all_hosts(tmp_path: Path, core: str) -> None:
    after, before = plan(missing("new@contoso.com"), missing(HOSTILE), row()), plan(row())
    files = {"plan": saved(tmp_path, "head.json", after), "base": saved(tmp_path, "base.json", before)}
    run = play(tmp_path, {**files, "markdown": str(tmp_path / "made" / "change.md")}, core=core)
    (task,) = run.tasks
    assert (run.status, task.status, task.result["changed"]) == (0, "ok", False)
    assert task.result["msg"] == "This change: +2 Send As, -0"
    assert task.result["rights"]["send_as"] == {"grant": 2, "revoke": 0}
    assert task.result["counts"]["added"] == 2
    assert (task.result["digest"], task.result["base_digest"]) == (after["hashes"]["plan"], before["hashes"]["plan"])
    assert any(HOSTILE in line for line in task.result["lines"])
    markdown = tmp_path / "made" / "change.md"
    assert (markdown.stat().st_mode & 0o777, HOSTILE in markdown.read_text(encoding="utf-8")) == (0o600, True)


def test_what_is_in_the_way_fails_unless_only_a_report_is_asked_for(tmp_path: Path) -> None:
    file = saved(tmp_path, "head.json", plan(problem(), row("b")))
    run = play(tmp_path, {"plan": file}, {"plan": file, "on_failure": "report"})
    failed, reported = run.tasks
    assert (failed.status, failed.result["failure_class"], failed.result["retry_safe"]) == (
        "failed",
        "mailboxes",
        False,
    )
    assert (reported.status, reported.result["failure_class"], reported.result["verdict"]["failed"]) == ("ok", "", True)
    assert failed.result["msg"].startswith("This plan: +0, -0; 1 as wanted; 1 problem, the first: sales@contoso.com")


def test_what_the_snapshot_lacks_is_warned_of(tmp_path: Path) -> None:
    files = {"plan": saved(tmp_path, "h.json", plan(unseen())), "base": saved(tmp_path, "b.json", plan())}
    (task,) = play(tmp_path, files).tasks
    assert (task.status, task.result["verdict"]["failed"]) == ("ok", False)
    assert "the snapshot does not hold all that is asked for" in str(task.result["warnings"])


def test_what_is_no_plan_or_no_pair_is_refused(tmp_path: Path) -> None:
    good = saved(tmp_path, "good.json", plan(row()))
    edited = saved(tmp_path, "edited.json", {**plan(missing()), "created": "2026-11-03T00:00:00Z"})
    other = saved(tmp_path, "other.json", plan(row(), organization="fabrikam.onmicrosoft.com"))
    asked: dict[str, dict[str, str]] = {
        "it is damaged or was edited": {"plan": edited},
        f"{good} cannot be held against {other}: the two plans are of different organisations": {
            "plan": good,
            "base": other,
        },
        "No such file or directory": {"plan": str(tmp_path / "nowhere.json")},
        "it is no plan in the format": {"plan": good, "base": str(tmp_path / "playbook.yml")},
    }
    run = play(tmp_path, *asked.values())
    for words, task in zip(asked, run.tasks, strict=True):
        assert (task.status, task.result["failure_class"]) == ("failed", "input")
        assert words in task.result["msg"]


def test_markdown_that_cannot_be_written_fails(tmp_path: Path) -> None:
    file = saved(tmp_path, "good.json", plan(row()))
    (task,) = play(tmp_path, {"plan": file, "markdown": f"{file}/change.md", "on_failure": "report"}).tasks
    assert (task.status, task.result["failure_class"]) == ("failed", "report")
    assert "could not be written" in task.result["msg"]
    assert "This plan: +0, -0; 1 as wanted" in task.result["msg"]
