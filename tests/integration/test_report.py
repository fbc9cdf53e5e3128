# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reports of real playbooks: an audit and an enforcement leave files that say what was found, done, and changed."""

from __future__ import annotations

import csv
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._report.formats import RENDERERS
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._tenant.access import AccessList
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._tenant.organisation import Organisation
from ansible_collections.email_router.exchange_online.tests.simulator.host import HostOptions
from ansible_collections.email_router.exchange_online.tests.simulator.wsman import Action, Fault, HttpAnswer

from .conftest import SetStage
from .faults import STAND_IN, at_writes, boxes, kill, organisation
from .harness import COLLECTION, OLDEST_AND_NEWEST, Run
from .playbooks import AUDIT, ENFORCE, PROFILES, for_mailboxes
from .stage import MAILBOXES, ROUTER, Hosts, Stage, contoso

SALES, SUPPORT, LATE = "sales@contoso.com", "support@contoso.com", "late@contoso.com"


@pytest.fixture
def stage(set_user_stage: SetStage) -> Stage:
    recipients = ({"address": SALES, "send_as": [ROUTER]}, {"address": SUPPORT})
    return set_user_stage(contoso(*recipients), host=HostOptions(pwsh=None))


def files(stage: Stage) -> dict[str, str]:
    """A path for every format, in a directory that is not there yet."""
    return {name: str(stage.directory / "reports" / f"access.{name}") for name in RENDERERS}


def read(path: str | Path) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(Path(path).read_text(encoding="utf-8"))
    return document


def assert_all_say(paths: Mapping[str, str], mailbox: str) -> None:
    """Every file is one of its format, and names the mailbox."""
    texts = {name: Path(path).read_text(encoding="utf-8-sig") for name, path in paths.items()}
    assert [name for name, text in texts.items() if mailbox not in text] == []
    ElementTree.fromstring(texts["junit"].encode())
    assert len(list(csv.reader(texts["csv"].splitlines()))) >= 2
    assert texts["html"].lower().startswith("<!doctype html>")
    assert all(Path(path).stat().st_mode & 0o777 == 0o600 for path in paths.values())


@pytest.mark.parametrize(("core", "result"), list(zip(OLDEST_AND_NEWEST, ("access", "{{ access }}"), strict=True)))
def test_an_audit_and_an_enforcement_in_a_play_of_ones_own(stage: Stage, core: str, result: str) -> None:
    paths = files(stage)
    report = {
        "name": "Report",
        f"{COLLECTION}.access_report": {
            "result": result,
            "reports": paths,
            "previous": paths["json"],
            "verdicts": {"missing": "fail"},
        },
        "run_once": True,
    }
    stage.on(core)
    playbook = stage.playbook(stage.task(on_failure="report"), report)
    audit = stage.play("-i", stage.inventory([SALES, SUPPORT]), playbook, "--check")
    assert audit.status == 2
    message = audit.task("Report").result["msg"]
    assert message.startswith(f"2 grants on 2 mailboxes: 1 compliant, 1 missing. First: {SUPPORT}")
    assert message.endswith(f"Report: {', '.join(paths.values())}")
    assert_all_say(paths, SUPPORT)
    told = read(paths["json"])
    assert (told["head"]["mode"], told["head"]["organization"]) == ("audit", stage.sign_in["organization"])
    assert told["head"]["application"] == stage.sign_in["app_id"]
    assert {row["mailbox"]: row["verdict"] for row in told["rows"]} == {SALES: "ok", SUPPORT: "fail"}

    enforced = stage.play("-i", stage.inventory([SALES, SUPPORT]), playbook)
    assert enforced.status == 0, enforced.output
    assert enforced.changed
    told = read(paths["json"])
    assert (told["head"]["mode"], told["summary"]["granted"], told["verdict"]["failed"]) == ("enforcement", 1, False)
    assert [each["mailbox"] for each in told["changes"]["mended"]] == [SUPPORT]


