# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The task access_report: what it writes, in which order it fails, and what it says last."""

from __future__ import annotations

import json
from copy import deepcopy
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._ansible import report as module
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._ansible.report import ReportAction
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._report.formats import RENDERERS
from ansible_collections.email_router.exchange_online.tests.unit.plugin_utils._report.results import given, result

FINE = result(given("compliant"), given("granted", "info"))
DRIFT = result(given("compliant"), given("missing", "info"))


class Action(ReportAction):
    """The action, without a play around it."""

    def __init__(self, check_mode: bool, environment: dict[str, str], arguments: dict[str, Any]) -> None:
        self._task: Any = SimpleNamespace(
            args=arguments, environment=[environment], check_mode=check_mode, async_val=0, diff=False, action="x.y.z"
        )
        self._connection: Any = SimpleNamespace(_shell=SimpleNamespace(tmpdir=None))
        self._templar: Any = SimpleNamespace(template=lambda value: FINE if value == "{{ access }}" else value)


def reported(
    made: object, *, check_mode: bool = False, environment: dict[str, str] | None = None, **options: Any
) -> dict[str, Any]:
    arguments = {"result": made, **options}
    return Action(check_mode, environment or {}, arguments).run(task_vars={"access": FINE, "again": "{{ access }}"})


@pytest.fixture
def at(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current directory."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def read(file: Path) -> dict[str, Any]:
    told: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    return told


def at_night(monkeypatch: pytest.MonkeyPatch, number: int) -> None:
    monkeypatch.setattr(module, "moment", lambda: f"2026-11-{number:02}T02:00:00Z")


@pytest.mark.parametrize("check_mode", [True, False])
def test_every_format_is_written_in_check_mode_too_and_nothing_is_called_changed(at: Path, check_mode: bool) -> None:
    paths = {name: f"reports/access.{name}" for name in RENDERERS}
    told = reported(FINE, check_mode=check_mode, reports=paths)
    assert (told["failed"], told["changed"], told["reports"]) == (False, False, paths)
    assert sorted(path.name for path in (at / "reports").iterdir()) == sorted(f"access.{name}" for name in RENDERERS)
    assert all((at / path).stat().st_size > 0 for path in paths.values())


def test_the_last_line_says_what_is_wrong_and_where_the_reports_are(at: Path) -> None:
    told = reported(DRIFT, reports={"json": "access.json", "csv": "access.csv"})
    assert told["failed"] is True
    assert told["msg"] == (
        "2 grants on 2 mailboxes: 1 compliant, 1 missing. First: info, crmrouter@contoso.com, Send As: missing. "
        "Report: access.json, access.csv"
    )
    assert (at / "access.json").exists()


@pytest.mark.parametrize("name", ["access", "again"])
def test_a_result_may_be_named_which_spares_the_templating_of_every_row(name: str) -> None:
    assert reported(name) == reported(FINE)


def test_a_task_leaves_nothing_to_the_next_one(at: Path) -> None:
    before = deepcopy(ReportAction.ARGUMENTS)
    reported(FINE)
    reported(FINE, reports={"json": "access.json"}, verdicts={"missing": "fail"})
    assert before == ReportAction.ARGUMENTS


def test_who_decides_themselves_gets_the_verdict_unfailed() -> None:
    told = reported(DRIFT, on_failure="report")
    assert (told["failed"], told["verdict"]["failed"], told["mailboxes"]) == (False, True, 2)


def test_the_head_has_the_job_from_the_environment_of_the_task(at: Path) -> None:
    environment = {"GITLAB_CI": "true", "CI_COMMIT_SHA": "c0ffee", "CI_JOB_TOKEN": "s3cret"}
    reported(FINE, environment=environment, reports={"json": "access.json"})
    assert read(at / "access.json")["head"]["source"]["commit"] == "c0ffee"
    assert "s3cret" not in (at / "access.json").read_text()


def test_files_have_the_permissions_asked_for(at: Path) -> None:
    reported(FINE, reports={"json": "a.json"})
    reported(FINE, reports={"json": "b.json"}, mode="0640")
    assert [(at / name).stat().st_mode & 0o777 for name in ("a.json", "b.json")] == [0o600, 0o640]


def test_a_report_that_cannot_be_written_fails_the_task_after_all_others_were_written(at: Path) -> None:
    (at / "taken").mkdir()
    for on_failure in ("fail", "report"):
        told = reported(FINE, reports={"json": "taken", "csv": "access.csv"}, on_failure=on_failure)
        assert told["failed"] is True
        assert told["msg"].startswith("the report taken could not be written: it is there already, and is no file. 2")
        assert told["reports"] == {"csv": "access.csv"}
        (at / "access.csv").unlink()


def test_a_renderer_that_fails_keeps_no_other_report_from_being_written(
    at: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(_document: object) -> str:
        raise KeyError("since")

    monkeypatch.setattr(module, "RENDERERS", {**RENDERERS, "csv": broken})
    told = reported(FINE, reports={"csv": "access.csv", "json": "access.json"})
    assert told["failed"] is True
    assert "the report access.csv could not be written: a fault of this collection, please report it" in told["msg"]
    assert (at / "access.json").exists()


def test_with_the_report_before_it_says_what_changed(at: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    at_night(monkeypatch, 1)
    first = reported(DRIFT, reports={"json": "access.json"}, previous="access.json")
    assert first["changes"] == {}
    assert first["warnings"] == ["previous access.json is not there yet: this report begins a history"]
    at_night(monkeypatch, 2)
    second = reported(FINE, reports={"json": "access.json"}, previous="access.json")
    assert "warnings" not in second
    assert {name: count for name, count in second["changes"].items() if count} == {"mended": 1}
    told = read(at / "access.json")
    assert (told["changes"]["since"], told["rows"][0]["since"]) == ("2026-11-01T02:00:00Z", "2026-11-01T02:00:00Z")


def test_what_is_only_warned_of_is_a_warning_of_the_task_unless_the_other_task_warns_of_it() -> None:
    rows = [given("missing"), given("missing", "info"), given("ambiguous", "twin", cause="two fit")]
    told = reported(result(*rows, given("pending", "slow"), given("surplus", "more"), mode="audit"))
    fails = reported(result(*rows), verdicts={"ambiguous": "ignore"})
    assert told["warnings"] == [
        "2 grants are missing, which does not fail this run. First: sales, crmrouter@contoso.com, Send As: missing"
    ]
    assert "warnings" not in fails
    told = reported(result(*rows), verdicts={"ambiguous": "warn"})
    assert told["warnings"] == [
        "1 grant is ambiguous, which does not fail this run. "
        "First: twin, crmrouter@contoso.com, Send As: ambiguous, two fit"
    ]


def test_what_a_plan_is_for_is_not_warned_of_besides() -> None:
    rows = [given("missing"), given("unwanted", "old"), given("ambiguous", "twin")]
    told = reported(result(*rows, mode="audit", plan={"file": "plan.json"}), verdicts={"ambiguous": "warn"})
    assert [one.partition(",")[0] for one in told["warnings"]] == ["1 grant is ambiguous"]


TAKEN = "2026-11-01T02:00:00Z"
REHEARSAL = {"snapshot": "s.json", "taken": TAKEN, "age_hours": 5.2, "detail": "full"}


@pytest.mark.parametrize(
    ("told_so", "beginning"),
    [
        (REHEARSAL, f"Rehearsal on s.json, taken {TAKEN} (5 hours old): "),
        ({**REHEARSAL, "taken": "", "age_hours": None}, "Rehearsal on s.json: "),
        (None, "Rehearsal: "),
    ],
)
def test_the_last_line_of_a_rehearsal_begins_with_what_it_is_and_its_files_say_it_in_their_heads(
    at: Path, told_so: dict[str, Any] | None, beginning: str
) -> None:
    made = deepcopy(FINE)
    made["run"]["rehearsal"] = True
    more = {} if told_so is None else {"rehearsal": told_so}
    told = reported({**made, **more}, reports={"json": "access.json"})
    counted = "2 grants on 2 mailboxes: 1 compliant, 1 granted"
    assert told["msg"] == f"{beginning}{counted}. Report: access.json"
    assert read(at / "access.json")["verdict"]["sentence"] == counted
    stopped = result(given("unknown"), stopped=f"{beginning}the policy refuses it")
    stopped["run"]["rehearsal"] = True
    assert reported({**stopped, **more})["msg"] == f"{beginning}the policy refuses it"


def test_a_run_that_counts_is_no_rehearsal() -> None:
    assert reported(FINE)["msg"].startswith("2 grants on 2 mailboxes")


def test_what_is_removed_night_after_night_is_warned_of(at: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    told: dict[str, Any] = {}
    for number in (1, 2, 3):
        at_night(monkeypatch, number)
        told = reported(FINE, reports={"json": "access.json"}, previous="access.json")
        assert told["failed"] is False
    assert told["warnings"] == [
        "1 grant was gone again in 2 reports on end or more, so something else removes it: info, crmrouter@contoso.com"
    ]
    assert "Something else keeps removing 1 grant" in told["msg"]


def test_a_history_that_cannot_be_used_fails_the_task_after_the_reports_for_people_were_written(at: Path) -> None:
    """The JSON is for the next run: a pipeline that copies it over the history would destroy that."""
    (at / "history").mkdir()
    (at / "history" / "access.json").write_text("{}")
    paths = {name: f"access.{name}" for name in RENDERERS}
    told = reported(FINE, reports=paths, previous="history/access.json", on_failure="report")
    assert told["failed"] is True
    assert told["msg"].startswith("previous history/access.json: it is no report in the format")
    assert "the report access.json was not written, for it would take the place of previous" in told["msg"]
    assert told["reports"] == {name: path for name, path in paths.items() if name != "json"}
    assert sorted(file.name for file in at.iterdir() if file.is_file()) == sorted(told["reports"].values())


def test_a_history_that_cannot_be_used_is_not_written_over_so_that_the_next_run_fails_too(at: Path) -> None:
    (at / "access.json").write_text("{}")
    for _time in range(2):
        told = reported(FINE, reports={"csv": "./access.json", "html": "a.html"}, previous="access.json")
        assert told["failed"] is True
        assert "was not written, for it would take the place of previous" in told["msg"]
    assert (at / "access.json").read_text() == "{}"
    assert (at / "a.html").exists()


WRONG: dict[str, tuple[dict[str, Any], str]] = {
    "an unknown format": ({"reports": {"pdf": "access.pdf"}}, "pdf"),
    "one file twice": ({"reports": {"json": "a", "csv": "./a"}}, "json and csv are the same file"),
    "an unknown outcome": ({"verdicts": {"fine": "fail"}}, "'fine' is none of"),
    "what always fails": ({"verdicts": {"unknown": "warn"}}, "unknown always fails"),
    "a grace without a history": ({"grace": {"pending": 24}}, "would never end"),
    "permissions": ({"mode": "rw"}, "mode: 'rw' is none"),
    "permissions without quotes": ({"mode": 640}, "in quotes"),
    "a part of a result": ({"result": {**FINE, "grants_omitted": 3}}, "set on_failure=report"),
    "no such variable": ({"result": "acces"}, "there is no variable 'acces'"),
    "a list": ({"result": [FINE]}, "it is a list"),
    "no result": ({"result": {"skipped": True}}, "nothing was looked at"),
}


@pytest.mark.parametrize("wrong", WRONG)
def test_what_cannot_be_meant_is_an_error_and_writes_nothing(at: Path, wrong: str) -> None:
    options, message = WRONG[wrong]
    told = reported(**{"made": FINE, "reports": {"json": "access.json"}, **_renamed(options)})
    assert (told["failed"], told["failure_class"]) == (True, "input")
    assert message in told["msg"]
    assert list(at.iterdir()) == []


def _renamed(options: dict[str, Any]) -> dict[str, Any]:
    return {"made" if name == "result" else name: value for name, value in options.items()}
