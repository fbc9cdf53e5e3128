# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The preflight as a user runs it, for tests: one task, its rows, and how it fails at a point."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from .harness import COLLECTION, Run
from .stage import ROUTER, Stage

MODULE = f"{COLLECTION}.exchange_connection_info"
POINTS = [
    "reachability", "authentication", "powershell_start", "language_mode", "powershell_version", "execution_policy",
    "temp", "tls", "network", "network", "module", "certificate", "certificate_key", "certificate_expiry", "sign_in",
    "role_audit", "role_enforce", "account", "account_kind", "account_address_lists", "account_mailbox",
]  # fmt: skip
#: Points that depend on another, but for those that need the sign-in.
AFTER = {"certificate": "certificate_key certificate_expiry"}
SALES = "sales@contoso.com"
RECIPIENTS = (
    {"address": SALES},
    {"kind": "UserMailbox", "address": "hidden@contoso.com", "hidden": True},
    {"kind": "MailUser", "address": "external@contoso.com"},
    {"kind": "MailUniversalSecurityGroup", "address": "sec.group@contoso.com"},
    {"kind": "MailUniversalDistributionGroup", "address": "list@contoso.com"},
)


@dataclass(frozen=True)
class Preflight:
    """A run of the task: what it returned, and its rows by point (the first, where there are several)."""

    run: Run
    result: Mapping[str, Any]

    @property
    def points(self) -> list[Mapping[str, str]]:
        rows: list[Mapping[str, str]] = self.result["points"]
        return rows

    def row(self, point: str) -> Mapping[str, str]:
        return next(row for row in self.points if row["point"] == point)

    def with_status(self, status: str) -> list[str]:
        return [row["point"] for row in self.points if row["status"] == status]


def preflight(stage: Stage, *arguments: str, management: Mapping[str, Any] | None = None, **options: Any) -> Preflight:
    """One run. Two ports of this machine stand for the hosts of Microsoft."""
    endpoints = [urlsplit(url).netloc for url in (stage.simulator.url, stage.simulator.tenant_server.url)]
    every = {**stage.sign_in, "accounts": [ROUTER], "endpoints": endpoints, **options}
    task = {
        "name": "Preflight",
        MODULE: {name: value for name, value in every.items() if value is not None},
        "delegate_to": stage.transport.host,
        "run_once": True,
    }
    inventory = stage.inventory([SALES], management=management)
    run = stage.play("-i", inventory, stage.playbook(task), *arguments)
    (result,) = (each.result for each in run.tasks if each.action == MODULE)
    assert not run.changed
    assert stage.writes == []
    return Preflight(run, result)


def assert_fails(done: Preflight, point: str, *says: str, skips: Iterable[str] | None = None) -> None:
    """The task failed at this point and at no other, with a remedy, and did not look at ``skips``: by default, at
    nothing that comes after the sign-in, nor at that."""
    assert done.run.status == 2, done.run.output
    assert {row["point"] for row in done.points} == {point}, done.points
    row = next(row for row in done.points if row["status"] == "fail")
    assert row["remedy"]
    for phrase in says:
        assert phrase in f"{row['found']} | {row['remedy']}"
    assert row["found"].split(":")[0] in done.run.text, "the message shows"
    left = set(skips if skips is not None else [*POINTS[POINTS.index("sign_in") :], *AFTER.get(point, "").split()])
    assert done.result["summary"]["skipped"] == len(left - {point})