def shipped(stage: Stage, playbook: str, hosts: Hosts, **variables: Any) -> Run:
    """One of the playbooks, with variables of the group of mailboxes."""
    return stage.play("-i", for_mailboxes(stage, hosts, variables), playbook)


def test_the_playbooks_write_reports_before_their_verdict_fails_them(stage: Stage) -> None:
    paths = files(stage)
    audit = shipped(stage, AUDIT, [SALES, SUPPORT], mailbox_delegation_reports=paths)
    assert audit.status == 2
    assert [each.task.rpartition(" : ")[2] for each in audit.tasks][-2:] == ["The reports", "The verdict"]
    assert audit.task("The verdict").result["msg"].endswith(f"Report: {', '.join(paths.values())}")
    assert_all_say(paths, SUPPORT)
    assert read(paths["json"])["verdict"]["failed"] is True
    assert stage.writes == []


def test_a_report_that_cannot_be_written_fails_the_playbook_which_still_says_what_it_did(stage: Stage) -> None:
    paths = {**files(stage), "junit": str(stage.directory)}
    run = shipped(stage, ENFORCE, [SALES, SUPPORT], mailbox_delegation_reports=paths)
    assert run.status == 2
    message = run.task("The reports").result["msg"]
    assert message.startswith(f"the report {stage.directory} could not be written: it is there already, and is no file")
    assert "2 grants on 2 mailboxes: 1 compliant, 1 granted" in message
    assert read(paths["json"])["summary"]["granted"] == 1
    assert stage.holds(SUPPORT, "send_as")


WRONG: dict[str, tuple[dict[str, Any], str]] = {
    "an unknown outcome": ({"mailbox_delegation_verdicts": {"mising": "fail"}}, "mising"),
    "an outcome that always fails": ({"mailbox_delegation_verdicts": {"unknown": "warn"}}, "must be one of: fail"),
    "an unknown format": ({"mailbox_delegation_reports": {"pdf": "access.pdf"}}, "pdf"),
    "a grace that is no number": ({"mailbox_delegation_grace": {"pending": "a day"}}, "cannot be converted to a float"),
    "a grace without a history": ({"mailbox_delegation_grace": {"pending": 24}}, "counted from the report before"),
    "a grace of no time": (
        {"mailbox_delegation_grace": {"pending": 0}, "mailbox_delegation_previous_report": "access.json"},
        "mailbox_delegation_grace is in hours",
    ),
    "one file twice": ({"mailbox_delegation_reports": {"json": "a", "csv": "a"}}, "are one file each"),
    "permissions": ({"mailbox_delegation_report_mode": "rw"}, "such as '0600'"),
}


@pytest.mark.parametrize("wrong", WRONG)
def test_what_cannot_be_meant_of_reports_fails_before_anything_is_started(stage: Stage, wrong: str) -> None:
    variables, message = WRONG[wrong]
    run = shipped(stage, ENFORCE, [SALES, SUPPORT], **variables)
    assert run.status == 2
    assert message in run.text
    assert (stage.tenant.sign_ins, stage.simulator.processes) == (0, [])


def test_a_run_that_stopped_fails_with_a_report_whatever_may_pass(set_user_stage: SetStage) -> None:
    names = boxes(4)
    stage = set_user_stage(organisation(names), host=STAND_IN)

    def lock_out() -> None:
        stage.simulator.faults.add(Fault(HttpAnswer(401), Action.CREATE))
        kill(stage.powershells())

    at_writes(stage, {2: lock_out})
    variables = {
        "mailbox_delegation_reports": files(stage),
        "mailbox_delegation_verdicts": {"missing": "ignore"},
        "mailbox_delegation_sessions": 1,
    }
    run = stage.node.play("-i", for_mailboxes(stage, names, variables), ENFORCE)
    assert run.status == 2
    told = read(files(stage)["json"])
    assert told["verdict"]["failed"] is True
    assert (told["verdict"]["failure_class"], told["verdict"]["retry_safe"]) == ("host_login", False)
    assert told["verdict"]["sentence"].startswith("Whole run")
    assert run.task("The verdict").result["msg"].startswith(told["verdict"]["sentence"])


