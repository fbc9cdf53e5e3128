# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The preflight as a user runs it: all is well on every core, and each point is made to fail, which skips what needs it."""

from __future__ import annotations

import socket
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, cast
from urllib.parse import urlsplit

import pytest
from ansible_collections.email_router.exchange_online.tests.simulator.certificates import (
    AppCertificate,
    make_certificate,
)
from ansible_collections.email_router.exchange_online.tests.simulator.host import HostOptions
from ansible_collections.email_router.exchange_online.tests.simulator.simulator import SimulatorOptions
from ansible_collections.email_router.exchange_online.tests.simulator.wsman import (
    Action,
    Code,
    EndpointOptions,
    Fault,
    KillProcess,
    SoapFault,
)
from cryptography.hazmat.primitives.asymmetric import ec

from .conftest import SetStage
from .harness import COLLECTION, CORES, Run
from .stage import ROUTER, Stage, Transport, contoso

MODULE = f"{COLLECTION}.exchange_connection_info"
POINTS = [
    "reachability", "authentication", "powershell_start", "language_mode", "powershell_version", "execution_policy",
    "temp", "tls", "network", "network", "module", "certificate", "certificate_key", "certificate_expiry", "sign_in",
    "role_audit", "role_enforce", "account", "account_kind", "account_address_lists", "account_mailbox",
]  # fmt: skip
SALES = {"address": "sales@contoso.com"}


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
    inventory = stage.inventory([SALES["address"]], management=management)
    run = stage.play("-i", inventory, stage.playbook(task), *arguments)
    (result,) = (each.result for each in run.tasks if each.action == MODULE)
    assert not run.changed
    assert stage.writes == []
    return Preflight(run, result)


@pytest.mark.parametrize("transport", Transport, ids=lambda each: each.name.lower())
@pytest.mark.parametrize("core", CORES)
def test_where_all_is_well_every_point_passes(set_stage: SetStage, core: str, transport: Transport) -> None:
    stage = set_stage(contoso(SALES), core=core, transport=transport)
    done = preflight(stage, "--check")
    assert done.run.status == 0, done.run.output
    assert [row["point"] for row in done.points] == POINTS
    assert done.with_status("pass") == POINTS, done.result["report"]
    assert "warnings" not in done.result
