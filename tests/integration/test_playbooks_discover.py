# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Discover, and the demos: who sends as how many, by the books; the main job on a simulated organisation."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._tenant.generator import generate
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._tenant.organisation import App
from ansible_collections.email_router.exchange_online.tests.simulator.faults import Fault, Trouble
from ansible_collections.email_router.exchange_online.tests.simulator.host import HostOptions
from ansible_collections.email_router.exchange_online.tests.simulator.simulator import SimulatorOptions

from .conftest import SetStage
from .harness import OLDEST_AND_NEWEST, ROOT, Run
from .playbooks import DEMO, DISCOVER, for_localhost
from .stage import ROUTER, SEND_AS, Stage, contoso

ARCHIVER = "archiver@contoso.com"
STAND_IN = HostOptions(pwsh=None)


def senders(stage: Stage) -> Counter[str]:
    """How many each account sends as, by the books."""
    recipients = stage.tenant.organisation.recipients
    addresses = [each.address for each in recipients if each.address and not each.soft_deleted]
    return Counter(account for address in addresses for account in stage.tenant.holders(address, "send_as"))


def lines(run: Run) -> list[str]:
    """One of each account. The line before them says what was looked at."""
    told: list[str] = run.task("Who sends as how many").result["msg"]
    assert told[0].startswith("Looked at: send_as: ")
    return told[1:]


def counts(run: Run) -> dict[str, int]:
    """Account → the number that is told of it."""
    told = (line.partition(": sends as ") for line in lines(run))
    return {account: int(rest.partition(",")[0]) for account, _says, rest in told}


@pytest.mark.parametrize("core", ["2.17", "2.19"])
def test_it_counts_as_the_books_do_and_a_role_that_reads_is_enough(set_user_stage: SetStage, core: str) -> None:
    organisation = generate(120, seed=7, quirks=True, accounts=(ROUTER, ARCHIVER))
    organisation.apps = (App(role="audit"),)
    stage = set_user_stage(organisation, core=core, host=STAND_IN)
    profiles = {"sender": SEND_AS, "reader": {"account": ROUTER.upper(), "rights": ["full_access"]}}
    run = stage.play("-i", for_localhost(stage, mailbox_delegation_profiles=profiles), DISCOVER)
    assert run.status == 0, run.output
    expected = senders(stage)
    assert {account: number for account, number in counts(run).items() if number} == expected
    assert list(counts(run).values()) == sorted(counts(run).values(), reverse=True)
    assert f"{ROUTER}: sends as {expected[ROUTER]}, profile sender, reader" in lines(run)
    assert f"{ARCHIVER}: sends as {expected[ARCHIVER]}, in no profile" in lines(run)
    deleted = [line for line in lines(run) if line.endswith(", an account that was deleted")]
    assert (
        {line.partition(":")[0] for line in deleted}
        == {name for name in expected if name.startswith("S-1-5-")}
        != set()
    )
    assert [line for line in lines(run) if ", denied on 1, in no profile" in line]
    assert stage.tenant.sign_ins == 1
    assert stage.writes == []


def test_what_could_not_be_read_fails(set_user_stage: SetStage) -> None:
    faults = (Fault("Get-RecipientPermission", Trouble.SERVER_SIDE, times=99),)
    organisation = contoso({"address": "sales@contoso.com", "send_as": [ROUTER]})
    stage = set_user_stage(organisation, host=STAND_IN, options=SimulatorOptions(tenant_faults=faults))
    run = stage.play("-i", for_localhost(stage), DISCOVER)
    assert (run.status, lines(run)) == (2, [])
    assert "A server side error has occurred" in run.task("Everything could be read").result["msg"]


@pytest.mark.parametrize("core", OLDEST_AND_NEWEST)
def test_the_demo_needs_nothing_but_the_collection(set_user_stage: SetStage, core: str) -> None:
    stage = set_user_stage(contoso(), core=core)
    run = stage.play(DEMO, environment={"TMPDIR": str(stage.directory)})
    assert run.status == 0, run.output
    first, done, last = (each.result["msg"] for each in run.tasks if each.task.endswith("The verdict"))
    assert "missing" in first
    assert "granted" in done
    assert re.match(r"Rehearsal on \S+: 7 grants on 4 mailboxes: 7 compliant\. Report: ", last)
    assert (stage.tenant.sign_ins, stage.tenant.calls) == (0, [])
    (told,) = (each.result["msg"] for each in run.tasks if each.task == "Where the reports are")
    assert_reports_of_the_demo(Path(told[-1]))


def test_the_demo_of_the_checkout_goes_from_an_export_to_all_as_wanted() -> None:
    """It looks itself at exit statuses and at the writes of each run."""
    demo = [sys.executable, "-m", "ansible_collections.email_router.exchange_online.tests.demo"]
    answer = subprocess.run(demo, cwd=ROOT, env=os.environ, capture_output=True, text=True, check=False)
    assert answer.returncode == 0, answer.stdout
    assert "crm_export.csv: 40 rows, 26 mailboxes; 2 joined" in answer.stdout
    assert "rejected: crm_export.csv, row 19: without an address" in answer.stdout
    _before, _title, table = answer.stdout.partition("What the first enforcement found and did:")
    assert table.count("granted") == 13
    assert "\nand 20 grants that were as wanted\n" in table
    assert_reports_of_the_demo(Path(answer.stdout.splitlines()[-1]))


def assert_reports_of_the_demo(page: Path) -> None:
    """The page that it ends with is there, with the other formats beside it, and knows the run before."""
    assert page.read_text(encoding="utf-8").startswith("<!DOCTYPE html>")
    assert sorted(file.name for file in page.parent.iterdir()) == [
        f"access.{ending}" for ending in ("csv", "html", "json", "md", "xml")
    ]
    report = json.loads(page.with_suffix(".json").read_text(encoding="utf-8"))
    assert report["head"]["mode"] == "enforcement"
    assert len(report["changes"]["mended"]) == report["summary"]["granted"] + report["summary"]["revoked"] > 0