def test_without_a_result_the_old_report_stays_so_that_it_must_be_removed_first(stage: Stage) -> None:
    paths = files(stage)
    Path(paths["json"]).parent.mkdir()
    Path(paths["json"]).write_text("old", encoding="utf-8")
    reports = {"mailbox_delegation_reports": paths, "mailbox_delegation_preflight": False}
    run = shipped(stage, AUDIT, [SALES], **reports, exchange_certificate_thumbprint="F" * 40)
    assert run.status == 2
    assert Path(paths["json"]).read_text(encoding="utf-8") == "old"


# Night after night, on a snapshot: no PowerShell, no sign-in


def night(stage: Stage, playbook: str, hosts: Hosts, **variables: Any) -> tuple[Run, dict[str, Any]]:
    """A run with the report of the last one as its history, and its report."""
    file = str(stage.directory / "access.json")
    group = {
        "exchange_snapshot": str(stage.directory / "organisation.json"),
        "exchange_snapshot_update": True,
        "mailbox_delegation_profiles": PROFILES,
        "mailbox_delegation_default_profile": "router",
        "mailbox_delegation_reports": {"json": file},
        "mailbox_delegation_previous_report": file,
        **variables,
    }
    mailboxes = {"hosts": dict.fromkeys(hosts), "vars": group}
    run = stage.play("-i", stage.write("nights.yml", {MAILBOXES: mailboxes}), playbook)
    return run, read(file)


def remove(stage: Stage, address: str) -> None:
    """Somebody takes all rights on a mailbox away, behind the back of the pipeline."""
    file = stage.directory / "organisation.json"
    found = Organisation.load(file)
    (guid,) = (each.guid for each in found.recipients if each.address == address)
    found.access[guid] = AccessList()
    found.save(file)


def test_what_something_else_keeps_removing_is_said_and_a_mailbox_may_come_late(stage: Stage) -> None:
    stage.tenant.organisation.save(stage.directory / "organisation.json")
    more = {"mailbox_delegation_grace": {"not_found": 72}}
    run, told = night(stage, ENFORCE, [SALES, SUPPORT], **more)
    assert (run.status, told["changes"]) == (0, None)
    assert "is not there yet: this report begins a history" in run.text
    assert told["head"]["rehearsal"] is True

    remove(stage, SUPPORT)
    run, told = night(stage, ENFORCE, [SALES, SUPPORT, LATE], **more)
    assert run.status == 0, run.output
    assert told["changes"]["mailboxes_added"] == [LATE]
    assert [each["mailbox"] for each in told["changes"]["regranted"]] == [SUPPORT]
    assert {row["mailbox"]: row["verdict"] for row in told["rows"]} == {SALES: "ok", SUPPORT: "ok", LATE: "warn"}

    remove(stage, SUPPORT)
    run, told = night(stage, ENFORCE, [SALES, SUPPORT], **more)
    assert run.status == 0
    assert told["changes"]["mailboxes_gone"] == [LATE]
    assert "Something else keeps removing 1 grant, see support@contoso.com" in run.task("The verdict").result["msg"]
    assert "was gone again in 2 reports on end or more, so something else removes it" in run.text


def test_a_history_of_another_organisation_fails_the_run_and_is_not_written_over(stage: Stage) -> None:
    stage.tenant.organisation.save(stage.directory / "organisation.json")
    _run, told = night(stage, AUDIT, [SALES])
    told["head"]["organization"] = "fabrikam.onmicrosoft.com"
    stage.write("access.json", told)
    run, after = night(stage, AUDIT, [SALES])
    assert run.status == 2
    assert "it is of fabrikam.onmicrosoft.com" in run.task("The reports").result["msg"]
    assert "keep a file for each" in run.text
    assert after == told
