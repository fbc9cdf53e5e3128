# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""ansible-runner with nothing but the collection's archive: drift, its mending and its absence, as AWX reads them."""

from __future__ import annotations

import json
import os
import signal
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.email_router.exchange_online.tests.simulator.host import HostOptions

from .conftest import SetStage
from .harness import PATIENCE
from .installed import only
from .playbooks import AUDIT, ENFORCE, for_mailboxes
from .runners import Job, ended, start
from .stage import ROUTER, Stage, contoso

SALES, SUPPORT = "sales@contoso.com", "support@contoso.com"


@pytest.fixture
def stage(set_stage: SetStage) -> Stage:
    return set_stage(
        contoso({"address": SALES, "send_as": [ROUTER]}, {"address": SUPPORT}), host=HostOptions(pwsh=None)
    )


def run(stage: Stage, collections: Path, playbook: str) -> Job:
    """A job in a private data directory of its own; where collections lie is a variable in it."""
    directory = stage.directory / playbook
    for folder in ("env", "inventory", "project"):
        (directory / folder).mkdir(parents=True)
    settings = directory / "project" / "ansible.cfg"
    settings.touch()
    told = {**only(collections), "ANSIBLE_CONFIG": str(settings), "ANSIBLE_INVENTORY_ANY_UNPARSED_IS_FAILED": "true"}
    (directory / "env" / "envvars").write_text(json.dumps(told))
    for_mailboxes(stage, [SALES, SUPPORT]).rename(directory / "inventory" / "mailboxes.yml")
    process = start(stage, directory, playbook)
    try:
        output, _none = process.communicate(timeout=PATIENCE)
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    assert stage.left_behind() == [], output
    return ended(directory, output)


def results(job: Job, task: str) -> list[dict[str, Any]]:
    return [each["res"] for each in job.results if each["task"].rpartition(" : ")[2] == task]


def test_events_statistics_and_status_tell_drift_its_mending_and_its_absence(stage: Stage, collections: Path) -> None:
    drift = run(stage, collections, AUDIT)
    assert (drift.rc, drift.status) == (2, "failed"), drift.output
    assert [event["event"] for event in (drift.events[0], drift.events[-1])] == [
        "playbook_on_start",
        "playbook_on_stats",
    ]
    assert drift.access["summary"]["missing"] == 1
    assert [row["mailbox"] for row in drift.access["grants"] if row["outcome"] == "missing"] == [SUPPORT]
    (verdict,) = results(drift, "The verdict")
    assert verdict["msg"].startswith("2 grants on 2 mailboxes: 1 compliant, 1 missing. First")
    assert sum(drift.stats["failures"].values()) == 1
    assert (sum(drift.stats["changed"].values()), stage.writes) == (1, []), "what would be written counts as changed"

    mended = run(stage, collections, ENFORCE)
    assert (mended.rc, mended.status, mended.stats["failures"]) == (0, "successful", {}), mended.output
    assert sum(mended.stats["changed"].values()) == 1
    assert stage.holds(SUPPORT, "send_as")
    (stage.directory / AUDIT).rename(stage.directory / "before")

    none = run(stage, collections, AUDIT)
    assert (none.rc, none.status) == (0, "successful"), none.output
    assert (none.stats["failures"], none.stats["changed"]) == ({}, {})
    (verdict,) = results(none, "The verdict")
    assert verdict["msg"] == "2 grants on 2 mailboxes: 2 compliant"
