# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The same run by ansible-playbook, as users run it, with nothing cut short."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..integration.harness import NEWEST, TASK, ControlNode
from ..integration.stage import MANAGEMENT
from ..simulator.simulator import Simulator
from .scenario import Scenario, Way


def play(
    scenario: Scenario, simulator: Simulator, directory: Path, arguments: Mapping[str, Any]
) -> tuple[int, dict[str, Any] | None, str]:
    """Exit status, the result of the task, and all that was printed."""
    is_local = scenario.way is Way.LOCAL
    transport = "basic" if scenario.way is Way.WINRM_TLS else "ntlm"
    management = {} if is_local else {MANAGEMENT: simulator.variables(transport)}
    inventory = _written(directory / "inventory.yml", {"management": {"hosts": management}})
    task = {
        "name": "Access",
        TASK: dict(arguments),
        "delegate_to": "localhost" if is_local else MANAGEMENT,
        "check_mode": scenario.check_mode,
    }
    book = [{"name": "Mailboxes", "hosts": "localhost", "gather_facts": False, "tasks": [task]}]
    node = ControlNode(NEWEST, directory, simulator.local().environment if is_local else {})
    run = node.play("-i", inventory, _written(directory / "playbook.yml", book))
    return run.status, dict(run.access) if run.accesses else None, run.output


def _written(file: Path, content: object) -> Path:
    file.write_text(json.dumps(content), encoding="utf-8")
    return file
