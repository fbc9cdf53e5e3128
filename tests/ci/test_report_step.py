# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The step that looks at the report: only a new and whole one lets a job be green."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from .pipelines import COMMON

STARTED, LATER, EARLIER = "2026-11-28T02:17:00Z", "2026-11-28T02:19:07Z", "2026-11-28T02:16:59Z"
ENDED = "2026-11-28T02:25:00Z"
PRESENT = {"state": "present", "until": "", "outcome": "compliant", "standing": "compliant", "verdict": "ok"}


def row(mailbox: str, **other: str) -> dict[str, str]:
    return {"mailbox": mailbox, **PRESENT, **other}


def report(**other: Any) -> dict[str, Any]:
    """A report on two mailboxes, two rights on one of them. ``other``: of its head and its verdict."""
    whole: dict[str, Any] = {
        "format": "email_router.exchange_online/access-report",
        "version": 1,
        "head": {"created": ENDED, "began": LATER, "mode": "audit", "rehearsal": False},
        "verdict": {"failed": False, "sentence": "all is well", "failure_class": "", "retry_safe": True, "grace": {}},
        "changes": None,
        "rows": [row("sales@contoso.com"), row("sales@contoso.com"), row("info@contoso.com")],
    }
    for key, value in other.items():
        (next((whole[part] for part in ("head", "verdict") if key in whole[part]), whole))[key] = value
    return whole


@dataclass(frozen=True)
class Step:
    """Runs the step in a directory on a report, an object or a text, or on none: its exit status and what it says."""

    directory: Path

    def fresh(self, given: object, mailboxes: str = "2") -> tuple[int, str]:
        (self.directory / "started").write_text(f"{STARTED}\n", encoding="utf-8")
        return self._run("fresh", given, "--started", "started", "--mailboxes", mailboxes, "--mode", "audit")

    def retry_safe(self, given: object) -> tuple[int, str]:
        return self._run("retry-safe", given)

    def _run(self, question: str, given: object, *arguments: str) -> tuple[int, str]:
        if given is not None:
            text = given if isinstance(given, str) else json.dumps(given)
            (self.directory / "access.json").write_text(text, encoding="utf-8")
        command = [sys.executable, str(COMMON / "report.py"), question, "access.json", *arguments]
        done = subprocess.run(command, cwd=self.directory, capture_output=True, text=True, check=False)
        assert "Traceback" not in done.stderr
        return done.returncode, done.stdout + done.stderr


@pytest.fixture
def step(tmp_path: Path) -> Step:
    return Step(tmp_path)


def test_a_new_report_with_every_mailbox(step: Step) -> None:
    assert step.fresh(report()) == (0, "access.json: new, with every mailbox\n")


def test_a_report_of_the_very_second_in_which_the_run_began_is_new(step: Step) -> None:
    assert step.fresh(report(began=STARTED))[0] == 0


@pytest.mark.parametrize(
    ("given", "says"),
    [
        (None, "there is no report"),
        ("", "it is no report (JSONDecodeError"),
        ("[]", "it is no report (ValueError"),
        ({**report(), "version": 2}, "it is no report (ValueError"),
        ({key: value for key, value in report().items() if key != "head"}, "it is no report (KeyError"),
        (report(began=EARLIER), f"it is from {EARLIER}, before this run began"),
        ("[" * 100_000, "it is no report (ValueError: it is nested too deeply"),
        (report(began="yesterday"), "it is no report (ValueError"),
        (report(began=LATER.removesuffix("Z")), "has no offset"),
        (report(mode="enforcement"), "it is of an enforcement, not of an audit"),
        (report(rehearsal=True), "it is of a rehearsal on a snapshot"),
        (report(failed=True, sentence="3 grants are missing"), "3 grants are missing"),
        (report(rows=[row("sales@contoso.com")]), "it has 1 mailboxes, expected are at least 2"),
        (report(rows=[]), "it has 0 mailboxes, expected are at least 2"),
    ],
)
def test_a_report_that_does_not_show_that_the_work_was_done(step: Step, given: object, says: str) -> None:
    status, output = step.fresh(given)
    assert status == 1
    assert says in output


@pytest.mark.parametrize("outcome", ["pending", "not_found"])
@pytest.mark.parametrize(("verdict", "status"), [("warn", 1), ("ignore", 1), ("fail", 0)])
def test_what_waits_is_counted_from_a_report_before_and_without_one_is_not_let_pass(
    step: Step, outcome: str, verdict: str, status: int
) -> None:
    """One that is lost every night would begin a grace anew every night. What fails does so by the verdict."""
    rows = [row("sales@contoso.com"), row("info@contoso.com", outcome=outcome, standing=outcome, verdict=verdict)]
    grace = {outcome: 72.0}
    ended, said = step.fresh(report(rows=rows, grace=grace))
    assert ended == status
    assert ("1 of its rows wait in a grace, and no report before it says since when" in said) == bool(status)
    assert step.fresh(report(rows=rows, grace=grace, changes={"new_drift": []}))[0] == 0


def test_what_is_only_warned_of_without_a_grace_waits_for_nothing(step: Step) -> None:
    rows = [row("sales@contoso.com"), row("info@contoso.com", outcome="pending", standing="pending", verdict="warn")]
    assert step.fresh(report(rows=rows))[0] == 0
    assert step.fresh(report(rows=rows, grace={"not_found": 72.0}))[0] == 0


def test_surplus_and_what_is_taken_back_elsewhere_are_no_expected_mailboxes(step: Step) -> None:
    other = {"state": "absent", "outcome": "revoked"}
    assert step.fresh(report(rows=[row("sales@contoso.com"), row("other@contoso.com", **other)]))[0] == 1
    ended = row("info@contoso.com", state="absent", until="2026-11-01")
    assert step.fresh(report(rows=[row("sales@contoso.com"), ended]))[0] == 0


@pytest.mark.parametrize("mailboxes", ["", "$(EXPECTED_MAILBOXES)", "many", "0", "-1"])
def test_an_expected_number_that_is_not_set_is_no_green_job_and_the_variable_is_named(
    step: Step, mailboxes: str
) -> None:
    status, said = step.fresh(report(), mailboxes=mailboxes)
    assert status != 0
    assert "variable EXPECTED_MAILBOXES" in said or f"EXPECTED_MAILBOXES is {mailboxes}" in said


@pytest.mark.parametrize(
    ("given", "status"),
    [
        (report(failure_class="session_lost", failed=True), 0),
        (report(failure_class="mailboxes", failed=True), 0),
        (report(failure_class="host_login", failed=True, retry_safe=False), 1),
        (report(failed=True), 1),
        (report(failure_class="session_lost", retry_safe="yes"), 1),
        ({**report(failure_class="session_lost"), "version": 2}, 1),
        ("{}", 1),
        ("[" * 100_000, 1),
        (None, 1),
    ],
    ids=[
        "connection lost",
        "unknown mailboxes",
        "login",
        "drift",
        "odd",
        "other version",
        "no report",
        "nested",
        "none",
    ],
)
def test_only_a_failure_that_may_pass_is_tried_again(step: Step, given: object, status: int) -> None:
    assert step.retry_safe(given) == (status, "")
