# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A team whose changes of the inventory are proposed by one person and let happen by another.

Each branch is a directory with an inventory and nothing else. A rehearsal is started with that alone; everything else
with the way there, and with one of two identities: one that reads, one that writes too.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from ansible_collections.email_router.exchange_online.plugins.plugin_utils._tenant.organisation import Organisation

from .harness import COLLECTION, Run
from .stage import MAILBOXES, MANAGEMENT, Hosts, Stage, contoso

PLAN, APPLY, SNAPSHOT, REHEARSE = (f"{COLLECTION}.{name}" for name in ("plan", "apply", "snapshot", "rehearse"))
#: The identities, in the order of the organisation's applications.
READER, WRITER = 0, 1
_APPLICATIONS = (
    {"app_id": "aaaaaaaa-0000-0000-0000-000000000000", "role": "audit"},
    {"app_id": "eeeeeeee-0000-0000-0000-000000000000", "role": "enforce"},
)
_FORM = "%Y-%m-%dT%H:%M:%SZ"


def organisation(*recipients: Mapping[str, Any]) -> Organisation:
    """One with an identity that reads and one that writes."""
    return contoso(*recipients, apps=[dict(application) for application in _APPLICATIONS])


@dataclass
class Team:
    """``policy``: a file that holds for every run, kept apart from the branches."""

    stage: Stage
    policy: Path

    @property
    def place(self) -> Path:
        """Where every run is started."""
        return self.stage.node.cwd

    def branch(self, name: str, hosts: Hosts, profiles: Mapping[str, Any], default: str) -> None:
        """What a branch holds from now on."""
        mailboxes = hosts if isinstance(hosts, Mapping) else {host: {} for host in hosts}
        variables = {"mailbox_delegation_profiles": profiles, "mailbox_delegation_default_profile": default}
        inventory = self.place / name / "inventory"
        _write(inventory / "hosts.yml", {MAILBOXES: {"hosts": mailboxes}})
        _write(inventory / "group_vars" / f"{MAILBOXES}.yml", variables)

    def rehearse(self, branch: str, target: str, snapshot: str, **variables: Any) -> Run:
        """What a pull request runs: it knows neither a way to sign in nor a host of PowerShell."""
        own = {"exchange_snapshot": snapshot, "rehearse_base": f"{target}/inventory", **variables}
        return self._play(REHEARSE, branch, own)

    def play(self, playbook: str, branch: str, identity: int, **variables: Any) -> Run:
        """What runs with access to the organisation."""
        application = self.stage.simulator.applications[identity]
        own = {
            "exchange_organization": self.stage.simulator.organization,
            "exchange_app_id": application.app_id,
            "exchange_certificate_thumbprint": application.thumbprint,
            "exchange_endpoints": [self.stage.simulator.tenant_server.url.removeprefix("http://")],
            "exchange_powershell_host": self.stage.transport.host,
            **variables,
        }
        management = _write(self.place / "way" / "management.yml", {"management": {"hosts": {MANAGEMENT: {}}}})
        _write(management.parent / "host_vars" / f"{MANAGEMENT}.yml", self.stage.management)
        return self._play(playbook, branch, own, "-i", management)

    def _play(self, playbook: str, branch: str, variables: Mapping[str, Any], *arguments: str | Path) -> Run:
        return self.stage.play(
            *("-i", self.place / branch / "inventory" / "hosts.yml", *arguments),
            *("-e", json.dumps(variables), playbook),
            environment={
                "EXCHANGE_ONLINE_POLICY": str(self.policy),
                "ANSIBLE_INVENTORY_ANY_UNPARSED_IS_FAILED": "true",
            },
        )


def _write(file: Path, content: object) -> Path:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(content), encoding="utf-8")
    return file


def earlier(moment: str, hours: int) -> str:
    """A moment of a document, so many hours before."""
    return (datetime.strptime(moment, _FORM) - timedelta(hours=hours)).strftime(_FORM)
