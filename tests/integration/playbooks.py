# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The playbooks by name, and inventories and arguments as a user gives them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from .harness import COLLECTION
from .stage import EVERYTHING, MANAGEMENT, SEND_AS, Hosts, Stage, Transport

AUDIT, ENFORCE, WITHDRAW, ADOPT, DISCOVER, DEMO = (
    f"{COLLECTION}.{name}" for name in ("audit", "enforce", "withdraw", "adopt", "discover", "demo")
)
PROFILES = {"router": SEND_AS, "everything": EVERYTHING}


def way_there(stage: Stage) -> dict[str, Any]:
    """The variables that say how to sign in, and where."""
    variables: dict[str, Any] = {f"exchange_{name}": value for name, value in stage.sign_in.items()}
    variables["exchange_endpoints"] = [stage.simulator.tenant_server.url.removeprefix("http://")]
    if stage.transport is not Transport.LOCAL:
        variables["exchange_powershell_host"] = stage.transport.host
    return variables


def for_mailboxes(stage: Stage, hosts: Hosts, variables: dict[str, Any] | None = None, **more: Any) -> Path:
    """An inventory of mailboxes. Everything that the playbooks take is a variable of their group."""
    profiles = {"mailbox_delegation_profiles": PROFILES, "mailbox_delegation_default_profile": "router"}
    return stage.inventory(hosts, variables={**way_there(stage), **profiles, **(variables or {})}, **more)


def for_localhost(stage: Stage, **variables: Any) -> Path:
    """An inventory without mailboxes. Everything that the playbooks take is a variable of all hosts."""
    management = {} if stage.transport is Transport.LOCAL else {MANAGEMENT: stage.management}
    content = {"vars": {**way_there(stage), **variables}, "children": {"management": {"hosts": management}}}
    return stage.write("everywhere.yml", {"all": content})


def extra(**variables: Any) -> list[str]:
    """Variables on the command line."""
    return ["-e", json.dumps(variables)]


def for_snapshot(stage: Stage, **variables: Any) -> Path:
    """An inventory for a rehearsal on a copy of the organisation in a file: no sign-in, and the host of PowerShell,
    which is there, cannot even be asked."""
    file = stage.directory / "organisation.json"
    stage.tenant.organisation.save(file)
    unreachable = {"ansible_connection": "winrm", "ansible_password": "{{ of_nobody }}"}
    variables = {"exchange_snapshot": str(file), "exchange_powershell_host": "nowhere", **variables}
    return stage.write(
        "rehearsal.yml", {"all": {"vars": variables, "hosts": {"sales@contoso.com": {}, "nowhere": unreachable}}}
    )
