# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reports of real playbooks: an audit and an enforcement leave files that say what was found and done."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.email_router.exchange_online.tests.simulator.host import HostOptions

from .conftest import SetStage
from .harness import COLLECTION, Run
from .stage import ROUTER, Stage, contoso

SALES, SUPPORT = "sales@contoso.com", "support@contoso.com"
STAND_IN = HostOptions(pwsh=None)


@pytest.fixture
def stage(set_user_stage: SetStage) -> Stage:
    return set_user_stage(contoso({"address": SALES, "send_as": [ROUTER]}, {"address": SUPPORT}), host=STAND_IN)


def reported(stage: Stage, *arguments: str, hosts: Any = (SALES, SUPPORT), **options: Any) -> Run:
    """A play that enforces and reports; ``options``: of the report."""
    access = stage.task(on_failure="report")
    report = {
        "name": "Report",
        f"{COLLECTION}.access_report": {"result": "{{ access }}", **options},
        "run_once": True,
        "register": "report",
    }
    return stage.play("-i", stage.inventory(hosts), stage.playbook(access, report), *arguments)


def read(path: Path) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return document


def test_an_audit_and_an_enforcement_leave_reports_of_what_was_found_and_done(stage: Stage) -> None:
    file = stage.directory / "reports" / "access.json"
    audit = reported(stage, "--check", reports={"json": str(file)}, verdicts={"missing": "fail"})
    assert audit.status == 2
    message = audit.task("Report").result["msg"]
    assert message.startswith("2 grants on 2 mailboxes: 1 compliant, 1 missing. First: support@contoso.com")
    assert message.endswith(f"Report: {file}")
    told = read(file)
    assert (told["head"]["mode"], told["head"]["organization"]) == ("audit", stage.sign_in["organization"])
    assert {row["mailbox"]: row["verdict"] for row in told["rows"]} == {SALES: "ok", SUPPORT: "fail"}

    enforced = reported(stage, reports={"json": str(file)}, previous=str(file))
    assert enforced.status == 0, enforced.output
    told = read(file)
    assert (told["head"]["mode"], told["summary"]["granted"]) == ("enforcement", 1)
    assert [each["mailbox"] for each in told["changes"]["mended"]] == [SUPPORT]
    assert file.stat().st_mode & 0o777 == 0o600
