# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A pipeline on a schedule: one run after the other with the history between them, as the templates have it.

No clock is turned. A run always believes the real time; instead everything that is kept from the past grows older by
the hours that pass, and dates of the inventory are told in the days of the story.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

from ansible_collections.email_router.exchange_online.plugins.plugin_utils._exchange.session import WRITERS
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._journal.history import Write, runs_of
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._tenant.organisation import Organisation

from .harness import ROOT, Run
from .playbooks import AUDIT, for_mailboxes
from .stage import Stage

#: What the templates of pipelines use.
CI = ROOT / "docs" / "ci" / "common"
_FORM = "%Y-%m-%dT%H:%M:%SZ"


@dataclass(frozen=True)
class Night:
    """A run and what it left. ``report``: None where it left none. ``fresh``: what the pipeline's own check says.

    ``sent``: how many writes for each mailbox reached the organisation; ``journal``: what the journal has of them.
    """

    number: int
    mode: str
    run: Run
    started: datetime
    files: Mapping[str, Path]
    report: dict[str, Any] | None
    fresh: subprocess.CompletedProcess[str]
    sent: Counter[str]
    journal: tuple[Write, ...]

    @property
    def told(self) -> dict[str, Any]:
        """The report."""
        assert self.report is not None, self.run.output
        return self.report

    @property
    def sentence(self) -> str:
        """The last line that a person reads."""
        return str(self.run.task("The verdict").result["msg"])

    def row(self, mailbox: str) -> dict[str, Any]:
        """That of Send As."""
        (found,) = (row for row in self.told["rows"] if (row["mailbox"], row["right"]) == (mailbox, "send_as"))
        return dict(found)

    def counts(self) -> Counter[tuple[str, str]]:
        """How many rows there are of each outcome and verdict."""
        return Counter((row["outcome"], row["verdict"]) for row in self.told["rows"])

    def findings(self) -> dict[str, str]:
        """Mailbox → outcome, and the verdict unless it is ok. Of another right than Send As: with its name."""
        verdicts = {"ok": "", **{word: f", {word}" for word in ("ignore", "warn", "fail")}}
        rights = {"send_as": "", **{right: f" {right}" for right in ("full_access", "send_on_behalf")}}
        rows = self.told["rows"]
        return {row["mailbox"] + rights[row["right"]]: row["outcome"] + verdicts[row["verdict"]] for row in rows}

    def changes(self) -> dict[str, list[str]]:
        """The lists of changes that are not empty, by the mailboxes in them, sorted."""
        lists = {name: those for name, those in self.told["changes"].items() if isinstance(those, list) and those}
        return {
            name: sorted(key if isinstance(key, str) else key["mailbox"] for key in those)
            for name, those in lists.items()
        }


def _moments_of(rows: list[dict[str, Any]]) -> list[tuple[dict[str, Any], str]]:
    return [(row, name) for row in rows for name in ("since", "standing_since")]


