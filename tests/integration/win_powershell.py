# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Stands in for the action ansible.windows.win_powershell: the script runs in a PowerShell 7 of the control node."""

from __future__ import annotations

import json
import subprocess
from typing import Any

from ansible.plugins.action import ActionBase

_AROUND = """
$ErrorActionPreference = 'Stop'
$Ansible = [pscustomobject]@{ Changed = $true }
%s
$output = @(& {
%s
})
ConvertTo-Json -Compress -InputObject @{ changed = $Ansible.Changed; output = $output }
"""


class ActionModule(ActionBase):
    """Takes ``script``; the variable ``powershell`` is the program, ``prelude`` what the machine has in place."""

    _requires_connection = False

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        result: dict[str, Any] = super().run(tmp, task_vars)
        variables = task_vars or {}
        script = _AROUND % (variables["prelude"], self._task.args["script"])
        command = [variables["powershell"], "-NoProfile", "-NonInteractive", "-Command", script]
        ended = subprocess.run(command, capture_output=True, text=True, encoding="utf-8", check=False)
        if ended.returncode:
            return {**result, "failed": True, "msg": ended.stderr}
        return {**result, **json.loads(ended.stdout)}