@dataclass
class Pipeline:
    """``hours``: so many have passed since the first night. ``hosts``: the list of mailboxes as it is now."""

    stage: Stage
    hosts: dict[str, dict[str, Any]]
    variables: Mapping[str, Any]
    hours: int = 0
    nights: list[Night] = field(default_factory=list)

    @property
    def workspace(self) -> Path:
        return self.stage.node.cwd

    @property
    def history(self) -> Path:
        """The report that the next run is compared with."""
        return self.workspace / "history" / "access.json"

    def day(self, number: int) -> str:
        """A day of the story, as a date by the real calendar of this moment."""
        return (datetime.now(timezone.utc) + timedelta(days=number, hours=-self.hours)).date().isoformat()

    def wait(self, hours: int) -> None:
        """So much time passes: what is kept of the past is older by it, and nothing else is touched."""
        self.hours += hours
        if self.history.exists():
            kept = json.loads(self.history.read_text(encoding="utf-8"))
            for place, name in ((kept["head"], "created"), *_moments_of(kept["rows"])):
                place[name] = (datetime.strptime(place[name], _FORM) - timedelta(hours=hours)).strftime(_FORM)
            self.history.write_text(json.dumps(kept), encoding="utf-8")

    def now(self) -> str:
        """The moment as reports tell it."""
        return datetime.now(timezone.utc).strftime(_FORM)

    def kept(self, mailbox: str) -> dict[str, Any]:
        """The row of a mailbox in the history."""
        rows = json.loads(self.history.read_text(encoding="utf-8"))["rows"]
        (found,) = (row for row in rows if row["mailbox"] == mailbox)
        return dict(found)

    def take_back(self, mailbox: str) -> None:
        """Somebody else takes Send As on a mailbox from the account, behind the back of the pipeline."""
        self.stage.somebody("Remove-RecipientPermission", mailbox)
        assert not self.stage.holds(mailbox, "send_as")

    def give(self, mailbox: str) -> None:
        """Somebody else gives it."""
        self.stage.somebody("Add-RecipientPermission", mailbox)
        assert self.stage.holds(mailbox, "send_as")

    def make(self, mailbox: str) -> None:
        """A shared mailbox comes into being."""
        whole: dict[str, Any] = self.stage.tenant.organisation.to_dict()
        whole["recipients"].append({"kind": "SharedMailbox", "address": mailbox})
        self.stage.tenant.become(Organisation.from_dict(whole))

    def night(self, playbook: str, **variables: Any) -> Night:
        """The steps of the templates: the old report goes, a run, a new one is demanded, it is kept for the next."""
        self._clear()
        sent, journalled, started = self._sent(), len(self._journal()), datetime.now(timezone.utc)
        (self.workspace / "started").write_text(self.now(), encoding="utf-8")
        run = self.stage.play(
            *("-i", for_mailboxes(self.stage, self.hosts, {**self.variables, **variables})),
            *("-e", f"@{CI / 'variables.yml'}", playbook),
            environment=self._job(),
        )
        mode = "audit" if playbook == AUDIT else "enforcement"
        files = {file.suffix[1:]: file for file in self.workspace.glob("reports/*")}
        fresh = self.fresh("reports/access.json", mode)
        if "json" in files:
            shutil.copy(files["json"], self.history)
        report = json.loads(files["json"].read_text(encoding="utf-8")) if "json" in files else None
        self.nights.append(
            Night(
                len(self.nights) + 1, mode, run, started, files, report, fresh,
                self._sent() - sent, self._journal()[journalled:],
            )
        )  # fmt: skip
        return self.nights[-1]

    def fresh(self, report: str, mode: str) -> subprocess.CompletedProcess[str]:
        """What the check of the templates says of a report."""
        question = ("fresh", report, "--started", "started", "--mailboxes", str(len(self.hosts)), "--mode", mode)
        command = [sys.executable, str(CI / "report.py"), *question]
        return subprocess.run(command, cwd=self.workspace, capture_output=True, text=True, check=False)

    def _clear(self) -> None:
        shutil.rmtree(self.workspace / "reports", ignore_errors=True)
        for name in ("reports", "history", "journal"):
            (self.workspace / name).mkdir(exist_ok=True)

    def _sent(self) -> Counter[str]:
        """Writes that were carried out, and those that a fault kept from it."""
        strikes = self.stage.simulator.tenant_server.tenant.strikes
        kept = [strike.fault.identity for strike in strikes if strike.cmdlet in WRITERS]
        return Counter([*map(self.stage.written_to, self.stage.writes), *kept])

    def _journal(self) -> tuple[Write, ...]:
        file = self.workspace / "journal" / "exchange.jsonl"
        return tuple(write for run in runs_of(file.read_bytes()) for write in run.writes) if file.exists() else ()

    def _job(self) -> dict[str, str]:
        """What a CI system says of the job."""
        number = len(self.nights) + 1
        return {
            "GITLAB_CI": "true",
            "CI_COMMIT_SHA": f"{number:040x}",
            "CI_COMMIT_REF_NAME": "main",
            "CI_JOB_NAME": "exchange",
            "CI_JOB_ID": str(number),
            "CI_JOB_URL": f"https://gitlab.example.com/contoso/access/-/jobs/{number}",
        }
